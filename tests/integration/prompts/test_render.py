"""From texts to files: what is written, how loud, and that it is written safely."""

import json
import os
import sys
import wave
from array import array
from pathlib import Path

import pytest

from edge.ports.prompts import EVERY_PROMPT
from edge.prompts.engine import ENGINES, CannotSpeak, EspeakNg, Piper, best_engine
from edge.prompts.formats import IN_USE, RATES, decode, write_whole
from edge.prompts.library import PACKAGED
from edge.prompts.render import INDEX, TEXTS, main, render
from edge.prompts.texts import Texts, Voice, read_texts
from tests.unit.prompts.sounds_made import ToneSpeaker, peak_dbfs, quiet_ms_at_start, rms_dbfs

VOICE = Voice("en-us+f3", 155)
HELLO = Texts("en", VOICE, {"hello": "Hello to everyone.", "bye": "Goodbye."})


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_every_text_is_written_in_every_format(tmp_path: Path) -> None:
    speaker = ToneSpeaker()
    done = render([HELLO], tmp_path, speaker, list(RATES))
    names = {f"en/{name}.{ext}" for name in HELLO.prompts for ext in RATES}
    assert set(files(tmp_path)) == names | {f"en/{INDEX}"}
    assert speaker.said == [("Goodbye.", VOICE), ("Hello to everyone.", VOICE)]
    assert [(prompt.language, prompt.prompt_id) for prompt in done] == [
        ("en", "bye"),
        ("en", "hello"),
    ]
    assert done[1].seconds == pytest.approx(0.41, abs=0.03)


def test_the_formats_agree_on_length_and_level(tmp_path: Path) -> None:
    [done] = render([Texts("en", VOICE, {"x": "x" * 20})], tmp_path, ToneSpeaker(), list(RATES))
    for extension, bytes_a_second in {"ulaw": 8000, "alaw": 8000, "g722": 8000}.items():
        size = (tmp_path / "en" / f"x.{extension}").stat().st_size
        assert size / bytes_a_second == pytest.approx(done.seconds, abs=0.01)
    for extension, rate in {"wav": 8000, "wav16": 16000}.items():
        with wave.open(str(tmp_path / "en" / f"x.{extension}")) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (rate, 1, 2)
            assert file.getnframes() / rate == pytest.approx(done.seconds, abs=0.01)
            level = rms_dbfs(array("h", file.readframes(file.getnframes())))
            assert level == pytest.approx(-20, abs=0.2)
    for extension in ("ulaw", "alaw"):
        level = rms_dbfs(decode(tmp_path / "en" / f"x.{extension}"))
        assert level == pytest.approx(-20, abs=0.3)


def test_the_same_speech_gives_the_same_bytes(tmp_path: Path) -> None:
    """What is made of speech. espeak-ng itself was once seen to speak a text otherwise."""
    for run in ("first", "second"):
        render([HELLO], tmp_path / run, ToneSpeaker(), list(RATES))
    assert files(tmp_path / "first") == files(tmp_path / "second")


@pytest.mark.parametrize(
    "text",
    [
        "Quotes \" and ' and `touch made` and $(touch made); touch made",
        "<speak><voice name='x'>Markup</voice> & more</speak>",
        "--version",
        "-w made",
        "Ünïcödé, señor. Two\nlines.",
    ],
)
def test_any_text_is_only_spoken(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert EspeakNg().speak(text, VOICE).duration_seconds > 0.3
    assert list(tmp_path.iterdir()) == []


def test_an_engine_that_is_not_installed_is_named() -> None:
    with pytest.raises(CannotSpeak, match="no-such-engine is not installed"):
        EspeakNg("no-such-engine").speak("Hello.", VOICE)


def test_an_unknown_voice_is_refused() -> None:
    with pytest.raises(CannotSpeak, match="voice does not exist"):
        EspeakNg().speak("Hello.", Voice("zzz", 150))


def test_a_text_without_a_sound_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotSpeak, match="en: dots: nothing but silence"):
        render([Texts("en", VOICE, {"dots": ""})], tmp_path, ToneSpeaker())
    assert files(tmp_path) == {}


def test_a_file_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "en" / "x.ulaw"
    write_whole(target, b"old")

    def full(_source: str, _target: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="disk full"):
        write_whole(target, b"new")
    assert files(tmp_path) == {"en/x.ulaw": b"old"}
    assert target.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("texts", read_texts(TEXTS), ids=lambda texts: texts.language)
def test_the_committed_audio_was_made_from_the_committed_texts(texts: Texts) -> None:
    made = json.loads((PACKAGED / texts.language / INDEX).read_text())
    assert made == {
        "engine": "espeak-ng",
        "voice": texts.voice.name,
        "words_per_minute": texts.voice.words_per_minute,
        "prompts": texts.prompts,
    }
    expected = {f"{name}.{ext}" for name in texts.prompts for ext in IN_USE} | {INDEX}
    assert set(files(PACKAGED / texts.language)) == expected


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("prompt", EVERY_PROMPT)
def test_the_committed_audio_is_loud_short_and_begins_at_once(prompt: str, language: str) -> None:
    for extension in ("ulaw", "alaw"):
        samples = decode(PACKAGED / language / f"{prompt}.{extension}")
        assert 0.25 <= len(samples) / 8000 <= 8
        assert -20.6 <= rms_dbfs(samples) <= -19.6
        assert peak_dbfs(samples) <= -6
        assert quiet_ms_at_start(samples, 8000) < 60
        assert quiet_ms_at_start(samples[::-1], 8000) < 60
    wide = (PACKAGED / language / f"{prompt}.g722").stat().st_size
    assert wide == pytest.approx(len(samples), abs=1000)


def test_the_command_renders_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES, "tone", ToneSpeaker())
    (tmp_path / "en.yaml").write_text(
        "{language: en, voice: v, words_per_minute: 150, prompts: {hello: Hello there.}}"
    )
    chosen = ["--sounds", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main([*chosen, "--engine", "tone", "--format", "wav"]) == 0
    assert set(files(tmp_path / "out")) == {"en/hello.wav", f"en/{INDEX}"}
    assert capsys.readouterr().out.split() == ["en", "hello", "0.3", "s"]


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--sounds", str(tmp_path), "--out", str(tmp_path)]) == 1
    assert "no texts here" in capsys.readouterr().err
    assert main(["--sounds", str(tmp_path)]) == 2
    assert "--out DIR" in capsys.readouterr().err
    assert main(["--format", "mp3"]) == 2
    assert main(["--help"]) == 0


def test_an_installed_package_says_that_texts_are_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("edge.prompts.render.TEXTS", tmp_path / "sounds")
    assert main([]) == 2
    assert "needs --sounds DIR" in capsys.readouterr().err


PIPER = """#!{python}
import sys, wave
arguments = sys.argv[1:]
text = sys.stdin.read()
out = arguments[arguments.index("--output_file") + 1]
model = arguments[arguments.index("--model") + 1]
print("loaded", model, file=sys.stderr)
with wave.open(out, "wb") as file:
    file.setnchannels(1)
    file.setsampwidth(2)
    file.setframerate(22050)
    square = b"\\x00\\x20" * 50 + b"\\x00\\xe0" * 50
    file.writeframes(square * (20 * len(text)))
"""


@pytest.fixture
def with_piper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A piper that buzzes, and an English voice for it."""
    program, voices = tmp_path / "bin" / "piper", tmp_path / "voices"
    program.parent.mkdir()
    voices.mkdir()
    program.write_text(PIPER.format(python=sys.executable))
    program.chmod(0o755)
    (voices / "en_US-test-low.onnx").write_bytes(b"")
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PIPER_VOICES", str(voices))
    return voices


def test_piper_speaks_where_it_has_every_voice(with_piper: Path, tmp_path: Path) -> None:
    assert best_engine([VOICE]).name == "piper"
    assert best_engine([VOICE, Voice("es-419", 150)]).name == "espeak-ng"
    (done, *_) = render([HELLO], tmp_path / "out", best_engine([VOICE]))
    assert done.seconds > 0.2
    assert json.loads((tmp_path / "out/en" / INDEX).read_text())["engine"] == "piper"


def test_without_a_voice_for_it_piper_does_not_speak(
    with_piper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIPER_VOICES")
    assert best_engine([VOICE]).name == "espeak-ng"
    with pytest.raises(CannotSpeak, match="PIPER_VOICES"):
        Piper().speak("Hello.", VOICE)
