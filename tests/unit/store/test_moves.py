"""Every Lua file is one move with a header that says what Python relies on."""

import re
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

import pytest

from edge.domain.events import EventName
from edge.ports import outbox
from edge.ports import queue_store as words
from edge.store import keys
from edge.store.scripts import load_scripts

FOLDER = Path(str(files("edge.store") / "lua"))
MOVES = sorted(FOLDER.glob("*.lua"))
HEADER = ("purpose", "keys", "args", "returns", "publishes")
LONGEST_MOVE = 60

WORDS: dict[str, type[StrEnum]] = {
    "accept": words.AcceptWord,
    "beat": words.BeatWord,
    "change_device": words.DeviceWord,
    "change_presence": words.PresenceWord,
    "change_queue_status": words.QueueStatusWord,
    "change_wrap_up": words.WrapUpWord,
    "claim": words.ClaimWord,
    "complete": words.CompleteWord,
    "replace_leg": words.ReplaceWord,
    "connect": words.ConnectWord,
    "end_introduction": words.IntroductionWord,
    "fail_leg": words.FailWord,
    "fire_agent": words.FireWord,
    "join": words.JoinWord,
    "leave": words.LeaveWord,
    "rejoin": words.RejoinWord,
    "leg_dialled": words.LegWord,
    "leg_ringing": words.LegWord,
    "press": words.PressWord,
    "put_back_webhook": outbox.PutBackWord,
    "settle_webhook": outbox.SettleWord,
    "promise": words.PromiseWord,
    "take_over": words.TakeOverWord,
    "take_webhooks": outbox.TakeWord,
}


def header(move: Path) -> dict[str, str]:
    """The comment at the head, a line of it that begins with no name goes on with the last."""
    found: dict[str, str] = {}
    name = ""
    for line in move.read_text().splitlines():
        if not line.startswith("--"):
            break
        text = line.removeprefix("--").strip()
        match = re.match(r"(\w+): (.*)", text)
        if match and match[1] in HEADER:
            name = match[1]
            found[name] = match[2]
        else:
            found[name] += " " + text
    return found


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.stem)
def test_a_move_is_short_and_its_header_is_whole(move: Path) -> None:
    assert tuple(header(move)) == HEADER
    assert len(move.read_text().splitlines()) <= LONGEST_MOVE
    assert "KEYS[1]" in header(move)["keys"]


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.stem)
def test_the_words_of_a_move_are_those_python_knows(move: Path) -> None:
    said = set(re.findall(r"\b[A-Z][A-Z_]{3,}\b", header(move)["returns"]))
    text = move.read_text()
    answers = re.findall(r"(?:done|answer)\((.*'.*)\)", text)
    spoken = {word for answer in answers for word in re.findall(r"'([A-Z_]+)'", answer)}
    spoken |= set(re.findall(r"word = '([A-Z_]+)'", text))
    assert spoken == said
    if move.stem in WORDS:
        assert said == {word.value for word in WORDS[move.stem]}
    elif move.stem.startswith("fire_"):
        assert said <= {word.value for word in words.FireWord}


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.stem)
def test_the_events_of_a_move_are_those_python_knows(move: Path) -> None:
    known = {event.value for event in EventName}
    said = set(re.findall(r"[a-z]+(?:_[a-z]+)+", header(move)["publishes"]))
    assert said <= known
    published = set(re.findall(r"publish\('([a-z_]+)'", move.read_text()))
    assert published <= said


def test_every_move_is_loaded_with_its_parts() -> None:
    scripts = load_scripts()
    assert set(scripts) == {move.stem for move in MOVES}
    assert len({script.sha for script in scripts.values()}) == len(scripts)


def test_no_move_calls_what_its_parts_have_not() -> None:
    """Some parts are loaded with some moves alone."""
    begins = re.compile(r"^local function (\w+)", re.MULTILINE)
    functions = {
        name
        for part in (FOLDER / "parts").glob("*.lua")
        for name in begins.findall(part.read_text())
    }
    for script in load_scripts().values():
        code = re.sub(r"--.*", "", script.text)
        called = set(re.findall(r"(?<![\w.:'])(\w+)\(", code)) & functions
        assert called <= set(begins.findall(code)), script.name


def test_the_key_table_has_each_pattern_once() -> None:
    patterns = [kind.pattern for kind in keys.KEYS]
    assert len(patterns) == len(set(patterns))
    assert all(kind.lifetime for kind in keys.KEYS)
