"""Presence: what each change keeps and clears, and what the status is derived from."""

from dataclasses import replace

import pytest

from edge.domain.agent import Agent, Device, Occupancy, PresenceChange, Status
from edge.domain.ids import UserId
from edge.domain.presence import change_presence

LONG_AGO, NOW = 1_000, 9_000
LOGGED_OUT = Agent(
    UserId("user_ann"),
    rev=7,
    occupancy=Occupancy.WRAP_UP,
    device=Device.REACHABLE,
    wake_at_ms=12_000,
    last_ended_at_ms=500,
    calls=3,
    misses=2,
)
AVAILABLE = replace(LOGGED_OUT, logged_in_at_ms=LONG_AGO)
PAUSED = replace(AVAILABLE, paused_at_ms=LONG_AGO + 1, pause_reason="lunch")


@pytest.mark.parametrize(
    ("agent", "status"),
    [
        (LOGGED_OUT, Status.LOGGED_OUT),
        (AVAILABLE, Status.AVAILABLE),
        (PAUSED, Status.PAUSED),
        (replace(PAUSED, logged_in_at_ms=0), Status.PAUSED),
    ],
)
def test_status_is_derived_pause_first(agent: Agent, status: Status) -> None:
    assert agent.status is status


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        # Logging in sets logged_in_at once; from a pause it ends the pause and keeps it.
        (LOGGED_OUT, PresenceChange.AVAILABLE, replace(LOGGED_OUT, logged_in_at_ms=NOW)),
        (AVAILABLE, PresenceChange.AVAILABLE, AVAILABLE),
        (PAUSED, PresenceChange.AVAILABLE, AVAILABLE),
        # Pausing keeps logged_in_at, or logs in as well; a second pause changes the reason only.
        (
            LOGGED_OUT,
            PresenceChange.PAUSED,
            replace(LOGGED_OUT, logged_in_at_ms=NOW, paused_at_ms=NOW, pause_reason="tea"),
        ),
        (
            AVAILABLE,
            PresenceChange.PAUSED,
            replace(AVAILABLE, paused_at_ms=NOW, pause_reason="tea"),
        ),
        (PAUSED, PresenceChange.PAUSED, replace(PAUSED, pause_reason="tea")),
        # Logging out clears pause, reason and log-in, and keeps everything else.
        (LOGGED_OUT, PresenceChange.LOGGED_OUT, LOGGED_OUT),
        (AVAILABLE, PresenceChange.LOGGED_OUT, LOGGED_OUT),
        (PAUSED, PresenceChange.LOGGED_OUT, LOGGED_OUT),
        # *45
        (LOGGED_OUT, PresenceChange.TOGGLE_LOGIN, replace(LOGGED_OUT, logged_in_at_ms=NOW)),
        (AVAILABLE, PresenceChange.TOGGLE_LOGIN, LOGGED_OUT),
        (PAUSED, PresenceChange.TOGGLE_LOGIN, LOGGED_OUT),
        # *46
        (LOGGED_OUT, PresenceChange.TOGGLE_PAUSE, None),
        (
            AVAILABLE,
            PresenceChange.TOGGLE_PAUSE,
            replace(AVAILABLE, paused_at_ms=NOW, pause_reason="tea"),
        ),
        (PAUSED, PresenceChange.TOGGLE_PAUSE, AVAILABLE),
    ],
)
def test_each_change_keeps_and_clears_as_documented(
    before: Agent, change: PresenceChange, after: Agent | None
) -> None:
    assert change_presence(before, change, "tea", NOW) == after


READY = Agent(UserId("user_bob"), logged_in_at_ms=LONG_AGO)


@pytest.mark.parametrize(
    ("agent", "is_ready"),
    [
        (READY, True),
        (replace(READY, device=Device.REACHABLE), True),
        (replace(READY, device=Device.UNREACHABLE), False),
        (replace(READY, device=Device.IN_USE), False),
        (replace(READY, logged_in_at_ms=0), False),
        (replace(READY, paused_at_ms=LONG_AGO), False),
        (replace(READY, wake_at_ms=NOW), True),
        (replace(READY, wake_at_ms=NOW + 1), False),
        *((replace(READY, occupancy=o), False) for o in Occupancy if o is not Occupancy.IDLE),
    ],
)
def test_an_agent_is_ready_when_nothing_speaks_against_it(agent: Agent, is_ready: bool) -> None:
    assert agent.is_ready(NOW) is is_ready
