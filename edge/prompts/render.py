"""`render-prompts`: the texts spoken, cut, levelled and written in the phones' codecs."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.prompts.engine import ENGINES, CannotSpeak, Engine, best_engine
from edge.prompts.formats import IN_USE, RATES, encode, write_whole
from edge.prompts.library import PACKAGED
from edge.prompts.sound import at_rate, cut_to_speech, levelled_speech, pcm
from edge.prompts.texts import BadTexts, Texts, read_texts

TEXTS = Path(__file__).parents[2] / "sounds"
"""Of a checkout; an installed package carries the audio, not the texts."""
INDEX = "rendered.json"
"""In each language's folder: what was spoken, by whom, so that stale audio is found."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One prompt, written in every extension asked for."""

    language: str
    prompt_id: str
    seconds: float


def render(
    texts: Sequence[Texts], out: Path, engine: Engine, extensions: Sequence[str] = IN_USE
) -> list[Rendered]:
    """Write `<out>/<language>/<id>.<extension>` for every text, and an index a language.

    Speech is levelled to -20 dBFS (RMS over the prompt; peaks limited to -6 dBFS). The same texts
    and engine give the same bytes. Each file is replaced whole; the index comes last, so a broken
    run shows as stale audio. Files of prompts that have no text are left alone. Raises CannotSpeak.
    """
    rendered = []
    for spoken in texts:
        index = {}
        for prompt_id, text in sorted(spoken.prompts.items()):
            seconds = _render_one(
                text, spoken, out / spoken.language / prompt_id, engine, extensions
            )
            index[prompt_id] = text
            rendered.append(Rendered(spoken.language, prompt_id, seconds))
        made = {
            "engine": engine.name,
            "voice": spoken.voice.name,
            "words_per_minute": spoken.voice.words_per_minute,
            "prompts": index,
        }
        content = json.dumps(made, indent=2, ensure_ascii=False) + "\n"
        write_whole(out / spoken.language / INDEX, content.encode())
    return rendered


def _render_one(
    text: str, spoken: Texts, stem: Path, engine: Engine, extensions: Sequence[str]
) -> float:
    # Cut at each rate apart: 8 kHz loses a "th" or an "s" that 16 kHz carries.
    try:
        speech = engine.speak(text, spoken.voice)
        by_rate = {
            rate: pcm(levelled_speech(cut_to_speech(at_rate(speech, rate))))
            for rate in sorted({RATES[extension] for extension in extensions})
        }
    except (CannotSpeak, ValueError) as fault:
        raise CannotSpeak(f"{spoken.language}: {stem.name}: {fault}") from fault
    for extension in extensions:
        content = encode(by_rate[RATES[extension]], extension)
        write_whole(stem.with_name(f"{stem.name}.{extension}"), content)
    return max(len(samples) / rate for rate, samples in by_rate.items())


def main(args: list[str]) -> int:
    """The command; returns the exit status: 0 done, 1 could not, 2 wrong arguments."""
    parser = argparse.ArgumentParser(
        prog="queue-edge render-prompts", description="Speak the texts of a folder into audio."
    )
    parser.add_argument("--sounds", type=Path, help="folder with one <language>.yaml a language")
    parser.add_argument("--out", type=Path, help="folder for <language>/<id>.<extension>")
    parser.add_argument(
        "--engine",
        choices=sorted(ENGINES),
        help="default: piper where it has a voice for each language, else espeak-ng",
    )
    parser.add_argument(
        "--format", action="append", choices=sorted(RATES), help=f"default: {', '.join(IN_USE)}"
    )
    try:
        chosen = parser.parse_args(args)
    except SystemExit as end:
        return int(end.code or 0)
    if chosen.sounds is None and not TEXTS.is_dir():
        sys.stderr.write(
            "render-prompts needs --sounds DIR (one <language>.yaml a language) and --out DIR:\n"
            "the installed package has its prompts as audio, their texts are in its source\n"
        )
        return 2
    if chosen.sounds is not None and chosen.out is None:
        sys.stderr.write("render-prompts: with --sounds give --out DIR as well\n")
        return 2
    try:
        texts = read_texts(chosen.sounds or TEXTS)
        voices = [spoken.voice for spoken in texts]
        engine = ENGINES[chosen.engine] if chosen.engine else best_engine(voices)
        done = render(texts, chosen.out or PACKAGED, engine, chosen.format or IN_USE)
    except (BadTexts, CannotSpeak, OSError) as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    for prompt in done:
        sys.stdout.write(f"{prompt.language}  {prompt.prompt_id:<24} {prompt.seconds:4.1f} s\n")
    return 0
