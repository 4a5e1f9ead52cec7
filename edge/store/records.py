"""Between the flat records of Redis and the frozen ones of the domain."""

from collections.abc import Mapping
from typing import Any

import orjson

from edge.domain.agent import Agent, Device, Here, Occupancy, Overlay, Pending, Status
from edge.domain.disposition import Disposition
from edge.domain.entry import Entry, Joining, Party, Stage
from edge.domain.ids import (
    AccountId,
    EndpointName,
    EntryId,
    LegId,
    NodeId,
    QueueId,
    RunId,
    UserId,
)
from edge.domain.matching import HeadAgent, HeadEntry, Heads, Match
from edge.domain.settings import Account, Member, PenaltyRule, Queue, User
from edge.domain.settings.account import HIGHEST_TIER
from edge.domain.strategies import FIELD_WIDTH, STRATEGIES, Draw, Rings
from edge.domain.teams import Teams
from edge.ports.queue_store import Due, LivingEdges, Moved

Fields = Mapping[str, str]
NOBODY: frozenset[UserId] = frozenset()
# A look in a dict takes a tenth of the enum's own.
STAGES = {stage.value: stage for stage in Stage}
PARTIES = {party.value: party for party in Party}
OCCUPANCIES = {occupancy.value: occupancy for occupancy in Occupancy}
DRAWS = {draw.value: draw for draw in Draw}
RINGS = {rings.value: rings for rings in Rings}
DEVICES = {device.value: device for device in Device}
HERE = {"last_rung": "last_rung_at_ms", "last_answered": "last_answered_at_ms", "lap": "lap"}
OVERLAY = {
    "paused_at": "paused_at_ms",
    "pause_reason": "reason",
    "pause_until": "until_ms",
    "signed_out_at": "signed_out_at_ms",
}


def users_of(text: str | None) -> frozenset[UserId]:
    return frozenset(map(UserId, text.split())) if text else NOBODY


def fields_of(joining: Joining) -> dict[str, str]:
    """What the caller brings, as fields; the move adds place, stage and owner."""
    preference: dict[str, str] = {}
    if joining.preferred is not None:
        preference = {"preferred": joining.preferred, "prefer_ms": str(joining.prefer_ms)}
    if joining.music:
        preference["music"] = joining.music
    if joining.intro_ms:
        preference["intro_ms"] = str(joining.intro_ms)
    return {
        "leg": joining.leg,
        "node": joining.node,
        "endpoint": joining.endpoint,
        "dialled": joining.dialled,
        "inside": "1" if joining.inside else "0",
        "caller_number": joining.caller_number,
        "caller_name": joining.caller_name,
        "priority": str(joining.priority),
    } | preference


def to_entry(entry: str, fields: Fields) -> Entry:
    agent, disposition = fields.get("agent"), fields.get("disposition")
    return Entry(
        id=EntryId(entry),
        queue=QueueId(fields["queue"]),
        stage=STAGES[fields["stage"]],
        party=PARTIES[fields["party"]],
        leg=LegId(fields["leg"]),
        node=NodeId(fields["node"]),
        endpoint=EndpointName(fields["endpoint"]),
        dialled=fields["dialled"],
        inside=fields["inside"] == "1",
        caller_number=fields["caller_number"],
        caller_name=fields["caller_name"],
        priority=int(fields["priority"]),
        place=int(fields["place"]),
        joined_at_ms=int(fields["joined_at"]),
        owner=RunId(fields["owner"]),
        rev=int(fields["rev"]),
        tried=users_of(fields.get("tried")),
        ringing=users_of(fields.get("ringing")),
        agent=UserId(agent) if agent else None,
        disposition=Disposition(disposition) if disposition else None,
        answered_at_ms=int(fields.get("answered_at", 0)),
        connected_at_ms=int(fields.get("connected_at", 0)),
        ended_at_ms=int(fields.get("ended_at", 0)),
        retry_at_ms=int(fields.get("retry_at", 0)),
        widen_at_ms=int(fields.get("widen_at", 0)),
        step_at_ms=int(fields.get("step_at", 0)),
        prefer_until_ms=int(fields.get("prefer_until", 0)),
        intro_until_ms=int(fields.get("intro_until", 0)),
        min_tier=int(fields.get("min_tier", 0)),
        max_tier=int(fields.get("max_tier", HIGHEST_TIER)),
        rings=Rings(fields["rings"]) if "rings" in fields else None,
        ring_max=int(fields.get("ring_max", 0)),
        ring_tier=int(fields["ring_tier"]) if "ring_tier" in fields else None,
        allowed=int(fields.get("allowed", 1)),
        is_alone=fields.get("alone") == "1",
        preferred=UserId(fields["preferred"]) if "preferred" in fields else None,
        sticky=UserId(fields["sticky"]) if "sticky" in fields else None,
        waits_until_ms=int(fields.get("waits_until", 0)),
        music=fields.get("music", ""),
        lets_ring=fields.get("lets_ring") != "0",
        is_last_offer=fields.get("last_offer") == "1",
        expected_ms=int(fields.get("expected_ms", 0)),
        promised_ms=int(fields.get("promised_ms", 0)),
        promised_at_ms=int(fields.get("promised_at", 0)),
        pressed=fields.get("pressed", ""),
        onward=EntryId(fields["onward"]) if "onward" in fields else None,
    )


def to_agent(user: str, fields: Fields) -> Agent:
    leg, entry = fields.get("leg"), fields.get("leg_entry")
    queue, owner = fields.get("leg_queue"), fields.get("leg_owner")
    wrap_up_queue = fields.get("wrap_up_queue")
    return Agent(
        id=UserId(user),
        rev=int(fields.get("rev", 0)),
        logged_in_at_ms=int(fields.get("logged_in_at", 0)),
        paused_at_ms=int(fields.get("paused_at", 0)),
        pause_reason=fields.get("pause_reason", ""),
        pause_until_ms=int(fields.get("pause_until", 0)),
        pending=to_pending(fields),
        occupancy=OCCUPANCIES[fields.get("occupancy", Occupancy.IDLE)],
        is_desk_call=fields.get("desk_call") == "1",
        device=DEVICES[fields.get("device", Device.UNKNOWN)],
        leg=LegId(leg) if leg else None,
        leg_entry=EntryId(entry) if entry else None,
        leg_queue=QueueId(queue) if queue else None,
        leg_owner=RunId(owner) if owner else None,
        is_called=fields.get("called") == "1",
        wake_at_ms=int(fields.get("wake_at", 0)),
        wrap_up_queue=QueueId(wrap_up_queue) if wrap_up_queue else None,
        offered_at_ms=int(fields.get("offered_at", 0)),
        last_ended_at_ms=int(fields.get("last_ended", 0)),
        calls=int(fields.get("calls", 0)),
        window=int(fields.get("window", 0)),
        calls_in_window=int(fields.get("calls_in_window", 0)),
        misses=int(fields.get("misses", 0)),
        here=to_here(fields),
        overlays=to_overlays(fields),
    )


def to_pending(fields: Fields) -> Pending | None:
    if "pending" not in fields:
        return None
    reason, pause_ms = fields.get("pending_reason", ""), int(fields.get("pending_ms", 0))
    return Pending(Status(fields["pending"]), reason, pause_ms)


def to_here(fields: Fields) -> dict[QueueId, Here]:
    """What the agent has done for each queue, from the fields that end in `_here:<queue>`."""
    found: dict[QueueId, dict[str, int]] = {}
    for name, value in fields.items():
        if "_here:" not in name:
            continue
        what, _, queue = name.partition("_here:")
        if what in HERE:
            found.setdefault(QueueId(queue), {})[HERE[what]] = int(value)
    return {queue: Here(**values) for queue, values in found.items()}


def to_overlays(fields: Fields) -> dict[QueueId, Overlay]:
    """What keeps the agent out of the queues that `out_of` names."""
    found = {}
    for name in fields.get("out_of", "").split():
        known: dict[str, Any] = {"is_automatic": name in fields.get("auto_paused", "").split()}
        for what, named in OVERLAY.items():
            value = fields.get(f"{what}_here:{name}")
            if value is not None:
                known[named] = value if what == "pause_reason" else int(value)
        found[QueueId(name)] = Overlay(**known)
    return found


def to_heads(account: AccountId, reply: Mapping[str, Any]) -> tuple[Heads, ...]:
    return tuple(
        Heads(
            account=account,
            queue=QueueId(queue),
            entries=tuple(map(to_head_entry, entries)),
            agents=tuple(map(to_head_agent, ready)),
            depth=depth,
            draw=DRAWS[draw],
            rings=RINGS[rings],
            urgency=float(urgency),
        )
        # An empty list comes out of Lua as an empty object.
        for queue, depth, draw, rings, urgency, entries, ready in reply["heads"] or ()
    )


def to_head_entry(text: str) -> HeadEntry:
    """From what the line keeps of an entry; see `head_text` in parts/entries.lua."""
    _, entry, rev, owner, room, min_tier, max_tier, reserved, named, *tried = text.split(" ")
    return HeadEntry(
        id=EntryId(entry),
        rev=int(rev),
        owner=RunId(owner),
        tried=frozenset(map(UserId, filter(None, tried))),
        room=int(room),
        min_tier=int(min_tier),
        max_tier=int(max_tier),
        named=UserId(named) if named != "-" else None,
        reserved=reserved == "1",
    )


def to_head_agent(place: str) -> HeadAgent:
    """From the name in the ready set: the tier comes first, the user last."""
    return HeadAgent(UserId(place.rpartition(":")[2]), int(place[:FIELD_WIDTH]))


def to_moved(account: AccountId, reply: Mapping[str, Any]) -> Moved:
    records = reply["records"] or ()
    return Moved(
        now_ms=int(reply["now"]),
        entries=tuple(
            to_entry(record, fields)
            for kind, record, fields in records
            if kind == "entry" and fields
        ),
        agents=tuple(
            to_agent(record, fields or {}) for kind, record, fields in records if kind == "agent"
        ),
        heads=to_heads(account, reply),
        dues=tuple(Due(account, what, int(at)) for what, at in reply.get("dues") or ()),
    )


def to_living_edges(reply: Mapping[str, Any], lease_ms: int) -> LivingEdges:
    """The answer of a beat; who renewed a lease of so many ms is as long silent as it has run."""
    flat = reply["leases"] or []
    leases = {RunId(run): int(ends_at) for run, ends_at in zip(flat[::2], flat[1::2], strict=True)}
    dead, to_take = (frozenset(map(RunId, reply[which] or ())) for which in ("dead", "to_take"))
    silent_ms = {run: lease_ms - (ends_at - reply["now"]) for run, ends_at in leases.items()}
    return LivingEdges(frozenset(leases), dead, to_take, silent_ms)


def skipped_of(match: Match) -> str:
    """The entries ahead of the chosen one and, of the first of them, why each of its agents may
    not have them. JSON."""
    entries = [[entry.id, str(entry.rev)] for entry in match.skipped_entries]
    for entry, why in zip(entries, match.passed, strict=False):
        entry.extend(why)
    return orjson.dumps(entries).decode()


def sticky_ms(queue: Queue) -> int:
    """For how long who spoke with a caller is remembered for this queue; 0 is not at all."""
    return queue.sticky_days * 86_400_000 if queue.sticky_agent else 0


def rules_of(queue: Queue) -> list[PenaltyRule]:
    """The penalty rules in the order in which they come to hold."""
    return sorted(queue.penalty_rules, key=lambda rule: rule.after_seconds)


def own_settings(member: Member, user: User | None) -> dict[str, int]:
    """What counts for this member in place of the queue's own."""
    own: dict[str, int] = {}
    if member.wrap_up_seconds is not None:
        own["wrap_up_ms"] = member.wrap_up_seconds * 1000
    if user is not None and user.auto_pause_after_misses is not None:
        own["pause_after_misses"] = user.auto_pause_after_misses
    return own


def settings_and_members(account: Account, queue: Queue, teams: Teams) -> tuple[str, str, str]:
    """What the moves need of a queue; by user what its strategy needs of each member: the id that
    breaks ties and the configured fields; by user the team. JSON."""
    strategy = STRATEGIES[queue.strategy]
    settings = {
        "fields": " ".join(strategy.fields),
        "wrap_up_ms": str(queue.wrap_up_seconds * 1000),
        "retry_ms": str(queue.retry_seconds * 1000),
        "draw": strategy.draw,
        "rings": strategy.rings,
        "ring_max": str(queue.ring_max),
        "step_ms": str(queue.ring_step_seconds * 1000),
        "weight": str(queue.weight),
        "aging_ms": str(account.aging_seconds * 1000),
        "window_ms": str(account.calls_window_minutes * 60_000),
        "rules": orjson.dumps(
            [[r.after_seconds * 1000, r.min_penalty, r.highest] for r in rules_of(queue)]
        ).decode(),
        "sticky_ms": str(sticky_ms(queue)),
        "sticky_kept_ms": str(max(map(sticky_ms, account.queues))),
        "max_length": str(queue.max_queue_length),
        "join_empty": " ".join(sorted(queue.admission.empty_factors)),
        "leave_empty": " ".join(sorted(queue.factors_to_leave)),
        "unreached": " ".join(sorted(queue.unreached)),
        "counts_work": str(int(queue.counts_work)),
        "divert_ratio": str(queue.divert_ratio),
        "divert_wait_ms": str(queue.divert_wait_seconds * 1000),
        "teams": orjson.dumps(teams.others).decode(),
        "timeout_ms": str(queue.timeout_seconds * 1000),
        "lets_ring": str(int(queue.timeout_lets_ring)),
        "short_abandon_ms": str(queue.short_abandon_seconds * 1000),
        "auto_ready": str(int(queue.agent_auto_ready)),
        "auto_not_ready": str(int(queue.agent_auto_not_ready)),
        "pause_after_misses": str(queue.auto_pause_after_misses),
    }
    known_users = {user.id: user for user in account.users}
    members = {}
    for member in queue.members:
        rank = member.rank(strategy)
        known = {"member": member.id, "order": rank.order, "tier": rank.tier}
        known |= own_settings(member, known_users.get(member.user_id))
        members[member.user_id] = orjson.dumps(known).decode()
    written = (orjson.dumps(part).decode() for part in (settings, members, dict(teams.of)))
    first, second, third = written
    return first, second, third
