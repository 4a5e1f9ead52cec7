"""An agent transfers the caller: the agent is free, caller and third party hear each other."""

from typing import Any

import pytest

from lab.audio import Sound, silences, tone_seconds
from lab.phone import Phone
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import heard_in_this_call, hears, hears_music, talk
from tests.asterisk.office import Office
from tests.asterisk.restarts import GAP_MS, hears_on, listening, start_again

TALKED_MS = 1_500


async def talks(here: Office, **options: Any) -> tuple[Phone, Phone, Phone]:
    """Caller and agent talk; a third phone is there."""
    agent = await here.agent(1, max_calls=2, **options)
    third = await here.caller(2)
    caller = await here.waiting_caller()
    await talk(caller, agent)
    return caller, agent, third


async def dialog(here: Office, call_id: str) -> str:
    """How Asterisk names this call of a phone, for Replaces."""
    for channel in await here.channels():
        path = f"channels/{channel['id']}/variable?variable=CHANNEL(pjsip,"
        told = [
            (await here.ari(f"{path}{what})"))["value"]
            for what in ("call-id", "local_tag", "remote_tag")
        ]
        if told[0] == call_id:
            return f"{told[0]};to-tag={told[1]};from-tag={told[2]}"
    raise AssertionError(f"no channel with Call-ID {call_id}")


async def consult(agent: Phone, third: Phone) -> tuple[str, str]:
    """The agent puts the caller on hold and talks with somebody else; both Call-IDs."""
    first = agent.seen("answered")[-1].call_id
    await agent.hold()
    await agent.call(third.number)
    await third.wait_for("incoming")
    await third.answer()
    await agent.wait_for("answered")
    second = agent.seen("answered")[-1].call_id
    await hears(third, agent)
    assert first is not None
    assert second is not None
    return first, second


async def transfer(here: Office, how: str, agent: Phone, third: Phone) -> None:
    if how == "blind":
        await agent.transfer(third.number)
        await third.wait_for("incoming")
        await third.answer()
    else:
        first, second = await consult(agent, third)
        await agent.transfer_to_call(first, third.number, await dialog(here, second))


async def hear_each_other(one: Phone, other: Phone, seconds: float = 1.0) -> None:
    """From now on."""
    begin = {phone.number: heard_in_this_call(phone).seconds for phone in (one, other)}

    def since(phone: Phone) -> Sound:
        return heard_in_this_call(phone).between(begin[phone.number])

    for listener, speaker in ((one, other), (other, one)):
        hz = speaker.tone_hz
        assert hz is not None

        def enough(listener: Phone = listener, hz: float = hz) -> bool:
            return tone_seconds(since(listener), hz) >= seconds

        await wait_until(enough, f"{listener.number} hears {speaker.number}", every=0.1)


@pytest.mark.parametrize("how", ["blind", "attended"])
async def test_the_agent_is_free_and_the_others_talk_on(office: OpenOffice, how: str) -> None:
    async with office(agents=1, callers=3, wrap_up_seconds=0) as here:
        caller, agent, third = await talks(here)
        following = await here.waiting_caller(3)
        await transfer(here, how, agent, third)
        await hear_each_other(caller, third)
        ringing = await agent.wait_for("incoming", 3)
        assert ringing.peer == following.number
        await agent.answer()
        await hears(following, agent)
        (over,) = await here.events("call_completed")
        (left,) = await here.events("entry_left")
        assert left["disposition"] == "answered"
        assert over["user"] == "user_a1"
        await hear_each_other(caller, third)
        assert not caller.seen("closed")
        assert await here.events("leg_ended") == []
        await third.hang_up()
        await caller.wait_for("closed", 3)
        await following.hang_up()
        await agent.wait_for("closed")


@pytest.mark.parametrize("how", ["blind", "attended"])
async def test_the_talk_time_ends_with_the_transfer_and_wrap_up_begins(
    office: OpenOffice, how: str
) -> None:
    async with office(agents=1, callers=2, wrap_up_seconds=1) as here:
        caller, agent, third = await talks(here)
        await transfer(here, how, agent, third)
        await here.agent_becomes(1, "wrap_up", 2)
        (connected,) = await here.events("call_connected")
        (over,) = await here.events("call_completed")
        closed_ms = over["at"] - connected["at"]
        assert abs(over["talked_ms"] - closed_ms) < 50
        await hear_each_other(caller, third)
        await here.agent_becomes(1, "idle")
        await caller.hang_up()
        await third.wait_for("closed", 3)
        assert [e["talked_ms"] for e in await here.events("call_completed")] == [over["talked_ms"]]


@pytest.mark.parametrize("who", ["caller", "third"])
@pytest.mark.parametrize("how", ["blind", "attended"])
async def test_the_edge_dies_after_the_transfer_and_nobody_hears_it(
    office: OpenOffice, how: str, who: str
) -> None:
    async with office(agents=1, callers=2, wrap_up_seconds=0) as here:
        caller, agent, third = await talks(here)
        await transfer(here, how, agent, third)
        await here.agent_becomes(1, "idle")
        await hear_each_other(caller, third)
        begin = {phone.number: heard_in_this_call(phone).seconds for phone in (caller, third)}
        async with listening(here) as listened:
            await here.edge.kill()
            await hears_on(caller, third)
            await start_again(here)
            await hear_each_other(caller, third, 2)
        for phone in (caller, third):
            heard = heard_in_this_call(phone).between(begin[phone.number])
            assert silences(heard, over_ms=GAP_MS + round(listened.stalled_ms)) == []
        leaves, stays = (caller, third) if who == "caller" else (third, caller)
        await leaves.hang_up()
        await stays.wait_for("closed", 3)
        joined = await here.events("entry_joined")
        assert len(joined) == 1, "who talks on is no new caller"


async def test_a_transfer_while_no_edge_lives_leaves_nobody_alone(office: OpenOffice) -> None:
    """Asterisk lets nobody into the bridge of an application that is away, and tells the phone
    all the same that it is done: the call ends as if the agent had hung up."""
    async with office(agents=1, callers=3, wrap_up_seconds=0) as here:
        caller, agent, third = await talks(here)
        await here.edge.kill()
        await agent.transfer(third.number)

        async def agent_is_gone() -> bool:
            return [c["caller"]["number"] for c in await here.channels()] == [caller.number]

        await wait_until(agent_is_gone, "the agent's phone hung up")
        await start_again(here)
        await caller.wait_for("closed", 3)
        await here.agent_becomes(1, "idle")
        (left,) = await here.events("entry_left")
        assert left["disposition"] == "answered"


async def test_one_hangs_up_while_no_edge_lives_and_the_other_is_not_left_alone(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=2) as here:
        caller, agent, third = await talks(here)
        await transfer(here, "blind", agent, third)
        await hear_each_other(caller, third)
        await here.edge.kill()
        await third.hang_up()
        await start_again(here)
        await caller.wait_for("closed", 3)


@pytest.mark.parametrize("then", ["refuses", "never answers"])
async def test_a_blind_transfer_to_somebody_who_does_not_come_ends_properly(
    office: OpenOffice, then: str
) -> None:
    """While the phone rings the caller is not in silence."""
    async with office(agents=1, callers=2, wrap_up_seconds=0) as here:
        caller, agent, third = await talks(here)
        begin = heard_in_this_call(caller).seconds
        await agent.transfer(third.number)
        await third.wait_for("incoming")
        await here.agent_becomes(1, "idle")
        await hears_on(caller, seconds=3.5)
        ringing = heard_in_this_call(caller).between(begin + 0.5)
        # The tone of ringing has pauses of 4 s.
        assert ringing.samples.any()
        if then == "refuses":
            await third.reject()
        else:
            await third.vanish()
            await caller.hang_up()
        await caller.wait_for("closed", 5)
        (left,) = await here.events("entry_left")
        assert left["disposition"] == "answered"


@pytest.mark.parametrize("how", ["blind", "attended"])
async def test_the_caller_transfers_and_the_agent_talks_on(office: OpenOffice, how: str) -> None:
    async with office(agents=1, callers=2, wrap_up_seconds=1) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller(max_calls=2)
        third = await here.caller(2)
        await talk(caller, agent)
        await transfer(here, how, caller, third)
        await hear_each_other(agent, third)
        assert await here.agent_is(1, "talking")
        await here.edge.kill()
        await start_again(here)
        await hear_each_other(agent, third)
        assert await here.agent_is(1, "talking")
        await third.hang_up()
        await agent.wait_for("closed", 3)
        await here.agent_becomes(1, "wrap_up")
        (over,) = await here.events("call_completed")
        assert over["talked_ms"] > TALKED_MS
        (left,) = await here.events("entry_left")
        assert left["disposition"] == "answered"


async def test_a_blind_transfer_into_another_queue_is_a_new_place_there(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=1, queues=2, wrap_up_seconds=0) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await talk(caller, agent)
        await here.set_agent(1, "paused")
        await agent.transfer(here.slot.queue(1))
        await agent.wait_for("closed")
        await hears_music(caller, 2)
        (_, there) = await here.events("entry_joined")
        assert there["queue"] == "qu_main2"
        await here.edge.kill()
        await start_again(here)
        await hears_music(caller, 2)
        await here.set_agent(1, "available")
        ringing = await agent.wait_for("incoming", 5)
        assert ringing.peer == caller.number
        await agent.answer()
        await hear_each_other(caller, agent)
        await caller.hang_up()
        await agent.wait_for("closed", 3)
        left = [e["disposition"] for e in await here.events("entry_left")]
        assert left == ["answered", "answered"]


async def test_an_attended_transfer_of_a_place_in_another_queue(office: OpenOffice) -> None:
    """The agent calls the other queue, hears its music, and hands the caller that place."""
    async with office(agents=1, callers=1, queues=2, wrap_up_seconds=0) as here:
        agent = await here.agent(1, max_calls=2)
        caller = await here.waiting_caller()
        await talk(caller, agent)
        await here.set_agent(1, "paused")
        first = agent.seen("answered")[-1].call_id
        assert first is not None
        await agent.hold()
        await agent.call(here.slot.queue(1))
        await agent.wait_for("answered")
        second = agent.seen("answered")[-1].call_id
        assert second is not None
        await hears_music(agent, 1)
        await agent.transfer_to_call(first, here.slot.queue(1), await dialog(here, second))
        await here.agent_becomes(1, "idle")
        await hears_music(caller, 2)
        (_, joined) = await here.events("entry_joined")
        await here.edge.kill()
        await start_again(here)
        await hears_music(caller, 2)
        assert [e["entry"] for e in await here.events("entry_left")] != [joined["entry"]]
        assert len(await here.events("entry_joined")) == 2, "the place is kept"
        await here.set_agent(1, "available")
        await agent.wait_for("incoming", 5)
        await agent.answer()
        await hear_each_other(caller, agent)
        await caller.hang_up()
        await agent.wait_for("closed", 3)


async def hands_over(here: Office, caller: Phone, third: Phone) -> None:
    """Who waits calls somebody else, who then hears the music. (Asterisk refuses a blind transfer
    of whoever stands alone in a bridge.)"""
    await transfer(here, "attended", caller, third)
    await caller.wait_for("closed")
    await hears_music(third, 2)


@pytest.mark.parametrize("is_answered", [False, True])
async def test_who_takes_the_call_over_before_the_bridge_hears_music(
    office: OpenOffice, is_answered: bool
) -> None:
    """In the line, or while the agent who has answered is told of the call."""
    async with office(agents=1, callers=2, wrap_up_seconds=0, member_delay_seconds=8) as here:
        caller, third = await here.waiting_caller(max_calls=2), await here.caller(2)
        await hears_music(caller)
        agent = await here.agent(1, log_in=is_answered)
        if is_answered:
            await agent.wait_for("incoming")
            await agent.answer()
            await here.agent_becomes(1, "talking")
        await hands_over(here, caller, third)
        if not is_answered:
            await here.set_agent(1, "available")
            await agent.wait_for("incoming", 5)
            await agent.answer()
        await hear_each_other(agent, third)
        await third.hang_up()
        await agent.wait_for("closed", 3)


async def test_who_takes_the_call_over_while_a_key_leads_on_is_led_on_by_another_edge(
    office: OpenOffice,
) -> None:
    row = {"digit": "1", "action": "route", "dest_kind": "user", "dest_id": "user_a1"}
    async with office(agents=1, callers=2, wrap_up_seconds=0, options=[row]) as here:
        agent = await here.agent(1, log_in=False)
        caller, third = await here.waiting_caller(max_calls=2), await here.caller(2)
        await hears_music(caller)
        await caller.press("1")
        await agent.wait_for("incoming")
        await hands_over(here, caller, third)
        async with listening(here) as listened:
            begin = heard_in_this_call(third).seconds
            await here.edge.kill()
            await start_again(here)
            await hears_music(third, 2)
        heard = heard_in_this_call(third).between(begin)
        assert silences(heard, over_ms=GAP_MS + round(listened.stalled_ms)) == []
        await agent.answer()
        await hear_each_other(agent, third)
        assert len(agent.seen("incoming")) == 1
        await third.hang_up()
        await agent.wait_for("closed", 3)
