"""A pause or log-out asked for during a call waits for its end; missed calls that are a pause."""

from dataclasses import replace

import pytest

from edge.domain.agent import Agent, Occupancy, Pending, PresenceChange, Status
from edge.domain.ids import UserId
from edge.domain.presence import MISSED_CALLS, become, change_presence, miss, take_effect

NOW = 9_000
TALKING = Agent(UserId("user_ann"), logged_in_at_ms=1_000, occupancy=Occupancy.TALKING)
TO_PAUSE = replace(TALKING, pending=Pending(Status.PAUSED, "tea", 60_000))
TO_LOG_OUT = replace(TALKING, pending=Pending(Status.LOGGED_OUT))
PAUSED = replace(TALKING, paused_at_ms=2_000, pause_reason="tea")
"""As an agent is who picked a call while paused."""


def ask(agent: Agent, change: PresenceChange) -> Agent | None:
    return change_presence(agent, change, "tea", NOW, 60_000)


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        (TALKING, PresenceChange.PAUSED, TO_PAUSE),
        (TALKING, PresenceChange.LOGGED_OUT, TO_LOG_OUT),
        (TALKING, PresenceChange.TOGGLE_PAUSE, TO_PAUSE),
        (TALKING, PresenceChange.TOGGLE_LOGIN, TO_LOG_OUT),
        # The opposite cancels.
        (TO_PAUSE, PresenceChange.AVAILABLE, TALKING),
        (TO_LOG_OUT, PresenceChange.AVAILABLE, TALKING),
        (TO_PAUSE, PresenceChange.TOGGLE_PAUSE, TALKING),
        (TO_LOG_OUT, PresenceChange.TOGGLE_LOGIN, TALKING),
        # The other one replaces.
        (TO_PAUSE, PresenceChange.LOGGED_OUT, TO_LOG_OUT),
        (TO_PAUSE, PresenceChange.TOGGLE_LOGIN, TO_LOG_OUT),
        (TO_LOG_OUT, PresenceChange.PAUSED, TO_PAUSE),
        (TO_LOG_OUT, PresenceChange.TOGGLE_PAUSE, TO_PAUSE),
        # What takes nobody away is so at once.
        (PAUSED, PresenceChange.AVAILABLE, TALKING),
        (PAUSED, PresenceChange.LOGGED_OUT, replace(PAUSED, pending=Pending(Status.LOGGED_OUT))),
        (PAUSED, PresenceChange.PAUSED, replace(PAUSED, pause_until_ms=NOW + 60_000)),
    ],
)
def test_what_is_asked_during_a_call(
    before: Agent, change: PresenceChange, after: Agent | None
) -> None:
    assert ask(before, change) == after


@pytest.mark.parametrize("occupancy", list(Occupancy))
def test_only_a_call_delays_a_pause(occupancy: Occupancy) -> None:
    agent = ask(replace(TALKING, occupancy=occupancy), PresenceChange.PAUSED)
    assert agent is not None
    on_a_leg = occupancy in (Occupancy.RESERVED, Occupancy.RINGING, Occupancy.TALKING)
    assert (agent.pending is not None) == on_a_leg
    assert agent.status is (Status.AVAILABLE if on_a_leg else Status.PAUSED)


def test_when_the_call_ends_the_pause_begins_and_lasts_as_long_as_asked() -> None:
    after = take_effect(TO_PAUSE, NOW + 500)
    assert after == become(TALKING, Status.PAUSED, "tea", NOW + 500, 60_000)
    assert (after.paused_at_ms, after.pause_until_ms) == (NOW + 500, NOW + 60_500)
    assert take_effect(TO_LOG_OUT, NOW) == replace(TALKING, logged_in_at_ms=0)
    assert take_effect(TALKING, NOW) == TALKING


def test_going_on_ends_a_timed_pause() -> None:
    paused = become(TALKING, Status.PAUSED, "tea", NOW, 60_000)
    assert become(paused, Status.AVAILABLE, "", NOW + 1) == TALKING
    assert become(paused, Status.LOGGED_OUT, "", NOW + 1) == replace(TALKING, logged_in_at_ms=0)


READY = replace(TALKING, occupancy=Occupancy.IDLE)


@pytest.mark.parametrize(
    ("misses", "limit", "becomes"),
    [
        (0, 0, Status.AVAILABLE),
        (98, 0, Status.AVAILABLE),
        (0, 2, Status.AVAILABLE),
        (1, 2, Status.PAUSED),
        (0, 1, Status.PAUSED),
        (5, 2, Status.PAUSED),
    ],
)
def test_so_many_missed_calls_are_a_pause(misses: int, limit: int, becomes: Status) -> None:
    agent = miss(replace(READY, misses=misses), limit, NOW)
    assert agent.status is becomes
    if becomes is Status.PAUSED:
        assert (agent.pause_reason, agent.misses) == (MISSED_CALLS, 0)
    else:
        assert agent.misses == misses + 1


@pytest.mark.parametrize("status", [Status.PAUSED, Status.LOGGED_OUT])
def test_who_is_not_available_is_not_paused_for_a_missed_call(status: Status) -> None:
    before = become(READY, status, "tea", 2_000)
    assert miss(before, 1, NOW) == replace(before, misses=1)
