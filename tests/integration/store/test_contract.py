"""What every queue store does, held against the specification and the real one alike: callers."""

import pytest

from edge.domain.agent import Device, Occupancy
from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.ids import EntryId
from edge.domain.line import ARRIVAL_MAY_LIE_BACK_MS
from edge.domain.matching import decide
from edge.domain.offer import RESERVED_FOR_MS, RING_GRACE_MS, LegFailure
from edge.ports.queue_store import (
    AcceptWord,
    ClaimWord,
    CompleteWord,
    ConnectWord,
    FailWord,
    FireWord,
    JoinWord,
    LeaveWord,
    LegWord,
)
from tests.fakes.store_bench import claim, fire_all, join, line, log_in, look, talk
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BETA, BOB, CAT, ONE, TWO, joining, leg_named
from tests.integration.store.conftest import OpenBench

pytestmark = pytest.mark.redis


async def test_callers_stand_in_the_order_they_came(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        first, second = await join(store), await join(store)
        bench.advance(5)
        third = await join(store)
        assert await line(store) == [first.id, second.id, third.id]
        assert second.place == first.place + 1, "places are unique, even in one millisecond"
        assert second.joined_at_ms == first.joined_at_ms
        assert (first.stage, first.owner, first.rev) == (Stage.WAITING, ONE, 1)


async def test_who_arrived_while_no_edge_lived_stands_between_the_others(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store, now = bench.store(), bench.clock.now_ms()
        new = await join(store)
        _, moved = await store.join(ACCOUNT_ID, joining(arrived_at_ms=now - 30_000))
        held = moved.entry
        _, moved = await store.join(ACCOUNT_ID, joining(arrived_at_ms=now - 30_000))
        held_too = moved.entry
        _, moved = await store.join(ACCOUNT_ID, joining(arrived_at_ms=now - 10_000_000))
        oldest = moved.entry
        assert await line(store) == [oldest.id, held.id, held_too.id, new.id]
        assert held_too.place == held.place + 1
        assert oldest.place == now - ARRIVAL_MAY_LIE_BACK_MS, "at most 120 s back"


async def test_who_joins_in_a_crowd_stands_behind_all_who_came_before(
    open_bench: OpenBench,
) -> None:
    """Of five in one millisecond the second leaves: the next one does not get that place."""
    async with open_bench() as bench:
        store = bench.store()
        crowd = [await join(store) for _ in range(5)]
        await store.leave(ACCOUNT_ID, crowd[1].id, Disposition.ABANDONED)
        bench.advance(1)
        late = await join(store)
        assert (await line(store))[-1] == late.id
        assert late.place == crowd[-1].place + 1


async def test_a_higher_priority_stands_ahead(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        usual = await join(store)
        urgent = await join(store, priority=5)
        assert await line(store) == [urgent.id, usual.id]


async def test_joining_twice_is_joining_once(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store, caller = bench.store(), joining()
        _, first = await store.join(ACCOUNT_ID, caller)
        bench.advance(50)
        word, again = await bench.store(TWO).join(ACCOUNT_ID, caller)
        assert word is JoinWord.ALREADY
        assert again.entry == first.entry
        assert await line(store) == [caller.entry]


async def test_joining_brings_the_heads_when_somebody_is_ready(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        _, moved = await store.join(ACCOUNT_ID, joining())
        assert moved.heads == ()
        await log_in(store, ANN)
        _, moved = await store.join(ACCOUNT_ID, joining())
        (heads,) = moved.heads
        assert (heads.queue, heads.ready, len(heads.entries)) == (ALPHA, (ANN,), 2)


async def test_a_claim_reserves_the_agent_and_offers_the_entry(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        entry = await join(store)
        moved, leg = await claim(store)
        assert (moved.entry.id, moved.entry.stage) == (entry.id, Stage.OFFERED)
        assert moved.entry.place == entry.place
        assert moved.entry.ringing == moved.entry.tried == {ANN}
        agent = moved.agent
        assert (agent.id, agent.occupancy, agent.leg) == (ANN, Occupancy.RESERVED, leg)
        assert (agent.leg_entry, agent.leg_queue, agent.leg_owner) == (entry.id, ALPHA, ONE)
        assert agent.wake_at_ms == moved.now_ms + RESERVED_FOR_MS
        assert await line(store) == [entry.id], "who is offered still stands in line"


async def test_a_repeated_claim_is_one_claim(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        await join(store)
        match = decide(await look(store))
        assert match is not None
        first = await store.claim(ACCOUNT_ID, ALPHA, match, [leg_named(1)])
        again = await store.claim(ACCOUNT_ID, ALPHA, match, [leg_named(1)])
        assert first[0] is again[0] is ClaimWord.CLAIMED
        assert (again[1].entry, again[1].agent) == (first[1].entry, first[1].agent)
        other, moved = await store.claim(ACCOUNT_ID, ALPHA, match, [leg_named(2)])
        assert other is ClaimWord.RETRY
        assert moved.heads == ()


@pytest.mark.parametrize("change", ["entry_ahead", "agent_ahead", "entry_left", "agent_gone"])
async def test_a_match_that_no_longer_holds_is_refused(open_bench: OpenBench, change: str) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, BOB)
        entry = await join(store)
        match = decide(await look(store))
        assert match is not None
        if change == "entry_ahead":
            await join(store, priority=1)
        elif change == "agent_ahead":
            await log_in(store, ANN)
        elif change == "entry_left":
            await store.leave(ACCOUNT_ID, entry.id, Disposition.ABANDONED)
        else:
            await store.change_device(ACCOUNT_ID, BOB, Device.UNREACHABLE)
        word, moved = await store.claim(ACCOUNT_ID, ALPHA, match, [leg_named(1)])
        assert word is ClaimWord.RETRY
        assert bool(moved.heads) == change.endswith("ahead"), "fresh heads, where there are any"
        assert (await store.agent(ACCOUNT_ID, BOB)).leg is None


async def test_an_agent_is_won_by_one_queue_only(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, CAT)
        await join(store, ALPHA)
        await join(store, BETA)
        in_beta = decide(await look(store, BETA))
        assert in_beta is not None
        await claim(store, ALPHA)
        word, _ = await bench.store(TWO).claim(ACCOUNT_ID, BETA, in_beta, [leg_named(9)])
        assert word is ClaimWord.RETRY


async def test_what_another_edge_claims_stays_its_owners(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        await log_in(bench.store(), ANN)
        entry = await join(bench.store())
        moved, _ = await claim(bench.store(TWO))
        assert moved.agent.leg_owner == ONE, "the leg belongs to who holds the caller"
        assert moved.entry.owner == ONE
        assert moved.entry.id == entry.id


async def test_a_call_from_offer_to_wrap_up_to_ready(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        await join(store)
        moved, leg = await claim(store)
        word, moved = await store.leg_dialled(ACCOUNT_ID, ANN, leg, 20)
        assert word is LegWord.ADVANCED
        assert moved.agent.occupancy is Occupancy.RINGING
        assert moved.agent.wake_at_ms == moved.now_ms + 20_000 + RING_GRACE_MS
        assert (await store.leg_ringing(ACCOUNT_ID, ANN, leg))[0] is LegWord.ADVANCED
        bench.advance(3_000)
        accepted, moved = await store.accept(ACCOUNT_ID, ANN, leg)
        assert accepted is AcceptWord.ACCEPTED
        assert (moved.entry.stage, moved.entry.agent) == (Stage.CONNECTING, ANN)
        assert moved.entry.answered_at_ms == moved.now_ms
        assert (moved.agent.occupancy, moved.agent.calls) == (Occupancy.TALKING, 1)
        assert await line(store) == []
        connected, moved = await store.connect(ACCOUNT_ID, moved.entry.id)
        assert connected is ConnectWord.CONNECTED
        assert (moved.entry.stage, moved.entry.connected_at_ms) == (Stage.TALKING, moved.now_ms)
        bench.advance(60_000)
        completed, moved = await store.complete(ACCOUNT_ID, moved.entry.id)
        assert completed is CompleteWord.COMPLETED
        assert moved.entry.disposition is Disposition.ANSWERED
        assert (moved.entry.stage, moved.entry.ended_at_ms) == (Stage.ENDED, moved.now_ms)
        assert (moved.agent.occupancy, moved.agent.leg) == (Occupancy.WRAP_UP, None)
        assert moved.agent.last_ended_at_ms == moved.now_ms
        bench.advance(4_999)
        assert await fire_all(store) == []
        bench.advance(1)
        assert await fire_all(store) == [f"agent:{ANN}"]
        assert (await store.agent(ACCOUNT_ID, ANN)).is_ready(bench.clock.now_ms())


async def test_every_late_repeat_gives_the_same_word(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        await join(store)
        moved, leg = await claim(store)
        for _ in range(2):
            assert (await store.leg_dialled(ACCOUNT_ID, ANN, leg, 20))[0] is LegWord.ADVANCED
        revs = set()
        for _ in range(2):
            word, moved = await store.accept(ACCOUNT_ID, ANN, leg)
            assert word is AcceptWord.ACCEPTED
            revs.add(moved.agent.rev)
        for _ in range(2):
            connected, moved = await store.connect(ACCOUNT_ID, moved.entry.id)
            assert connected is ConnectWord.CONNECTED
        assert (await store.accept(ACCOUNT_ID, ANN, leg))[0] is AcceptWord.ACCEPTED
        assert len(revs) == 1, "the repeat changed nothing"
        assert moved.entry.rev == 4, "joined, offered, accepted, connected"


async def test_no_wrap_up_means_ready_at_once(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, CAT)
        await join(store, BETA)
        _, entry = await talk(store, BETA)
        await join(store, BETA)
        _, moved = await store.complete(ACCOUNT_ID, entry.id)
        assert moved.agent.occupancy is Occupancy.IDLE
        assert [heads.queue for heads in moved.heads] == [BETA], "whoever becomes free is seen"


@pytest.mark.parametrize("failure", LegFailure)
async def test_a_failed_leg_keeps_the_place_and_frees_the_agent(
    open_bench: OpenBench, failure: LegFailure
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        entry = await join(store)
        behind = await join(store)
        _, leg = await claim(store)
        await store.leg_dialled(ACCOUNT_ID, ANN, leg, 20)
        word, moved = await store.fail_leg(ACCOUNT_ID, ANN, leg, failure)
        assert word is FailWord.FAILED
        assert (moved.entry.stage, moved.entry.place) == (Stage.WAITING, entry.place)
        assert not moved.entry.ringing
        # A phone that never rang was not tried.
        assert moved.entry.tried == (set() if failure is LegFailure.NOT_DIALLED else {ANN})
        assert await line(store) == [entry.id, behind.id]
        agent = moved.agent
        assert (agent.occupancy, agent.leg, agent.leg_entry) == (Occupancy.IDLE, None, None)
        backs_off = failure in (LegFailure.REFUSED, LegFailure.BUSY, LegFailure.FAILED)
        assert agent.wake_at_ms == (moved.now_ms + 10_000 if backs_off else 0)
        assert agent.misses == (failure is LegFailure.NO_ANSWER)
        assert (agent.device is Device.UNREACHABLE) == (failure is LegFailure.UNREACHABLE)
        again, _ = await store.fail_leg(ACCOUNT_ID, ANN, leg, failure)
        assert again is FailWord.STALE


async def test_the_next_agent_is_rung_and_who_was_tried_waits_for_the_next_round(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN, BOB)
        entry = await join(store)
        moved, leg = await claim(store)
        assert moved.agent.id == ANN, "never called, first by position"
        await store.fail_leg(ACCOUNT_ID, ANN, leg, LegFailure.NO_ANSWER)
        moved, leg = await claim(store)
        assert (moved.entry.id, moved.agent.id) == (entry.id, BOB)
        await store.fail_leg(ACCOUNT_ID, BOB, leg, LegFailure.NO_ANSWER)
        assert decide(await look(store)) is None, "all were tried"
        bench.advance(1_000)
        assert f"entry:{entry.id}" in await fire_all(store)
        moved, _ = await claim(store)
        assert moved.agent.id == ANN
        assert moved.entry.tried == {ANN}, "a new round"


async def test_an_agent_in_back_off_is_ready_when_it_has_fired(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        await join(store)
        _, leg = await claim(store)
        await store.fail_leg(ACCOUNT_ID, ANN, leg, LegFailure.REFUSED)
        bench.advance(9_999)
        await fire_all(store)
        assert await store.look(ACCOUNT_ID, ALPHA, 8) == ()
        bench.advance(1)
        assert f"agent:{ANN}" in await fire_all(store)
        await claim(store)


async def test_an_accepted_leg_lost_before_the_bridge_gives_the_caller_back(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        entry = await join(store)
        _, leg = await claim(store)
        await store.accept(ACCOUNT_ID, ANN, leg)
        word, moved = await store.fail_leg(ACCOUNT_ID, ANN, leg, LegFailure.FAILED)
        assert word is FailWord.FAILED
        assert (moved.entry.stage, moved.entry.agent) == (Stage.WAITING, None)
        assert (moved.entry.place, moved.entry.answered_at_ms) == (entry.place, 0)
        assert moved.agent.occupancy is Occupancy.IDLE
        assert await line(store) == [entry.id]


async def test_a_place_is_not_given_away_between_its_callers_answer_and_bridge(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        first = await join(store)
        _, leg = await claim(store)
        await store.accept(ACCOUNT_ID, ANN, leg)
        second = await join(store)
        await store.fail_leg(ACCOUNT_ID, ANN, leg, LegFailure.FAILED)
        assert first.place < second.place
        assert await line(store) == [first.id, second.id]


async def test_a_leg_in_conversation_cannot_fail(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        await join(store)
        agent, _ = await talk(store)
        assert agent.leg is not None
        word, _ = await store.fail_leg(ACCOUNT_ID, ANN, agent.leg, LegFailure.FAILED)
        assert word is FailWord.STALE


@pytest.mark.parametrize("rings", [False, True])
async def test_leaving_while_offered_frees_the_agent_without_a_miss(
    open_bench: OpenBench, rings: bool
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        entry = await join(store)
        behind = await join(store)
        _, leg = await claim(store)
        if rings:
            await store.leg_dialled(ACCOUNT_ID, ANN, leg, 20)
        word, moved = await store.leave(ACCOUNT_ID, entry.id, Disposition.ABANDONED)
        assert word is LeaveWord.LEFT
        assert (moved.entry.stage, moved.entry.disposition) == (Stage.ENDED, Disposition.ABANDONED)
        assert moved.entry.ringing == frozenset()
        assert (moved.agent.occupancy, moved.agent.misses) == (Occupancy.IDLE, 0)
        assert (await store.accept(ACCOUNT_ID, ANN, leg))[0] is AcceptWord.STALE, "too late"
        (heads,) = moved.heads
        assert [e.id for e in heads.entries] == [behind.id], "the next is seen at once"


async def test_leaving_after_the_answer_is_too_late(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        entry = await join(store)
        _, leg = await claim(store)
        await store.accept(ACCOUNT_ID, ANN, leg)
        word, moved = await store.leave(ACCOUNT_ID, entry.id, Disposition.ABANDONED)
        assert word is LeaveWord.STALE
        assert moved.entry.stage is Stage.CONNECTING
        assert (await store.complete(ACCOUNT_ID, entry.id))[0] is CompleteWord.COMPLETED


async def test_leaving_is_done_once(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        entry = await join(store)
        await store.leave(ACCOUNT_ID, entry.id, Disposition.ABANDONED)
        bench.advance(10)
        word, moved = await store.leave(ACCOUNT_ID, entry.id, Disposition.CLOSED)
        assert word is LeaveWord.STALE
        assert moved.entry.disposition is Disposition.ABANDONED
        word, moved = await store.leave(ACCOUNT_ID, EntryId("ent_unknown"), Disposition.CLOSED)
        assert (word, moved.entries) == (LeaveWord.STALE, ())


async def test_a_move_of_an_edge_that_does_not_own_it_changes_nothing(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store, other = bench.store(), bench.store(TWO)
        await log_in(store, ANN)
        entry = await join(store)
        _, leg = await claim(store)
        before = (await store.agent(ACCOUNT_ID, ANN), await store.entry(ACCOUNT_ID, entry.id))
        assert (await other.leg_dialled(ACCOUNT_ID, ANN, leg, 20))[0] is LegWord.STALE
        assert (await other.leg_ringing(ACCOUNT_ID, ANN, leg))[0] is LegWord.STALE
        assert (await other.accept(ACCOUNT_ID, ANN, leg))[0] is AcceptWord.STALE
        failed, _ = await other.fail_leg(ACCOUNT_ID, ANN, leg, LegFailure.FAILED)
        assert failed is FailWord.STALE
        left, _ = await other.leave(ACCOUNT_ID, entry.id, Disposition.ABANDONED)
        assert left is LeaveWord.STALE
        assert (await other.connect(ACCOUNT_ID, entry.id))[0] is ConnectWord.STALE
        assert (await other.complete(ACCOUNT_ID, entry.id))[0] is CompleteWord.STALE
        assert (
            await store.agent(ACCOUNT_ID, ANN),
            await store.entry(ACCOUNT_ID, entry.id),
        ) == before


async def test_a_match_nobody_claimed_is_seen_again_within_a_second(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        await join(store)
        bench.advance(1_000)
        (due,) = await bench.store(TWO).due(ACCOUNT_ID)
        word, moved = await bench.store(TWO).fire(due, frozenset({TWO}))
        assert word is FireWord.FIRED
        assert [heads.queue for heads in moved.heads] == [ALPHA]
        word, _ = await store.fire(due, frozenset({ONE}))
        assert word is FireWord.NOT_DUE, "it fires once"
