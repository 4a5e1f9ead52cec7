"""Presence: a person logs in or out, pauses and goes on, in all queues at once.

What takes an agent away from a call that rings or goes on is pending until that leg has ended.
"""

from dataclasses import replace
from typing import assert_never

from edge.domain.agent import Agent, Pending, PresenceChange, Status

MISSED_CALLS = "missed_calls"
"""The reason of the pause after too many missed calls in a row."""


def change_presence(
    agent: Agent, change: PresenceChange, reason: str, now_ms: int, pause_ms: int = 0
) -> Agent | None:
    """The agent after the change, or None where it is refused (*46 while logged out).

    Available and paused keep logged_in_at (paused while logged out logs in and pauses);
    log-out clears paused_at, reason and logged_in_at and keeps the rest. A status that is
    already so changes nothing but the reason of a pause and its end: `pause_ms` from now, never
    by itself where that is 0.

    On a leg, a pause or log-out is pending; whatever is asked next replaces or cancels it.
    """
    asked = _asked(agent, change)
    if asked is None:
        return None
    takes_away = (
        agent.status is Status.AVAILABLE
        if asked is Status.PAUSED
        else asked is Status.LOGGED_OUT and agent.status is not Status.LOGGED_OUT
    )
    if agent.is_on_a_leg and takes_away:
        if asked is Status.PAUSED:
            return replace(agent, pending=Pending(asked, reason, pause_ms))
        return replace(agent, pending=Pending(asked))
    return become(agent, asked, reason, now_ms, pause_ms)


def _asked(agent: Agent, change: PresenceChange) -> Status | None:
    """What a change asks for; a toggle is the opposite of what is pending, else of what is so."""
    coming = agent.pending.status if agent.pending else agent.status
    match change:
        case PresenceChange.AVAILABLE:
            return Status.AVAILABLE
        case PresenceChange.PAUSED:
            return Status.PAUSED
        case PresenceChange.LOGGED_OUT:
            return Status.LOGGED_OUT
        case PresenceChange.TOGGLE_LOGIN:
            return Status.AVAILABLE if coming is Status.LOGGED_OUT else Status.LOGGED_OUT
        case PresenceChange.TOGGLE_PAUSE:
            if agent.status is Status.LOGGED_OUT:
                return None
            return Status.AVAILABLE if coming is Status.PAUSED else Status.PAUSED
        case _ as never:
            assert_never(never)


def become(agent: Agent, status: Status, reason: str, now_ms: int, pause_ms: int = 0) -> Agent:
    """The agent in this status at once; nothing is pending any more."""
    logged_in_at_ms = agent.logged_in_at_ms or now_ms
    if status is Status.LOGGED_OUT:
        logged_in_at_ms = 0
    agent = replace(agent, logged_in_at_ms=logged_in_at_ms, pending=None)
    if status is not Status.PAUSED:
        return replace(agent, paused_at_ms=0, pause_reason="", pause_until_ms=0)
    return replace(
        agent,
        paused_at_ms=agent.paused_at_ms or now_ms,
        pause_reason=reason,
        pause_until_ms=now_ms + pause_ms if pause_ms else 0,
    )


def take_effect(agent: Agent, now_ms: int) -> Agent:
    """The leg has ended: what was pending is so now."""
    if agent.pending is None:
        return agent
    pending = agent.pending
    return become(agent, pending.status, pending.reason, now_ms, pending.pause_ms)


def miss(agent: Agent, pause_after_misses: int, now_ms: int) -> Agent:
    """One more missed call. An available agent who has missed so many since the last answer (or
    the last such pause) is paused; 0 is never."""
    misses = agent.misses + 1
    if not pause_after_misses or misses < pause_after_misses:
        return replace(agent, misses=misses)
    if agent.status is not Status.AVAILABLE:
        return replace(agent, misses=misses)
    return become(replace(agent, misses=0), Status.PAUSED, MISSED_CALLS, now_ms)
