"""The scheduler of a caller, whatever a queue is set to, however long its words take."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.announcements import (
    ON_ENTRY,
    Facts,
    Part,
    begin,
    due,
    ended,
    next_at_ms,
    spoken,
)
from edge.domain.settings import Queue
from tests.unit.domain.listener import JOINED_MS, Heard, queue_with, sequences

WAIT_SECONDS = 900
seconds = st.integers(0, 120)
intervals = st.integers(1, 120)
SOME_SOUNDS = st.sampled_from([[], ["a"], ["a", "b"]])

queues = st.builds(
    queue_with,
    introduction=st.fixed_dictionaries(
        {"mode": st.sampled_from(["DISABLE", "NORMAL", "FULL"]), "sounds": SOME_SOUNDS}
    ),
    join_announcement=SOME_SOUNDS,
    min_gap_seconds=st.integers(0, 40),
    announce_to_head=st.booleans(),
    position_announcement=st.fixed_dictionaries(
        {
            "mode": st.sampled_from(["DISABLE", "PERIODICALLY", "ON_CONNECTED"]),
            "every_seconds": intervals,
            "only_if_improved": st.booleans(),
            "limit": st.integers(0, 4),
            "says_more_than": st.booleans(),
        }
    ),
    waiting_time_announcement=st.fixed_dictionaries(
        {
            "mode": st.sampled_from(["no", "yes", "once"]),
            "every_seconds": seconds,
            "as_range": st.booleans(),
            "tells_rise": st.booleans(),
        }
    ),
    hold_messages=st.fixed_dictionaries(
        {
            "sounds": st.sampled_from([[], [["m1"]], [["m1"], ["m2"], ["m3", "m4"]]]),
            "order": st.sampled_from(["in_order", "random"]),
            "first_after_seconds": seconds,
            "every_seconds": intervals,
            "measured_from": st.sampled_from(["start", "end"]),
        }
    ),
    options=st.sampled_from([[], [{"digit": "1", "action": "callback"}]]),
    options_announcement=st.fixed_dictionaries(
        {"first_after_seconds": seconds, "every_seconds": seconds}
    ),
)
facts = st.lists(
    st.builds(Facts, st.integers(1, 6), st.just(6), st.none() | st.floats(0, 5_000)),
    min_size=1,
    max_size=30,
)


def waited(queue: Queue, moves: list[Facts], speech_seconds: float) -> list[Heard]:
    """A wait in which the caller's place changes every half minute."""
    return sequences(
        queue,
        WAIT_SECONDS,
        facts=lambda at: moves[int(at // 30) % len(moves)],
        speech_seconds=speech_seconds,
    )


@settings(deadline=None)
@given(queues, facts, st.sampled_from([0.0, 0.5, 7.0, 45.0]))
def test_no_two_sequences_start_closer_than_the_gap_or_overlap(
    queue: Queue, moves: list[Facts], speech_seconds: float
) -> None:
    heard = [one for one in waited(queue, moves, speech_seconds) if one.sounds]
    for before, after in pairwise(heard):
        apart = after.at_seconds - before.at_seconds
        assert apart >= speech_seconds
        if not (ON_ENTRY.issuperset(before.parts) or ON_ENTRY.issuperset(after.parts)):
            assert apart >= queue.min_gap_seconds


@settings(deadline=None)
@given(queues, facts, st.sampled_from([0.0, 0.5, 7.0, 45.0]))
def test_the_wait_goes_on_and_never_spins(
    queue: Queue, moves: list[Facts], speech_seconds: float
) -> None:
    heard = waited(queue, moves, speech_seconds)
    periodic = [one for one in heard if not ON_ENTRY.issuperset(one.parts)]
    assert len(heard) - len(periodic) <= 2
    at = Counter(one.at_seconds for one in periodic)
    assert all(times == 1 for times in at.values())


EVERY: dict[Part, Callable[[Queue], int]] = {
    Part.HOLD_MESSAGE: lambda queue: queue.hold_messages.every_seconds,
    Part.POSITION: lambda queue: queue.position_announcement.every_seconds,
    Part.OPTIONS: lambda queue: queue.options_announcement.every_seconds,
}
FIRST: dict[Part, Callable[[Queue], int]] = {
    Part.HOLD_MESSAGE: lambda queue: queue.hold_messages.first_after_seconds,
    Part.POSITION: lambda queue: (
        0
        if queue.position_announcement.mode == "ON_CONNECTED"
        else queue.position_announcement.every_seconds
    ),
    Part.OPTIONS: lambda queue: queue.options_announcement.first_after_seconds,
}


@settings(deadline=None)
@given(queues, facts)
def test_nothing_is_lost_and_nothing_comes_twice_in_its_interval(
    queue: Queue, moves: list[Facts]
) -> None:
    """Words that take no time: each part has its turn once an interval, at most a gap early; where
    the interval is shorter than the gap, once a gap."""
    heard = waited(queue, moves, 0.0)
    gap = queue.min_gap_seconds
    begun = begin(queue, JOINED_MS, JOINED_MS, is_new=True)
    for part, every_seconds in EVERY.items():
        turns = [one.at_seconds for one in heard if part in one.parts]
        if part not in begun.at_ms:
            assert turns == []
            continue
        every = every_seconds(queue)
        if every == 0:
            assert len(turns) == 1
            continue
        for index, at in enumerate(turns):
            due_at = FIRST[part](queue) + index * every
            assert at > due_at - max(gap, 0.001)
            if every >= gap:
                assert at <= due_at
        assert len(turns) >= (WAIT_SECONDS - FIRST[part](queue) - gap) // max(every, gap)


@settings(deadline=None)
@given(queues, st.integers(0, 600_000), facts)
def test_after_a_takeover_nothing_is_due_at_once_nor_ever_lost(
    queue: Queue, after_ms: int, moves: list[Facts]
) -> None:
    now_ms = JOINED_MS + after_ms
    new = begin(queue, JOINED_MS, JOINED_MS, is_new=True)
    told = begin(queue, JOINED_MS, now_ms, is_new=False)
    assert due(queue, told, now_ms) == ()
    assert set(told.at_ms) <= set(new.at_ms) - ON_ENTRY or after_ms == 0
    next_at = next_at_ms(queue, told)
    if told.at_ms:
        assert now_ms < next_at
        assert due(queue, told, next_at)


@settings(deadline=None)
@given(queues, facts, st.floats(0, 1, exclude_max=True))
def test_a_turn_always_leads_into_the_future(queue: Queue, moves: list[Facts], seed: float) -> None:
    told, now_ms = begin(queue, JOINED_MS, JOINED_MS, is_new=True), JOINED_MS
    for place in moves:
        now_ms = max(now_ms, next_at_ms(queue, told))
        parts = due(queue, told, now_ms)
        if not parts:
            assert next_at_ms(queue, told) == 0
            return
        said = spoken(queue, told, parts, place, now_ms=now_ms, seed=seed, language="en")
        told = ended(queue, said.told_after, now_ms + 3_000)
        assert not ON_ENTRY.intersection(parts) & set(told.at_ms)
        next_at = next_at_ms(queue, told)
        assert ON_ENTRY.issuperset(parts) or next_at == 0 or next_at > now_ms
