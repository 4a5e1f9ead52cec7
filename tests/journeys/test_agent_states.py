"""Agents' states in the story: pauses that wait or end by themselves, wrap-up, missed calls."""

import asyncio

import pytest

from edge.domain.agent import Device, Occupancy, PresenceChange, Status
from edge.domain.entry import Stage
from edge.domain.ids import EndpointName, QueueId
from edge.domain.overlays import QueueStatus, status_in
from edge.domain.settings import Account
from tests.fakes.houses import with_own_settings, with_queues
from tests.fakes.office import Caller, Office, open_office
from tests.fakes.switchboard import WhenRung
from tests.fakes.waiting import wait_until
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BETA, phone_of

MUSIC = "music default"
TO_BETA, INSIDE = "501", EndpointName("301")


async def ask(office: Office, change: PresenceChange, pause_ms: int = 0) -> None:
    await office.desk.change_presence(ACCOUNT_ID, ANN, change, "tea", pause_ms=pause_ms)


async def ask_in(office: Office, queue: QueueId, asked: QueueStatus, ms: int = 0) -> None:
    await office.desk.change_queue_status(ACCOUNT_ID, ANN, queue, asked, ms=ms)


async def is_talking(caller: Caller) -> None:
    await caller.talks_with(ANN)
    await wait_until(lambda: caller.entry.stage is Stage.TALKING, "connected")


def now(office: Office) -> int:
    return office.clock.now_ms()


async def test_a_pause_asked_for_in_a_call_begins_when_it_ends_and_ends_itself() -> None:
    async with open_office(ANN) as office:
        caller = office.call()
        await is_talking(caller)
        await ask(office, PresenceChange.PAUSED, 60_000)
        following = office.call()
        await asyncio.sleep(30)
        assert office.agent(ANN).status is Status.AVAILABLE
        caller.hang_up()
        await office.is_occupied(ANN, Occupancy.WRAP_UP)
        ended_at = now(office)
        assert office.agent(ANN).status is Status.PAUSED
        await asyncio.sleep(50)
        assert (office.agent(ANN).occupancy, following.hears) == (Occupancy.IDLE, MUSIC)
        await following.talks_with(ANN, within_seconds=20)
        assert 60_000 <= now(office) - ended_at < 64_000


async def test_a_pending_log_out_is_cancelled_and_the_agent_serves_on() -> None:
    async with open_office(ANN, wrap_up_seconds=0) as office:
        first = office.call()
        await is_talking(first)
        await ask(office, PresenceChange.LOGGED_OUT)
        await ask(office, PresenceChange.AVAILABLE)
        second = office.call()
        await second.joins()
        first.hang_up()
        await second.talks_with(ANN)


async def test_a_log_out_asked_for_while_ringing_leaves_the_caller_to_others() -> None:
    async with open_office(ANN, ring_seconds=5) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await office.is_occupied(ANN, Occupancy.RINGING)
        await ask(office, PresenceChange.LOGGED_OUT)
        await wait_until(lambda: office.agent(ANN).status is Status.LOGGED_OUT, "logged out", 10)
        await asyncio.sleep(30)
        assert (office.phone(ANN).rung, caller.hears) == (1, MUSIC)


async def test_star_codes_from_a_call_are_pending_and_say_so() -> None:
    async with open_office(ANN) as office:
        caller = office.call()
        await is_talking(caller)
        assert await office.dial_star(ANN, "*46") == "en/paused-after-call"
        assert await office.dial_star(ANN, "*46") == "en/unpaused"
        assert await office.dial_star(ANN, "*45") == "en/logged-out-after-call"
        assert await office.dial_star(ANN, "*45") == "en/logged-in"
        assert caller.hears == f"talk with {phone_of(ANN)}"
        await office.dial_star(ANN, "*45")
        caller.hang_up()
        await wait_until(lambda: office.agent(ANN).status is Status.LOGGED_OUT, "logged out")


async def test_wrap_up_ended_early_rings_for_the_next_caller() -> None:
    async with open_office(ANN, wrap_up_seconds=30) as office:
        first = office.call()
        await is_talking(first)
        second = office.call()
        await second.joins()
        first.hang_up()
        await office.is_occupied(ANN, Occupancy.WRAP_UP)
        await asyncio.sleep(10)
        assert office.phone(ANN).rung == 1
        await office.desk.change_wrap_up(ACCOUNT_ID, ANN, 0)
        await second.talks_with(ANN)


async def test_wrap_up_extended_lasts_as_long_as_asked() -> None:
    async with open_office(ANN, wrap_up_seconds=5) as office:
        first = office.call()
        await is_talking(first)
        second = office.call()
        await second.joins()
        first.hang_up()
        await office.is_occupied(ANN, Occupancy.WRAP_UP)
        ended_at = now(office)
        await office.desk.change_wrap_up(ACCOUNT_ID, ANN, 60_000)
        await second.talks_with(ANN, within_seconds=90)
        assert 60_000 <= now(office) - ended_at < 64_000


async def test_a_members_own_wrap_up() -> None:
    def own(account: Account) -> Account:
        return with_own_settings(account, 60, None)

    async with open_office(ANN, wrap_up_seconds=1, house=own) as office:
        caller = office.call()
        await is_talking(caller)
        caller.hang_up()
        await office.is_occupied(ANN, Occupancy.WRAP_UP)
        await asyncio.sleep(59)
        assert office.agent(ANN).occupancy is Occupancy.WRAP_UP
        await office.is_occupied(ANN, Occupancy.IDLE)


async def test_so_many_missed_calls_are_a_pause() -> None:
    def two(account: Account) -> Account:
        return with_queues(account, misses=2)

    async with open_office(ANN, ring_seconds=3, house=two) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await wait_until(lambda: office.agent(ANN).status is Status.PAUSED, "paused", 30)
        assert office.agent(ANN).pause_reason == "missed_calls"
        await asyncio.sleep(30)
        assert (office.phone(ANN).rung, caller.hears) == (2, MUSIC)
        office.phone(ANN).when_rung = WhenRung.ANSWERS
        await ask(office, PresenceChange.AVAILABLE)
        await caller.talks_with(ANN)


async def test_a_pause_in_one_queue_leaves_the_other_ringing() -> None:
    async with open_office(ANN, wrap_up_seconds=0) as office:
        await ask_in(office, ALPHA, QueueStatus.BREAK, 60_000)
        asked_at = now(office)
        alpha = office.call()
        await alpha.joins()
        beta = office.call(TO_BETA, INSIDE)
        await beta.talks_with(ANN)
        beta.hang_up()
        await asyncio.sleep(20)
        assert alpha.hears == MUSIC
        await alpha.talks_with(ANN, within_seconds=60)
        assert now(office) - asked_at >= 60_000


async def test_without_auto_ready_an_agent_says_ready_after_log_in_and_each_call() -> None:
    def by_hand(account: Account) -> Account:
        return with_queues(account, ALPHA, auto_ready=False)

    async with open_office(wrap_up_seconds=2, house=by_hand) as office:
        await office.dial_star(ANN, "*45")
        for _ in range(2):
            caller = office.call()
            await asyncio.sleep(30)
            assert caller.hears == MUSIC
            assert status_in(office.agent(ANN), ALPHA) is QueueStatus.NOT_READY
            assert status_in(office.agent(ANN), BETA) is QueueStatus.READY
            await ask_in(office, ALPHA, QueueStatus.READY)
            await caller.talks_with(ANN)
            caller.hang_up()
            await office.is_occupied(ANN, Occupancy.WRAP_UP)


@pytest.mark.parametrize(("auto_ready", "is_served"), [(True, True), (False, False)])
async def test_after_a_call_of_their_own_agents_are_ready_by_the_queues_flags(
    auto_ready: bool, is_served: bool
) -> None:
    def flags(account: Account) -> Account:
        return with_queues(account, auto_ready=auto_ready)

    async with open_office(house=flags) as office:
        await ask_in(office, ALPHA, QueueStatus.READY)
        await office.desk.change_device(ACCOUNT_ID, ANN, Device.IN_USE)
        caller = office.call()
        await asyncio.sleep(30)
        assert caller.hears == MUSIC, "the agent is in another call"
        await office.desk.change_device(ACCOUNT_ID, ANN, Device.REACHABLE)
        await asyncio.sleep(30)
        assert (caller.hears != MUSIC) == is_served
        await ask_in(office, ALPHA, QueueStatus.READY)
        await caller.talks_with(ANN)


async def test_star_codes_and_picks_are_no_calls_apart_from_the_queues() -> None:
    def by_hand(account: Account) -> Account:
        return with_queues(account, auto_ready=False)

    async with open_office(ANN, house=by_hand, wrap_up_seconds=0) as office:
        await ask_in(office, ALPHA, QueueStatus.READY)
        await ask_in(office, BETA, QueueStatus.READY)
        await office.dial_star(ANN, "*46")
        caller = office.call()
        await caller.joins()
        picking = office.call("*47", phone_of(ANN), number="")
        await caller.talks_with(ANN)
        caller.hang_up()
        await wait_until(lambda: not picking.is_on_the_line, "the pick's call ends")
        await office.dial_star(ANN, "*46")
        await asyncio.sleep(5)
        agent = office.agent(ANN)
        assert (agent.status, agent.device) == (Status.AVAILABLE, Device.REACHABLE)
        assert status_in(agent, ALPHA) is QueueStatus.NOT_READY, "after the call of this queue"
        assert status_in(agent, BETA) is QueueStatus.READY


async def test_a_phone_that_is_gone_makes_its_agent_unreachable_and_misses_nothing() -> None:
    def one(account: Account) -> Account:
        return with_queues(account, misses=1)

    async with open_office(ANN, house=one) as office:
        office.board.register(phone_of(ANN), is_registered=False)
        caller = office.call()
        await wait_until(lambda: office.agent(ANN).device is Device.UNREACHABLE, "unreachable")
        await asyncio.sleep(30)
        agent = office.agent(ANN)
        assert (agent.misses, agent.status, caller.hears) == (0, Status.AVAILABLE, MUSIC)
        office.board.register(phone_of(ANN), is_registered=True)
        await caller.talks_with(ANN)
