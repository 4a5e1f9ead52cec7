"""Penalty limits that change with the waiting time, as queuerules of app_queue do."""

from typing import Any

import pytest

from edge.domain.offer import LegFailure
from edge.domain.settings import PenaltyRule
from edge.ports.queue_store import QueueStore
from tests.fakes.staff import fail, member, nobody_is_to_ring, ring, staffed
from tests.fakes.store_bench import StoreBench, fire_all, join, log_in
from tests.fakes.world import ACCOUNT_ID, ANN, BOB, CAT, joining
from tests.integration.store.conftest import OpenBench

MEMBERS = (member(ANN, 0), member(BOB, 1, penalty=5), member(CAT, 2, penalty=10))
WIDENING = (PenaltyRule(0, 0, 0), PenaltyRule(10, 0, 5), PenaltyRule(30))
"""The first ten seconds penalty 0 alone, then up to 5, after thirty seconds everybody."""


async def begin(
    store: QueueStore, *rules: PenaltyRule, strategy: str = "linear", **settings: Any
) -> None:
    await store.configure(staffed(strategy, *MEMBERS, penalty_rules=rules, **settings))


async def seconds_pass(bench: StoreBench, seconds: int) -> None:
    bench.advance(seconds * 1_000)
    await fire_all(bench.store())


@pytest.mark.parametrize("strategy", ["linear", "leastrecent", "random", "wrandom", "ringall"])
async def test_the_highest_penalty_widens_with_the_waiting_time(
    open_bench: OpenBench, strategy: str
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, *WIDENING, strategy=strategy)
        await log_in(store, CAT)
        await join(store)
        assert await nobody_is_to_ring(store)
        await seconds_pass(bench, 10)
        assert await nobody_is_to_ring(store), "up to five by now"
        await log_in(store, BOB)
        _, rung = await ring(store)
        assert list(rung) == [BOB]
        await fail(store, BOB, rung[BOB], LegFailure.REFUSED)
        assert await nobody_is_to_ring(store)
        await seconds_pass(bench, 20)
        _, rung = await ring(store)
        assert list(rung) == [CAT]


async def test_the_wider_limits_bring_the_ready_agent_in_the_moment_they_hold(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, *WIDENING)
        await log_in(store, BOB)
        entry = await join(store)
        assert entry.widen_at_ms == entry.joined_at_ms + 10_000
        await seconds_pass(bench, 9)
        assert await nobody_is_to_ring(store)
        bench.advance(1_000)
        (due,) = [due for due in await store.due(ACCOUNT_ID) if due.what == f"entry:{entry.id}"]
        _, moved = await store.fire(due, frozenset())
        assert [heads.ready for heads in moved.heads] == [(BOB,)], "the firing itself looks"
        _, rung = await ring(store)
        assert list(rung) == [BOB]


async def test_the_lowest_penalty_leaves_out_those_below_it(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, PenaltyRule(10, min_penalty=5))
        await log_in(store, ANN, BOB, CAT)
        await join(store)
        _, rung = await ring(store)
        assert list(rung) == [ANN], "no rule holds yet"
        await fail(store, ANN, rung[ANN])
        _, rung = await ring(store)
        assert list(rung) == [BOB]
        await fail(store, BOB, rung[BOB])
        await seconds_pass(bench, 10)
        # A new round: Ann's penalty is below what this caller may have by now.
        _, rung = await ring(store)
        assert list(rung) == [CAT], "untried, before a new round"
        await fail(store, CAT, rung[CAT])
        await seconds_pass(bench, 1)
        _, rung = await ring(store)
        assert list(rung) == [BOB], "the new round begins at five"


async def test_rules_hold_in_the_order_of_their_times_however_they_are_written(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, *reversed(WIDENING))
        entry = await join(store)
        assert (entry.min_tier, entry.max_tier) == (0, 0)
        limits = []
        for seconds in (10, 20):
            await seconds_pass(bench, seconds)
            (entry,) = await store.line(ACCOUNT_ID, entry.queue)
            limits.append(entry.max_tier)
        assert limits == [5, 2**31]
        assert entry.widen_at_ms == 0, "nothing wider comes"


async def test_who_arrived_while_no_edge_lived_has_the_limits_of_the_whole_wait(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, *WIDENING)
        await log_in(store, BOB)
        await store.join(ACCOUNT_ID, joining(arrived_at_ms=bench.clock.now_ms() - 15_000))
        _, rung = await ring(store)
        assert list(rung) == [BOB]


async def test_the_next_caller_has_an_agent_whom_the_first_may_not_have_yet(
    open_bench: OpenBench,
) -> None:
    """Callers have their limits each for themselves: the longest waiting has the widest."""
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, PenaltyRule(0, 5), PenaltyRule(10))
        first = await join(store)
        await seconds_pass(bench, 10)
        second = await join(store)
        await log_in(store, ANN)
        entry, _ = await ring(store)
        assert entry.id == first.id
        await log_in(store, BOB)
        entry, _ = await ring(store)
        assert entry.id == second.id


async def test_a_wider_limit_does_not_bring_a_worse_tier_while_a_better_one_rings(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, *WIDENING, strategy="ringall")
        await log_in(store, ANN, BOB, CAT)
        await join(store)
        _, rung = await ring(store)
        assert list(rung) == [ANN]
        await seconds_pass(bench, 10)
        assert await nobody_is_to_ring(store)
        await fail(store, ANN, rung[ANN])
        _, rung = await ring(store)
        assert list(rung) == [BOB]


async def test_the_limits_go_on_widening_for_whom_an_agent_was_lost_before_the_bridge(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, *WIDENING)
        await log_in(store, ANN, BOB)
        await join(store)
        entry, rung = await ring(store)
        assert list(rung) == [ANN]
        await store.accept(ACCOUNT_ID, ANN, rung[ANN])
        await fail(store, ANN, rung[ANN], LegFailure.UNREACHABLE)
        await seconds_pass(bench, 9)
        assert await nobody_is_to_ring(store)
        await seconds_pass(bench, 1)
        _, rung = await ring(store)
        assert list(rung) == [BOB]
        found = await store.entry(ACCOUNT_ID, entry.id)
        assert found is not None
        assert found.widen_at_ms == entry.joined_at_ms + 30_000


async def test_a_caller_is_not_held_to_limits_that_no_rule_gives_any_more(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, *WIDENING)
        await log_in(store, CAT)
        await join(store)
        await begin(store)
        await seconds_pass(bench, 10)
        _, rung = await ring(store)
        assert list(rung) == [CAT]
