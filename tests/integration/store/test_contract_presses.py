"""What every queue store does, held against both alike: keys pressed while waiting, webhooks."""

import pytest

from edge.domain.agent import Occupancy
from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.ids import EntryId
from edge.domain.webhook import Settled
from edge.ports.outbox import HELD_MS
from edge.ports.queue_store import AcceptWord, LeaveWord, PressWord
from tests.fakes.store_bench import claim, join, line, log_in
from tests.fakes.world import ACCOUNT_ID, ANN, ONE, TWO, webhook_named
from tests.integration.store.conftest import OpenBench

pytestmark = pytest.mark.redis

HOOK, OTHER = webhook_named(1), webhook_named(2)
ATTEMPTS = 3
DAY_MS = 86_400_000


async def test_who_stays_keeps_the_place_and_the_webhook_is_on_its_way(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        first, second = await join(store), await join(store)
        word, moved = await store.press(ACCOUNT_ID, first.id, "1", None, HOOK)
        assert (word, moved.entry) == (PressWord.PRESSED, first)
        assert await line(store) == [first.id, second.id]
        held = await bench.outbox().written()
        assert (held.account, held.webhook, held.attempt) == (ACCOUNT_ID, HOOK, 1)


@pytest.mark.parametrize(
    "how", [Disposition.ROUTED, Disposition.OPTION_HANGUP, Disposition.WEBHOOK_EXIT]
)
async def test_who_leaves_by_key_frees_the_agent_that_rings_without_a_miss(
    open_bench: OpenBench, how: Disposition
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        entry = await join(store)
        moved, leg = await claim(store)
        await store.leg_dialled(ACCOUNT_ID, ANN, leg, 20)
        word, moved = await store.press(ACCOUNT_ID, entry.id, "0", how, None)
        assert (word, moved.entry.stage) == (PressWord.PRESSED, Stage.ENDED)
        assert (moved.entry.disposition, moved.entry.ringing) == (how, frozenset())
        ann = await store.agent(ACCOUNT_ID, ANN)
        assert (ann.occupancy, ann.misses, ann.wake_at_ms) == (Occupancy.IDLE, 0, 0)
        assert await line(store) == []
        late, _ = await store.accept(ACCOUNT_ID, ANN, leg)
        assert late is AcceptWord.STALE, "the key was first"
        again, _ = await store.press(ACCOUNT_ID, entry.id, "0", how, None)
        assert again is PressWord.STALE


async def test_a_key_after_the_answer_does_nothing(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        entry = await join(store)
        moved, leg = await claim(store)
        await store.leg_dialled(ACCOUNT_ID, ANN, leg, 20)
        await store.accept(ACCOUNT_ID, ANN, leg)
        word, moved = await store.press(ACCOUNT_ID, entry.id, "1", Disposition.ROUTED, HOOK)
        assert (word, moved.entry.stage) == (PressWord.STALE, Stage.CONNECTING)
        assert await bench.outbox().take_webhooks(ACCOUNT_ID, 9, ATTEMPTS) == ()
        bench.advance(HELD_MS)
        assert await bench.outbox().take_webhooks(ACCOUNT_ID, 9, ATTEMPTS) == ()


async def test_a_key_while_an_agent_rings_that_stays_lets_it_ring(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        entry = await join(store)
        _, leg = await claim(store)
        await store.leg_dialled(ACCOUNT_ID, ANN, leg, 20)
        word, _ = await store.press(ACCOUNT_ID, entry.id, "1", None, HOOK)
        accepted, _ = await store.accept(ACCOUNT_ID, ANN, leg)
        assert (word, accepted) == (PressWord.PRESSED, AcceptWord.ACCEPTED)


async def test_the_edge_that_lost_the_caller_presses_nothing(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        entry = await join(bench.store(ONE))
        await bench.store(TWO).take_over(ACCOUNT_ID, ONE)
        word, moved = await bench.store(ONE).press(
            ACCOUNT_ID, entry.id, "1", Disposition.ROUTED, HOOK
        )
        assert (word, moved.entry.stage) == (PressWord.STALE, Stage.WAITING)
        unknown = EntryId("ent_unknown")
        word, moved = await bench.store().press(ACCOUNT_ID, unknown, "1", None, HOOK)
        assert (word, moved.entries) == (PressWord.STALE, ())
        bench.advance(HELD_MS)
        assert await bench.outbox().take_webhooks(ACCOUNT_ID, 9, ATTEMPTS) == ()


@pytest.mark.parametrize("how", [None, Disposition.WEBHOOK_EXIT])
async def test_a_press_that_comes_twice_is_done_once(
    open_bench: OpenBench, how: Disposition | None
) -> None:
    """An answer of Redis was lost and the move is sent again, also when all of it is over."""
    async with open_bench() as bench:
        store, outbox = bench.store(), bench.outbox()
        entry = await join(store)
        _, moved = await store.press(ACCOUNT_ID, entry.id, "1", how, HOOK)
        after = moved.entry
        again, moved = await store.press(ACCOUNT_ID, entry.id, "1", how, HOOK)
        assert (again, moved.entry) == (PressWord.PRESSED, after)
        held = await outbox.written()
        await outbox.settle_webhook(
            ACCOUNT_ID, held.webhook.id, Settled.DELIVERED, 0, ATTEMPTS, "200"
        )
        again, _ = await store.press(ACCOUNT_ID, entry.id, "1", how, HOOK)
        assert again is PressWord.PRESSED
        bench.advance(HELD_MS)
        assert await outbox.take_webhooks(ACCOUNT_ID, 9, ATTEMPTS) == ()


async def test_who_hung_up_first_pressed_nothing(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        entry = await join(store)
        word, _ = await store.leave(ACCOUNT_ID, entry.id, Disposition.ABANDONED)
        assert word is LeaveWord.LEFT
        pressed, moved = await store.press(ACCOUNT_ID, entry.id, "1", Disposition.ROUTED, HOOK)
        assert pressed is PressWord.STALE
        assert moved.entry.disposition is Disposition.ABANDONED
