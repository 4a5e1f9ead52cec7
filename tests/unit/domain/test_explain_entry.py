"""Why a caller is, or is not, offered to whom."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.agent import Agent, Device, Occupancy, Overlay
from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.explain import (
    EntryFacts,
    LeftOut,
    MemberFacts,
    Waits,
)
from edge.domain.explain.reasons import moment, why_not_ready
from edge.domain.ids import EntryId, MemberId, RunId, UserId
from edge.domain.matching import HeadEntry, decide
from edge.domain.strategies import STRATEGIES, Draw, Field, Rings, standing
from tests.fakes.clock import MONDAY_MORNING_MS as NOW
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BETA, BOB, CAT, DAN
from tests.unit.domain.explained import (
    IN_3_S,
    USERS,
    available,
    entry,
    explained,
    facts,
    head_of,
    left_out,
    member,
    waits,
)

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
