"""The texts of the prompts: sounds/<language>.yaml, read strictly, all errors at once."""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

PROMPT_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
VOICE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9+_.-]*")
FIELDS = {"language", "voice", "words_per_minute", "prompts"}


class BadTexts(Exception):
    """The texts can not be used; one line a fault, each with its file."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks: a name that the engine knows, and how fast."""

    name: str
    words_per_minute: int


@dataclass(frozen=True, slots=True)
class Texts:
    """One language: its tag in lower case, its voice, and the text of every prompt by id."""

    language: str
    voice: Voice
    prompts: dict[str, str]


def read_texts(folder: Path) -> list[Texts]:
    """Every `*.yaml` of the folder, in order of language.

    Raises BadTexts with every fault found, also when the folder is missing or has no texts.
    """
    if not folder.is_dir():
        raise BadTexts(f"{folder}: no such folder; it holds one <language>.yaml a language")
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise BadTexts(f"{folder}: no texts here; it holds one <language>.yaml a language")
    faults: list[str] = []
    found = [_read(file, faults) for file in files]
    if faults:
        raise BadTexts("\n".join(faults))
    return [texts for texts in found if texts is not None]


class _Strict(yaml.SafeLoader):
    """PyYAML keeps the last of two equal keys in silence; here the second is a fault."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        keys = [key.value for key, _ in node.value]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"given twice: {', '.join(twice)}", node.start_mark
            )
        return super().construct_mapping(node, deep)


def _read(file: Path, faults: list[str]) -> Texts | None:
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), _Strict)
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        faults.append(f"{file}: {fault}")
        return None
    if not isinstance(content, dict):
        faults.append(f"{file}: must be a mapping with {', '.join(sorted(FIELDS))}")
        return None
    before = len(faults)
    if unknown := sorted(str(key) for key in content.keys() - FIELDS):
        faults.append(f"{file}: unknown: {', '.join(unknown)}")
    language, voice = content.get("language"), content.get("voice")
    speed, prompts = content.get("words_per_minute"), content.get("prompts")
    if language != file.stem or not LANGUAGE.fullmatch(file.stem):
        faults.append(f"{file}: language must be the file's name, a lower-case tag: {language!r}")
    if not isinstance(voice, str) or not VOICE_NAME.fullmatch(voice):
        faults.append(f"{file}: voice must be a voice's name: {voice!r}")
    if type(speed) is not int or not 80 <= speed <= 400:
        faults.append(f"{file}: words_per_minute must be a number from 80 to 400: {speed!r}")
    if not isinstance(prompts, dict) or not prompts:
        faults.append(f"{file}: prompts must be a mapping of ids to texts")
        return None
    for prompt_id, text in prompts.items():
        if not isinstance(prompt_id, str) or not PROMPT_ID.fullmatch(prompt_id):
            faults.append(f"{file}: prompts: {prompt_id!r} must be lower-case words with hyphens")
        if not isinstance(text, str) or not text.strip():
            faults.append(f"{file}: prompts: {prompt_id}: the text must be words, in quotes if odd")
    if len(faults) > before:
        return None
    return Texts(file.stem, Voice(str(voice), int(str(speed))), dict(prompts))
