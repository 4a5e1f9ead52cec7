"""Who speaks the texts: engines behind one interface. espeak-ng is the one that is always there,
piper sounds better where it is installed."""

import io
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from edge.prompts.sound import AudioSegment
from edge.prompts.texts import Voice

SPEAK_SECONDS = 30.0


class CannotSpeak(Exception):
    """The engine is not installed, or refused the text; the words say what to do."""


class Engine(Protocol):
    """Turns text into speech. The same text and voice must give the same samples."""

    name: str

    def can_speak(self, voice: Voice) -> bool:
        """Whether the engine is installed, with this voice or one of its language."""

    def speak(self, text: str, voice: Voice) -> AudioSegment:
        """The spoken text, any sampling rate and level. Raises CannotSpeak."""


class EspeakNg:
    """espeak-ng as a program; small, in every distribution, understandable in 100 languages."""

    name = "espeak-ng"

    def __init__(self, program: str = "espeak-ng") -> None:
        self._program = program

    def can_speak(self, voice: Voice) -> bool:
        return shutil.which(self._program) is not None

    def speak(self, text: str, voice: Voice) -> AudioSegment:
        """Raises CannotSpeak."""
        if not self.can_speak(voice):
            raise CannotSpeak(f"{self._program} is not installed (Debian: apt install espeak-ng)")
        command = [self._program, "-b", "1", "-z", "--stdin"]
        command += ["-v", voice.name, "-s", str(voice.words_per_minute)]
        return _spoken(command, "-w", text, says_faults_only=True)


PIPER_VOICES = "PIPER_VOICES"
"""The variable of the environment that names the folder of piper's voices (`en_US-….onnx`)."""
PIPER_WORDS_PER_MINUTE = 160
"""Of most of its voices as they are."""


class Piper:
    """piper (https://github.com/rhasspy/piper) as a program: a neural voice, where it is there.

    Without its noise, so that the same text gives the same samples.
    """

    name = "piper"

    def __init__(self, program: str = "piper") -> None:
        self._program = program

    def can_speak(self, voice: Voice) -> bool:
        return shutil.which(self._program) is not None and self._model(voice) is not None

    def speak(self, text: str, voice: Voice) -> AudioSegment:
        """Raises CannotSpeak. The voice is the first one of the language that is there."""
        model = self._model(voice)
        if shutil.which(self._program) is None or model is None:
            language = _language_of(voice)
            raise CannotSpeak(
                f"{self._program} is not installed, or {PIPER_VOICES} names no folder with a voice "
                f"{language}_….onnx"
            )
        slowness = PIPER_WORDS_PER_MINUTE / voice.words_per_minute
        command = [self._program, "--model", str(model), "--length_scale", f"{slowness:.3f}"]
        command += ["--noise_scale", "0", "--noise_w", "0"]
        return _spoken(command, "--output_file", text, says_faults_only=False)

    def _model(self, voice: Voice) -> Path | None:
        folder = os.environ.get(PIPER_VOICES)
        found = sorted(Path(folder).glob(f"{_language_of(voice)}*.onnx")) if folder else []
        return next(iter(found), None)


def _language_of(voice: Voice) -> str:
    """`en` of espeak-ng's `en-us+f3`."""
    return voice.name.partition("+")[0].partition("-")[0].lower()


def _spoken(
    command: list[str], out_option: str, text: str, *, says_faults_only: bool
) -> AudioSegment:
    """What the program says to the text on its standard input: no shell, no text is an option."""
    program = command[0]
    with tempfile.TemporaryDirectory() as folder:
        spoken = Path(folder, "spoken.wav")
        try:
            ended = subprocess.run(
                [*command, out_option, str(spoken)],
                input=text.encode(),
                capture_output=True,
                timeout=SPEAK_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise CannotSpeak(f"{program} took over {SPEAK_SECONDS:g} s") from None
        complaint = ended.stderr.decode(errors="replace").strip()
        has_complained = says_faults_only and bool(complaint)
        if ended.returncode != 0 or has_complained or not spoken.exists():
            raise CannotSpeak(f"{program} (status {ended.returncode}): {complaint}")
        return AudioSegment.from_wav(io.BytesIO(spoken.read_bytes()))


ENGINES: dict[str, Engine] = {engine.name: engine for engine in (Piper(), EspeakNg())}
"""By the name given to `render-prompts --engine`, the better one first; a site may add its own
before it calls main."""


def best_engine(voices: Iterable[Voice]) -> Engine:
    """The first that speaks all of them, so that one language does not sound unlike the others;
    espeak-ng where none does, which then says what is missing."""
    wanted = list(voices)
    able = (engine for engine in ENGINES.values() if all(map(engine.can_speak, wanted)))
    return next(able, ENGINES[EspeakNg.name])
