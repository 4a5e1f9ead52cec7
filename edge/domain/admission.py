"""Who may join a queue, and when those who wait must leave it because nobody is left to serve."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from edge.domain.agent import Agent, Device, Occupancy, Status
from edge.domain.disposition import Disposition
from edge.domain.ids import QueueId


class Factor(StrEnum):
    """What makes a member not count when it is asked whether a queue is empty.

    The words and what they mean are app_queue's (`joinempty`, `leavewhenempty`). Who is logged
    out never counts: to app_queue, that is no member.
    """

    PAUSED = "paused"
    PENALTY = "penalty"
    UNAVAILABLE = "unavailable"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    INUSE = "inuse"
    RINGING = "ringing"
    WRAPUP = "wrapup"


class Preset(StrEnum):
    """app_queue's sets of factors by name."""

    STRICT = "strict"
    LOOSE = "loose"


PRESETS: dict[Preset, frozenset[Factor]] = {
    Preset.STRICT: frozenset({Factor.PENALTY, Factor.INVALID, Factor.PAUSED, Factor.UNAVAILABLE}),
    Preset.LOOSE: frozenset({Factor.PENALTY, Factor.INVALID}),
}
USUAL = frozenset({Factor.PENALTY, Factor.INVALID, Factor.PAUSED})
"""What app_queue's `joinempty=no` and `leavewhenempty=yes` stand for."""

OF_THE_WORK = frozenset({Factor.INUSE, Factor.RINGING, Factor.WRAPUP})
"""Factors that change with every call; they are counted only in queues that name one of them."""

EmptyRule = bool | Preset | tuple[Factor, ...]
"""As it is configured: yes or no, a preset, or the factors one by one."""

_BY_DEVICE: dict[Device, Factor] = {
    Device.UNREACHABLE: Factor.UNAVAILABLE,
    Device.INVALID: Factor.INVALID,
    Device.UNKNOWN: Factor.UNKNOWN,
}
_BY_OCCUPANCY: dict[Occupancy, Factor] = {
    Occupancy.RESERVED: Factor.RINGING,
    Occupancy.RINGING: Factor.RINGING,
    Occupancy.TALKING: Factor.INUSE,
    Occupancy.WRAP_UP: Factor.WRAPUP,
}


def factors_to_join(rule: EmptyRule) -> frozenset[Factor]:
    """Which members do not count for one who wants to join; none: everybody may, always."""
    return frozenset() if rule is True else _factors(rule)


def factors_to_leave(rule: EmptyRule) -> frozenset[Factor]:
    """Which members do not count for those who wait; none: nobody ever has to leave."""
    return frozenset() if rule is False else _factors(rule)


def _factors(rule: EmptyRule) -> frozenset[Factor]:
    if isinstance(rule, bool):
        return USUAL
    if isinstance(rule, Preset):
        return PRESETS[rule]
    return frozenset(rule)


def condition_of(
    agent: Agent, queue: QueueId, *, with_work: bool, is_reached: bool = True
) -> frozenset[Factor] | None:
    """All factors that apply to the agent in this queue; None while logged out of it.

    `is_reached`: whether the penalty rules of the queue ever let this member be rung.
    """
    presence = agent.presence_in(queue)
    if presence is Status.LOGGED_OUT:
        return None
    found = {_BY_DEVICE.get(agent.device)}
    if not is_reached:
        found.add(Factor.PENALTY)
    if presence is Status.PAUSED:
        found.add(Factor.PAUSED)
    if with_work:
        in_use = Factor.INUSE if agent.device is Device.IN_USE else None
        found.add(_BY_OCCUPANCY.get(agent.occupancy, in_use))
    return frozenset(factor for factor in found if factor is not None)


def is_empty(census: Iterable[frozenset[Factor]], factors: Collection[Factor]) -> bool:
    """Whether no member counts. `census`: the conditions of the members who are logged in."""
    return all(condition.intersection(factors) for condition in census)


@dataclass(frozen=True, slots=True)
class Admission:
    """The rules of a queue for who may join it; 0 and the empty set stand for "no such rule"."""

    max_length: int = 0
    empty_factors: frozenset[Factor] = frozenset()
    divert_ratio: float = 0.0
    divert_wait_seconds: int = 0


def refusal(
    rules: Admission,
    waiting: int,
    census: Collection[frozenset[Factor]],
    expected_seconds: float | None = None,
) -> Disposition | None:
    """Why a caller is turned away now, or None for one who may join.

    The order is app_queue's: empty before full. `waiting` are all in the line, the offered ones
    too. The ratio counts the one who arrives, and every agent who is logged in. Who would wait
    longer than the queue wants is turned away where the time is known (`domain.estimate`).
    """
    if rules.empty_factors and is_empty(census, rules.empty_factors):
        return Disposition.JOIN_EMPTY
    if rules.max_length and waiting >= rules.max_length:
        return Disposition.QUEUE_FULL
    if rules.divert_ratio and waiting + 1 > rules.divert_ratio * len(census):
        return Disposition.DIVERTED
    longest = rules.divert_wait_seconds
    if longest and expected_seconds is not None and expected_seconds > longest:
        return Disposition.DIVERTED
    return None
