"""What every queue store does, held against the specification and the real one alike: agents'
pauses, wrap-up and missed calls."""

import pytest

from edge.domain.agent import Agent, Device, Occupancy, Pending, PresenceChange, Status
from edge.domain.disposition import Disposition
from edge.domain.offer import LegFailure
from edge.ports.queue_store import PresenceWord, WrapUpWord
from tests.fakes.houses import with_own_settings, with_queues
from tests.fakes.store_bench import StoreBench, claim, fire_all, join, log_in, look, talk
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BETA, BOB
from tests.integration.store.asking import AGENT_OF, ann, ask, house, is_offered
from tests.integration.store.conftest import OpenBench

pytestmark = pytest.mark.redis

# --- pauses that end


async def test_a_timed_pause_ends_itself_and_the_agent_is_matched(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        await join(store)
        agent = await ask(store, PresenceChange.PAUSED, "tea", 60_000)
        assert (agent.status, agent.pause_until_ms) == (
            Status.PAUSED,
            bench.clock.now_ms() + 60_000,
        )
        bench.advance(59_999)
        assert AGENT_OF not in await fire_all(store)
        bench.advance(1)
        (due,) = [due for due in await store.due(ACCOUNT_ID) if due.what == AGENT_OF]
        _, moved = await store.fire(due, frozenset())
        assert (moved.agent.status, moved.agent.pause_until_ms) == (Status.AVAILABLE, 0)
        assert moved.heads[0].ready == (ANN,)


async def test_going_on_takes_the_end_of_the_pause_away(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await ask(store, PresenceChange.PAUSED, "tea", 60_000)
        await ask(store, PresenceChange.AVAILABLE)
        agent = await ask(store, PresenceChange.PAUSED, "lunch")
        assert (agent.pause_until_ms, agent.due_at_ms) == (0, 0)
        bench.advance(60_000)
        assert await fire_all(store) == []
        assert (await ann(store)).pause_reason == "lunch"


async def test_a_pause_ends_while_the_agent_wraps_up_and_the_wrap_up_goes_on(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        entry = await join(store)
        await talk(store)
        await ask(store, PresenceChange.PAUSED, "tea", 1_000)
        await store.complete(ACCOUNT_ID, entry.id)
        bench.advance(1_000)
        assert await fire_all(store) == [AGENT_OF]
        agent = await ann(store)
        assert (agent.status, agent.occupancy) == (Status.AVAILABLE, Occupancy.WRAP_UP)
        bench.advance(4_000)
        assert await fire_all(store) == [AGENT_OF]
        assert (await ann(store)).is_ready(bench.clock.now_ms())


# --- what is asked for during a call


async def test_a_pause_asked_for_while_talking_begins_when_the_call_ends(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        entry = await join(store)
        await talk(store)
        agent = await ask(store, PresenceChange.PAUSED, "tea", 60_000)
        assert agent.pending == Pending(Status.PAUSED, "tea", 60_000)
        assert agent.status is Status.AVAILABLE
        bench.advance(10_000)
        _, moved = await store.complete(ACCOUNT_ID, entry.id)
        agent = moved.agent
        assert (agent.status, agent.pause_reason, agent.pending) == (Status.PAUSED, "tea", None)
        assert agent.pause_until_ms == bench.clock.now_ms() + 60_000
        assert agent.occupancy is Occupancy.WRAP_UP, "wrap-up runs beside the pause"


@pytest.mark.parametrize("failure", [LegFailure.NO_ANSWER, LegFailure.REFUSED])
async def test_a_log_out_asked_for_while_ringing_begins_when_nobody_answered(
    open_bench: OpenBench, failure: LegFailure
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        await join(store)
        _, leg = await claim(store)
        assert (await ask(store, PresenceChange.LOGGED_OUT)).pending is not None
        _, moved = await store.fail_leg(ACCOUNT_ID, ANN, leg, failure)
        assert (moved.agent.status, moved.agent.pending) == (Status.LOGGED_OUT, None)


async def test_a_pending_pause_begins_when_the_caller_leaves(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        entry = await join(store)
        await claim(store)
        await ask(store, PresenceChange.PAUSED)
        await store.leave(ACCOUNT_ID, entry.id, Disposition.ABANDONED)
        assert (await ann(store)).status is Status.PAUSED


async def test_the_opposite_cancels_what_is_pending(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        entry = await join(store)
        await talk(store)
        for change in (PresenceChange.PAUSED, PresenceChange.LOGGED_OUT):
            assert (await ask(store, change)).pending is not None
            assert (await ask(store, PresenceChange.AVAILABLE)).pending is None
        word, _ = await store.change_presence(ACCOUNT_ID, ANN, PresenceChange.AVAILABLE)
        assert word is PresenceWord.UNCHANGED
        await store.complete(ACCOUNT_ID, entry.id)
        assert (await ann(store)).status is Status.AVAILABLE


# --- wrap-up


async def test_wrap_up_is_extended_and_ended_early(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        entry = await join(store)
        await talk(store)
        _, moved = await store.complete(ACCOUNT_ID, entry.id)
        assert moved.agent.wrap_up_until_ms == bench.clock.now_ms() + 5_000
        assert moved.agent.wrap_up_queue == ALPHA
        word, moved = await store.change_wrap_up(ACCOUNT_ID, ANN, 30_000)
        assert word is WrapUpWord.CHANGED
        assert moved.agent.wrap_up_until_ms == bench.clock.now_ms() + 30_000
        bench.advance(29_999)
        assert await fire_all(store) == []
        await join(store)
        word, moved = await store.change_wrap_up(ACCOUNT_ID, ANN, 0)
        assert (word, moved.agent.occupancy) == (WrapUpWord.CHANGED, Occupancy.IDLE)
        assert moved.heads[0].ready == (ANN,), "the next caller is offered at once"
        word, _ = await store.change_wrap_up(ACCOUNT_ID, ANN, 0)
        assert word is WrapUpWord.NOT_WRAPPING_UP


@pytest.mark.parametrize(("own", "ms"), [(30, 30_000), (0, 0)])
async def test_a_members_own_wrap_up_is_in_place_of_the_queues(
    open_bench: OpenBench, own: int, ms: int
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await house(store, lambda known: with_own_settings(known, own, None))
        await log_in(store, ANN, BOB)
        until = {}
        for _ in (ANN, BOB):
            entry = await join(store)
            agent, _ = await talk(store)
            _, moved = await store.complete(ACCOUNT_ID, entry.id)
            until[agent.id] = moved.agent.wrap_up_until_ms
        now_ms = bench.clock.now_ms()
        assert until == {ANN: now_ms + ms if ms else 0, BOB: now_ms + 5_000}


# --- missed calls


async def miss(bench: StoreBench, failure: LegFailure = LegFailure.NO_ANSWER) -> Agent:
    """One more offer to Ann that comes to nothing."""
    store = bench.store()
    bench.advance(12_000)
    await fire_all(store)
    moved, leg = await claim(store)
    assert moved.agent.id == ANN
    await store.leg_dialled(ACCOUNT_ID, ANN, leg, 20)
    _, moved = await store.fail_leg(ACCOUNT_ID, ANN, leg, failure)
    return moved.agent


async def test_so_many_missed_calls_are_a_pause_and_an_answer_begins_anew(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await house(store, lambda known: with_queues(known, misses=2))
        await log_in(store, ANN)
        await join(store)
        assert (await miss(bench)).misses == 1
        for failure in (LegFailure.REFUSED, LegFailure.BUSY, LegFailure.CANCELLED):
            assert (await miss(bench, failure)).misses == 1, "counts no_answer only"
        bench.advance(12_000)
        await fire_all(store)
        moved, leg = await claim(store)
        await store.accept(ACCOUNT_ID, ANN, leg)
        await store.complete(ACCOUNT_ID, moved.entry.id)
        assert (await ann(store)).misses == 0
        await join(store)
        assert (await miss(bench)).status is Status.AVAILABLE
        agent = await miss(bench)
        assert (agent.status, agent.pause_reason) == (Status.PAUSED, "missed_calls")
        agent = await ask(store, PresenceChange.AVAILABLE)
        assert agent.misses == 0, "and so does coming back"


async def test_the_ring_time_of_a_dead_edge_counts_as_well(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await house(store, lambda known: with_queues(known, misses=1))
        await log_in(store, ANN)
        await join(store)
        _, leg = await claim(store)
        await store.leg_dialled(ACCOUNT_ID, ANN, leg, 20)
        bench.advance(25_000)
        await fire_all(store)
        assert (await ann(store)).pause_reason == "missed_calls"


@pytest.mark.parametrize(("own", "is_paused"), [(1, True), (0, False)])
async def test_a_persons_own_number_of_misses_is_in_place_of_the_queues(
    open_bench: OpenBench, own: int, is_paused: bool
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await house(store, lambda known: with_own_settings(with_queues(known, misses=2), 5, own))
        await log_in(store, ANN)
        await join(store)
        assert ((await miss(bench)).status is Status.PAUSED) == is_paused
        if not is_paused:
            assert (await miss(bench)).status is Status.AVAILABLE


async def test_a_phone_that_is_gone_misses_no_call(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await house(store, lambda known: with_queues(known, misses=1))
        await log_in(store, ANN)
        await join(store)
        agent = await miss(bench, LegFailure.UNREACHABLE)
        assert (agent.device, agent.misses) == (Device.UNREACHABLE, 0)
        assert agent.status is Status.AVAILABLE
        assert not await is_offered(store, ALPHA)
        await store.change_device(ACCOUNT_ID, ANN, Device.REACHABLE)
        bench.advance(12_000)
        await fire_all(store)
        assert await is_offered(store, ALPHA)


async def test_an_agent_has_one_call_at_a_time(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        await join(store, ALPHA)
        await join(store, ALPHA)
        await join(store, BETA)
        assert (await look(store, BETA)).ready == (ANN,)
        await talk(store, ALPHA)
        for queue in (ALPHA, BETA):
            assert not await is_offered(store, queue)
