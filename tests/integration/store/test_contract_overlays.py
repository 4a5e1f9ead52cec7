"""What every queue store does, held against the specification and the real one alike: agents in
one queue, ready by themselves or not."""

import pytest

from edge.domain.agent import Agent, Device, Occupancy, Overlay, PresenceChange, Status
from edge.domain.ids import new_leg_id
from edge.domain.overlays import WRAP_UP_LONGEST_MS, QueueStatus, status_in
from edge.ports.queue_store import QueueStatusWord
from tests.fakes.houses import by_hand, with_queues
from tests.fakes.store_bench import claim, fire_all, join, log_in, talk
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BETA, CAT, DAN
from tests.integration.store.asking import AGENT_OF, ann, ask, ask_in, house, is_offered
from tests.integration.store.conftest import OpenBench

pytestmark = pytest.mark.redis

# --- one queue


async def test_a_pause_in_one_queue_leaves_the_other(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        await join(store, ALPHA)
        await join(store, BETA)
        for asked in (QueueStatus.NOT_READY, QueueStatus.BREAK, QueueStatus.LOGGED_OUT):
            word, agent = await ask_in(store, ALPHA, asked)
            assert word is QueueStatusWord.CHANGED
            assert status_in(agent, ALPHA) is asked
            assert status_in(agent, BETA) is QueueStatus.READY
            assert not await is_offered(store, ALPHA)
            assert await is_offered(store, BETA)
            assert (await ask_in(store, ALPHA, asked))[0] is QueueStatusWord.UNCHANGED
        _, moved = await store.change_queue_status(ACCOUNT_ID, ANN, ALPHA, QueueStatus.READY)
        assert [heads.queue for heads in moved.heads] == [ALPHA], "looked at, and no other queue"
        assert moved.agent.overlays == {}


async def test_an_overlay_outlives_calls_and_log_outs(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        _, agent = await ask_in(store, ALPHA, QueueStatus.NOT_READY)
        assert agent.overlays == {ALPHA: Overlay(bench.clock.now_ms(), "training")}
        entry = await join(store, BETA)
        await talk(store, BETA)
        await store.complete(ACCOUNT_ID, entry.id)
        await ask(store, PresenceChange.LOGGED_OUT)
        await log_in(store, ANN)
        await join(store, ALPHA)
        assert (await ann(store)).overlays == agent.overlays
        assert not await is_offered(store, ALPHA)


async def test_a_timed_pause_of_one_queue_ends_itself(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        await join(store, ALPHA)
        await ask_in(store, ALPHA, QueueStatus.BREAK, 5_000)
        await ask_in(store, BETA, QueueStatus.LUNCH, 9_000)
        bench.advance(5_000)
        assert AGENT_OF in await fire_all(store)
        assert await is_offered(store, ALPHA)
        assert set((await ann(store)).overlays) == {BETA}
        bench.advance(4_000)
        assert AGENT_OF in await fire_all(store)
        assert (await ann(store)).overlays == {}


async def test_a_queue_with_an_overlay_is_left_out_when_the_agent_becomes_ready(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await ask_in(store, ALPHA, QueueStatus.LOGGED_OUT)
        assert (await ann(store)).status is Status.LOGGED_OUT, "nothing else is touched"
        await join(store, ALPHA)
        await join(store, BETA)
        await log_in(store, ANN)
        assert (await is_offered(store, ALPHA), await is_offered(store, BETA)) == (False, True)


async def test_ready_logs_in_and_ends_a_wrap_up(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        _, agent = await ask_in(store, ALPHA, QueueStatus.READY)
        assert agent.status is Status.AVAILABLE
        word, agent = await ask_in(store, ALPHA, QueueStatus.WRAP_UP)
        assert (word, agent.wrap_up_until_ms) == (
            QueueStatusWord.CHANGED,
            bench.clock.now_ms() + 5_000,
        )
        assert status_in(agent, BETA) is QueueStatus.WRAP_UP, "an agent wraps up once"
        assert (await ask_in(store, ALPHA, QueueStatus.WRAP_UP))[0] is QueueStatusWord.UNCHANGED
        word, agent = await ask_in(store, ALPHA, QueueStatus.READY)
        assert (word, agent.occupancy) == (QueueStatusWord.CHANGED, Occupancy.IDLE)


async def test_a_wrap_up_that_was_asked_for_ends_itself(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        _, agent = await ask_in(store, BETA, QueueStatus.WRAP_UP)
        longest = bench.clock.now_ms() + WRAP_UP_LONGEST_MS
        assert agent.wrap_up_until_ms == longest, "Beta has no wrap-up of its own"
        await ask_in(store, BETA, QueueStatus.READY)
        await ask_in(store, BETA, QueueStatus.WRAP_UP, 7_000)
        bench.advance(7_000)
        assert await fire_all(store) == [AGENT_OF]
        assert (await ann(store)).occupancy is Occupancy.IDLE


async def test_wrap_up_is_refused_while_rung_or_talking_or_logged_out(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        assert (await ask_in(store, ALPHA, QueueStatus.WRAP_UP))[0] is QueueStatusWord.REFUSED
        await log_in(store, ANN)
        await join(store)
        _, leg = await claim(store)
        assert (await ask_in(store, ALPHA, QueueStatus.WRAP_UP))[0] is QueueStatusWord.REFUSED
        await store.accept(ACCOUNT_ID, ANN, leg)
        assert (await ask_in(store, ALPHA, QueueStatus.WRAP_UP))[0] is QueueStatusWord.REFUSED
        assert (await ann(store)).occupancy is Occupancy.TALKING


@pytest.mark.parametrize("asked", list(QueueStatus))
async def test_only_a_member_has_a_state_in_a_queue(
    open_bench: OpenBench, asked: QueueStatus
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        word, agent = await ask_in(store, ALPHA, asked, user=DAN)
        assert (word, agent) == (QueueStatusWord.NOT_A_MEMBER, Agent(DAN))


async def test_logged_in_signs_in_ready_or_not_by_the_queues_flag(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await house(store, lambda known: with_queues(known, BETA, auto_ready=False))
        for queue, status in ((ALPHA, QueueStatus.READY), (BETA, QueueStatus.NOT_READY)):
            await ask_in(store, queue, QueueStatus.LOGGED_OUT)
            _, agent = await ask_in(store, queue, QueueStatus.LOGGED_IN)
            assert status_in(agent, queue) is status
        assert agent.status is Status.AVAILABLE


# --- ready by itself, or not


async def test_without_auto_ready_a_log_in_is_not_ready_and_ready_is_said(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await house(store, by_hand)
        await join(store)
        await log_in(store, ANN)
        agent = await ann(store)
        assert {status_in(agent, queue) for queue in (ALPHA, BETA)} == {QueueStatus.NOT_READY}
        assert not await is_offered(store, ALPHA)
        await ask_in(store, ALPHA, QueueStatus.READY)
        assert await is_offered(store, ALPHA)


async def test_without_auto_ready_the_end_of_wrap_up_is_not_ready_in_the_calls_queue(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await house(store, lambda known: with_queues(known, ALPHA, auto_ready=False))
        await log_in(store, ANN)
        await ask_in(store, ALPHA, QueueStatus.READY)
        entry = await join(store)
        await talk(store)
        await store.complete(ACCOUNT_ID, entry.id)
        assert status_in(await ann(store), ALPHA) is QueueStatus.WRAP_UP
        bench.advance(5_000)
        await fire_all(store)
        agent = await ann(store)
        assert status_in(agent, ALPHA) is QueueStatus.NOT_READY
        assert status_in(agent, BETA) is QueueStatus.READY


async def test_without_auto_ready_and_wrap_up_the_end_of_the_call_is_not_ready(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await house(store, by_hand)
        await log_in(store, CAT)
        await ask_in(store, BETA, QueueStatus.READY, user=CAT)
        entry = await join(store, BETA)
        await talk(store, BETA)
        _, moved = await store.complete(ACCOUNT_ID, entry.id)
        assert status_in(moved.agent, BETA) is QueueStatus.NOT_READY


@pytest.mark.parametrize(
    ("auto_ready", "auto_not_ready", "after"),
    [
        (True, True, QueueStatus.READY),
        (True, False, QueueStatus.READY),
        (False, True, QueueStatus.NOT_READY),
        (False, False, QueueStatus.READY),
    ],
)
async def test_after_a_call_that_no_queue_made(
    open_bench: OpenBench, auto_ready: bool, auto_not_ready: bool, after: QueueStatus
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await house(
            store,
            lambda known: with_queues(
                known, ALPHA, auto_ready=auto_ready, auto_not_ready=auto_not_ready
            ),
        )
        await join(store)
        await ask_in(store, ALPHA, QueueStatus.READY)
        await store.change_device(ACCOUNT_ID, ANN, Device.IN_USE)
        assert not await is_offered(store, ALPHA), "in a call of its own"
        await store.change_device(ACCOUNT_ID, ANN, Device.REACHABLE)
        assert status_in(await ann(store), ALPHA) is after
        assert await is_offered(store, ALPHA) == (after is QueueStatus.READY)


async def test_a_star_codes_own_call_is_no_call_apart_from_the_queues(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await house(store, lambda known: with_queues(known, auto_ready=False))
        await ask_in(store, ALPHA, QueueStatus.READY)
        before = await ann(store)
        for change in (PresenceChange.TOGGLE_PAUSE, PresenceChange.TOGGLE_PAUSE):
            await store.change_device(ACCOUNT_ID, ANN, Device.IN_USE)
            await store.change_presence(ACCOUNT_ID, ANN, change, command=new_leg_id())
            await store.change_device(ACCOUNT_ID, ANN, Device.REACHABLE)
        assert (await ann(store)).overlays == before.overlays
        await store.change_device(ACCOUNT_ID, ANN, Device.IN_USE)
        await store.change_device(ACCOUNT_ID, ANN, Device.REACHABLE)
        assert status_in(await ann(store), ALPHA) is QueueStatus.NOT_READY, "the next one is"


async def test_auto_ready_ends_what_auto_not_ready_wrote_and_no_pause_of_a_person(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await house(store, lambda known: with_queues(known, auto_ready=False))
        await log_in(store, ANN)
        await ask_in(store, ALPHA, QueueStatus.BREAK)
        assert set((await ann(store)).overlays) == {ALPHA, BETA}
        await house(store, with_queues)
        await store.change_device(ACCOUNT_ID, ANN, Device.IN_USE)
        await store.change_device(ACCOUNT_ID, ANN, Device.REACHABLE)
        agent = await ann(store)
        assert status_in(agent, ALPHA) is QueueStatus.BREAK
        assert status_in(agent, BETA) is QueueStatus.READY


async def test_the_end_of_a_call_leaves_the_pause_that_a_person_asked_for(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await house(store, lambda known: with_queues(known, BETA, auto_ready=False))
        await log_in(store, CAT)
        await ask_in(store, BETA, QueueStatus.READY, user=CAT)
        entry = await join(store, BETA)
        await talk(store, BETA)
        _, before = await ask_in(store, BETA, QueueStatus.BREAK, user=CAT)
        bench.advance(1_000)
        _, moved = await store.complete(ACCOUNT_ID, entry.id)
        assert moved.agent.overlays == before.overlays


async def test_the_end_of_a_call_ends_what_a_rule_wrote_in_other_queues(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await house(store, lambda known: with_queues(known, BETA, auto_ready=False))
        await log_in(store, ANN)
        assert set((await ann(store)).overlays) == {BETA}
        await house(store, with_queues)
        entry = await join(store)
        await talk(store)
        await store.complete(ACCOUNT_ID, entry.id)
        assert set((await ann(store)).overlays) == {BETA}
        await store.change_wrap_up(ACCOUNT_ID, ANN, 0)
        assert (await ann(store)).overlays == {}


async def test_ready_said_in_wrap_up_is_ready_without_auto_ready_too(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await house(store, lambda known: with_queues(known, auto_ready=False))
        await ask_in(store, ALPHA, QueueStatus.READY)
        entry = await join(store)
        await talk(store)
        await store.complete(ACCOUNT_ID, entry.id)
        _, agent = await ask_in(store, ALPHA, QueueStatus.READY)
        assert status_in(agent, ALPHA) is QueueStatus.READY


async def test_not_ready_that_a_person_says_is_no_more_the_rules(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await house(store, by_hand)
        await log_in(store, ANN)
        _, moved = await store.change_queue_status(ACCOUNT_ID, ANN, ALPHA, QueueStatus.NOT_READY)
        assert not moved.agent.overlays[ALPHA].is_automatic
        assert moved.agent.overlays[BETA].is_automatic
        await house(store, with_queues)
        await store.change_device(ACCOUNT_ID, ANN, Device.IN_USE)
        await store.change_device(ACCOUNT_ID, ANN, Device.REACHABLE)
        assert set((await ann(store)).overlays) == {ALPHA}
