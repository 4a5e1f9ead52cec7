"""What an agent is waiting for."""

from typing import Any

from edge.domain.agent import Agent, Overlay
from edge.domain.explain import (
    AgentFacts,
    LeftOut,
    PlacedEntry,
    QueueFacts,
    explain_agent,
)
from edge.domain.explain.agent import Prospect
from edge.domain.ids import EntryId, QueueId, RunId
from edge.domain.matching import HeadEntry
from edge.domain.strategies import Draw, Rings
from tests.fakes.clock import MONDAY_MORNING_MS as NOW
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BETA, BOB, account
from tests.unit.domain.explained import (
    available,
)

# --- an agent


def of_queue(*entries: PlacedEntry, **more: Any) -> QueueFacts:
    known: dict[str, Any] = {
        "queue": ALPHA,
        "tier": 0,
        "standing": 1,
        "ready_in_all": 1,
        "waiting": len(entries),
        "offerable": len(entries),
        "draw": Draw.NONE,
        "rings": Rings.ONE,
        "urgency": 0.0,
    }
    return QueueFacts(entries=entries, **(known | more))


def placed(name: str, position: int, **more: Any) -> PlacedEntry:
    tried = more.pop("tried", frozenset())
    return PlacedEntry(
        HeadEntry(EntryId(f"ent_{name}"), 1, RunId("edge-1"), tried, **more), position
    )


def of_agent(*queues: QueueFacts, agent: Agent | None = None) -> Any:
    return explain_agent(AgentFacts(ACCOUNT_ID, NOW, agent or available(ANN), queues), account())


def test_the_first_entry_for_the_agent_and_why_not_those_ahead() -> None:
    found = of_agent(
        of_queue(
            placed("a", 1, tried=frozenset({ANN})),
            placed("b", 2, reserved=True),
            placed("c", 4, max_tier=1),
            placed("d", 5, named=BOB),
            placed("e", 6),
            placed("f", 7),
            tier=2,
            waiting=9,
        )
    )
    (queue,) = found.queues
    assert [(one.entry, one.position, one.code) for one in queue.skipped] == [
        ("ent_a", 1, LeftOut.TRIED),
        ("ent_b", 2, LeftOut.RESERVED),
        ("ent_c", 4, LeftOut.TIER_LIMIT),
        ("ent_d", 5, LeftOut.NAMED_FIRST),
    ]
    assert queue.skipped[2].words == "penalty 2 is above the limit 1"
    assert (queue.first.head.id, queue.first.position) == ("ent_e", 6)
    assert queue.code is Prospect.MATCH
    assert found.words == "is ready; ent_e at position 6 is the first caller for this agent"


def test_an_agent_who_is_not_ready_hears_why_and_who_is_first() -> None:
    found = of_agent(of_queue(placed("a", 1), standing=0), agent=available(ANN, paused_at_ms=1))
    assert found.reason.code is LeftOut.PAUSED
    assert found.words == "is paused"
    (queue,) = found.queues
    assert queue.code is Prospect.NOT_READY
    assert queue.words == ("is paused; ent_a at position 1 is the first caller for this agent")


def test_out_of_one_queue_and_ready_in_the_other() -> None:
    agent = available(ANN, overlays={BETA: Overlay(paused_at_ms=1)})
    found = of_agent(of_queue(), of_queue(placed("a", 1), queue=BETA, standing=0), agent=agent)
    assert found.reason is None
    assert found.words == "is ready; nobody waits in the queue"
    assert [queue.code for queue in found.queues] == [Prospect.NOBODY_WAITS, Prospect.NOT_READY]
    out = of_agent(of_queue(queue=BETA, standing=0), agent=agent)
    assert out.reason.code is LeftOut.PAUSED_HERE
    assert out.words == "is paused in this queue"


def test_the_more_urgent_queue_is_first() -> None:
    found = of_agent(
        of_queue(placed("a", 1), urgency=1.5), of_queue(placed("b", 1), queue=BETA, urgency=2.0)
    )
    assert [queue.code for queue in found.queues] == [
        Prospect.MORE_URGENT_ELSEWHERE,
        Prospect.MATCH,
    ]
    assert found.queues[0].words.endswith("qu_beta is more urgent")
    assert found.words.startswith("is ready; ent_b")


def test_ready_agents_ahead_are_counted_unless_all_ring_or_chance_picks() -> None:
    behind: dict[str, Any] = {"standing": 3, "ready_in_all": 3}
    found = of_agent(of_queue(placed("a", 1), **behind))
    assert found.queues[0].code is Prospect.AGENTS_AHEAD
    assert found.queues[0].words.endswith("2 of 3 ready agents come before")
    assert found.words == f"is ready; {found.queues[0].words}"
    for more in ({"rings": Rings.ALL}, {"draw": Draw.UNIFORM}):
        assert of_agent(of_queue(placed("a", 1), **behind, **more)).queues[0].code is (
            Prospect.MATCH
        )
    named = of_agent(of_queue(placed("a", 1, named=ANN), **behind))
    assert named.queues[0].code is Prospect.MATCH


def test_nobody_for_the_agent_is_said_with_the_reasons() -> None:
    found = of_agent(
        of_queue(
            placed("a", 1, tried=frozenset({ANN})),
            placed("b", 2, tried=frozenset({ANN})),
            placed("c", 3, reserved=True),
            placed("d", 4, named=BOB),
            placed("e", 5, min_tier=1),
        )
    )
    assert found.queues[0].code is Prospect.ALL_SKIPPED
    assert found.queues[0].words == (
        "none of the first 5 callers is for this agent: 2 tried in this round, "
        "1 reserved for a preferred agent, 1 offered to another by name, 1 with other limits"
    )
    assert found.words == "is ready; none of the 5 callers who wait is for this agent now"
    offered = of_agent(of_queue(waiting=1))
    assert offered.queues[0].code is Prospect.ALL_OFFERED
    assert offered.queues[0].words == "1 caller in the line, none may be offered now"


def test_a_user_of_no_queue_serves_none() -> None:
    found = of_agent()
    assert (found.words, found.queues) == ("serves no queue", ())


def test_a_queue_that_is_not_configured_any_more_is_explained_all_the_same() -> None:
    found = of_agent(of_queue(placed("a", 1, max_tier=1), queue=QueueId("qu_gone"), tier=2))
    assert found.queues[0].skipped[0].words == "penalty 2 is above the limit 1"
