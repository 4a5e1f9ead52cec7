"""An explanation says what the decision does, and names each agent once with one reason."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.agent import Agent, Device, Occupancy, Overlay
from edge.domain.disposition import Disposition
from edge.domain.entry import Entry, Stage
from edge.domain.explain import (
    AgentFacts,
    EntryExplained,
    EntryFacts,
    LeftOut,
    MemberFacts,
    PlacedEntry,
    QueueFacts,
    Waits,
    explain_agent,
    explain_entry,
)
from edge.domain.explain.agent import Prospect
from edge.domain.explain.reasons import moment, why_not_ready
from edge.domain.ids import EntryId, MemberId, QueueId, RunId, UserId
from edge.domain.matching import HeadEntry, decide
from edge.domain.settings import Queue
from edge.domain.strategies import STRATEGIES, Draw, Field, Rings, standing
from tests.fakes.clock import MONDAY_MORNING_MS as NOW
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BETA, BOB, CAT, DAN, account, joining

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


# --- why this agent


def test_the_first_in_the_order_is_chosen_and_each_after_says_why() -> None:
    seen = facts(member(BOB, NOW - 60_000, 1), member(ANN, NOW - 60_000, 0), member(CAT, NOW, 0))
    found = explained(seen)
    assert [(one.user, one.is_chosen) for one in found.candidates] == [
        (ANN, True),
        (BOB, False),
        (CAT, False),
    ]
    first, second, third = found.candidates
    assert first.words == "is first in the order"
    assert second.words == "comes after user_ann: position 1, user_ann position 0"
    assert third.words == (
        "comes after user_bob: last call ended at 08:00:00 UTC, "
        "user_bob last call ended at 07:59:00 UTC"
    )
    assert [(value.field, value.value, value.words) for value in first.values] == [
        (Field.TIER, 0, "penalty 0"),
        (Field.LAST_ENDED, NOW - 60_000, "last call ended at 07:59:00 UTC"),
        (Field.ORDER, 0, "position 0"),
    ]
    assert waits(found) == {Waits.MATCH: "may be offered now, to user_ann"}


def test_a_tie_in_all_fields_is_broken_by_the_members_id() -> None:
    found = explained(facts(member(BOB), member(ANN)))
    assert [one.user for one in found.candidates] == [ANN, BOB]
    assert found.candidates[1].words == "comes after user_ann: all is equal but the member's id"


def test_where_all_ring_all_of_the_first_tier_are_chosen() -> None:
    seen = facts(
        member(ANN, 0, fields=2),
        member(BOB, 1, fields=2),
        member(CAT, 0, tier=1, fields=2),
        rings=Rings.ALL,
        fields=STRATEGIES["ringall"].fields,
        head=False,
    )
    seen = replace(seen, head=head_of(seen.entry, room=30))
    found = explained(seen, "ringall")
    assert [one.user for one in found.candidates if one.is_chosen] == [ANN, BOB]
    assert found.candidates[1].words.startswith("is rung with those ahead; comes after user_ann")
    assert found.candidates[2].words == "comes after user_bob: penalty 1, user_bob penalty 0"
    assert waits(found) == {Waits.MATCH: "may be offered now, to user_ann and user_bob"}


def test_where_chance_picks_nobody_is_chosen_before_the_draw() -> None:
    seen = facts(
        *(member(user, tier=tier, fields=1) for user, tier in ((ANN, 0), (BOB, 0), (CAT, 1))),
        fields=STRATEGIES["random"].fields,
        draw=Draw.UNIFORM,
    )
    found = explained(seen, "random")
    assert [(one.user, one.chance, one.is_chosen) for one in found.candidates] == [
        (ANN, 0.5, False),
        (BOB, 0.5, False),
        (CAT, 0.0, False),
    ]
    assert found.candidates[0].words == "is drawn with a chance of 50%"
    found = explained(replace(seen, draw=Draw.WEIGHTED), "wrandom")
    assert [one.chance for one in found.candidates] == [0.4, 0.4, 0.2]
    assert waits(found) == {Waits.MATCH: "may be offered now, to one who is drawn"}


def test_who_spoke_with_the_caller_last_is_chosen_by_name() -> None:
    seen = facts(member(ANN), member(BOB))
    head = replace(head_of(seen.entry), named=BOB)
    found = explained(replace(seen, head=head))
    assert [(one.user, one.is_chosen, one.words) for one in found.candidates] == [
        (BOB, True, "spoke with this caller last")
    ]
    assert left_out(found) == {
        ANN: (LeftOut.NAMED_FIRST, "user_bob, who spoke with this caller last, is rung first")
    }


def test_callers_ahead_are_served_first() -> None:
    seen = facts(member(ANN), position=4, ahead_in_all=3)
    ahead = (HeadEntry(EntryId("ent_0"), 1, RunId("edge-1"), frozenset()),)
    found = explained(replace(seen, ahead=ahead))
    words = "3 callers who may be offered stand ahead; ent_0 is served first"
    assert waits(found) == {Waits.CALLERS_AHEAD: words}
    one = explained(replace(seen, ahead=ahead, ahead_in_all=1))
    assert waits(one)[Waits.CALLERS_AHEAD].startswith("1 caller who may be offered stands ahead")
    tried = (replace(ahead[0], tried=frozenset({ANN})),)
    assert waits(explained(replace(seen, ahead=tried))).keys() == {Waits.MATCH}


# --- why not that one


@pytest.mark.parametrize(
    ("agent", "code", "words"),
    [
        (Agent(ANN), LeftOut.LOGGED_OUT, "is logged out"),
        (available(ANN, paused_at_ms=1), LeftOut.PAUSED, "is paused"),
        (
            available(ANN, paused_at_ms=1, pause_reason="lunch", pause_until_ms=IN_3_S),
            LeftOut.PAUSED,
            "is paused (lunch) until 08:00:03 UTC",
        ),
        (
            available(ANN, overlays={ALPHA: Overlay(signed_out_at_ms=1)}),
            LeftOut.SIGNED_OUT_HERE,
            "is signed out of this queue",
        ),
        (
            available(ANN, overlays={ALPHA: Overlay(paused_at_ms=1, reason="training")}),
            LeftOut.PAUSED_HERE,
            "is paused in this queue (training)",
        ),
        (
            available(ANN, overlays={ALPHA: Overlay(paused_at_ms=1, is_automatic=True)}),
            LeftOut.PAUSED_HERE,
            "is not ready in this queue",
        ),
        (
            available(ANN, occupancy=Occupancy.WRAP_UP, wake_at_ms=IN_3_S),
            LeftOut.WRAP_UP,
            "is in wrap-up until 08:00:03 UTC",
        ),
        (
            replace(available(ANN), device=Device.UNREACHABLE),
            LeftOut.UNREACHABLE,
            "has no phone that can be reached",
        ),
        (
            replace(available(ANN), device=Device.IN_USE),
            LeftOut.IN_USE,
            "is in a call that no queue made",
        ),
        (
            replace(available(ANN), device=Device.INVALID),
            LeftOut.INVALID,
            "has a phone that Asterisk does not know",
        ),
        (
            available(ANN, wake_at_ms=IN_3_S + 86_400_000),
            LeftOut.BACK_OFF,
            "is not rung again until 2026-01-06 08:00:03 UTC",
        ),
        (
            available(ANN, occupancy=Occupancy.TALKING, leg_entry=EntryId("ent_9"), leg_queue=BETA),
            LeftOut.TALKING,
            "talks with caller ent_9 of qu_beta",
        ),
        (
            available(ANN, occupancy=Occupancy.RINGING, leg_entry=EntryId("ent_9"), leg_queue=BETA),
            LeftOut.RINGS_ELSEWHERE,
            "is being rung for caller ent_9 of qu_beta",
        ),
        (
            available(
                ANN, occupancy=Occupancy.RESERVED, leg_entry=EntryId("ent_1"), leg_queue=ALPHA
            ),
            LeftOut.RINGS_HERE,
            "is being rung for this caller",
        ),
    ],
)
def test_an_agent_who_is_not_ready_is_left_out_with_the_reason(
    agent: Agent, code: LeftOut, words: str
) -> None:
    found = explained(facts(member(agent, is_ready=False)))
    assert left_out(found) == {ANN: (code, words)}
    assert found.nobody


def test_the_stricter_reason_is_named() -> None:
    paused = available(ANN, paused_at_ms=1, overlays={ALPHA: Overlay(signed_out_at_ms=1)})
    paused = replace(paused, device=Device.UNREACHABLE, wake_at_ms=IN_3_S)
    assert why_not_ready(paused, ALPHA, None, NOW).code is LeftOut.PAUSED
    assert why_not_ready(replace(paused, paused_at_ms=0), ALPHA, None, NOW).code is (
        LeftOut.SIGNED_OUT_HERE
    )
    assert why_not_ready(replace(paused, paused_at_ms=0), BETA, None, NOW).code is (
        LeftOut.UNREACHABLE
    )


def test_a_ready_agent_is_left_out_for_what_the_caller_may_have() -> None:
    of = entry(
        tried=frozenset({ANN}), max_tier=1, min_tier=1, widen_at_ms=IN_3_S, retry_at_ms=IN_3_S
    )
    found = explained(facts(member(ANN, tier=1), member(BOB, tier=3), member(CAT), of=of))
    assert left_out(found) == {
        ANN: (LeftOut.TRIED, "was rung for this caller in this round"),
        BOB: (LeftOut.TIER_LIMIT, "penalty 3 is above the limit 1 until 08:00:03 UTC"),
        CAT: (LeftOut.TIER_LIMIT, "penalty 0 is below the limit 1 until 08:00:03 UTC"),
    }
    assert waits(found) == {
        Waits.NEXT_ROUND: "waits for the retry delay until 08:00:03 UTC",
        Waits.WIDER_LIMITS: "other agents may be rung from 08:00:03 UTC on",
        Waits.AGENT: (
            "no agent who is ready may be rung: 1 tried in this round, "
            "2 not within the limits until 08:00:03 UTC"
        ),
    }
    assert [wait.until_ms for wait in found.waits_for] == [IN_3_S, IN_3_S, 0]


def test_a_worse_tier_is_left_out_while_a_better_one_rings() -> None:
    of = entry(stage=Stage.OFFERED, ringing=frozenset({ANN}), tried=frozenset({ANN}), ring_tier=1)
    ringing = replace(
        available(ANN), occupancy=Occupancy.RINGING, leg_entry=of.id, leg_queue=of.queue
    )
    seen = facts(member(ringing, is_ready=False), member(BOB, tier=2), of=of, rings=Rings.ALL)
    found = explained(replace(seen, head=head_of(of, max_tier=1, room=5)), "ringall")
    assert left_out(found)[BOB] == (
        LeftOut.BETTER_TIER_RINGS,
        "penalty 2 is rung after penalty 1, whose phones still ring",
    )
    assert waits(found) == {Waits.ANSWER: "is being offered to user_ann"}
    skilled = explained(
        replace(seen, head=head_of(of, max_tier=1, room=5)),
        "SKILL_BASED_ROUTING_PRIORITIZED_HUNT",
    )
    assert left_out(skilled)[BOB][1].startswith("skill level 2 is rung after skill level 1")


def test_nobody_more_rings_where_as_many_ring_as_may() -> None:
    of = entry(stage=Stage.OFFERED, ringing=frozenset({ANN, BOB}), step_at_ms=IN_3_S)
    found = explained(facts(member(CAT), of=of, head=False))
    assert left_out(found)[CAT][0] is LeftOut.NO_ROOM
    assert waits(found) == {
        Waits.ANSWER: "is being offered to user_ann and user_bob",
        Waits.NEXT_PHONE: "one phone more may ring from 08:00:03 UTC on",
    }


def test_the_end_of_the_longest_wait_is_told() -> None:
    of = entry(waits_until_ms=IN_3_S)
    found = explained(facts(of=of))
    assert found.waits_for[-1].until_ms == IN_3_S
    assert waits(found) == {
        Waits.AGENT: "the queue has no agents",
        Waits.TIMEOUT: "leaves the queue at 08:00:03 UTC at the latest",
    }
    of = replace(of, stage=Stage.OFFERED, ringing=frozenset({ANN}), is_last_offer=True)
    found = explained(facts(member(BOB), of=of, head=False))
    assert left_out(found)[BOB] == (LeftOut.LAST_OFFER, "the caller's longest wait is over")
    assert waits(found) == {
        Waits.ANSWER: "is being offered to user_ann",
        Waits.TIMEOUT: "leaves the queue unless the phone that rings is answered",
    }


def test_a_caller_waits_for_the_preferred_agent_alone() -> None:
    of = entry(preferred=BOB, prefer_until_ms=IN_3_S)
    seen = facts(member(ANN), member(available(BOB, paused_at_ms=1), is_ready=False), of=of)
    found = explained(replace(seen, head=head_of(of, reserved=True)))
    assert left_out(found)[ANN] == (
        LeftOut.RESERVED,
        "the caller waits for user_bob alone until 08:00:03 UTC",
    )
    assert waits(found) == {
        Waits.PREFERRED: (
            "waits for its preferred agent user_bob until 08:00:03 UTC, who is paused"
        )
    }
    unseen = explained(replace(seen, head=head_of(of, reserved=True), members=seen.members[:1]))
    assert waits(unseen)[Waits.PREFERRED].endswith("until 08:00:03 UTC")
    there = explained(replace(seen, head=head_of(of, reserved=True, named=BOB)))
    assert [one.user for one in there.candidates] == []
    ready = replace(seen, members=(member(ANN), member(BOB)))
    there = explained(replace(ready, head=head_of(of, reserved=True, named=BOB)))
    assert there.candidates[0].words == "is the preferred agent of this caller"


def test_a_caller_whose_edge_does_not_dial_is_held_back() -> None:
    of = entry(retry_at_ms=IN_3_S)
    found = explained(facts(member(ANN), of=of, head=False))
    assert left_out(found)[ANN] == (
        LeftOut.HELD_BACK,
        "the caller is held back until 08:00:03 UTC",
    )
    assert waits(found) == {
        Waits.EDGE: "is held back until 08:00:03 UTC: its edge did not dial in time"
    }


def test_nobody_is_ready_is_said_with_counts() -> None:
    wrapping = {"occupancy": Occupancy.WRAP_UP}
    seen = facts(
        *(member(available(user, paused_at_ms=1), is_ready=False) for user in (ANN, BOB)),
        member(available(CAT, wake_at_ms=IN_3_S, **wrapping), is_ready=False),
        member(replace(available(DAN), device=Device.UNREACHABLE), is_ready=False),
    )
    words = "no agent is ready: 2 paused, 1 in wrap-up until 08:00:03 UTC, 1 unreachable"
    assert waits(explained(seen)) == {Waits.AGENT: words}
    many = explained(replace(seen, members_in_all=10_000))
    assert waits(many) == {Waits.AGENT: f"{words}, 9996 more not looked at"}
    assert waits(explained(facts())) == {Waits.AGENT: "the queue has no agents"}


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (
            {"stage": Stage.ENDED, "disposition": Disposition.ABANDONED},
            Waits.ENDED,
            "has ended: abandoned",
        ),
        ({"stage": Stage.TALKING, "agent": ANN}, Waits.TALKING, "talks with user_ann"),
        (
            {"stage": Stage.CONNECTING, "agent": ANN},
            Waits.CONNECTING,
            "is being connected to user_ann",
        ),
    ],
)
def test_who_is_out_of_the_line_waits_for_nothing(
    more: dict[str, Any], code: Waits, words: str
) -> None:
    found = explained(EntryFacts(ACCOUNT_ID, NOW, entry(**more)))
    assert waits(found) == {code: words}
    assert (found.position, found.candidates, found.left_out) == (0, (), ())


def test_moments_of_today_need_no_date() -> None:
    assert moment(IN_3_S, NOW) == "08:00:03 UTC"
    assert moment(NOW - 86_400_000, NOW) == "2026-01-04 08:00:00 UTC"


# --- never other than the decision


users = st.sampled_from(USERS)
sets = st.frozensets(users)
heads = st.builds(
    HeadEntry,
    id=st.just(EntryId("ent_1")),
    rev=st.just(1),
    owner=st.just(RunId("edge-1")),
    tried=sets,
    room=st.integers(1, 3),
    min_tier=st.integers(0, 2),
    max_tier=st.integers(0, 3),
    named=st.none() | users,
    reserved=st.booleans(),
)


@settings(deadline=None)
@given(
    seen=heads,
    strategy=st.sampled_from(sorted(STRATEGIES)),
    tiers=st.lists(st.integers(0, 3), min_size=4, max_size=4),
    order=st.permutations(range(4)),
    ready=sets,
)
def test_an_explanation_is_the_decision(
    seen: HeadEntry, strategy: str, tiers: list[int], order: list[int], ready: frozenset[UserId]
) -> None:
    """Whoever is named is ready: so the store says it."""
    if seen.named not in ready:
        seen = replace(seen, named=None)
    known = STRATEGIES[strategy]
    members = []
    for user, tier, number in zip(USERS, tiers, order, strict=True):
        values = dict.fromkeys(known.fields, 0) | {Field.TIER: tier, Field.ORDER: number}
        place = standing(known, values, MemberId(f"qum_{user[5:]}"), user)
        members.append(MemberFacts(available(user), tier, place if user in ready else None))
    looked = replace(
        facts(*members, fields=known.fields, draw=known.draw, rings=known.rings), head=seen
    )
    found = explained(looked, strategy)
    match = decide(looked.heads((seen,)))
    assert found.nobody == (match is None)
    named = [one.user for one in found.candidates] + [one.user for one in found.left_out]
    assert sorted(named) == sorted(USERS), "each agent once"
    if match is not None:
        chosen = tuple(one.user for one in found.candidates if one.is_chosen)
        if known.draw is Draw.NONE or match.chosen != "strategy":
            assert chosen == match.agents
            assert found.candidates[0].user == match.agents[0]
        else:
            assert chosen == ()
            assert {one.user for one in found.candidates} >= set(match.agents)


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
