"""What a caller of a queue would never hear, though the configuration speaks of it."""

from collections.abc import Iterator
from typing import Any

from edge.config.documents import inside
from edge.domain.settings.waiting import AnswerOn, HoldSound, IntroductionMode, UnknownKey

Row = dict[str, Any]
Mistake = tuple[str, str]
"""The path, and what is wrong there."""

SPEAKING = {
    "position_announcement": "PERIODICALLY or ON_CONNECTED",
    "waiting_time_announcement": '"yes" or "once"',
}
"""Parts whose mode says nothing unless set, and what it takes. Who wants silence says that."""
MUSIC = ("music_class", "music_media")


def faults(path: str, queue: Row) -> Iterator[Mistake]:
    """What is wrong with the words and the music of one queue."""
    for name, modes in SPEAKING.items():
        part = queue.get(name)
        if isinstance(part, dict) and "mode" not in part:
            yield inside(inside(path, name), "mode"), f"is missing: nothing is told without {modes}"
    for field, said in _of_introduction(queue.get("introduction")):
        yield inside(inside(path, "introduction"), field), said
    messages = queue.get("hold_messages")
    if isinstance(messages, dict) and "sounds" not in messages:
        yield inside(inside(path, "hold_messages"), "sounds"), "is missing: nothing is to be said"
    if queue.get("hold_sound") == HoldSound.RINGBACK:
        for name in MUSIC:
            if queue.get(name) is not None:
                yield inside(path, name), "is not heard with hold_sound: ringback"
    if queue.get("answer_on") == AnswerOn.AGENT and queue.get("unknown_key") == UnknownKey.HINT:
        said = "with answer_on: agent the caller's keys are not heard while waiting: no hint"
        yield inside(path, "unknown_key"), said


def _of_introduction(part: object) -> Iterator[Mistake]:
    if not isinstance(part, dict):
        return
    mode = part.get("mode")
    if mode in (IntroductionMode.NORMAL, IntroductionMode.FULL) and not part.get("sounds"):
        yield "sounds", f"is missing: {mode} has nothing to say"
    if part.get("sounds") and "mode" not in part:
        yield "mode", "is missing: nothing is said without NORMAL or FULL"
