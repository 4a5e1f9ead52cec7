"""*45 logs in and out, *46 pauses and goes on: the state, and what the agent is told."""

from typing import Any

from edge.ports.prompts import Prompt
from lab.phone import Phone
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears, hears_music, was_told
from tests.asterisk.office import Office
from tests.asterisk.office_files import key_digest, user

LOGIN, PAUSE = "*45", "*46"
OTHER_KEY = "sk_other"


async def dial(phone: Phone, code: str, told: Prompt) -> None:
    """Dial a star code: answered, told so and nothing else, and the call ends by itself."""
    await phone.call(code)
    await phone.wait_for("answered")
    closed = await phone.wait_for("closed")
    assert not closed.by_us
    assert closed.status is None, closed.detail
    # The phone may still be writing down the end of what it heard.
    await wait_until(lambda: was_told(phone, told), f"{phone.number} is told {told}")
    assert [prompt for prompt in Prompt if was_told(phone, prompt)] == [told]


async def state(here: Office) -> dict[str, Any]:
    """What the agent's person says, without what the work says."""
    known = await here.agent_state(1)
    return {name: known[name] for name in ("status", "logged_in_at", "paused_at", "pause_reason")}


async def test_45_logs_in_and_out_again(office: OpenOffice) -> None:
    async with office(agents=1) as here:
        phone = await here.agent(1, log_in=False)
        nobody = {"logged_in_at": None, "paused_at": None, "pause_reason": None}
        assert await state(here) == {"status": "logged_out", **nobody}
        await dial(phone, LOGIN, Prompt.LOGGED_IN)
        logged_in = await state(here)
        assert logged_in["logged_in_at"] is not None
        assert logged_in == {
            "status": "available",
            **nobody,
            "logged_in_at": logged_in["logged_in_at"],
        }
        await dial(phone, LOGIN, Prompt.LOGGED_OUT)
        assert await state(here) == {"status": "logged_out", **nobody}


async def test_46_pauses_and_goes_on_and_the_login_stays(office: OpenOffice) -> None:
    async with office(agents=1) as here:
        phone = await here.agent(1)
        available = await state(here)
        await dial(phone, PAUSE, Prompt.PAUSED)
        paused = await state(here)
        assert paused["paused_at"] is not None
        assert paused == {**available, "status": "paused", "paused_at": paused["paused_at"]}
        await dial(phone, PAUSE, Prompt.UNPAUSED)
        assert await state(here) == available


async def test_46_while_logged_out_is_refused_aloud(office: OpenOffice) -> None:
    async with office(agents=1) as here:
        phone = await here.agent(1, log_in=False)
        before = await state(here)
        await dial(phone, PAUSE, Prompt.LOG_IN_FIRST)
        assert await state(here) == before
        assert await here.events("agent_changed") == [
            event for event in await here.events("agent_changed") if "device" in event
        ]


async def test_45_while_paused_logs_out_and_the_next_login_is_not_paused(
    office: OpenOffice,
) -> None:
    async with office(agents=1) as here:
        phone = await here.agent(1, log_in=False)
        body = {"status": "paused", "reason": "lunch"}
        await here.post("/v1/users/user_a1/queue-agent", body)
        paused = await state(here)
        assert (paused["status"], paused["pause_reason"]) == ("paused", "lunch")
        assert paused["logged_in_at"] is not None
        await dial(phone, LOGIN, Prompt.LOGGED_OUT)
        out = await state(here)
        assert out == {
            "status": "logged_out",
            "logged_in_at": None,
            "paused_at": None,
            "pause_reason": None,
        }
        await dial(phone, LOGIN, Prompt.LOGGED_IN)
        assert (await state(here))["status"] == "available"
        assert (await state(here))["paused_at"] is None


async def test_46_after_a_pause_with_a_reason_clears_the_reason(office: OpenOffice) -> None:
    async with office(agents=1) as here:
        phone = await here.agent(1)
        available = await state(here)
        body = {"status": "paused", "reason": "training"}
        await here.post("/v1/users/user_a1/queue-agent", body)
        await dial(phone, PAUSE, Prompt.UNPAUSED)
        assert await state(here) == available


async def test_the_state_is_the_users_in_all_queues(office: OpenOffice) -> None:
    async with office(agents=1, callers=2, queues=2) as here:
        agent = await here.agent(1)
        await here.set_agent(1, "paused")
        callers = [await here.caller(n) for n in (1, 2)]
        for n, caller in enumerate(callers):
            await caller.call(here.slot.queue(n))
            await caller.wait_for("answered")
        await hears_music(callers[1], 1)
        assert agent.seen("incoming") == []
        await dial(agent, PAUSE, Prompt.UNPAUSED)
        served = {(await served_by(agent, callers)).number for _ in callers}
        assert served == {caller.number for caller in callers}


async def served_by(agent: Phone, callers: list[Phone]) -> Phone:
    """The caller who rings at the agent, after a talk."""
    ringing = await agent.wait_for("incoming")
    (caller,) = [one for one in callers if one.number == ringing.peer]
    await agent.answer()
    await hears(caller, agent)
    await caller.hang_up()
    await agent.wait_for("closed")
    return caller


async def test_the_waiting_caller_rings_when_the_call_of_45_is_over_and_not_before(
    office: OpenOffice,
) -> None:
    """A phone with one line would answer busy, and its agent back off for 10 s."""
    async with office(agents=1, callers=1) as here:
        caller = await here.waiting_caller()
        agent = await here.agent(1, log_in=False)
        await agent.call(LOGIN)
        over = await agent.wait_for("closed")
        ringing = await agent.wait_for("incoming", 3)
        assert ringing.peer == caller.number
        assert ringing.at >= over.at - 0.05
        assert await here.events("leg_ended") == []


async def test_a_user_of_another_account_is_not_affected(office: OpenOffice, slot: Any) -> None:
    other = {
        "id": f"acct_other{slot.slot:03d}",
        "name": "Other",
        "api_key_sha256": [key_digest(OTHER_KEY)],
        "users": [user("user_other1", slot.agent(2))],
        # The same number inside as our queue's.
        "queues": [{"id": "qu_other", "name": "Main", "extension": slot.queue()}],
    }

    async with office(agents=1, more_accounts=[other]) as here:

        async def status_there() -> str:
            path = "/v1/users/user_other1/queue-agent"
            return str((await here.get(path, key=OTHER_KEY))["status"])

        ours = await here.phone(slot.agent(1))
        theirs = await here.phone(slot.agent(2))
        await dial(ours, LOGIN, Prompt.LOGGED_IN)
        assert ((await state(here))["status"], await status_there()) == ("available", "logged_out")
        await dial(theirs, PAUSE, Prompt.LOG_IN_FIRST)
        await dial(theirs, LOGIN, Prompt.LOGGED_IN)
        await dial(ours, LOGIN, Prompt.LOGGED_OUT)
        assert ((await state(here))["status"], await status_there()) == ("logged_out", "available")


async def test_a_hang_up_during_the_confirmation_leaves_the_change_made(
    office: OpenOffice,
) -> None:
    async with office(agents=1) as here:
        phone = await here.agent(1, log_in=False)
        await phone.call(LOGIN)
        await phone.wait_for("answered")
        await phone.hang_up()

        async def is_available() -> bool:
            return bool((await state(here))["status"] == "available")

        await wait_until(is_available, "agent 1 is logged in")
