"""Where a caller stands: priority, a live change of it, and a position asked for."""

from edge.domain.entry import Entry
from edge.domain.ids import EntryId
from edge.domain.offer import LegFailure
from edge.ports.queue_store import JoinWord, QueueStore, RearrangeWord
from tests.fakes.staff import answer, member, nobody_is_to_ring, ring, staffed
from tests.fakes.store_bench import StoreBench, join, line, log_in
from tests.fakes.world import ACCOUNT_ID, ANN, BOB, joining
from tests.integration.store.conftest import OpenBench

TWO = (member(ANN, 0), member(BOB, 1))


async def three_waiting(bench: StoreBench, priority: int = 0) -> list[EntryId]:
    """Three callers, a second after each other."""
    await bench.store().configure(staffed("linear", *TWO))
    callers = []
    for _ in range(3):
        callers.append((await join(bench.store(), priority=priority)).id)
        bench.advance(1_000)
    return callers


async def joined_at(store: QueueStore, position: int, priority: int = 0) -> Entry:
    word, moved = await store.join(ACCOUNT_ID, joining(position=position, priority=priority))
    assert word is JoinWord.JOINED
    return moved.entry


async def test_the_higher_priority_is_served_first_however_late_it_came(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        first, second, third = await three_waiting(bench)
        urgent, most_urgent = [(await join(store, priority=p)).id for p in (1, 2_047)]
        await log_in(store, ANN)
        served = []
        for _ in range(5):
            entry, rung = await ring(store)
            served.append(entry.id)
            await answer(store, ANN, rung[ANN])
            await store.complete(ACCOUNT_ID, entry.id)
        assert served == [most_urgent, urgent, first, second, third]


async def test_a_priority_changed_while_waiting_moves_the_caller_and_keeps_the_joining(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        first, second, third = await three_waiting(bench)
        before = await store.entry(ACCOUNT_ID, third)
        word, moved = await store.rearrange(ACCOUNT_ID, third, priority=5)
        assert word is RearrangeWord.REARRANGED
        assert await line(store) == [third, first, second]
        assert before is not None
        assert moved.entry.joined_at_ms == before.joined_at_ms
        await store.rearrange(ACCOUNT_ID, third, priority=0)
        assert await line(store) == [first, second, third], "back among those of its time"


async def test_a_changed_priority_decides_the_next_offer(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        _, second, _ = await three_waiting(bench)
        await store.rearrange(ACCOUNT_ID, second, priority=1)
        await log_in(store, ANN)
        entry, _ = await ring(store)
        assert entry.id == second


async def test_a_caller_enters_at_a_position(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        first, second, third = await three_waiting(bench)
        head = (await joined_at(store, 1)).id
        between = (await joined_at(store, 3)).id
        last = (await joined_at(store, 99)).id
        assert await line(store) == [head, first, between, second, third, last]


async def test_whoever_enters_among_the_urgent_is_as_urgent(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        callers = await three_waiting(bench, priority=7)
        entry = await joined_at(store, 2)
        assert entry.priority == 7
        assert await line(store) == [callers[0], entry.id, *callers[1:]]


async def test_many_enter_at_the_head_and_nobody_behind_changes_places(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        callers = await three_waiting(bench)
        heads = [(await joined_at(store, 1)).id for _ in range(20)]
        inside = [(await joined_at(store, 21)).id for _ in range(20)]
        assert await line(store) == [*reversed(heads), *reversed(inside), *callers]


async def test_a_waiting_caller_is_moved_to_a_position(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        first, second, third = await three_waiting(bench)
        await store.rearrange(ACCOUNT_ID, third, position=1)
        assert await line(store) == [third, first, second]
        await store.rearrange(ACCOUNT_ID, third, position=2)
        assert await line(store) == [first, third, second]
        await store.rearrange(ACCOUNT_ID, first, position=3)
        assert await line(store) == [third, second, first]
        for _ in range(2):
            await store.rearrange(ACCOUNT_ID, second, position=2)
            assert await line(store) == [third, second, first], "where it stands already"


async def test_one_who_is_served_already_is_not_moved(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        first, *_ = await three_waiting(bench)
        await log_in(store, ANN)
        _, rung = await ring(store)
        await answer(store, ANN, rung[ANN])
        word, _ = await store.rearrange(ACCOUNT_ID, first, priority=9)
        assert word is RearrangeWord.STALE


async def test_a_moved_caller_who_rings_goes_on_ringing(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        first, second, third = await three_waiting(bench)
        await log_in(store, ANN)
        _, rung = await ring(store)
        await store.rearrange(ACCOUNT_ID, first, position=3)
        assert await line(store) == [second, third, first]
        talking = await answer(store, ANN, rung[ANN])
        assert talking.id == first


async def test_many_callers_are_served_in_parallel(open_bench: OpenBench) -> None:
    """As many callers ring at once as there are agents; one at the head who may have none of them
    holds nobody up."""
    async with open_bench() as bench:
        store = bench.store()
        first, second, third = await three_waiting(bench)
        await log_in(store, ANN, BOB)
        rung = [(await ring(store)) for _ in range(2)]
        assert [(entry.id, list(legs)) for entry, legs in rung] == [
            (first, [ANN]),
            (second, [BOB]),
        ]
        assert await nobody_is_to_ring(store)
        (_, legs) = rung[0]
        await store.fail_leg(ACCOUNT_ID, ANN, legs[ANN], LegFailure.NO_ANSWER)
        entry, legs = await ring(store)
        assert (entry.id, list(legs)) == (third, [ANN]), "the first has tried her"
