"""Webhooks on their way, in virtual time: receivers that fail, hang, and edges that die."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import structlog

from edge.domain.disposition import Disposition
from edge.domain.events import EventName
from edge.domain.ids import AccountId, WebhookId, new_webhook_id
from edge.domain.settings import Webhooks
from edge.domain.settings.options import OptionAction
from edge.domain.webhook import Answer, GivenUp, HeldWebhook, Webhook, option_pressed
from edge.ports.outbox import CALL_PENDING, HELD_MS, PutBackWord
from edge.webhooks import Delivery
from edge.webhooks.delivery import LANES, QUEUED_MOST
from tests.fakes.clock import LoopClock
from tests.fakes.keypad import key, press, rows, waiting
from tests.fakes.memory_site import MemorySite
from tests.fakes.memory_store import MemoryQueueStore
from tests.fakes.office import Caller, Office, open_office
from tests.fakes.receiver import BROKEN, NO_MORE, FakeReceiver
from tests.fakes.waiting import wait_until
from tests.fakes.world import ACCOUNT_ID, ONE, account, joining, webhook_named

OTHER_ID = AccountId("acct_other")
SINGLE = ("webhook_delivered", "webhook_not_delivered", "webhook_put_back")
URL = "https://hooks.example/queue"


def now() -> float:
    return asyncio.get_running_loop().time()


class Outgoing:
    """One edge's delivery over the store in memory; each press is that of another caller."""

    def __init__(self, settings: Webhooks, chance: Callable[[], float]) -> None:
        self.site, self.clock = MemorySite(), LoopClock()
        self.store = MemoryQueueStore(ONE, self.site, self.clock)
        self.receivers: dict[str, FakeReceiver] = {}
        self.settings = settings
        self.chance = chance
        self.faults: list[Exception] = []

    def at(self, host: str) -> FakeReceiver:
        return self.receivers.setdefault(host, FakeReceiver())

    async def post(self, held: HeldWebhook) -> Answer:
        if self.faults:
            raise self.faults.pop()
        return await self.at(held.webhook.url.split("/")[2])(held)

    def delivery(self) -> Delivery:
        accounts = [ACCOUNT_ID, OTHER_ID]
        return Delivery(
            self.store, self.post, self.clock, self.settings, accounts, lambda _: True, self.chance
        )

    async def press(
        self, number: int = 1, host: str = "hooks.example", of: AccountId = ACCOUNT_ID
    ) -> Webhook:
        named = webhook_named(number)
        webhook = Webhook(named.id, f"https://{host}/hook", None, named.body)
        caller = replace(
            joining(arrived_at_ms=self.clock.now_ms()), caller_number=f"1202556{number:04d}"
        )
        _, moved = await self.store.join(of, caller)
        leaves = Disposition.WEBHOOK_EXIT
        await self.store.press(of, moved.entry.id, "1", leaves, webhook)
        return webhook

    @property
    def left(self) -> int:
        return len(self.site.account(ACCOUNT_ID, self.clock.now_ms()).outbox.rows)


@asynccontextmanager
async def outgoing(
    settings: Webhooks | None = None, chance: Callable[[], float] = lambda: 0.5
) -> AsyncIterator[Outgoing]:
    found = Outgoing(settings or Webhooks(), chance)
    await found.store.configure(account())
    await found.store.configure(replace(account(), id=OTHER_ID))
    running = asyncio.create_task(found.delivery().run())
    try:
        yield found
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_receiver_that_is_down_is_asked_again_after_longer_and_longer_waits() -> None:
    async with outgoing() as out:
        there = out.at("hooks.example")
        there.answers.extend([BROKEN] * 4)
        await out.press(1)
        await wait_until(lambda: not out.left, "it is delivered", within_seconds=120)
        waits = [
            after.at - before.at
            for before, after in zip(there.posted, there.posted[1:], strict=False)
        ]
        # The sweep looks each second, and an answer takes a moment.
        assert [
            round(wait) in (base, base + 1) for wait, base in zip(waits, (2, 4, 8, 16), strict=True)
        ]
        assert [one.attempt for one in there.posted] == [1, 2, 3, 4, 5]
        assert {one.webhook.id for one in there.posted} == {webhook_named(1).id}
        assert len({one.webhook.body for one in there.posted}) == 1


async def test_after_the_last_attempt_it_is_kept_for_a_person_and_told() -> None:
    async with outgoing(Webhooks(attempts=3)) as out:
        out.at("hooks.example").answers.extend([BROKEN] * 9)
        webhook = await out.press(1)
        await wait_until(lambda: not out.left, "it is given up", within_seconds=60)
        (lost,) = await out.store.given_up(ACCOUNT_ID, 9)
        assert (lost.webhook, lost.reason, lost.attempts, lost.answer) == (
            webhook,
            GivenUp.ATTEMPTS_SPENT,
            3,
            "500",
        )
        assert len(out.at("hooks.example").posted) == 3
        events = out.site.account(ACCOUNT_ID, out.clock.now_ms()).events
        assert events[-1].name is EventName.WEBHOOK_GIVEN_UP


async def test_a_receiver_that_wants_no_more_is_asked_once() -> None:
    async with outgoing() as out:
        out.at("hooks.example").answers.append(NO_MORE)
        await out.press(1)
        await asyncio.sleep(60)
        assert len(out.at("hooks.example").posted) == 1
        assert [one.reason for one in await out.store.given_up(ACCOUNT_ID, 9)] == [GivenUp.GONE]


async def test_one_that_hangs_keeps_only_its_own_waiting() -> None:
    async with outgoing() as out:
        out.at("slow.example").takes_seconds = 1e6
        for number in range(100):
            await out.press(number, "slow.example")
        pressed_at = now()
        await out.press(1_000, "good.example")
        await wait_until(lambda: bool(out.at("good.example").posted), "the other has its own")
        assert out.at("good.example").posted[0].at - pressed_at < 0.05
        assert len(out.at("slow.example").posted) == LANES


async def test_an_account_does_not_keep_another_from_a_host_that_both_call() -> None:
    async with outgoing() as out:
        there = out.at("hooks.example")
        there.takes_seconds = 9.0
        for number in range(100):
            await out.press(number)
        pressed_at = now()
        other = await out.press(1_000, of=OTHER_ID)
        await wait_until(
            lambda: other in [one.webhook for one in there.posted], "the other has its own"
        )
        assert there.posted[-1].at - pressed_at < 0.05


async def test_many_at_once_reach_a_good_receiver_soon_and_once_each() -> None:
    async with outgoing() as out:
        there = out.at("hooks.example")
        many = QUEUED_MOST + 100
        for number in range(many):
            await out.press(number)
        await wait_until(lambda: not out.left, "all are delivered", within_seconds=20)
        assert len(there.posted) == many
        assert {one.attempt for one in there.posted} == {1}, "to wait is no attempt"


async def test_thousands_for_one_that_hangs_do_not_go_to_and_fro() -> None:
    async with outgoing(chance=random.Random(4).random) as out:
        put_backs = 0
        put_back_webhook = out.store.put_back_webhook

        async def counted(account: AccountId, webhook: WebhookId, retry_ms: int) -> PutBackWord:
            nonlocal put_backs
            put_backs += 1
            return await put_back_webhook(account, webhook, retry_ms)

        out.store.put_back_webhook = counted  # type: ignore[method-assign]
        out.at("slow.example").takes_seconds = 10.0
        many = 3_000
        for number in range(many):
            await out.press(number, "slow.example")
        await asyncio.sleep(30)
        put_backs = 0
        await asyncio.sleep(120)
        assert put_backs < 5 * many, "each about twice a minute"


async def test_those_of_a_hanging_receiver_are_never_held_longer_than_may_be() -> None:
    """Whoever waits too long for a lane goes back before another edge could take it too."""
    async with outgoing(Webhooks(attempts=2)) as out:
        there = out.at("hooks.example")
        there.takes_seconds = 1e6
        for number in range(LANES * 4):
            await out.press(number)
        await wait_until(lambda: not out.left, "all are given up", within_seconds=600)
        attempts = [(one.webhook.id, one.attempt) for one in there.posted]
        assert len(attempts) == len(set(attempts)) == LANES * 4 * 2


@pytest.mark.timeout(120)
async def test_a_receiver_that_is_down_for_an_hour_is_a_dozen_lines_in_the_log() -> None:
    """With keys pressed all the time: what began, how much was lost, and that it is over."""
    with structlog.testing.capture_logs() as logs:
        async with outgoing(chance=random.Random(4).random) as out:
            there = out.at("hooks.example")
            there.is_down = True
            for number in range(900):
                await out.press(number)
                await asyncio.sleep(4)
            there.is_down = False
            await wait_until(lambda: not out.left, "what is left is delivered", within_seconds=1200)
            await asyncio.sleep(120)
            kept = await out.store.given_up(ACCOUNT_ID, 9_999)
    told = [one for one in logs if one["event"] not in SINGLE]
    (begins, *_), (*_, ends) = told, told
    assert (begins["event"], begins["reason"]) == ("webhook_receiver_failing", "500")
    assert ends["event"] == "webhook_receiver_works"
    assert 3_590 <= ends["failing_seconds"] <= 3_600
    lost = [one["webhooks"] for one in told if one["event"] == "webhook_given_up"]
    assert sum(lost) == ends["given_up"] == len(kept) > 600
    assert {one["host"] for one in told} == {"hooks.example"}
    assert len(told) <= 13
    assert {one["log_level"] for one in logs if one["event"] in SINGLE} == {"debug", "info"}


async def test_a_fault_of_our_own_is_a_failed_attempt_and_no_end_of_the_edge() -> None:
    async with outgoing() as out:
        out.faults.append(RuntimeError("not foreseen"))
        await out.press(1)
        await wait_until(lambda: not out.left, "it is delivered after all", within_seconds=10)
        assert not out.faults
        assert [one.attempt for one in out.at("hooks.example").posted] == [2]


async def test_a_caller_who_alternates_keys_takes_nobody_elses_room() -> None:
    """Each key works; what is more than the caller's share is not posted, and told once."""
    house = rows(key(OptionAction.DEFLECT, "1"), key(OptionAction.DEFLECT, "2"))
    with structlog.testing.capture_logs() as logs:
        async with open_office(house=house) as office:
            office.receiver.takes_seconds = 1e6
            caller = await waiting(office)
            for number in range(40):
                press(office, caller, "12"[number % 2])
                await asyncio.sleep(0.1)
            outbox = office.memory.outbox
            assert len(outbox.rows) == CALL_PENDING
            assert [one.reason for one in outbox.given_up] == [GivenUp.TOO_MANY]
            assert caller.is_on_the_line
            assert [one["word"] for one in logs if one["event"] == "option_pressed"] == (
                ["PRESSED"] * 40
            )
    assert [one["reason"] for one in logs if one["event"] == "webhook_given_up"] == ["too_many"]


def pressed(office: Office, caller: Caller, digit: str = "1") -> Webhook:
    return option_pressed(
        new_webhook_id(), URL, None, ACCOUNT_ID, caller.entry, digit, office.clock.now_ms()
    )


async def test_a_key_is_posted_at_once_and_the_caller_hears_nothing_of_it() -> None:
    async with open_office() as office:
        office.receiver.takes_seconds = 1e6
        caller = office.call()
        entry = await caller.joins()
        heard = list(caller.heard)
        pressed_at = now()
        await office.edge.store.press(ACCOUNT_ID, entry.id, "1", None, pressed(office, caller))
        await wait_until(lambda: bool(office.receiver.posted), "the receiver is told")
        assert office.receiver.posted[0].at - pressed_at < 0.05
        (body,) = office.receiver.bodies
        assert (body["call_id"], body["caller"]) == (entry.id, "12025550111")
        await asyncio.sleep(15)
        assert caller.heard[: len(heard)] == heard
        assert caller.is_on_the_line
        assert caller.entry.disposition is None


async def test_what_a_killed_edge_had_in_hand_another_delivers() -> None:
    async with open_office() as office:
        first = office.edge
        second = office.start_edge()
        await office.ready()
        caller = office.call()
        entry = await caller.joins()
        owner = first if caller.entry.owner == first.run else second
        office.receiver.takes_seconds = 9.0
        webhook = pressed(office, caller)
        await owner.store.press(ACCOUNT_ID, entry.id, "1", Disposition.WEBHOOK_EXIT, webhook)
        await wait_until(lambda: bool(office.receiver.posted), "it is on its way")
        await owner.kill()
        killed_at = now()
        office.receiver.takes_seconds = 0.02
        outbox = office.memory.outbox
        await wait_until(lambda: not outbox.rows, "the other has delivered it", within_seconds=60)
        assert [one.attempt for one in office.receiver.posted] == [1, 2]
        assert {one.webhook for one in office.receiver.posted} == {webhook}
        assert now() - killed_at < HELD_MS / 1000 + 2
