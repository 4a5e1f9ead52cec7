"""What the tests of explanations begin with: a queue, its members, an entry and its facts."""

from typing import Any

from edge.domain.agent import Agent, Device
from edge.domain.entry import Entry, Stage
from edge.domain.explain import (
    EntryExplained,
    EntryFacts,
    LeftOut,
    MemberFacts,
    Waits,
    explain_entry,
)
from edge.domain.ids import EntryId, RunId, UserId
from edge.domain.matching import HeadEntry
from edge.domain.settings import Queue
from edge.domain.strategies import STRATEGIES
from tests.fakes.clock import MONDAY_MORNING_MS as NOW
from tests.fakes.world import ACCOUNT_ID, ANN, BOB, CAT, DAN, account, joining

USERS = (ANN, BOB, CAT, DAN)
IN_3_S = NOW + 3_000


def entry(**more: Any) -> Entry:
    caller = joining(entry=EntryId("ent_1"))
    known: dict[str, Any] = {
        "stage": Stage.WAITING,
        "party": "live",
        "place": NOW,
        "joined_at_ms": NOW,
        "owner": RunId("edge-1"),
        "rev": 1,
    }
    for name in ("queue", "leg", "node", "endpoint", "dialled", "inside", "priority"):
        known[name] = getattr(caller, name)
    known |= {"caller_number": "12025550111", "caller_name": "Zoë"}
    return Entry(id=caller.entry, **(known | more))


def available(user: UserId, **more: Any) -> Agent:
    return Agent(user, logged_in_at_ms=1, device=Device.REACHABLE, **more)


def member(
    agent: Agent | UserId, *values: int, tier: int = 0, fields: int = 3, is_ready: bool = True
) -> MemberFacts:
    """Of `leastrecent` unless there are other fields: tier, end of the last call, position."""
    if isinstance(agent, str):
        agent = available(agent)
    if not is_ready:
        return MemberFacts(agent, tier)
    numbers = (tier, *values, *(0,) * fields)[:fields]
    place = ":".join(f"{n:015d}" for n in numbers) + f":qum_{agent.id[5:]}:{agent.id}"
    return MemberFacts(agent, tier, place)


def facts(*members: MemberFacts, head: bool = True, of: Entry | None = None, **more: Any) -> Any:
    of = of or entry()
    rest: dict[str, Any] = {
        "position": 1,
        "head": head_of(of) if head else None,
        "members_in_all": len(members),
        "ready_in_all": sum(one.place is not None for one in members),
        "fields": STRATEGIES["leastrecent"].fields,
    }
    return EntryFacts(ACCOUNT_ID, NOW, of, members=members, **(rest | more))


def head_of(of: Entry, **more: Any) -> HeadEntry:
    return HeadEntry(
        of.id,
        of.rev,
        of.owner,
        of.tried,
        **({"min_tier": of.min_tier, "max_tier": of.max_tier} | more),
    )


def queue(strategy: str = "leastrecent") -> Queue:
    return account(strategy=strategy).queues[0]


def explained(seen: EntryFacts, strategy: str = "leastrecent") -> EntryExplained:
    return explain_entry(seen, queue(strategy))


def left_out(found: EntryExplained) -> dict[UserId, tuple[LeftOut, str]]:
    return {agent.user: (agent.code, agent.words) for agent in found.left_out}


def waits(found: EntryExplained) -> dict[Waits, str]:
    return {wait.code: wait.words for wait in found.waits_for}
