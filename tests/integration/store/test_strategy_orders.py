"""Every strategy after one and the same past: who is rung first, and how ties are broken."""

from dataclasses import replace

import pytest

from edge.domain.agent import Device
from edge.domain.disposition import Disposition
from edge.domain.ids import UserId
from edge.domain.strategies import STRATEGIES, Draw
from edge.ports.queue_store import QueueStore
from tests.fakes.staff import answer, fail, member, picked, staffed
from tests.fakes.store_bench import StoreBench, join, log_in, look
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BETA, BOB, CAT, account
from tests.integration.store.conftest import OpenBench

MEMBERS = (member(ANN, 0, skill_level=2), member(BOB, 1), member(CAT, 2))
BY_POSITION = [ANN, BOB, CAT]
ORDERS = {
    "ringall": BY_POSITION,
    "RING_SIMULTANEOUSLY": BY_POSITION,
    "ring-progressively": BY_POSITION,
    "linear": BY_POSITION,
    "PRIORITIZED_HUNT": BY_POSITION,
    "rrmemory": [CAT, ANN, BOB],
    "leastrecent": [BOB, CAT, ANN],
    "fewestcalls": [BOB, ANN, CAT],
    "CYCLIC_HUNT": [ANN, CAT, BOB],
    "LEAST_WORKED_HUNT": [ANN, BOB, CAT],
    "SKILL_BASED_ROUTING_PRIORITIZED_HUNT": [BOB, CAT, ANN],
    "SKILL_BASED_ROUTING_CYCLIC_HUNT": [CAT, BOB, ANN],
    "SKILL_BASED_ROUTING_LEAST_WORKED_HUNT": [BOB, CAT, ANN],
}
"""Ann is of the second skill level. Rung by Alpha: Cat, Cat again, Bob. Answered for Alpha: Cat
twice. Ended last: Ann's one call, of Beta; before it Cat's two; Bob had none."""
IN_ORDER = sorted(name for name, one in STRATEGIES.items() if one.draw is Draw.NONE)


def test_every_strategy_that_is_no_draw_has_its_order_here() -> None:
    assert sorted(ORDERS) == IN_ORDER


async def configure(store: QueueStore, strategy: str) -> None:
    """Alpha by this strategy, Beta as it is in the small world."""
    wanted = staffed(strategy, *MEMBERS)
    await store.configure(replace(wanted, queues=(wanted.queues[0], account().queues[1])))


async def have_a_past(bench: StoreBench) -> None:
    store = bench.store()
    await log_in(store, ANN, BOB, CAT)
    for user, queue in ((CAT, ALPHA), (CAT, ALPHA), (BOB, ALPHA), (ANN, BETA)):
        entry = await join(store, queue)
        leg = await picked(store, user, entry)
        bench.advance(1_000)
        if user == BOB:
            await fail(store, BOB, leg)
            await store.leave(ACCOUNT_ID, entry.id, Disposition.ABANDONED)
        else:
            await answer(store, user, leg)
            bench.advance(1_000)
            await store.complete(ACCOUNT_ID, entry.id)
        bench.advance(1_000)


@pytest.mark.parametrize("strategy", IN_ORDER)
async def test_the_past_decides_who_is_rung_first(open_bench: OpenBench, strategy: str) -> None:
    async with open_bench() as bench:
        await configure(bench.store(), strategy)
        await have_a_past(bench)
        await join(bench.store())
        assert list((await look(bench.store())).ready) == ORDERS[strategy]


@pytest.mark.parametrize("strategy", IN_ORDER)
async def test_a_tie_is_broken_by_position_and_then_by_the_members_id(
    open_bench: OpenBench, strategy: str
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await store.configure(staffed(strategy, member(CAT, 1), member(BOB, 1), member(ANN, 2)))
        await log_in(store, ANN, BOB, CAT)
        await join(store)
        assert (await look(store)).ready == (BOB, CAT, ANN)


@pytest.mark.parametrize(
    "strategy", [name for name in IN_ORDER if not name.startswith("SKILL_BASED")]
)
async def test_a_lower_penalty_stands_before_everything_else(
    open_bench: OpenBench, strategy: str
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        members = (member(ANN, 0, penalty=2), member(BOB, 1, penalty=1), member(CAT, 2))
        await store.configure(staffed(strategy, *members))
        await have_a_past_of(bench, CAT)
        await log_in(store, ANN, BOB)
        await join(store)
        assert (await look(store)).ready == (CAT, BOB, ANN)


async def have_a_past_of(bench: StoreBench, user: UserId) -> None:
    """This agent has done all the work so far."""
    store = bench.store()
    await log_in(store, user)
    entry = await join(store)
    await answer(store, user, await picked(store, user, entry))
    await store.complete(ACCOUNT_ID, entry.id)
    bench.advance(1_000)


async def test_as_many_calls_in_the_window_are_a_tie_for_who_ended_the_longest_ago(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await store.configure(staffed("fewestcalls", *MEMBERS))
        for user in (CAT, ANN, BOB):
            await have_a_past_of(bench, user)
        await join(store)
        assert (await look(store)).ready == (CAT, ANN, BOB)


async def test_a_phone_that_comes_back_stands_where_its_agents_past_puts_it(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, "leastrecent")
        await have_a_past(bench)
        await join(store)
        for device in (Device.UNREACHABLE, Device.REACHABLE):
            await store.change_device(ACCOUNT_ID, BOB, device)
        assert list((await look(store)).ready) == ORDERS["leastrecent"]
