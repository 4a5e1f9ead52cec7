"""What every queue store does, held against both alike: webhooks on their way, and given up."""

from dataclasses import replace

import pytest

from edge.domain.disposition import Disposition
from edge.domain.entry import Entry, Stage
from edge.domain.webhook import GivenUp, Settled
from edge.ports import outbox as rules
from edge.ports.outbox import HELD_MS, PutBackWord, SettleWord
from edge.ports.queue_store import PressWord, QueueStore
from tests.fakes.store_bench import join
from tests.fakes.world import ACCOUNT_ID, ONE, TWO, joining, webhook_named
from tests.integration.store.conftest import OpenBench

pytestmark = pytest.mark.redis

HOOK, OTHER = webhook_named(1), webhook_named(2)
ATTEMPTS = 3
DAY_MS = 86_400_000


def bound(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    """Smaller limits on both sides."""
    for name, limit in limits.items():
        for module in ("edge.store.outbox", "tests.fakes.memory_presses"):
            monkeypatch.setattr(f"{module}.{name}", limit)


async def joins(store: QueueStore, caller: str) -> Entry:
    _, moved = await store.join(ACCOUNT_ID, replace(joining(), caller_number=caller))
    return moved.entry


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
    bound(monkeypatch, OUTBOX_LENGTH=1)
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


async def test_a_caller_who_alternates_keys_has_a_bound_and_pushes_nobody_out(
    open_bench: OpenBench,
) -> None:
    """The keys work; of what is dropped one is kept for a person, for all of them."""
    async with open_bench() as bench:
        store, outbox = bench.store(), bench.outbox()
        nervous, other = await joins(store, "anonymous"), await joins(store, "anonymous")
        for number in range(rules.CALL_PENDING + 5):
            digit = "12"[number % 2]
            word, moved = await store.press(
                ACCOUNT_ID, nervous.id, digit, None, webhook_named(number)
            )
            assert (word, moved.entry) == (PressWord.PRESSED, nervous)
        lost = await outbox.given_up(ACCOUNT_ID, 9)
        assert [(one.webhook.id, one.reason) for one in lost] == [
            (webhook_named(rules.CALL_PENDING).id, GivenUp.TOO_MANY)
        ]
        await store.press(ACCOUNT_ID, other.id, "1", None, webhook_named(100))
        bench.advance(HELD_MS)
        taken = await outbox.take_webhooks(ACCOUNT_ID, 99, ATTEMPTS)
        assert len(taken) == rules.CALL_PENDING + 1
        assert taken[-1].webhook == webhook_named(100)


async def test_who_dials_again_and_again_is_one_caller(
    open_bench: OpenBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound(monkeypatch, CALLER_PENDING=3)
    async with open_bench() as bench:
        store, outbox = bench.store(), bench.outbox()
        for number, caller in enumerate(["12025550111", "+12025550111"] * 3):
            entry = await joins(store, caller)
            await store.press(
                ACCOUNT_ID, entry.id, "1", Disposition.WEBHOOK_EXIT, webhook_named(number)
            )
        assert [one.reason for one in await outbox.given_up(ACCOUNT_ID, 9)] == [GivenUp.TOO_MANY]
        somebody = await joins(store, "12025550112")
        await store.press(ACCOUNT_ID, somebody.id, "1", None, webhook_named(9))
        bench.advance(HELD_MS)
        taken = await outbox.take_webhooks(ACCOUNT_ID, 99, ATTEMPTS)
        assert [one.webhook for one in taken] == [webhook_named(n) for n in (0, 1, 2, 9)]


async def test_what_is_over_makes_room_for_the_next_of_a_caller(
    open_bench: OpenBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound(monkeypatch, CALL_PENDING=1)
    async with open_bench() as bench:
        store, outbox = bench.store(), bench.outbox()
        entry = await join(store)
        ends = [Settled.DELIVERED, Settled.GONE, Settled.FAILED, Settled.DELIVERED]
        for number, end in enumerate(ends):
            hook = webhook_named(number)
            await store.press(ACCOUNT_ID, entry.id, "1", None, hook)
            word = await outbox.settle_webhook(ACCOUNT_ID, hook.id, end, 1, 1, "x")
            assert word is SettleWord.SETTLED


async def test_of_what_is_dropped_each_caller_is_told_once_an_hour(
    open_bench: OpenBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound(monkeypatch, CALL_PENDING=0)
    async with open_bench() as bench:
        store, outbox = bench.store(), bench.outbox()
        first, second = await joins(store, "anonymous"), await joins(store, "anonymous")
        for number, entry in enumerate([first, first, second, first]):
            bench.advance(rules.TOLD_AGAIN_MS if number == 3 else 0)
            await store.press(ACCOUNT_ID, entry.id, "1", None, webhook_named(number))
        told = [one.webhook.id for one in await outbox.given_up(ACCOUNT_ID, 9)]
        assert told == [webhook_named(number).id for number in (3, 2, 0)]


async def test_one_that_could_not_be_delivered_in_a_day_is_given_up(open_bench: OpenBench) -> None:
    """Its receiver hangs, and thousands wait; or all edges were down."""
    async with open_bench() as bench:
        store, outbox = bench.store(), bench.outbox()
        entry = await join(store)
        await store.press(ACCOUNT_ID, entry.id, "1", None, HOOK)
        await outbox.settle_webhook(ACCOUNT_ID, HOOK.id, Settled.FAILED, 1, ATTEMPTS, "500")
        bench.advance(rules.OLDEST_MS)
        assert await outbox.take_webhooks(ACCOUNT_ID, 9, ATTEMPTS) == ()
        (lost,) = await outbox.given_up(ACCOUNT_ID, 9)
        assert (lost.reason, lost.attempts, lost.answer) == (GivenUp.TOO_OLD, 1, "500")


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
