"""What every queue store does, held against both alike: agents, due times, and several edges."""

import asyncio

import pytest

from edge.domain.agent import Device, Occupancy, PresenceChange, Status
from edge.domain.entry import Stage
from edge.domain.matching import decide
from edge.domain.offer import RESERVED_FOR_MS, RING_GRACE_MS
from edge.ports.queue_store import (
    AcceptWord,
    BeatWord,
    CompleteWord,
    DeviceWord,
    FireWord,
    PresenceWord,
    Summons,
    TakeOverWord,
)
from tests.fakes.store_bench import claim, fire_all, join, line, log_in, look, talk
from tests.fakes.waiting import wait_until
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BETA, BOB, CAT, DAN, ONE, THREE, TWO
from tests.integration.store.conftest import OpenBench

pytestmark = pytest.mark.redis


async def test_who_was_never_seen_is_logged_out(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        agent = await bench.store().agent(ACCOUNT_ID, ANN)
        assert (agent.id, agent.rev, agent.status) == (ANN, 0, Status.LOGGED_OUT)
        assert (agent.occupancy, agent.device) == (Occupancy.IDLE, Device.UNKNOWN)


async def test_logging_in_shows_the_agent_in_every_queue(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await join(store, ALPHA)
        await join(store, BETA)
        word, moved = await store.change_presence(ACCOUNT_ID, CAT, PresenceChange.TOGGLE_LOGIN)
        assert (word, moved.agent.status) == (PresenceWord.CHANGED, Status.AVAILABLE)
        assert moved.agent.logged_in_at_ms == moved.now_ms
        assert {heads.queue for heads in moved.heads} == {ALPHA, BETA}
        assert all(heads.ready == (CAT,) for heads in moved.heads)


async def test_of_many_queues_the_most_urgent_is_shown_whole(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        waits = await join(store, BETA)
        bench.advance(1_000)
        await join(store, ALPHA)
        _, moved = await store.change_presence(ACCOUNT_ID, CAT, PresenceChange.AVAILABLE)
        alpha, beta = sorted(moved.heads, key=lambda heads: heads.queue)
        assert [entry.id for entry in beta.entries] == [waits.id]
        assert (alpha.entries, alpha.ready, alpha.depth) == ((), (CAT,), 0)
        assert beta.urgency > alpha.urgency
        assert decide(alpha) is None
        assert decide(await look(store, ALPHA)) is not None


async def test_what_pause_and_log_out_keep_and_clear(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        _, moved = await store.change_presence(ACCOUNT_ID, ANN, PresenceChange.PAUSED, "lunch")
        began = moved.now_ms
        agent = moved.agent
        assert (agent.logged_in_at_ms, agent.paused_at_ms) == (began, began)
        assert agent.pause_reason == "lunch"
        bench.advance(1_000)
        word, moved = await store.change_presence(ACCOUNT_ID, ANN, PresenceChange.PAUSED, "tea")
        assert (word, moved.agent.paused_at_ms) == (PresenceWord.CHANGED, began)
        word, _ = await store.change_presence(ACCOUNT_ID, ANN, PresenceChange.PAUSED, "tea")
        assert word is PresenceWord.UNCHANGED
        _, moved = await store.change_presence(ACCOUNT_ID, ANN, PresenceChange.AVAILABLE)
        agent = moved.agent
        assert (agent.logged_in_at_ms, agent.paused_at_ms, agent.pause_reason) == (began, 0, "")
        _, moved = await store.change_presence(ACCOUNT_ID, ANN, PresenceChange.LOGGED_OUT)
        assert moved.agent.logged_in_at_ms == 0
        word, _ = await store.change_presence(ACCOUNT_ID, ANN, PresenceChange.LOGGED_OUT)
        assert word is PresenceWord.UNCHANGED


async def test_pausing_while_logged_out_by_star_code_is_refused(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        word, moved = await store.change_presence(ACCOUNT_ID, ANN, PresenceChange.TOGGLE_PAUSE)
        assert (word, moved.agent.status) == (PresenceWord.REFUSED, Status.LOGGED_OUT)


@pytest.mark.parametrize("change", [PresenceChange.TOGGLE_LOGIN, PresenceChange.TOGGLE_PAUSE])
async def test_a_repeated_toggle_is_one_toggle(
    open_bench: OpenBench, change: PresenceChange
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        first = await store.change_presence(ACCOUNT_ID, ANN, change, command="leg_1")
        again = await store.change_presence(ACCOUNT_ID, ANN, change, command="leg_1")
        assert first[0] is again[0]
        assert again[1].agent.status is first[1].agent.status
        await log_in(store, ANN)
        other = await store.change_presence(ACCOUNT_ID, ANN, change, command="leg_2")
        assert other[0] is PresenceWord.CHANGED


async def test_a_phone_that_is_gone_takes_its_agent_out_until_it_is_back(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        word, _ = await store.change_device(ACCOUNT_ID, ANN, Device.UNREACHABLE)
        assert word is DeviceWord.CHANGED
        await join(store)
        assert await store.look(ACCOUNT_ID, ALPHA, 8) == ()
        word, moved = await store.change_device(ACCOUNT_ID, ANN, Device.REACHABLE)
        assert (word, len(moved.heads)) == (DeviceWord.CHANGED, 1)
        word, _ = await store.change_device(ACCOUNT_ID, ANN, Device.REACHABLE)
        assert word is DeviceWord.UNCHANGED


async def test_a_phone_in_a_call_of_its_own_is_not_rung_until_that_is_over(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await join(store)
        await store.change_device(ACCOUNT_ID, ANN, Device.IN_USE)
        await log_in(store, ANN)
        assert await store.look(ACCOUNT_ID, ALPHA, 8) == ()
        word, moved = await store.change_device(ACCOUNT_ID, ANN, Device.REACHABLE)
        assert (word, len(moved.heads)) == (DeviceWord.CHANGED, 1)
        await claim(store)
        word, moved = await store.change_device(ACCOUNT_ID, ANN, Device.IN_USE)
        agent = moved.agent
        assert (word, agent.occupancy) == (DeviceWord.CHANGED, Occupancy.RESERVED)
        assert agent.device is Device.IN_USE, "an offer on its way is not taken back"


@pytest.mark.parametrize("change", [PresenceChange.PAUSED, PresenceChange.LOGGED_OUT])
async def test_pausing_or_leaving_in_a_call_does_not_end_it(
    open_bench: OpenBench, change: PresenceChange
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        await join(store)
        _, entry = await talk(store)
        _, moved = await store.change_presence(ACCOUNT_ID, ANN, change)
        assert moved.agent.occupancy is Occupancy.TALKING
        await join(store)
        word, moved = await store.complete(ACCOUNT_ID, entry.id)
        assert word is CompleteWord.COMPLETED
        bench.advance(5_000)
        await fire_all(store)
        assert await store.look(ACCOUNT_ID, ALPHA, 8) == (), "not ready until back"


async def test_the_longest_since_the_last_call_is_rung_first(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, DAN, CAT)
        rung = []
        for _ in range(4):
            await join(store, BETA)
            agent, entry = await talk(store, BETA)
            rung.append(agent.id)
            bench.advance(1_000)
            await store.complete(ACCOUNT_ID, entry.id)
        assert rung == [DAN, CAT, DAN, CAT]


async def test_a_reservation_never_dialled_is_nobodys_miss(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN, BOB)
        entry = await join(store)
        await claim(store)
        bench.advance(RESERVED_FOR_MS)
        due = [due for due in await store.due(ACCOUNT_ID) if due.what == f"agent:{ANN}"]
        word, moved = await bench.store(TWO).fire(due[0], frozenset({ONE, TWO}))
        assert word is FireWord.FIRED
        assert (moved.agent.occupancy, moved.agent.misses) == (Occupancy.IDLE, 0)
        assert (moved.entry.stage, moved.entry.place) == (Stage.WAITING, entry.place)
        assert moved.heads == (), "its owner is silent: the entry is held back"
        assert await line(store) == [entry.id], "and keeps its place"
        bench.advance(1_000)
        await fire_all(store)
        moved, _ = await claim(store)
        assert moved.entry.id == entry.id


async def test_ring_time_over_without_news_is_no_answer(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        await join(store)
        _, leg = await claim(store)
        await store.leg_dialled(ACCOUNT_ID, ANN, leg, 20)
        bench.advance(20_000 + RING_GRACE_MS - 1)
        assert f"agent:{ANN}" not in await fire_all(store)
        bench.advance(1)
        assert f"agent:{ANN}" in await fire_all(store)
        agent = await store.agent(ACCOUNT_ID, ANN)
        assert (agent.occupancy, agent.misses) == (Occupancy.IDLE, 1)
        assert (await store.accept(ACCOUNT_ID, ANN, leg))[0] is AcceptWord.STALE


@pytest.mark.parametrize("dialled", [False, True])
async def test_the_leg_of_a_silent_edge_waits_for_the_takeover(
    open_bench: OpenBench, dialled: bool
) -> None:
    async with open_bench() as bench:
        one, two = bench.store(), bench.store(TWO)
        await log_in(one, ANN)
        entry = await join(one)
        _, leg = await claim(one)
        if dialled:
            await one.leg_dialled(ACCOUNT_ID, ANN, leg, 20)
        bench.advance(30_000)
        (due,) = [due for due in await two.due(ACCOUNT_ID) if due.what == f"agent:{ANN}"]
        word, _ = await two.fire(due, frozenset({TWO}))
        assert word is FireWord.SILENT_OWNER
        assert (await two.agent(ACCOUNT_ID, ANN)).leg == leg
        taken, moved = await two.take_over(ACCOUNT_ID, ONE)
        assert taken is TakeOverWord.TAKEN
        assert (moved.entry.id, moved.entry.owner) == (entry.id, TWO)
        assert (moved.agent.leg, moved.agent.leg_owner) == (leg, TWO)
        assert (await one.accept(ACCOUNT_ID, ANN, leg))[0] is AcceptWord.STALE, "fenced"
        assert (await two.accept(ACCOUNT_ID, ANN, leg))[0] is AcceptWord.ACCEPTED


async def test_a_takeover_brings_every_phase_and_keeps_the_order(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        one, two = bench.store(), bench.store(TWO)
        await log_in(one, ANN, BOB)
        await join(one)
        _, talking = await talk(one)
        offered = await join(one)
        await claim(one)
        waiting = await join(one)
        others = await join(bench.store(THREE))
        before = await line(one)
        _, moved = await two.take_over(ACCOUNT_ID, ONE)
        assert {entry.id for entry in moved.entries} == {talking.id, offered.id, waiting.id}
        assert {entry.owner for entry in moved.entries} == {TWO}
        assert {agent.id for agent in moved.agents} == {ANN, BOB}
        assert await line(two) == before == [offered.id, waiting.id, others.id]
        word, moved = await two.complete(ACCOUNT_ID, talking.id)
        assert word is CompleteWord.COMPLETED
        _, moved = await bench.store(THREE).take_over(ACCOUNT_ID, ONE)
        assert (moved.entries, moved.agents) == ((), ()), "the loser of the race gets nothing"


async def test_a_takeover_shows_held_back_entries_again(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        one, two = bench.store(), bench.store(TWO)
        await log_in(one, ANN, BOB)
        await join(one)
        await claim(one)
        bench.advance(RESERVED_FOR_MS)
        await fire_all(two)
        assert await two.look(ACCOUNT_ID, ALPHA, 8) == ()
        _, moved = await two.take_over(ACCOUNT_ID, ONE)
        assert len(moved.heads) == 1


async def test_edges_see_each_other_alive(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        word, edges = await bench.store().beat()
        assert word is BeatWord.ALIVE
        assert ONE in edges.alive
        word, edges = await bench.store(TWO).beat()
        assert {ONE, TWO} <= edges.alive
        assert edges.dead == frozenset()


@pytest.mark.parametrize("how", ["claim", "fire"])
async def test_the_owner_is_summoned_when_another_edge_moves_its_entry(
    open_bench: OpenBench, how: str
) -> None:
    async with open_bench() as bench:
        one, two = bench.store(), bench.store(TWO)
        await log_in(one, ANN)
        entry = await join(one)
        if how == "fire":
            await claim(one)
            bench.advance(RESERVED_FOR_MS)
        summoned = asyncio.create_task(one.summons())
        await wait_until(lambda: bench.is_listening(ONE), "the edge listens")
        await (claim(two) if how == "claim" else fire_all(two))
        assert await summoned == Summons(ACCOUNT_ID, entry.id)


async def test_a_retired_edge_is_taken_over_by_one_and_buried(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        one, two, three = bench.store(), bench.store(TWO), bench.store(THREE)
        for store in (one, two, three):
            await store.beat()
        await one.retire()
        _, edges = await two.beat(takes_over=False)
        assert edges.dead == {ONE}
        assert not edges.to_take, "not before it is reconciled"
        _, edges = await three.beat()
        assert edges.to_take == {ONE}
        _, edges = await two.beat()
        assert edges.dead == {ONE}
        assert not edges.to_take, "the other is at it"
        await three.retire()
        _, edges = await two.beat()
        assert edges.to_take == {ONE, THREE}, "it died over that: the next"
        await two.bury(ONE)
        _, edges = await two.beat()
        assert edges.alive == {TWO}
        assert edges.dead == {THREE}


@pytest.mark.parametrize("is_buried", [False, True])
async def test_an_edge_whose_calls_were_taken_never_comes_back(
    open_bench: OpenBench, is_buried: bool
) -> None:
    async with open_bench() as bench:
        one, two = bench.store(), bench.store(TWO)
        await one.beat()
        await two.beat()
        await one.retire()
        if is_buried:
            await two.bury(ONE)
        word, edges = await one.beat()
        assert word is BeatWord.LEASE_LOST
        assert ONE not in edges.alive


async def test_what_an_edge_took_after_it_was_buried_is_taken_over_when_it_ends(
    open_bench: OpenBench,
) -> None:
    """Frozen for longer than its lease, it takes one more call before it knows."""
    async with open_bench() as bench:
        one, two = bench.store(), bench.store(TWO)
        await one.beat()
        await two.beat()
        await one.retire()
        await two.beat()
        await two.take_over(ACCOUNT_ID, ONE)
        await two.bury(ONE)
        late = await join(one)
        word, _ = await one.beat()
        assert word is BeatWord.LEASE_LOST
        await one.retire()
        _, edges = await two.beat()
        assert edges.to_take == {ONE}
        _, moved = await two.take_over(ACCOUNT_ID, ONE)
        assert [entry.id for entry in moved.entries] == [late.id]
