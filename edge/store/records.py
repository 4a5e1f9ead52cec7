"""Between the flat records of Redis and the frozen ones of the domain."""

from collections.abc import Mapping
from typing import Any

import orjson

from edge.domain.agent import Agent, Device, Here, Occupancy
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
from edge.domain.matching import HeadEntry, Heads
from edge.domain.settings import Queue
from edge.domain.strategies import STRATEGIES
from edge.ports.queue_store import LivingEdges, Moved

Fields = Mapping[str, str]
HERE = {"last_rung": "last_rung_at_ms", "last_answered": "last_answered_at_ms", "lap": "lap"}


def users_of(text: str | None) -> frozenset[UserId]:
    return frozenset(UserId(user) for user in (text or "").split())


def fields_of(joining: Joining) -> dict[str, str]:
    """What the caller brings, as fields; the move adds place, stage and owner."""
    return {
        "leg": joining.leg,
        "node": joining.node,
        "endpoint": joining.endpoint,
        "dialled": joining.dialled,
        "inside": "1" if joining.inside else "0",
        "caller_number": joining.caller_number,
        "caller_name": joining.caller_name,
        "priority": str(joining.priority),
    }


def to_entry(entry: str, fields: Fields) -> Entry:
    agent, disposition = fields.get("agent"), fields.get("disposition")
    return Entry(
        id=EntryId(entry),
        queue=QueueId(fields["queue"]),
        stage=Stage(fields["stage"]),
        party=Party(fields["party"]),
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
    )


def to_agent(user: str, fields: Fields) -> Agent:
    leg, entry = fields.get("leg"), fields.get("leg_entry")
    queue, owner = fields.get("leg_queue"), fields.get("leg_owner")
    return Agent(
        id=UserId(user),
        rev=int(fields.get("rev", 0)),
        logged_in_at_ms=int(fields.get("logged_in_at", 0)),
        paused_at_ms=int(fields.get("paused_at", 0)),
        pause_reason=fields.get("pause_reason", ""),
        occupancy=Occupancy(fields.get("occupancy", Occupancy.IDLE)),
        device=Device(fields.get("device", Device.UNKNOWN)),
        leg=LegId(leg) if leg else None,
        leg_entry=EntryId(entry) if entry else None,
        leg_queue=QueueId(queue) if queue else None,
        leg_owner=RunId(owner) if owner else None,
        wake_at_ms=int(fields.get("wake_at", 0)),
        last_ended_at_ms=int(fields.get("last_ended", 0)),
        calls=int(fields.get("calls", 0)),
        misses=int(fields.get("misses", 0)),
        here=to_here(fields),
    )


def to_here(fields: Fields) -> dict[QueueId, Here]:
    """What the agent has done for each queue, from the fields that end in `_here:<queue>`."""
    found: dict[QueueId, dict[str, int]] = {}
    for name, value in fields.items():
        what, here, queue = name.partition("_here:")
        if here:
            found.setdefault(QueueId(queue), {})[HERE[what]] = int(value)
    return {queue: Here(**values) for queue, values in found.items()}


def to_heads(account: AccountId, reply: Mapping[str, Any]) -> tuple[Heads, ...]:
    # An empty list comes out of Lua as an empty object.
    return tuple(
        Heads(
            account=account,
            queue=QueueId(heads["queue"]),
            entries=tuple(
                HeadEntry(EntryId(entry), int(rev), RunId(owner), users_of(tried))
                for entry, rev, owner, tried in heads["entries"]
            ),
            agents=tuple(UserId(user) for user in heads["agents"]),
            depth=int(heads["depth"]),
        )
        for heads in reply["heads"] or ()
    )


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
    )


def to_living_edges(reply: Mapping[str, Any], lease_ms: int) -> LivingEdges:
    """The answer of a beat; who renewed a lease of so many ms is as long silent as it has run."""
    flat = reply["leases"] or []
    leases = {RunId(run): int(ends_at) for run, ends_at in zip(flat[::2], flat[1::2], strict=True)}
    dead, to_take = (frozenset(map(RunId, reply[which] or ())) for which in ("dead", "to_take"))
    silent_ms = {run: lease_ms - (ends_at - reply["now"]) for run, ends_at in leases.items()}
    return LivingEdges(frozenset(leases), dead, to_take, silent_ms)


def settings_and_members(queue: Queue) -> tuple[str, str]:
    """What the moves need of a queue, and by user what its strategy needs of each member: the id
    that breaks ties and the configured fields. JSON."""
    strategy = STRATEGIES[queue.strategy]
    settings = {
        "fields": " ".join(strategy.fields),
        "wrap_up_ms": str(queue.wrap_up_seconds * 1000),
        "retry_ms": str(queue.retry_seconds * 1000),
    }
    members = {}
    for member in queue.members:
        rank = member.rank(strategy)
        known = {"member": member.id, "order": rank.order, "tier": rank.tier}
        members[member.user_id] = orjson.dumps(known).decode()
    return orjson.dumps(settings).decode(), orjson.dumps(members).decode()
