"""What every queue store does, held against both alike: keys pressed while waiting, webhooks."""

import pytest

from edge.domain.agent import Occupancy
from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.ids import EntryId
from edge.domain.webhook import GivenUp, Settled
from edge.ports import outbox as rules
from edge.ports.outbox import HELD_MS, PutBackWord, SettleWord
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


async def test_what_a_dead_edge_had_in_hand_another_takes(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        one, two = bench.outbox(ONE), bench.outbox(TWO)
        entry = await join(bench.store(ONE))
        await bench.store(ONE).press(ACCOUNT_ID, entry.id, "1", None, HOOK)
        bench.advance(HELD_MS - 1)
        assert await two.take_webhooks(ACCOUNT_ID, 9, ATTEMPTS) == ()
        bench.advance(1)
        (taken,) = await two.take_webhooks(ACCOUNT_ID, 9, ATTEMPTS)
        assert (taken.webhook, taken.attempt) == (HOOK, 2)
        assert await one.take_webhooks(ACCOUNT_ID, 9, ATTEMPTS) == ()
        late = await one.settle_webhook(ACCOUNT_ID, HOOK.id, Settled.DELIVERED, 0, ATTEMPTS, "200")
        assert late is SettleWord.STALE
        assert await one.put_back_webhook(ACCOUNT_ID, HOOK.id, 1) is PutBackWord.STALE
        settled = await two.settle_webhook(
            ACCOUNT_ID, HOOK.id, Settled.DELIVERED, 0, ATTEMPTS, "200"
        )
        assert settled is SettleWord.SETTLED
        bench.advance(HELD_MS)
        assert await two.take_webhooks(ACCOUNT_ID, 9, ATTEMPTS) == ()
        assert await two.given_up(ACCOUNT_ID, 9) == []


async def test_a_failed_attempt_is_due_again_and_the_last_one_is_kept_for_a_person(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store, outbox = bench.store(), bench.outbox()
        entry = await join(store)
        await store.press(ACCOUNT_ID, entry.id, "1", None, HOOK)
        await outbox.written()
        written_at_ms = bench.clock.now_ms()
        for attempt in range(1, ATTEMPTS):
            await outbox.settle_webhook(ACCOUNT_ID, HOOK.id, Settled.FAILED, 2_000, ATTEMPTS, "500")
            bench.advance(1_999)
            assert await outbox.take_webhooks(ACCOUNT_ID, 9, ATTEMPTS) == ()
            bench.advance(1)
            (taken,) = await outbox.take_webhooks(ACCOUNT_ID, 9, ATTEMPTS)
            assert taken.attempt == attempt + 1
        await outbox.settle_webhook(ACCOUNT_ID, HOOK.id, Settled.FAILED, 2_000, ATTEMPTS, "500")
        bench.advance(HELD_MS)
        assert await outbox.take_webhooks(ACCOUNT_ID, 9, ATTEMPTS) == ()
        (lost,) = await outbox.given_up(ACCOUNT_ID, 9)
        assert (lost.webhook, lost.reason) == (HOOK, GivenUp.ATTEMPTS_SPENT)
        assert (lost.attempts, lost.answer) == (ATTEMPTS, "500")
        assert lost.written_at_ms == written_at_ms


async def test_a_receiver_that_wants_no_more_gets_no_more(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store, outbox = bench.store(), bench.outbox()
        entry = await join(store)
        await store.press(ACCOUNT_ID, entry.id, "1", None, HOOK)
        await outbox.settle_webhook(ACCOUNT_ID, HOOK.id, Settled.GONE, 1, ATTEMPTS, "410")
        (lost,) = await outbox.given_up(ACCOUNT_ID, 9)
        assert (lost.reason, lost.attempts) == (GivenUp.GONE, 1)
        bench.advance(HELD_MS)
        assert await outbox.take_webhooks(ACCOUNT_ID, 9, ATTEMPTS) == ()


async def test_a_last_attempt_over_which_an_edge_died_is_not_made_again(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        entry = await join(bench.store())
        await bench.store().press(ACCOUNT_ID, entry.id, "1", None, HOOK)
        bench.advance(HELD_MS)
        assert await bench.outbox(TWO).take_webhooks(ACCOUNT_ID, 9, 1) == ()
        (lost,) = await bench.outbox(TWO).given_up(ACCOUNT_ID, 9)
        assert (lost.reason, lost.answer) == (GivenUp.ATTEMPTS_SPENT, "its edge died")


async def test_what_could_not_be_tried_was_no_attempt(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store, outbox = bench.store(), bench.outbox()
        entry = await join(store)
        await store.press(ACCOUNT_ID, entry.id, "1", None, HOOK)
        assert await outbox.put_back_webhook(ACCOUNT_ID, HOOK.id, 500) is PutBackWord.PUT_BACK
        bench.advance(500)
        (taken,) = await outbox.take_webhooks(ACCOUNT_ID, 9, 1)
        assert taken.attempt == 1


async def test_a_full_outbox_gives_up_the_new_one_and_the_caller_goes_on(
    open_bench: OpenBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("edge.store.outbox", "tests.fakes.memory_presses"):
        monkeypatch.setattr(f"{module}.OUTBOX_LENGTH", 1)
    assert rules.OUTBOX_LENGTH == 10_000
    async with open_bench() as bench:
        store, outbox = bench.store(), bench.outbox()
        entry = await join(store)
        await store.press(ACCOUNT_ID, entry.id, "1", None, HOOK)
        word, moved = await store.press(ACCOUNT_ID, entry.id, "1", Disposition.WEBHOOK_EXIT, OTHER)
        assert (word, moved.entry.stage) == (PressWord.PRESSED, Stage.ENDED)
        (lost,) = await outbox.given_up(ACCOUNT_ID, 9)
        assert (lost.webhook, lost.reason, lost.attempts) == (OTHER, GivenUp.OUTBOX_FULL, 0)
        bench.advance(HELD_MS)
        (taken,) = await outbox.take_webhooks(ACCOUNT_ID, 9, ATTEMPTS)
        assert taken.webhook == HOOK


async def test_so_many_are_taken_at_once_the_longest_due_first(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store, outbox = bench.store(), bench.outbox()
        entry = await join(store)
        for hook in (OTHER, HOOK):
            await store.press(ACCOUNT_ID, entry.id, "1", None, hook)
            bench.advance(1)
        bench.advance(HELD_MS)
        (first,) = await outbox.take_webhooks(ACCOUNT_ID, 1, ATTEMPTS)
        (second,) = await outbox.take_webhooks(ACCOUNT_ID, 1, ATTEMPTS)
        assert (first.webhook, second.webhook) == (OTHER, HOOK)


async def test_what_was_given_up_is_forgotten_after_30_days(open_bench: OpenBench) -> None:
    """The number of a caller stands in it."""
    async with open_bench() as bench:
        store, outbox = bench.store(), bench.outbox()
        entry = await join(store)
        await store.press(ACCOUNT_ID, entry.id, "1", None, HOOK)
        await outbox.settle_webhook(ACCOUNT_ID, HOOK.id, Settled.GONE, 1, ATTEMPTS, "410")
        bench.advance(28 * DAY_MS)  # the clock of the bench is a day ahead of what Redis stamps
        await outbox.take_webhooks(ACCOUNT_ID, 9, ATTEMPTS)
        assert len(await outbox.given_up(ACCOUNT_ID, 9)) == 1
        bench.advance(3 * DAY_MS)
        await outbox.take_webhooks(ACCOUNT_ID, 9, ATTEMPTS)
        assert await outbox.given_up(ACCOUNT_ID, 9) == []
