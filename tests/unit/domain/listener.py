"""A caller's wait played through in no time: what is said, and in which second."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edge.domain.announcements import (
    Facts,
    Part,
    Spoken,
    Told,
    begin,
    due,
    ended,
    next_at_ms,
    spoken,
)
from edge.domain.settings import Queue

JOINED_MS = 1_700_000_000_000
THIRD = ("queue-thereare", "digits/3", "queue-callswaiting")
SECOND = ("queue-thereare", "digits/2", "queue-callswaiting")
NEXT = ("queue-youarenext",)


@dataclass(frozen=True, slots=True)
class Heard:
    at_seconds: float
    parts: tuple[Part, ...]
    spoken: Spoken

    @property
    def sounds(self) -> tuple[str, ...]:
        return self.spoken.sounds


def queue_with(**settings: Any) -> Queue:
    return Queue("qu_support", "Support", "500", **settings)


def position(**settings: Any) -> dict[str, Any]:
    return {"mode": "PERIODICALLY", **settings}


def tells_time(**settings: Any) -> dict[str, Any]:
    return {
        "position_announcement": position(every_seconds=30),
        "waiting_time_announcement": {"mode": "yes", **settings},
    }


def expecting(seconds: float | None) -> Facts:
    return Facts(3, 5, seconds)


def third_in_line(at_seconds: float) -> Facts:
    return Facts(3, 5, None)


def sequences(
    queue: Queue,
    for_seconds: float,
    *,
    facts: Callable[[float], Facts] = third_in_line,
    speech_seconds: float = 0.0,
    told: Told | None = None,
    seeds: Iterator[float] | None = None,
    language: str = "en",
) -> list[Heard]:
    """Every sequence that falls due, silent ones too, while each takes `speech_seconds`."""
    told = begin(queue, JOINED_MS, JOINED_MS, is_new=True) if told is None else told
    now_ms, heard = JOINED_MS, []
    while (next_at := next_at_ms(queue, told)) and max(next_at, now_ms) <= JOINED_MS + int(
        for_seconds * 1000
    ):
        assert not due(queue, told, next_at - 1) or next_at <= now_ms
        now_ms = max(now_ms, next_at)
        parts = due(queue, told, now_ms)
        assert parts
        said = spoken(
            queue,
            told,
            parts,
            facts((now_ms - JOINED_MS) / 1000),
            now_ms=now_ms,
            seed=next(seeds) if seeds is not None else 0.0,
            language=language,
        )
        heard.append(Heard((now_ms - JOINED_MS) / 1000, parts, said))
        told = said.told_after
        if said.sounds:
            now_ms += int(speech_seconds * 1000)
            told = ended(queue, told, now_ms)
    return heard


def listen(queue: Queue, for_seconds: float, **wait: Any) -> list[tuple[float, tuple[str, ...]]]:
    """What is heard, and when."""
    return [
        (heard.at_seconds, heard.sounds)
        for heard in sequences(queue, for_seconds, **wait)
        if heard.sounds
    ]


def at(times: Mapping[float, Facts]) -> Callable[[float], Facts]:
    """The facts that hold from each second on."""
    return lambda seconds: times[max(since for since in times if since <= seconds)]
