"""Strategies that ring several phones for one caller: who rings, who joins, who does not."""

from typing import Any

import pytest

from edge.domain.agent import Occupancy, PresenceChange
from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.ids import UserId
from edge.domain.offer import LegFailure
from edge.ports.queue_store import AcceptWord, QueueStore
from tests.fakes.staff import answer, crowd, fail, member, nobody_is_to_ring, ring, staffed
from tests.fakes.store_bench import StoreBench, fire_all, join, log_in
from tests.fakes.world import ACCOUNT_ID, ANN, BOB, CAT, DAN
from tests.integration.store.conftest import OpenBench

ALL = ["ringall", "RING_SIMULTANEOUSLY"]
TWO_TIERS = (member(ANN, 0), member(BOB, 1), member(CAT, 2, penalty=1), member(DAN, 3, penalty=1))


async def begin(store: QueueStore, strategy: str, *ready: UserId, **settings: Any) -> None:
    await store.configure(staffed(strategy, *TWO_TIERS, **settings))
    await log_in(store, *ready)


# --- ringall


@pytest.mark.parametrize("strategy", ALL)
async def test_everybody_of_the_lowest_tier_rings_and_nobody_of_the_next(
    open_bench: OpenBench, strategy: str
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, strategy, ANN, BOB, CAT, DAN)
        await join(store)
        entry, rung = await ring(store)
        assert list(rung) == [ANN, BOB]
        assert entry.ringing == {ANN, BOB}
        assert await nobody_is_to_ring(store), "the next tier waits while the first rings"


@pytest.mark.parametrize("strategy", ALL)
async def test_the_next_tier_rings_at_once_when_the_whole_first_one_failed(
    open_bench: OpenBench, strategy: str
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, strategy, ANN, BOB, CAT, DAN)
        await join(store)
        _, rung = await ring(store)
        await fail(store, ANN, rung[ANN])
        assert await nobody_is_to_ring(store), "Bob still rings"
        await fail(store, BOB, rung[BOB])
        _, rung = await ring(store)
        assert list(rung) == [CAT, DAN]


async def test_a_new_round_begins_with_the_first_tier(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, "ringall", ANN, CAT)
        place = (await join(store)).place
        for expected in (ANN, CAT):
            _, rung = await ring(store)
            assert list(rung) == [expected]
            await fail(store, expected, rung[expected])
        assert await nobody_is_to_ring(store), "not before the pause between rounds"
        bench.advance(1_000)
        await fire_all(store)
        entry, rung = await ring(store)
        assert list(rung) == [ANN]
        assert entry.place == place


@pytest.mark.parametrize("strategy", ALL)
async def test_who_becomes_ready_joins_those_who_ring(open_bench: OpenBench, strategy: str) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, strategy, ANN)
        await join(store)
        await ring(store)
        await log_in(store, BOB)
        entry, rung = await ring(store)
        assert list(rung) == [BOB]
        assert entry.ringing == {ANN, BOB}


async def test_who_is_of_a_worse_tier_does_not_join_but_of_a_better_one_does(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, "ringall", CAT)
        await join(store)
        entry, _ = await ring(store)
        assert entry.ring_tier == 1
        await log_in(store, ANN)
        entry, _ = await ring(store)
        assert entry.ringing == {CAT, ANN}, "Ann is of a better tier"
        await store.configure(staffed("ringall", *TWO_TIERS[:3], member(DAN, 3, penalty=2)))
        await log_in(store, DAN)
        assert await nobody_is_to_ring(store), "Dan is of a worse one"


async def test_no_more_phones_ring_than_the_queue_may_have(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store, forty = bench.store(), crowd(40)
        members = [member(user, n) for n, user in enumerate(forty)]
        await store.configure(staffed("ringall", *members, ring_max=12))
        await log_in(store, *forty)
        await join(store)
        entry, rung = await ring(store)
        assert tuple(rung) == forty[:12]
        assert await nobody_is_to_ring(store)
        # Room that is made is filled by whoever stands next.
        await fail(store, forty[0], rung[forty[0]], LegFailure.REFUSED)
        entry, rung = await ring(store)
        assert tuple(rung) == (forty[12],)
        assert len(entry.ringing) == 12


async def test_thirty_phones_ring_where_nothing_else_is_said(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store, forty = bench.store(), crowd(40)
        await store.configure(staffed("ringall", *map(member, forty)))
        await log_in(store, *forty)
        await join(store)
        await join(store)
        first, rung = await ring(store)
        assert len(rung) == 30
        second, rung = await ring(store)
        assert (len(rung), second.id != first.id) == (10, True), "the others ring for the next"


async def test_the_next_caller_is_served_by_agents_whom_the_first_may_not_have(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, "ringall", ANN, BOB)
        first, second = await join(store), await join(store)
        _, rung = await ring(store)
        await fail(store, ANN, rung[ANN])
        entry, rung = await ring(store)
        assert (entry.id, list(rung)) == (second.id, [ANN]), "the first has tried her"
        await log_in(store, CAT)
        assert await nobody_is_to_ring(store), "a worse tier than those who ring for either"
        await store.leave(ACCOUNT_ID, second.id, Disposition.ABANDONED)
        assert (await store.line(ACCOUNT_ID, first.queue))[0].ringing == {BOB}


@pytest.mark.parametrize("strategy", ALL)
async def test_the_next_caller_rings_at_once_when_the_first_is_answered(
    open_bench: OpenBench, strategy: str
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, strategy, ANN, BOB)
        first, second = await join(store), await join(store)
        _, rung = await ring(store)
        await store.leg_dialled(ACCOUNT_ID, BOB, rung[BOB], 20)
        word, moved = await store.accept(ACCOUNT_ID, BOB, rung[BOB])
        assert word is AcceptWord.ACCEPTED
        assert [heads.entries[0].id for heads in moved.heads] == [second.id], "seen by that move"
        entry, rung = await ring(store)
        assert (entry.id, list(rung)) == (second.id, [ANN])
        kept = await store.entry(ACCOUNT_ID, first.id)
        assert kept is not None
        assert (kept.agent, kept.stage) == (BOB, Stage.CONNECTING)


async def test_the_first_answer_wins_and_the_others_have_missed_nothing(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, "ringall", ANN, BOB)
        await join(store)
        _, rung = await ring(store)
        for user, leg in rung.items():
            await store.leg_dialled(ACCOUNT_ID, user, leg, 20)
        words = [(await store.accept(ACCOUNT_ID, user, rung[user]))[0] for user in (BOB, ANN)]
        assert words == [AcceptWord.ACCEPTED, AcceptWord.STALE]
        ann = await store.agent(ACCOUNT_ID, ANN)
        assert (ann.occupancy, ann.misses, ann.leg) == (Occupancy.IDLE, 0, None)


async def test_a_caller_who_leaves_frees_all_who_rang(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, "ringall", ANN, BOB)
        entry = await join(store)
        await ring(store)
        await store.leave(ACCOUNT_ID, entry.id, Disposition.ABANDONED)
        for user in (ANN, BOB):
            agent = await store.agent(ACCOUNT_ID, user)
            assert (agent.occupancy, agent.misses) == (Occupancy.IDLE, 0)


# --- ring-progressively


async def step(bench: StoreBench, seconds: int = 5) -> None:
    bench.advance(seconds * 1_000)
    await fire_all(bench.store())


async def test_one_phone_more_rings_after_each_step_and_the_earlier_ones_ring_on(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, "ring-progressively", ANN, BOB, CAT, DAN, ring_step_seconds=5)
        await join(store)
        entry, _ = await ring(store)
        for expected in ({ANN, BOB}, {ANN, BOB, CAT}, {ANN, BOB, CAT, DAN}):
            assert await nobody_is_to_ring(store)
            await step(bench, seconds=4)
            assert await nobody_is_to_ring(store), "not before the step"
            await step(bench, seconds=1)
            entry, _ = await ring(store)
            assert entry.ringing == expected


async def test_a_failed_leg_is_replaced_at_once(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, "ring-progressively", ANN, BOB, CAT, DAN)
        await join(store)
        _, first = await ring(store)
        await step(bench)
        await ring(store)
        await fail(store, ANN, first[ANN], LegFailure.REFUSED)
        entry, rung = await ring(store)
        assert list(rung) == [CAT]
        assert entry.ringing == {BOB, CAT}, "two may ring by now, and two do"


async def test_the_only_leg_that_failed_is_replaced_at_once_and_the_steps_begin_anew(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, "ring-progressively", ANN, BOB, CAT)
        await join(store)
        _, rung = await ring(store)
        await step(bench, seconds=4)
        await fail(store, ANN, rung[ANN])
        _, rung = await ring(store)
        assert list(rung) == [BOB]
        await step(bench, seconds=4)
        assert await nobody_is_to_ring(store), "a whole step from the new beginning"
        await step(bench, seconds=1)
        entry, _ = await ring(store)
        assert entry.ringing == {BOB, CAT}


async def test_progressively_no_more_phones_ring_than_the_queue_may_have(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, "ring-progressively", ANN, BOB, CAT, DAN, ring_max=2)
        await join(store)
        await ring(store)
        await step(bench)
        entry, _ = await ring(store)
        assert entry.ringing == {ANN, BOB}
        await step(bench)
        assert await nobody_is_to_ring(store)
        assert entry.step_at_ms == 0, "and no step is due for nothing"


async def test_who_rings_one_by_one_leaves_the_others_to_the_next_caller(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, "ring-progressively", ANN, BOB, CAT)
        first, second = await join(store), await join(store)
        rung = [await ring(store) for _ in range(2)]
        assert [(entry.id, list(legs)) for entry, legs in rung] == [
            (first.id, [ANN]),
            (second.id, [BOB]),
        ]
        await step(bench)
        entry, _ = await ring(store)
        assert entry.id == first.id, "the first in line has a step"
        assert entry.ringing == {ANN, CAT}


async def test_an_agent_who_pauses_while_ringing_goes_on_ringing_and_none_joins_from_a_break(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, "ringall", ANN, BOB)
        await join(store)
        entry, rung = await ring(store)
        await store.change_presence(ACCOUNT_ID, ANN, PresenceChange.PAUSED)
        assert (await store.line(ACCOUNT_ID, entry.queue))[0].ringing == {ANN, BOB}
        await fail(store, ANN, rung[ANN])
        assert await nobody_is_to_ring(store)
        talking = await answer(store, BOB, rung[BOB])
        assert talking.agent == BOB
        assert not (await store.look(ACCOUNT_ID, entry.queue, 8))


async def test_one_in_the_middle_who_was_tried_does_not_keep_the_others_from_ringing(
    open_bench: OpenBench,
) -> None:
    """All of one tier, in the order Ann, Bob, Cat; Bob was tried for this caller."""
    async with open_bench() as bench:
        store = bench.store()
        members = (member(ANN, 0), member(BOB, 1), member(CAT, 2))
        await store.configure(staffed("ringall", *members))
        await log_in(store, BOB)
        await join(store)
        _, rung = await ring(store)
        await fail(store, BOB, rung[BOB])
        await log_in(store, ANN, CAT)
        _, rung = await ring(store)
        assert list(rung) == [ANN, CAT]
