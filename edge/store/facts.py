"""What a look for an explanation brought, between Redis and the domain."""

from collections.abc import Mapping
from typing import Any

from edge.domain.estimate import HandlingTime, History, Patience, Prospect, Standing
from edge.domain.explain.facts import AgentFacts, EntryFacts, MemberFacts, PlacedEntry, QueueFacts
from edge.domain.ids import AccountId, EntryId, QueueId, UserId
from edge.domain.strategies import Draw, Field, Rings
from edge.domain.teams import Rival, Team, agents_for
from edge.store.records import to_agent, to_entry, to_head_entry

Reply = Mapping[str, Any]
# An empty list and an empty hash both come out of Lua as an empty object.


def to_entry_facts(account: AccountId, entry: EntryId, reply: Reply) -> EntryFacts | None:
    if reply["word"] == "UNKNOWN":
        return None
    record = to_entry(entry, reply["entry"])
    if not reply["position"]:
        return EntryFacts(account, int(reply["now"]), record)
    members = [
        MemberFacts(
            to_agent(user, dict(zip(flat[::2], flat[1::2], strict=True)) if flat else {}),
            int(tier),
            place or None,
        )
        for user, flat, tier, place in reply["members"] or ()
    ]
    return EntryFacts(
        account=account,
        now_ms=int(reply["now"]),
        entry=record,
        position=int(reply["position"]),
        head=to_head_entry(reply["head"]) if "head" in reply else None,
        ahead=tuple(map(to_head_entry, reply["ahead"] or ())),
        ahead_in_all=int(reply["ahead_in_all"]),
        members=tuple(sorted(members, key=lambda member: member.agent.id)),
        members_in_all=int(reply["members_in_all"]),
        ready_in_all=int(reply["ready_in_all"]),
        fields=tuple(map(Field, reply["fields"].split())),
        draw=Draw(reply["draw"]),
        rings=Rings(reply["rings"]),
    )


def to_prospect(reply: Reply) -> Prospect:
    position = int(reply["position"])
    teams = tuple(
        Team(
            int(serving),
            tuple(
                Rival(QueueId(name), int(ahead), int(agents))
                for name, ahead, agents in rivals or ()
            ),
        )
        for serving, rivals in reply["teams"] or ()
    )
    standing = Standing(
        position=position,
        waiting=int(reply["waiting"]),
        agents=agents_for(position, teams),
        idle=int(reply["idle"]),
        head_waited_seconds=int(reply["head_waited_ms"]) / 1000,
    )
    errors = tuple(map(float, reply.get("errors") or ()))
    return Prospect(int(reply["now"]), standing, to_history(reply["learnt"], errors))


def to_history(learnt: str, errors: tuple[float, ...] = ()) -> History:
    """From the text of parts/learnt.lua; empty before the first call."""
    if not learnt:
        return History(errors=errors)
    mean, squares, lost, waited = map(float, learnt.split())
    return History(HandlingTime(mean, squares), Patience(lost, waited), errors)


def to_agent_facts(account: AccountId, user: UserId, reply: Reply) -> AgentFacts:
    queues = tuple(
        QueueFacts(
            queue=QueueId(queue["queue"]),
            tier=int(queue["tier"]),
            standing=int(queue["standing"]),
            ready_in_all=int(queue["ready_in_all"]),
            waiting=int(queue["waiting"]),
            offerable=int(queue["offerable"]),
            entries=tuple(
                PlacedEntry(to_head_entry(head), int(position))
                for head, position in queue["entries"] or ()
            ),
            draw=Draw(queue["draw"]),
            rings=Rings(queue["rings"]),
            urgency=float(queue["urgency"]),
        )
        for queue in reply["queues"] or ()
    )
    return AgentFacts(account, int(reply["now"]), to_agent(user, reply["agent"] or {}), queues)
