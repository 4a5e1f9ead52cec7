"""Why one agent may not be offered one entry now: a code that never changes, and a sentence."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import assert_never

from edge.domain.agent import Agent, Device, Occupancy, Overlay, Status
from edge.domain.entry import Entry
from edge.domain.ids import EntryId, QueueId
from edge.domain.matching import HeadAgent, HeadEntry, Passed
from edge.domain.strategies import Rings, Tier


class LeftOut(StrEnum):
    """Of an agent who is not ready: the first of these that holds. Then, of one who is."""

    RINGS_HERE = "rings_here"
    """The agent's phone rings for this very caller."""
    RINGS_ELSEWHERE = "rings_elsewhere"
    TALKING = "talking"
    LOGGED_OUT = "logged_out"
    PAUSED = "paused"
    SIGNED_OUT_HERE = "signed_out_here"
    PAUSED_HERE = "paused_here"
    WRAP_UP = "wrap_up"
    UNREACHABLE = "unreachable"
    INVALID = "invalid"
    """Asterisk does not know the agent's phone."""
    IN_USE = "in_use"
    """The phone is in a call that no queue made."""
    BACK_OFF = "back_off"

    TRIED = "tried"
    RESERVED = "reserved"
    """The caller waits for a preferred agent alone."""
    NAMED_FIRST = "named_first"
    """Another agent is tried first by name: who spoke with this caller last."""
    TIER_LIMIT = "tier_limit"
    """Penalty or skill level is not within what the caller may have by now."""
    BETTER_TIER_RINGS = "better_tier_rings"
    NO_ROOM = "no_room"
    """As many phones ring for this caller as may."""
    LAST_OFFER = "last_offer"
    """The caller's longest wait is over: what rings may ring on, and no further phone does."""
    INTRODUCTION = "introduction"
    """The caller hears the introduction of the queue out."""
    HELD_BACK = "held_back"
    """The caller may be offered to nobody just now."""


@dataclass(frozen=True, slots=True)
class Reason:
    """`until_ms` is when it ends by itself, 0 where it does not or nobody knows."""

    code: LeftOut
    words: str
    until_ms: int = 0


def moment(at_ms: int, now_ms: int) -> str:
    """`12:00:03 UTC`, with the date where it is not today's."""
    at, now = (datetime.fromtimestamp(ms // 1000, UTC) for ms in (at_ms, now_ms))
    form = "%H:%M:%S UTC" if at.date() == now.date() else "%Y-%m-%d %H:%M:%S UTC"
    return at.strftime(form)


def until(at_ms: int, now_ms: int) -> str:
    """` until 12:00:03 UTC`, or nothing where there is no end."""
    return f" until {moment(at_ms, now_ms)}" if at_ms else ""


def name_of(tier: Tier) -> str:
    return tier.value.replace("_", " ")


def why_not_ready(
    agent: Agent, queue: QueueId | None, entry: EntryId | None, now_ms: int
) -> Reason:
    """Of an agent who stands in the ready set of no queue, or not in that of this one."""
    overlay = agent.overlays.get(queue, Overlay()) if queue is not None else Overlay()
    if agent.is_on_a_leg:
        return _on_a_leg(agent, entry)
    if agent.status is Status.LOGGED_OUT:
        return Reason(LeftOut.LOGGED_OUT, "is logged out")
    if agent.status is Status.PAUSED:
        return _paused(
            LeftOut.PAUSED, "is paused", agent.pause_reason, agent.pause_until_ms, now_ms
        )
    if overlay.signed_out_at_ms:
        return Reason(LeftOut.SIGNED_OUT_HERE, "is signed out of this queue")
    if overlay.paused_at_ms:
        what = "is not ready in this queue" if overlay.is_automatic else "is paused in this queue"
        return _paused(LeftOut.PAUSED_HERE, what, overlay.reason, overlay.until_ms, now_ms)
    ends = until(agent.wake_at_ms, now_ms)
    if agent.occupancy is Occupancy.WRAP_UP:
        return Reason(LeftOut.WRAP_UP, f"is in wrap-up{ends}", agent.wake_at_ms)
    if agent.device is Device.UNREACHABLE:
        return Reason(LeftOut.UNREACHABLE, "has no phone that can be reached")
    if agent.device is Device.INVALID:
        return Reason(LeftOut.INVALID, "has a phone that Asterisk does not know")
    if agent.device is Device.IN_USE:
        return Reason(LeftOut.IN_USE, "is in a call that no queue made")
    return Reason(LeftOut.BACK_OFF, f"is not rung again{ends}", agent.wake_at_ms)


def _paused(code: LeftOut, what: str, reason: str, until_ms: int, now_ms: int) -> Reason:
    why = f" ({reason})" if reason else ""
    return Reason(code, f"{what}{why}{until(until_ms, now_ms)}", until_ms)


def _on_a_leg(agent: Agent, entry: EntryId | None) -> Reason:
    is_talking = agent.occupancy is Occupancy.TALKING
    if agent.leg_entry == entry and not is_talking:
        return Reason(LeftOut.RINGS_HERE, "is being rung for this caller")
    whom = f"caller {agent.leg_entry} of {agent.leg_queue}"
    if is_talking:
        return Reason(LeftOut.TALKING, f"talks with {whom}")
    return Reason(LeftOut.RINGS_ELSEWHERE, f"is being rung for {whom}")


@dataclass(frozen=True, slots=True)
class Limits:
    """What the tiers of an entry come from; without a record only the limits are known."""

    tier: Tier
    rings: Rings
    entry: Entry | None
    now_ms: int

    def words(self, head: HeadEntry, tier: int) -> Reason:
        """Why a tier outside of what the entry may have now is left out."""
        name = name_of(self.tier)
        entry, ends = self.entry, ""
        if entry is not None:
            ends = until(entry.widen_at_ms, self.now_ms)
            rung = entry.ring_tier if self.rings is Rings.ALL else None
            if rung is not None and rung < tier and entry.min_tier <= tier <= entry.max_tier:
                words = f"{name} {tier} is rung after {name} {rung}, whose phones still ring"
                return Reason(LeftOut.BETTER_TIER_RINGS, words)
        until_ms = entry.widen_at_ms if entry is not None else 0
        if tier < head.min_tier:
            words = f"{name} {tier} is below the limit {head.min_tier}{ends}"
        else:
            words = f"{name} {tier} is above the limit {head.max_tier}{ends}"
        return Reason(LeftOut.TIER_LIMIT, words, until_ms)


def why_not_for(head: HeadEntry, agent: HeadAgent, limits: Limits) -> Reason | None:
    """Of a ready agent and an entry that may be offered: why not this one; None where it may be.

    Says nothing exactly where the decision may take the agent for this entry.
    """
    if head.by_name is not None:
        if head.by_name == agent.id:
            return None
        if not head.reserved:
            words = f"{head.by_name}, who spoke with this caller last, is rung first"
            return Reason(LeftOut.NAMED_FIRST, words)
    match head.passed_for(agent):
        case None:
            return None
        case Passed.RESERVED:
            whom, ends = "its preferred agent", ""
            if limits.entry is not None:
                whom = str(limits.entry.preferred)
                ends = until(limits.entry.prefer_until_ms, limits.now_ms)
            until_ms = limits.entry.prefer_until_ms if limits.entry is not None else 0
            return Reason(LeftOut.RESERVED, f"the caller waits for {whom} alone{ends}", until_ms)
        case Passed.TRIED:
            return Reason(LeftOut.TRIED, "was rung for this caller in this round")
        case Passed.TIER:
            return limits.words(head, agent.tier)
        case _ as never:
            assert_never(never)
