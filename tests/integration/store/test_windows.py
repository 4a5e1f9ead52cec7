"""fewestcalls counts within a window; when it ends, those who stand ready are ranked anew."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import cast

import pytest

from edge.domain.ids import UserId
from edge.domain.settings import Account
from edge.journey.deadlines import Deadlines
from edge.journey.floor import Floor
from edge.ports.queue_store import Due, FireWord, Moved, QueueStore
from tests.fakes.staff import answer, crowd, member, picked, ring, staffed
from tests.fakes.store_bench import StoreBench, join, log_in
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BOB, CAT, EDGES
from tests.integration.store.conftest import OpenBench

MEMBERS = (member(ANN, 0), member(BOB, 1), member(CAT, 2))
MINUTE_MS = 60_000


def counting(minutes: int) -> Account:
    return replace(staffed("fewestcalls", *MEMBERS), calls_window_minutes=minutes)


async def begin(bench: StoreBench, minutes: int) -> None:
    """At the beginning of a window of so many minutes."""
    now_ms, length_ms = bench.clock.now_ms(), minutes * MINUTE_MS
    bench.advance(-now_ms % length_ms)
    await bench.store().configure(counting(minutes))
    await log_in(bench.store(), ANN, BOB, CAT)


async def takes_a_call(bench: StoreBench, user: UserId) -> None:
    store = bench.store()
    entry = await join(store)
    await answer(store, user, await picked(store, user, entry))
    bench.advance(1)
    await store.complete(ACCOUNT_ID, entry.id)


async def order(store: QueueStore) -> list[UserId]:
    (heads,) = await store.look(ACCOUNT_ID, ALPHA, 512)
    return list(heads.ready)


async def windows_end(store: QueueStore) -> int:
    """Fire what is due at the end of a window, until nothing of it is; how often."""
    fired = 0
    while dues := [due for due in await store.due(ACCOUNT_ID) if due.what == f"rerank:{ALPHA}"]:
        word, _ = await store.fire(dues[0], frozenset(EDGES))
        assert word is FireWord.FIRED
        fired += 1
    return fired


@pytest.mark.parametrize("minutes", [1, 60, 1_440])
async def test_whoever_took_fewest_calls_in_the_window_is_rung_first(
    open_bench: OpenBench, minutes: int
) -> None:
    async with open_bench() as bench:
        await begin(bench, minutes)
        for user in (ANN, ANN, BOB):
            await takes_a_call(bench, user)
        await join(bench.store())
        assert await order(bench.store()) == [CAT, BOB, ANN]


async def test_with_the_end_of_the_window_everybody_counts_anew(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(bench, 1)
        for user in (ANN, ANN, CAT, BOB):
            await takes_a_call(bench, user)
        await join(store)
        assert await order(store) == [CAT, BOB, ANN]
        bench.advance(MINUTE_MS)
        assert await windows_end(store) == 1
        assert await order(store) == [ANN, CAT, BOB], "all of none: who ended the longest ago"
        (next_end,) = [due.at_ms for due in await later(bench) if due.what == f"rerank:{ALPHA}"]
        assert next_end % MINUTE_MS == 0
        assert 0 < next_end - bench.clock.now_ms() <= MINUTE_MS


async def later(bench: StoreBench) -> list[Due]:
    """What is due within the next two minutes."""
    now_ms = bench.clock.now_ms()
    bench.advance(2 * MINUTE_MS)
    dues = list(await bench.store().due(ACCOUNT_ID))
    bench.clock.at_ms = now_ms
    bench.advance(0)
    return dues


async def test_a_call_of_the_last_window_counts_no_more_for_who_becomes_ready_in_this(
    open_bench: OpenBench,
) -> None:
    """A call accepted in the old window and ended in the new one: it was taken in the old."""
    async with open_bench() as bench:
        store = bench.store()
        await begin(bench, 1)
        entry = await join(store)
        await answer(store, ANN, await picked(store, ANN, entry))
        bench.advance(MINUTE_MS)
        await windows_end(store)
        await takes_a_call(bench, BOB)
        await store.complete(ACCOUNT_ID, entry.id)
        await join(store)
        assert await order(store) == [CAT, ANN, BOB]


async def test_a_whole_floor_is_ranked_anew_a_hundred_a_move(open_bench: OpenBench) -> None:
    """250 ready agents: three moves on Redis, and nobody is missed or met twice."""
    async with open_bench() as bench:
        store, floor = bench.store(), crowd(250)
        await begin(bench, 1)
        staff = [member(user, position) for position, user in enumerate(floor)]
        await store.configure(replace(staffed("fewestcalls", *staff), calls_window_minutes=1))
        await log_in(store, *floor)
        busiest = floor[:120]
        for user in reversed(busiest):
            await takes_a_call(bench, user)
        await join(store)
        # Those who took none by position, then those who took one: the longest ended first.
        assert await order(store) == [*floor[120:], *reversed(busiest)]
        bench.advance(MINUTE_MS)
        assert await windows_end(store) in (1, 3)
        assert await order(store) == [*floor[120:], *reversed(busiest)]
        for user in floor[120:]:
            await takes_a_call(bench, user)
        assert (await order(store))[0] == floor[119], "none in this window, ended the longest ago"


async def test_the_first_hundred_may_be_rung_while_the_others_wait_for_their_turn(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store, floor = bench.store(), crowd(120)
        await begin(bench, 1)
        staff = [member(user, position) for position, user in enumerate(floor)]
        await store.configure(replace(staffed("fewestcalls", *staff), calls_window_minutes=1))
        await log_in(store, *floor)
        await join(store)
        bench.advance(MINUTE_MS)
        (due,) = [due for due in await store.due(ACCOUNT_ID) if due.what.startswith("rerank:")]
        _, moved = await store.fire(due, frozenset(EDGES))
        assert [heads.ready[0] for heads in moved.heads] == [floor[0]]
        _, rung = await ring(store)
        assert list(rung) == [floor[0]]
        await windows_end(store)
        assert len(await order_after_join(store)) == 119


class QuietFloor:
    """A floor on which nobody follows anything up."""

    conductors: Mapping[str, object] = MappingProxyType({})

    def follow_up(self, account: str, moved: Moved) -> None:
        pass

    def tell_ends(self, moved: Moved) -> None:
        pass


async def test_one_sweep_ranks_the_whole_floor_anew(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store, floor = bench.store(), crowd(250)
        await begin(bench, 1)
        staff = [member(user, position) for position, user in enumerate(floor)]
        await store.configure(replace(staffed("fewestcalls", *staff), calls_window_minutes=1))
        await log_in(store, *floor)
        deadlines = Deadlines(store, bench.clock, [ACCOUNT_ID])
        deadlines.floor = cast(Floor, QuietFloor())
        bench.advance(MINUTE_MS)
        await deadlines.sweep()
        assert await windows_end(store) == 0


async def order_after_join(store: QueueStore) -> list[UserId]:
    await join(store)
    return await order(store)


async def test_another_length_of_window_counts_at_once(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(bench, 1_440)
        for user in (BOB, BOB, ANN):
            await takes_a_call(bench, user)
        await join(store)
        assert await order(store) == [CAT, ANN, BOB]
        await store.configure(counting(1))
        # Numbered otherwise: no call was taken in a window of this length.
        assert await order(store) == [CAT, BOB, ANN]
        await takes_a_call(bench, CAT)
        assert await order(store) == [BOB, ANN, CAT]


async def test_a_configuration_written_as_a_window_ends_puts_the_end_not_off(
    open_bench: OpenBench,
) -> None:
    """Every edge that starts writes it."""
    async with open_bench() as bench:
        store = bench.store()
        await begin(bench, 1)
        for user in (ANN, ANN, CAT, BOB):
            await takes_a_call(bench, user)
        await join(store)
        bench.advance(MINUTE_MS)
        await store.configure(counting(1))
        assert await windows_end(store) == 1
        assert await order(store) == [ANN, CAT, BOB]
