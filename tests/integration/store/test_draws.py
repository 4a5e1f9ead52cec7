"""random and wrandom: what the store's own look draws, thousands of times, is fair.

The seeds are fixed, so a figure that passes once passes always.
"""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from edge.domain.agent import Device
from edge.domain.ids import UserId
from edge.domain.matching import decide
from edge.ports.queue_store import QueueStore
from tests.chi_square import assert_fair
from tests.fakes.staff import crowd, fail, member, nobody_is_to_ring, ring, staffed
from tests.fakes.store_bench import join, log_in, look
from tests.fakes.world import ACCOUNT_ID, ANN, BOB, CAT, DAN
from tests.integration.store.conftest import OpenBench

DRAWS = 4_000
FIVE = crowd(5)


def seeds() -> Callable[[], int]:
    chance = random.Random(20_26)
    return lambda: chance.randint(1, 2**31 - 2)


async def drawn(store: QueueStore) -> UserId:
    """Who would be rung now."""
    match = decide(await look(store))
    assert match is not None, "somebody is ready and somebody waits"
    (user,) = match.agents
    return user


async def many_draws(store: QueueStore) -> Counter[UserId]:
    return Counter([await drawn(store) for _ in range(DRAWS)])


async def test_random_is_uniform(open_bench: OpenBench) -> None:
    async with open_bench(seeds()) as bench:
        store = bench.store()
        await store.configure(staffed("random", *map(member, FIVE)))
        await log_in(store, *FIVE)
        await join(store)
        assert_fair(await many_draws(store), dict.fromkeys(FIVE, 1))


async def test_random_is_uniform_over_more_agents_than_one_look_shows(
    open_bench: OpenBench,
) -> None:
    async with open_bench(seeds()) as bench:
        store, twenty = bench.store(), crowd(20)
        await store.configure(staffed("random", *map(member, twenty)))
        await log_in(store, *twenty)
        await join(store)
        assert len((await look(store)).ready) == 8
        assert_fair(await many_draws(store), dict.fromkeys(twenty, 1))


async def test_whoever_was_away_is_drawn_as_often_as_the_others(open_bench: OpenBench) -> None:
    """A key drawn when an agent becomes ready would draw this one in 91 of 100."""
    async with open_bench(seeds()) as bench:
        store, restless = bench.store(), FIVE[2]
        await store.configure(staffed("random", *map(member, FIVE)))
        await log_in(store, *FIVE)
        await join(store)
        seen: Counter[UserId] = Counter()
        for _ in range(DRAWS // 2):
            await store.change_device(ACCOUNT_ID, restless, Device.UNREACHABLE)
            await store.change_device(ACCOUNT_ID, restless, Device.REACHABLE)
            seen[await drawn(store)] += 1
        assert_fair(seen, dict.fromkeys(FIVE, 1))


async def test_who_was_tried_for_this_caller_is_drawn_over(open_bench: OpenBench) -> None:
    async with open_bench(seeds()) as bench:
        store = bench.store()
        await store.configure(staffed("random", *map(member, FIVE)))
        await log_in(store, *FIVE)
        await join(store)
        _, rung = await ring(store)
        ((tried, leg),) = rung.items()
        await fail(store, tried, leg)
        assert tried in (await look(store)).ready, "ready again, for another caller"
        assert_fair(await many_draws(store), dict.fromkeys(set(FIVE) - {tried}, 1))


async def test_random_draws_among_the_lowest_penalty_that_is_ready(open_bench: OpenBench) -> None:
    async with open_bench(seeds()) as bench:
        store, penalties = bench.store(), (0, 0, 0, 4, 4)
        members = [member(user, penalty=p) for user, p in zip(FIVE, penalties, strict=True)]
        await store.configure(staffed("random", *members))
        await log_in(store, *FIVE)
        await join(store)
        assert_fair(await many_draws(store), dict.fromkeys(FIVE[:3], 1))
        for user in FIVE[:3]:
            await store.change_device(ACCOUNT_ID, user, Device.UNREACHABLE)
        assert_fair(await many_draws(store), dict.fromkeys(FIVE[3:], 1))


@pytest.mark.parametrize(
    ("penalties", "weights"),
    [
        pytest.param((0, 1, 3), (1, 1 / 2, 1 / 4), id="one-of-each"),
        pytest.param((0, 0, 1, 3), (1, 1, 1 / 2, 1 / 4), id="two-without-penalty"),
        pytest.param((1, 3, 3, 3), (1 / 2, 1 / 4, 1 / 4, 1 / 4), id="many-in-the-back"),
    ],
)
async def test_wrandom_weighs_by_penalty(
    open_bench: OpenBench, penalties: tuple[int, ...], weights: tuple[float, ...]
) -> None:
    async with open_bench(seeds()) as bench:
        store, users = bench.store(), (ANN, BOB, CAT, DAN)[: len(penalties)]
        members = [member(user, penalty=p) for user, p in zip(users, penalties, strict=True)]
        await store.configure(staffed("wrandom", *members))
        await log_in(store, *users)
        await join(store)
        assert_fair(await many_draws(store), dict(zip(users, weights, strict=True)))


async def test_wrandom_weighs_those_who_are_left_when_one_was_tried(open_bench: OpenBench) -> None:
    async with open_bench(seeds()) as bench:
        store = bench.store()
        members = (member(ANN), member(BOB, penalty=1), member(CAT, penalty=3))
        await store.configure(staffed("wrandom", *members))
        await log_in(store, ANN)
        await join(store)
        _, rung = await ring(store)
        await fail(store, ANN, rung[ANN])
        await log_in(store, BOB, CAT)
        assert_fair(await many_draws(store), {BOB: 1 / 2, CAT: 1 / 4})


async def test_a_draw_comes_to_whoever_is_left_behind_many_who_were_tried(
    open_bench: OpenBench,
) -> None:
    """Ten ready agents were tried for this caller: a look shows eight, a deeper one the last."""
    async with open_bench(seeds()) as bench:
        store, eleven = bench.store(), crowd(11)
        await store.configure(staffed("random", *map(member, eleven)))
        await log_in(store, *eleven[:10])
        await join(store)
        for _ in range(10):
            _, rung = await ring(store, depth=64)
            for user, leg in rung.items():
                await fail(store, user, leg)
        assert await nobody_is_to_ring(store)
        await log_in(store, eleven[10])
        _, rung = await ring(store, depth=64)
        assert set(rung) == {eleven[10]}
