"""The hunts of both sources, on the model and on Redis: who is rung next, after what happened."""

from dataclasses import replace

import pytest

from edge.domain.agent import PresenceChange
from edge.domain.disposition import Disposition
from edge.domain.ids import UserId
from edge.domain.offer import LegFailure
from edge.domain.settings import Account, Member
from edge.ports.queue_store import QueueStore
from tests.fakes.store_bench import StoreBench, claim, fire_all, join, log_in, talk
from tests.fakes.world import ACCOUNT_ID, ANN, BOB, CAT, account
from tests.integration.store.conftest import OpenBench

THREE_AGENTS = (ANN, BOB, CAT)
BREAK = PresenceChange.PAUSED
BACK = PresenceChange.AVAILABLE


def with_strategy(strategy: str, cats_tier: int = 0) -> Account:
    """Ann, Bob and Cat in this order, all in one tier, Cat in a tier so much lower."""
    plain = account(strategy=strategy)

    def member(known: Member) -> Member:
        lower = cats_tier if known.user_id == CAT else 0
        return replace(known, penalty=lower, skill_level=1 + lower)

    queues = (
        replace(queue, members=tuple(member(known) for known in queue.members))
        for queue in plain.queues
    )
    return replace(plain, queues=tuple(queues))


async def begin(store: QueueStore, strategy: str, cats_tier: int = 0) -> None:
    await store.configure(with_strategy(strategy, cats_tier))
    await log_in(store, *THREE_AGENTS)


async def served(bench: StoreBench) -> UserId:
    """One call from joining to the end of wrap-up; who took it."""
    store = bench.store()
    await join(store)
    agent, entry = await talk(store)
    await store.complete(ACCOUNT_ID, entry.id)
    bench.advance(5_000)
    await fire_all(store)
    return agent.id


async def missed(bench: StoreBench) -> UserId:
    """One call whose first agent does not answer; it then leaves. Who was rung."""
    store = bench.store()
    entry = await join(store)
    moved, leg = await claim(store)
    await store.fail_leg(ACCOUNT_ID, moved.agent.id, leg, LegFailure.NO_ANSWER)
    await store.leave(ACCOUNT_ID, entry.id, Disposition.ABANDONED)
    bench.advance(1_000)
    await fire_all(store)
    return moved.agent.id


@pytest.mark.parametrize("strategy", ["linear", "PRIORITIZED_HUNT"])
async def test_the_order_begins_at_the_top_for_each_call(
    open_bench: OpenBench, strategy: str
) -> None:
    async with open_bench() as bench:
        await begin(bench.store(), strategy)
        assert [await served(bench) for _ in range(2)] == [ANN, ANN]
        await bench.store().change_presence(ACCOUNT_ID, ANN, BREAK)
        assert await served(bench) == BOB
        await bench.store().change_presence(ACCOUNT_ID, ANN, BACK)
        assert await served(bench) == ANN


async def test_rrmemory_resumes_after_the_last_dialled(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        await begin(bench.store(), "rrmemory")
        assert [await served(bench) for _ in range(4)] == [ANN, BOB, CAT, ANN]
        assert [await missed(bench) for _ in range(3)] == [BOB, CAT, ANN]


async def test_rrmemory_gives_no_start_to_an_agent_back_from_a_break(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, "rrmemory")
        await store.change_presence(ACCOUNT_ID, ANN, BREAK)
        assert [await served(bench) for _ in range(3)] == [BOB, CAT, BOB]
        await store.change_presence(ACCOUNT_ID, ANN, BACK)
        assert [await served(bench) for _ in range(4)] == [CAT, ANN, BOB, CAT]


async def test_cyclic_hunt_takes_who_was_not_rung_the_longest(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, "CYCLIC_HUNT")
        await store.change_presence(ACCOUNT_ID, ANN, BREAK)
        assert [await missed(bench) for _ in range(3)] == [BOB, CAT, BOB]
        await store.change_presence(ACCOUNT_ID, ANN, BACK)
        assert [await served(bench) for _ in range(3)] == [ANN, CAT, BOB]


async def test_least_worked_hunt_takes_who_did_not_answer_the_longest(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        await begin(bench.store(), "LEAST_WORKED_HUNT")
        assert [await served(bench) for _ in range(3)] == [ANN, BOB, CAT]
        assert [await missed(bench) for _ in range(2)] == [ANN, ANN]
        assert await served(bench) == ANN
        assert await served(bench) == BOB


async def test_what_counts_here_is_of_this_queue_only(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, "LEAST_WORKED_HUNT")
        assert await served(bench) == ANN
        agent = await store.agent(ACCOUNT_ID, ANN)
        assert set(agent.here) == {"qu_alpha"}
        assert agent.here[next(iter(agent.here))].last_answered_at_ms > 0


@pytest.mark.parametrize("strategy", ["linear", "rrmemory", "leastrecent", "CYCLIC_HUNT"])
async def test_a_higher_penalty_is_rung_only_when_no_lower_one_is_ready(
    open_bench: OpenBench, strategy: str
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, strategy, cats_tier=3)
        assert CAT not in [await served(bench) for _ in range(4)]
        for user in (ANN, BOB):
            await store.change_presence(ACCOUNT_ID, user, BREAK)
        assert await served(bench) == CAT


@pytest.mark.parametrize("inner", ["PRIORITIZED", "CYCLIC", "LEAST_WORKED"])
async def test_the_next_skill_level_is_rung_when_the_first_did_not_answer(
    open_bench: OpenBench, inner: str
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, f"SKILL_BASED_ROUTING_{inner}_HUNT", cats_tier=1)
        await join(store)
        rung = []
        for _ in range(3):
            moved, leg = await claim(store)
            rung.append(moved.agent.id)
            await store.fail_leg(ACCOUNT_ID, moved.agent.id, leg, LegFailure.NO_ANSWER)
        assert rung == [ANN, BOB, CAT]


async def test_a_change_of_strategy_orders_those_who_stand_ready_anew(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, "rrmemory")
        assert [await served(bench) for _ in range(2)] == [ANN, BOB]
        await store.configure(with_strategy("linear"))
        assert await served(bench) == ANN
