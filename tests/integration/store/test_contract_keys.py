"""What every queue store does, held against both alike: keys that lead to another queue, and the
way back."""

from dataclasses import replace

import pytest

from edge.domain.agent import Occupancy
from edge.domain.disposition import Disposition
from edge.domain.entry import Entry, Stage
from edge.domain.ids import EntryId, LegId, new_entry_id
from edge.ports.queue_store import AcceptWord, JoinWord, QueueStore, RejoinWord
from tests.fakes.store_bench import claim, join, log_in
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BETA, DAN, ONE, TWO, account, joining
from tests.integration.store.conftest import OpenBench

pytestmark = pytest.mark.redis

LEG = LegId("chan_the_same")


async def press(
    store: QueueStore, entry: Entry, *, is_closed: bool = False
) -> tuple[JoinWord, tuple[Entry, ...]]:
    """The key 2, which leads to Beta."""
    caller = joining(BETA, priority=entry.priority, leaves=entry.id, pressed="2")
    caller = replace(caller, leg=entry.leg, is_closed=is_closed)
    word, moved = await store.join(ACCOUNT_ID, caller)
    return word, moved.entries


async def now(store: QueueStore, entry: Entry) -> Entry:
    found = await store.entry(ACCOUNT_ID, entry.id)
    assert found is not None
    return found


async def test_a_key_leads_to_another_queue_in_one_step(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        first = await join(store)
        bench.advance(5_000)
        word, (there, here) = await press(store, first)
        assert word is JoinWord.JOINED
        assert (there.queue, there.stage, there.leg) == (BETA, Stage.WAITING, first.leg)
        assert there.joined_at_ms == first.joined_at_ms + 5_000, "a new wait"
        assert (here.id, here.disposition) == (first.id, Disposition.ROUTED)
        assert (here.pressed, here.onward) == ("2", there.id)
        assert await store.line(ACCOUNT_ID, ALPHA) == ()
        assert [one.id for one in await store.line(ACCOUNT_ID, BETA)] == [there.id]


async def test_who_is_not_let_in_there_keeps_the_place_here(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        first = await join(store)
        word, (there, here) = await press(store, first, is_closed=True)
        assert (word, there.disposition) == (JoinWord.REJECTED, Disposition.CLOSED)
        assert here == first, "nothing has changed"
        alpha, beta = account().queues
        await store.configure(replace(account(), queues=(alpha, replace(beta, max_queue_length=1))))
        await join(store, BETA)
        word, (there, here) = await press(store, first)
        assert (word, there.disposition) == (JoinWord.REJECTED, Disposition.QUEUE_FULL)
        assert [one.id for one in await store.line(ACCOUNT_ID, ALPHA)] == [first.id]


async def test_a_phone_that_rang_for_the_old_place_is_free_and_missed_nothing(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        first = await join(store)
        _, leg = await claim(store)
        word, _ = await press(store, first)
        assert word is JoinWord.JOINED
        agent = await store.agent(ACCOUNT_ID, ANN)
        assert (agent.occupancy, agent.leg, agent.misses) == (Occupancy.IDLE, None, 0)
        late, _ = await store.accept(ACCOUNT_ID, ANN, leg)
        assert late is AcceptWord.STALE


async def test_who_has_been_accepted_is_led_nowhere(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        first = await join(store)
        _, leg = await claim(store)
        await store.accept(ACCOUNT_ID, ANN, leg)
        word, (here,) = await press(store, first)
        assert (word, here.stage) == (JoinWord.STALE, Stage.CONNECTING)
        assert await store.line(ACCOUNT_ID, BETA) == ()


async def test_the_key_of_another_edges_caller_does_nothing(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        first = await join(bench.store(ONE))
        word, (here,) = await press(bench.store(TWO), first)
        assert (word, here) == (JoinWord.STALE, first)
        unknown = replace(first, id=EntryId("ent_unknown"))
        assert await press(bench.store(ONE), unknown) == (JoinWord.STALE, ())


async def test_the_same_press_again_is_one(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        first = await join(store)
        caller = joining(BETA, leaves=first.id, pressed="2")
        _, moved = await store.join(ACCOUNT_ID, caller)
        word, again = await store.join(ACCOUNT_ID, caller)
        assert (word, again.entries) == (JoinWord.ALREADY, moved.entries)


async def led_away(store: QueueStore, entry: Entry) -> Entry:
    _, moved = await store.leave(ACCOUNT_ID, entry.id, Disposition.ROUTED)
    return moved.entry


async def test_who_was_led_away_in_vain_stands_at_the_old_place(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        ahead, first, behind = [await join(store) for _ in range(3)]
        away = await led_away(store, first)
        bench.advance(130_000)
        late = await join(store)
        word, moved = await bench.store(TWO).rejoin(ACCOUNT_ID, first.id, new_entry_id(), LEG)
        again, before = moved.entries
        assert word is RejoinWord.REJOINED
        assert (again.queue, again.leg, again.owner) == (ALPHA, LEG, TWO)
        assert (again.joined_at_ms, again.place) == (first.joined_at_ms, first.place)
        assert (again.caller_number, again.caller_name) == (first.caller_number, first.caller_name)
        assert before == replace(away, onward=again.id, rev=before.rev)
        line = [one.id for one in await store.line(ACCOUNT_ID, ALPHA)]
        assert line == [ahead.id, again.id, behind.id, late.id]


async def test_who_comes_back_has_all_that_was_there_before(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        caller = replace(joining(priority=7), music="jazz", inside=True)
        _, moved = await store.join(ACCOUNT_ID, caller)
        await store.promise(ACCOUNT_ID, moved.entry.id, 90_000)
        first = await now(store, moved.entry)
        await led_away(store, first)
        _, moved = await store.rejoin(ACCOUNT_ID, first.id, new_entry_id(), first.leg)
        again = moved.entry
        assert replace(again, id=first.id, rev=first.rev) == first


async def test_one_comes_back_once(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store, new = bench.store(), new_entry_id()
        first = await join(store)
        await led_away(store, first)
        _, moved = await store.rejoin(ACCOUNT_ID, first.id, new, LEG)
        word, again = await store.rejoin(ACCOUNT_ID, first.id, new, LEG)
        assert (word, again.entries) == (RejoinWord.REJOINED, moved.entries)
        word, again = await store.rejoin(ACCOUNT_ID, first.id, new_entry_id(), LEG)
        assert (word, again.entry.id) == (RejoinWord.STALE, first.id)
        assert [one.id for one in await store.line(ACCOUNT_ID, ALPHA)] == [new]


async def test_only_who_was_led_away_comes_back(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        waiting, gone = await join(store), await join(store)
        await store.leave(ACCOUNT_ID, gone.id, Disposition.ABANDONED)
        for entry in (waiting.id, gone.id, EntryId("ent_unknown")):
            word, _ = await store.rejoin(ACCOUNT_ID, entry, new_entry_id(), LEG)
            assert word is RejoinWord.STALE
        assert [one.id for one in await store.line(ACCOUNT_ID, ALPHA)] == [waiting.id]


async def test_time_spent_away_does_not_count_as_waiting(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        alpha, beta = account().queues
        await store.configure(replace(account(), queues=(replace(alpha, timeout_seconds=60), beta)))
        first = await join(store)
        bench.advance(50_000)
        await led_away(store, first)
        bench.advance(20_000)
        _, moved = await store.rejoin(ACCOUNT_ID, first.id, new_entry_id(), LEG)
        assert moved.entry.waits_until_ms == first.waits_until_ms + 20_000


async def test_whoever_is_ready_is_offered_the_one_who_comes_back(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN, DAN)
        first = await join(store)
        await led_away(store, first)
        _, moved = await store.rejoin(ACCOUNT_ID, first.id, new_entry_id(), LEG)
        assert [heads.entries[0].id for heads in moved.heads] == [moved.entry.id]
