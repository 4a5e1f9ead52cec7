"""Agents' states on real phones: pauses that wait or end by themselves, wrap-up, missed calls."""

import time
from typing import Any

from edge.ports.prompts import Prompt
from lab.phone import Phone
from lab.sipp_scenarios import Behaviour
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears, hears_music, talk, was_told
from tests.asterisk.office import Office

SILENT = Behaviour(status=None)
"""A phone that rings and is never picked up."""


async def change(here: Office, **body: Any) -> dict[str, Any]:
    shape: dict[str, Any] = await here.post("/v1/users/user_a1/queue-agent", body)
    return shape


async def wrap_up_ends_in(here: Office, seconds: int) -> None:
    body = {"remaining_seconds": seconds}
    await here.post("/v1/users/user_a1/queue-agent/wrap-up", body)


async def change_in(here: Office, queue: str, **body: Any) -> dict[str, Any]:
    path = f"/v1/queues/{queue}/agents/{here.slot.agent(1)}/status"
    shape: dict[str, Any] = await here.post(path, body)
    return shape


async def becomes(here: Office, status: str, seconds: float = 10) -> None:
    async def is_so() -> bool:
        return bool((await here.agent_state(1))["status"] == status)

    await wait_until(is_so, f"agent 1 is {status}", seconds)


async def offers(here: Office, queue: str = "qu_main") -> int:
    return sum(one["queue"] == queue for one in await here.events("entry_offered"))


async def test_wrap_up_ended_early_rings_for_the_next_caller_within_a_second(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=2, wrap_up_seconds=60) as here:
        agent = await here.agent(1)
        first = await here.waiting_caller(1)
        await talk(first, agent)
        second = await here.waiting_caller(2)
        await first.hang_up()
        await agent.wait_for("closed")
        await here.agent_becomes(1, "wrap_up")
        await hears_music(second, 2)
        assert await offers(here) == 1
        ended = time.monotonic()
        await wrap_up_ends_in(here, 0)
        ringing = await agent.wait_for("incoming", 2)
        assert time.monotonic() - ended < 1
        assert ringing.peer == second.number
        await agent.answer()
        await hears(second, agent)
        await second.hang_up()
        await agent.wait_for("closed")


async def test_wrap_up_lasts_as_long_as_it_is_extended(office: OpenOffice) -> None:
    async with office(agents=1, callers=2, wrap_up_seconds=2) as here:
        agent = await here.agent(1)
        first = await here.waiting_caller(1)
        await talk(first, agent)
        second = await here.waiting_caller(2)
        await first.hang_up()
        await here.agent_becomes(1, "wrap_up")
        await wrap_up_ends_in(here, 6)
        extended = time.monotonic()
        await agent.wait_for("incoming", 8)
        assert 5.8 < time.monotonic() - extended < 7
        await agent.answer()
        await hears(agent, second)


async def test_a_pause_asked_for_in_a_call_takes_effect_after_it_and_ends_itself(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=2) as here:
        agent = await here.agent(1)
        first = await here.waiting_caller(1)
        await talk(first, agent)
        shape = await change(here, status="paused", reason="break", pause_seconds=5)
        assert (shape["status"], shape["occupancy"]) == ("available", "talking")
        assert shape["pending"] == {"status": "paused", "reason": "break", "pause_seconds": 5}
        second = await here.waiting_caller(2)
        await hears(first, agent, 1)
        await first.hang_up()
        await agent.wait_for("closed")
        await becomes(here, "paused")
        began = time.monotonic()
        assert (await here.agent_state(1))["queues"][0]["status"] == "BREAK"
        await hears_music(second, 2)
        assert await offers(here) == 1
        await agent.wait_for("incoming", 8)
        assert 4 < time.monotonic() - began < 6.5
        await agent.answer()
        await hears(second, agent)


async def test_a_pending_log_out_is_cancelled_by_logging_in(office: OpenOffice) -> None:
    async with office(agents=1, callers=2) as here:
        agent = await here.agent(1)
        first = await here.waiting_caller(1)
        await talk(first, agent)
        assert (await change(here, status="logged_out"))["pending"]["status"] == "logged_out"
        assert (await change(here, status="available"))["pending"] is None
        second = await here.waiting_caller(2)
        await first.hang_up()
        await agent.wait_for("closed")
        await talk(second, agent)
        assert (await change(here, status="logged_out"))["pending"]["status"] == "logged_out"
        await second.hang_up()
        await becomes(here, "logged_out")


async def test_two_missed_calls_are_a_pause_and_the_third_rings_elsewhere(
    office: OpenOffice,
) -> None:
    async with office(
        agents=2, callers=1, ring_seconds=1, auto_pause_after_misses=2, strategy="linear"
    ) as here:
        silent = await here.robot_agent(1, SILENT)
        caller = await here.waiting_caller()
        await silent.wait_for("incoming", 2)
        await becomes(here, "paused")
        state = await here.agent_state(1)
        assert (state["pause_reason"], state["queues"][0]["status"]) == (
            "missed_calls",
            "NOT_READY",
        )
        await hears_music(caller, 3)
        assert len(silent.calls()) == 2
        (paused,) = [e for e in await here.events("agent_changed") if e.get("status") == "paused"]
        assert paused["reason"] == "missed_calls"
        await talk(caller, await here.agent(2))


async def test_a_refused_call_is_no_missed_one(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, auto_pause_after_misses=1) as here:
        agent = await here.agent(1)
        await here.waiting_caller()
        await agent.wait_for("incoming")
        await agent.reject()
        await here.agent_becomes(1, "idle")
        state = await here.agent_state(1)
        assert (state["status"], state["missed_calls"]) == ("available", 0)


async def test_a_pause_in_one_queue_leaves_the_other_ringing(office: OpenOffice) -> None:
    async with office(agents=1, callers=2, queues=2) as here:
        agent = await here.agent(1)
        shape = await change_in(here, "qu_main", status="LUNCH", seconds=8)
        assert shape["status"] == "LUNCH"
        paused = time.monotonic()
        main = await here.waiting_caller(1)
        other = await here.caller(2)
        await other.call(here.slot.queue(1))
        ringing = await agent.wait_for("incoming", 3)
        assert ringing.peer == other.number
        await agent.answer()
        await hears(other, agent)
        await other.hang_up()
        await agent.wait_for("closed")
        await hears_music(main)
        assert await offers(here) == 0
        ringing = await agent.wait_for("incoming", 10)
        assert ringing.peer == main.number
        assert 7.8 < time.monotonic() - paused < 9.5
        await agent.answer()
        await hears(main, agent)


async def test_ready_in_a_queue_rings_at_once_and_signing_out_of_it_does_not(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=1, agent_auto_ready=False) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await hears_music(caller)
        assert (await here.agent_state(1))["queues"][0]["status"] == "NOT_READY"
        assert (await change_in(here, "qu_main", status="LOGGED_OUT"))["status"] == "LOGGED_OUT"
        assert (await here.agent_state(1))["status"] == "available"
        assert (await change_in(here, "qu_main", status="LOGGED_IN"))["status"] == "NOT_READY"
        assert agent.seen("incoming") == []
        said = time.monotonic()
        assert (await change_in(here, "qu_main", status="READY"))["status"] == "READY"
        await agent.wait_for("incoming", 2)
        assert time.monotonic() - said < 1
        await agent.answer()
        await hears(caller, agent)
        await caller.hang_up()
        await agent.wait_for("closed")

        async def is_not_ready() -> bool:
            return bool((await here.agent_state(1))["queues"][0]["status"] == "NOT_READY")

        await wait_until(is_not_ready, "not ready after the call")


async def test_a_phone_that_is_not_registered_makes_its_agent_unreachable_and_misses_nothing(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=1, auto_pause_after_misses=1) as here:
        agent = await here.agent(1)
        await agent.unregister()
        await here.device_becomes(1, "unreachable")
        caller = await here.waiting_caller()
        await hears_music(caller, 3)
        state = await here.agent_state(1)
        assert (state["status"], state["device"]) == ("available", "unreachable")
        assert (state["missed_calls"], await offers(here)) == (0, 0)
        await agent.register()
        await talk(caller, agent)


async def test_46_in_a_call_is_spoken_as_pending(office: OpenOffice) -> None:
    """The agent dials on a second line; the call with the caller goes on meanwhile."""
    async with office(agents=1, callers=1) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await talk(caller, agent)
        second_line = await here.phone(here.slot.agent(1), registers=False)
        await second_line.call("*46")
        await second_line.wait_for("closed")
        await wait_until(lambda: told(second_line) == [Prompt.PAUSED_AFTER_CALL], "told so")
        state = await here.agent_state(1)
        assert (state["status"], state["pending"]["status"]) == ("available", "paused")
        await hears(caller, agent, 1)
        await caller.hang_up()
        await becomes(here, "paused")


def told(phone: Phone) -> list[Prompt]:
    return [prompt for prompt in Prompt if was_told(phone, prompt)]


async def queue_status(here: Office) -> str:
    return str((await here.agent_state(1))["queues"][0]["status"])


async def test_a_call_of_ones_own_is_not_ready_after_it_and_a_star_code_is_not(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=2, agent_auto_ready=False) as here:
        agent = await here.agent(1)
        other = await here.caller(2)
        assert (await change_in(here, "qu_main", status="READY"))["status"] == "READY"
        for _ in range(2):
            await agent.call("*46")
            await agent.wait_for("closed")
            await here.device_becomes(1, "reachable")
        assert await queue_status(here) == "READY"
        await agent.call(other.number)
        await other.wait_for("incoming")
        await other.answer()
        await hears(agent, other)
        caller = await here.waiting_caller(1)
        await other.hang_up()
        await here.device_becomes(1, "reachable")
        assert await queue_status(here) == "NOT_READY"
        await hears_music(caller, 2)
        assert agent.seen("incoming") == []
        await change_in(here, "qu_main", status="READY")
        await talk(caller, agent)
