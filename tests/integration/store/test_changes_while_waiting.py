"""The configuration changes while people wait and phones ring: it holds for what comes next."""

import pytest

from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.overlays import QueueStatus
from tests.fakes.staff import answer, fail, member, nobody_is_to_ring, ring, staffed
from tests.fakes.store_bench import fire_all, join, log_in, look
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BOB, CAT
from tests.integration.store.conftest import OpenBench

MEMBERS = (member(ANN, 0), member(BOB, 1), member(CAT, 2))


@pytest.mark.parametrize("end", ["answered", "left"])
@pytest.mark.parametrize("after", ["linear", "random", "ring-progressively"])
async def test_a_caller_for_whom_all_rang_is_gone_from_the_line_after_a_change_of_strategy(
    open_bench: OpenBench, after: str, end: str
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await store.configure(staffed("ringall", *MEMBERS))
        await log_in(store, ANN, BOB)
        first = await join(store)
        _, rung = await ring(store)
        await store.configure(staffed(after, *MEMBERS))
        if end == "answered":
            await answer(store, ANN, rung[ANN])
        else:
            await store.leave(ACCOUNT_ID, first.id, Disposition.ABANDONED)
        assert await nobody_is_to_ring(store), "nobody waits"
        second = await join(store)
        entry, _ = await ring(store)
        assert entry.id == second.id


async def test_a_lower_ring_max_holds_for_the_next_offer(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await store.configure(staffed("ringall", *MEMBERS, ring_max=3))
        await log_in(store, ANN, BOB)
        first = await join(store)
        await ring(store)
        await store.configure(staffed("ringall", *MEMBERS, ring_max=1))
        await store.leave(ACCOUNT_ID, first.id, Disposition.ABANDONED)
        second = await join(store)
        entry, rung = await ring(store)
        assert (entry.id, list(rung)) == (second.id, [ANN])


async def test_phones_that_ring_go_on_as_they_began_when_all_are_to_ring_from_now_on(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await store.configure(staffed("linear", *MEMBERS))
        await log_in(store, ANN, BOB, CAT)
        await join(store)
        _, rung = await ring(store)
        await store.configure(staffed("ringall", *MEMBERS))
        assert await nobody_is_to_ring(store)
        await fail(store, ANN, rung[ANN])
        _, rung = await ring(store)
        assert list(rung) == [BOB, CAT]


async def test_phones_that_ring_one_by_one_go_on_so_when_another_strategy_comes(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await store.configure(staffed("ring-progressively", *MEMBERS))
        await log_in(store, ANN, BOB)
        await join(store)
        await ring(store)
        await store.configure(staffed("linear", *MEMBERS))
        bench.advance(5_000)
        await fire_all(store)
        (entry,) = await store.line(ACCOUNT_ID, ALPHA)
        assert entry.stage is Stage.OFFERED
        entry, _ = await ring(store)
        assert entry.ringing == {ANN, BOB}


async def test_a_member_who_is_taken_out_is_not_rung_and_one_who_comes_in_is(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await store.configure(staffed("linear", *MEMBERS))
        await log_in(store, ANN, BOB)
        await store.configure(staffed("linear", *MEMBERS[1:]))
        await join(store)
        assert (await look(store)).ready == (BOB,)
        heads = await store.configure(staffed("linear", *MEMBERS))
        assert [one.ready for one in heads if one.queue == ALPHA] == [(ANN, BOB)]


async def test_a_member_who_is_taken_out_while_ringing_may_still_answer(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await store.configure(staffed("ringall", *MEMBERS))
        await log_in(store, ANN, BOB)
        await join(store)
        _, rung = await ring(store)
        await store.configure(staffed("ringall", *MEMBERS[1:]))
        entry = await answer(store, ANN, rung[ANN])
        assert entry.stage is Stage.TALKING
        await store.complete(ACCOUNT_ID, entry.id)
        await join(store)
        assert (await look(store)).ready == (BOB,)


async def test_a_changed_penalty_and_position_rank_who_stands_ready_anew(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await store.configure(staffed("linear", *MEMBERS))
        await log_in(store, ANN, BOB, CAT)
        await join(store)
        await store.configure(staffed("linear", member(ANN, 0, penalty=1), MEMBERS[1], MEMBERS[2]))
        assert (await look(store)).ready == (BOB, CAT, ANN)
        await store.configure(staffed("linear", *reversed(MEMBERS)))
        assert (await look(store)).ready == (ANN, BOB, CAT)
        await store.configure(staffed("linear", member(ANN, 9), MEMBERS[1], MEMBERS[2]))
        assert (await look(store)).ready == (BOB, CAT, ANN)


async def test_whoever_is_paused_in_this_queue_stays_out_of_it_whatever_is_configured(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await store.configure(staffed("linear", *MEMBERS))
        await log_in(store, ANN, BOB)
        await store.change_queue_status(ACCOUNT_ID, ANN, ALPHA, QueueStatus.BREAK)
        await join(store)
        for strategy in ("rrmemory", "ringall", "linear"):
            await store.configure(staffed(strategy, *MEMBERS))
            assert (await look(store)).ready == (BOB,)
