"""The adapter alone on a real Asterisk: claim, hold, play, dial, connect."""

import asyncio
from pathlib import Path

import pytest

from edge.domain.ids import (
    EndpointName,
    LegId,
    new_leg_id,
)
from edge.ports.phone_system import (
    Dial,
    Dialled,
    DigitPressed,
    Done,
    EndReason,
    LegAnswered,
    LegEnded,
    LegRinging,
    LegState,
    NotDialled,
    PlaybackEnded,
)
from lab.audio import make_tone, music_heard, silences, tone_seconds
from lab.numbers import Slot
from lab.sipp import SippCallers
from lab.sipp_scenarios import Behaviour, CallPlan
from lab.wait import wait_until
from tests.asterisk.ari_bench import (
    PROMPT_HZ,
    bench,
    heard_seconds,
    hears_music,
    new_playback_id,
    until,
)
from tests.asterisk.office import Pbx


async def test_a_call_arrives_at_one_edge_only_and_hears_music(
    pbx: Pbx, slot: Slot, tmp_path: Path
) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edges = [await here.edge(), await here.edge()]
        phone = await here.phone(slot.caller(1))
        await phone.call(slot.queue())
        await wait_until(lambda: any(edge.arrivals() for edge in edges), "arrival")
        [winner] = [edge for edge in edges if edge.arrivals()]
        arrival = await winner.arrival()
        assert (arrival.dialled, arrival.endpoint, arrival.inside) == (
            slot.queue(),
            slot.caller(1),
            True,
        )
        assert arrival.caller_number == slot.caller(1)
        assert arrival.node == "pbx-1"
        with winner.phones.listen(arrival.leg) as feed:
            assert await winner.phones.answer(arrival.leg) is Done.DONE
            assert await winner.phones.hold(arrival.leg, "default") is Done.DONE
            assert await winner.phones.hold(arrival.leg, "default") is Done.DONE
            await hears_music(phone)
            await phone.hang_up()
            assert (await until(feed, LegEnded))[-1] == LegEnded(EndReason.NORMAL)
        assert await winner.phones.hold(arrival.leg, "default") is Done.GONE
        assert await winner.phones.answer(arrival.leg) is Done.GONE
        assert sum(len(edge.arrivals()) for edge in edges) == 1


async def test_music_plays_again_after_the_holding_bridge_was_empty(
    pbx: Pbx, slot: Slot, tmp_path: Path
) -> None:
    """Music of the bridge itself would have died with its last caller."""
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        for n in (1, 2):
            phone, leg = await here.held_caller(edge, n)
            await hears_music(phone)
            await edge.phones.hang_up(leg)
            await phone.wait_for("closed")


async def test_music_comes_back_after_a_prompt_and_digits_are_told(
    pbx: Pbx, slot: Slot, tmp_path: Path
) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        phone, leg = await here.held_caller(edge)
        prompt = make_tone(tmp_path / "prompt.wav", PROMPT_HZ, 1.0)
        playback = new_playback_id()
        with edge.phones.listen(leg) as feed:
            sounds = [str(prompt.with_suffix(""))]
            assert await edge.phones.play(leg, playback, sounds) is Done.DONE
            assert (await until(feed, PlaybackEnded))[-1] == PlaybackEnded(playback)
            prompt_over = heard_seconds(phone)
            await phone.press("5#")
            pressed = await until(feed, DigitPressed) + await until(feed, DigitPressed)
            assert pressed == [DigitPressed("5"), DigitPressed("#")]
        await wait_until(lambda: heard_seconds(phone) > prompt_over + 2, "two seconds on")
        recording = phone.recording.path
        assert tone_seconds(recording, PROMPT_HZ) > 0.8
        assert music_heard(recording)
        assert [gap for gap in silences(recording, over_ms=100) if gap.start > 1] == []


async def test_an_order_does_not_wait_for_the_end_of_a_prompt(
    pbx: Pbx, slot: Slot, tmp_path: Path
) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        _, leg = await here.held_caller(edge)
        prompt = make_tone(tmp_path / "prompt.wav", PROMPT_HZ, 30.0)
        with edge.phones.listen(leg) as feed:
            await edge.phones.play(leg, new_playback_id(), [str(prompt.with_suffix(""))])
            started = asyncio.get_running_loop().time()
            assert await edge.phones.connect(here.conversation(edge), [leg]) is None
            assert asyncio.get_running_loop().time() - started < 1
            await until(feed, PlaybackEnded)


async def test_a_missing_sound_ends_at_once(pbx: Pbx, slot: Slot, tmp_path: Path) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        _, leg = await here.held_caller(edge)
        with edge.phones.listen(leg) as feed:
            await edge.phones.play(leg, new_playback_id(), [str(tmp_path / "not-there")])
            await until(feed, PlaybackEnded)


async def test_variables_stay_on_the_leg(pbx: Pbx, slot: Slot, tmp_path: Path) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        _, leg = await here.held_caller(edge)
        assert await edge.phones.set_variables(leg, {"QE_PLACE": "12", "QE_ID": "a"}) is Done.DONE
        assert await edge.phones.variable(leg, "QE_PLACE") == "12"
        assert await edge.phones.variable(leg, "QE_NOTHING") is None


async def test_a_caller_can_be_refused_with_busy(pbx: Pbx, slot: Slot, tmp_path: Path) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        callers = await SippCallers.start(
            [slot.caller(1)],
            CallPlan(to=slot.queue(), password="demo-{number}"),
            server=pbx.sip_address,
            address="127.0.0.1",
            folder=tmp_path,
        )
        arrival = await edge.arrival()
        with edge.phones.listen(arrival.leg) as feed:
            await edge.phones.hang_up(arrival.leg, EndReason.BUSY)
            assert (await until(feed, LegEnded))[-1] == LegEnded(EndReason.BUSY)
        [call] = await callers.finished()
        assert call.status == 486


# --- ringing a phone


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Behaviour(status=486, rings=False), EndReason.BUSY),
        (Behaviour(status=486, after_ms=200), EndReason.REFUSED),
        (Behaviour(status=603, after_ms=200), EndReason.REFUSED),
        (Behaviour(status=480, after_ms=200), EndReason.REFUSED),
        (Behaviour(status=503, rings=False), EndReason.UNREACHABLE),
        (Behaviour(status=404, rings=False), EndReason.UNASSIGNED),
        (Behaviour(status=488, rings=False), EndReason.FAILED),
        (Behaviour(status=None), EndReason.NO_ANSWER),
        (Behaviour(status=None, rings=False), EndReason.NO_ANSWER),
    ],
    ids=lambda value: str(getattr(value, "status", value)),
)
async def test_why_a_phone_was_not_answered(
    pbx: Pbx, slot: Slot, tmp_path: Path, behaviour: Behaviour, reason: EndReason
) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        phone = await here.sipp_phone(behaviour)
        leg = new_leg_id()
        with edge.phones.listen(leg) as feed:
            assert await edge.phones.dial(here.dial(leg, ring_seconds=1)) == Dialled()
            rings = [LegRinging()] if behaviour.rings else []
            assert await until(feed, LegEnded) == [*rings, LegEnded(reason)]
        call = await phone.wait_for("incoming")
        assert call.number == slot.caller(1)


@pytest.mark.parametrize("endpoint", ["registered by nobody", "unknown"])
async def test_a_phone_that_is_not_there_is_not_dialled(
    pbx: Pbx, slot: Slot, tmp_path: Path, endpoint: str
) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        name = slot.agent(6) if endpoint.startswith("registered") else "no-such-phone"
        leg = new_leg_id()
        with edge.phones.listen(leg):
            dial = Dial(leg, EndpointName(name), "1", "", 5)
            assert await edge.phones.dial(dial) == NotDialled(EndReason.UNREACHABLE)


async def test_ringing_stops_at_once_when_it_is_hung_up(
    pbx: Pbx, slot: Slot, tmp_path: Path
) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        phone = await here.sipp_phone(Behaviour(status=None))
        leg = new_leg_id()
        with edge.phones.listen(leg) as feed:
            await edge.phones.dial(here.dial(leg))
            await until(feed, LegRinging)
            await edge.phones.hang_up(leg, EndReason.ANSWERED_ELSEWHERE)
            assert await until(feed, LegEnded) == [LegEnded(EndReason.ANSWERED_ELSEWHERE)]
        await phone.wait_for("cancelled")
        await edge.phones.hang_up(leg)


async def test_dials_cancelled_at_any_moment_leave_no_leg(
    pbx: Pbx, slot: Slot, tmp_path: Path
) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        await here.sipp_phone(Behaviour(status=None))
        legs = [new_leg_id() for _ in range(12)]

        async def dial_and_give_up(leg: LegId, turns: int) -> None:
            with edge.phones.listen(leg):
                dialling = asyncio.create_task(edge.phones.dial(here.dial(leg)))
                for _ in range(turns):
                    await asyncio.sleep(0)
                dialling.cancel()
                await asyncio.gather(dialling, return_exceptions=True)
                await edge.phones.hang_up(leg)

        for turns, leg in enumerate(legs):
            await dial_and_give_up(leg, turns * 3)

        async def none_left() -> bool:
            return not set(legs) & set((await edge.phones.survey()).legs)

        await wait_until(none_left, "no leg left")


# --- talking


async def test_caller_and_agent_are_connected_and_hear_each_other(
    pbx: Pbx, slot: Slot, tmp_path: Path
) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        caller, caller_leg = await here.held_caller(edge)
        agent = await here.phone(slot.agent(1), tone_hz=1300)
        bridge = here.conversation(edge)
        await edge.phones.prepare_bridge(bridge)
        leg = new_leg_id()
        with edge.phones.listen(leg) as feed, edge.phones.listen(caller_leg) as caller_feed:
            assert await edge.phones.dial(here.dial(leg)) == Dialled()
            assert (await agent.wait_for("incoming")).peer == slot.caller(1)
            await agent.answer()
            assert await until(feed, LegAnswered) == [LegRinging(), LegAnswered()]
            assert await edge.phones.connect(bridge, [caller_leg, leg]) is None
            assert await edge.phones.connect(bridge, [caller_leg, leg]) is None
            survey = await edge.phones.survey()
            assert survey.bridges[bridge] == {caller_leg, leg}
            assert survey.legs[leg].state is LegState.UP
            assert survey.legs[leg].bridge == bridge
            assert survey.waiting_in_app[edge.phones.app] == {caller_leg, leg}
            await wait_until(
                lambda: tone_seconds(agent.recording.path, 900) > 0.5, "agent hears", every=0.1
            )
            await wait_until(
                lambda: tone_seconds(caller.recording.path, 1300) > 0.5, "caller hears", every=0.1
            )
            await agent.hang_up()
            assert await until(feed, LegEnded) == [LegEnded(EndReason.NORMAL)]
            assert await edge.phones.connect(bridge, [caller_leg, leg]) == leg
            assert await edge.phones.hold(caller_leg, "default") is Done.DONE
            assert caller_feed.pending() == 0


# --- a dead edge's legs, a cut connection
