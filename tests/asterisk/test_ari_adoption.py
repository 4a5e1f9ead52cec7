"""The adapter alone on a real Asterisk: legs of a dead edge adopted, and a cut socket."""

from pathlib import Path

from edge.ari.ids import holding_bridge
from edge.domain.ids import (
    EndpointName,
    new_leg_id,
)
from edge.ports.phone_system import (
    DeviceChanged,
    DeviceState,
    Done,
    EndReason,
    FeedBroken,
    LegAnswered,
    LegEnded,
    LegRinging,
    NodeBack,
    NodeLost,
)
from lab.audio import make_tone, silences, tone_seconds
from lab.numbers import Slot
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


async def test_a_held_caller_is_adopted_with_music_and_without_a_gap(
    pbx: Pbx, slot: Slot, tmp_path: Path
) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        old, new = await here.edge(), await here.edge()
        new.claims = False
        phone, leg = await here.held_caller(old)
        await hears_music(phone)
        with new.phones.listen(leg) as feed:
            assert await new.phones.adopt(leg) is Done.DONE
            assert await new.phones.hold(leg, "default") is Done.DONE
            survey = await new.phones.survey()
            assert survey.legs[leg].bridge == holding_bridge("default")
            assert survey.waiting_in_app[new.phones.app] == {leg}
            recalled = await new.phones.recall_arrival(leg)
            assert recalled == old.arrivals()[0]
            adopted = heard_seconds(phone)
            await wait_until(lambda: heard_seconds(phone) > adopted + 2, "two seconds on")
            await phone.hang_up()
            assert (await until(feed, LegEnded))[-1] == LegEnded(EndReason.NORMAL)
        recording = phone.recording.path
        assert [gap for gap in silences(recording, over_ms=60) if gap.start > 1] == []
        await new.phones.forget_application(old.phones.app)


async def test_a_caller_who_hears_a_prompt_is_adopted_after_it(
    pbx: Pbx, slot: Slot, tmp_path: Path
) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        old, new = await here.edge(), await here.edge()
        new.claims = False
        phone, leg = await here.held_caller(old)
        prompt = make_tone(tmp_path / "prompt.wav", PROMPT_HZ, 1.5)
        await old.phones.play(leg, new_playback_id(), [str(prompt.with_suffix(""))])
        assert await new.phones.adopt(leg) is Done.DONE
        assert await new.phones.hold(leg, "default") is Done.DONE
        await hears_music(phone)
        assert tone_seconds(phone.recording.path, PROMPT_HZ) > 1.3


async def test_a_ringing_phone_is_adopted_answered_and_connected(
    pbx: Pbx, slot: Slot, tmp_path: Path
) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        old, new = await here.edge(), await here.edge()
        new.claims = False
        caller, caller_leg = await here.held_caller(old)
        agent = await here.phone(slot.agent(1), tone_hz=1300)
        bridge, leg = here.conversation(old), new_leg_id()
        with old.phones.listen(leg) as old_feed:
            await old.phones.prepare_bridge(bridge)
            await old.phones.dial(here.dial(leg))
            await until(old_feed, LegRinging)
        await agent.wait_for("incoming")
        with new.phones.listen(leg) as feed, new.phones.listen(caller_leg):
            for each in (leg, caller_leg):
                assert await new.phones.adopt(each) is Done.DONE
            await agent.answer()
            assert await until(feed, LegAnswered) == [LegAnswered()]
            assert await new.phones.connect(bridge, [caller_leg, leg]) is None
            await wait_until(
                lambda: tone_seconds(caller.recording.path, 1300) > 0.5, "caller hears", every=0.1
            )
            await agent.hang_up()
            assert await until(feed, LegEnded) == [LegEnded(EndReason.NORMAL)]


async def test_a_cut_event_socket_comes_back_and_tells_what_was_missed(
    pbx: Pbx, slot: Slot, tmp_path: Path
) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        caller, caller_leg = await here.held_caller(edge)
        agent = await here.phone(slot.agent(1), auto_answer_after=0)
        leg = new_leg_id()
        with edge.phones.listen(leg) as feed, edge.phones.listen(caller_leg) as caller_feed:
            await edge.phones.dial(here.dial(leg))
            await edge.phones._socket.drop()
            await wait_until(lambda: edge.said[-1:] == [NodeBack()], "back")
            assert edge.said[-2:] == [NodeLost(), NodeBack()]
            seen = await until(feed, LegAnswered)
            assert FeedBroken() in seen
            await agent.hang_up()
            assert (await until(feed, LegEnded))[-1] == LegEnded(EndReason.NORMAL)
            await caller.hang_up()
            assert await until(caller_feed, LegEnded) == [FeedBroken(), LegEnded(EndReason.NORMAL)]


async def test_phones_that_come_and_go_are_told(pbx: Pbx, slot: Slot, tmp_path: Path) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        number = EndpointName(slot.agent(1))
        assert await edge.phones.watch([number]) == {number: DeviceState.UNREACHABLE}
        phone = await here.phone(number)
        come = DeviceChanged(number, DeviceState.REACHABLE)
        await wait_until(lambda: come in edge.said, "phone there")
        assert await edge.phones.watch([number]) == {number: DeviceState.REACHABLE}
        await phone.unregister()
        gone = DeviceChanged(number, DeviceState.UNREACHABLE)
        await wait_until(lambda: gone in edge.said, "phone gone")
        # Before it the phone that had the number last may still be told as gone, once more.
        first = edge.said.index(come)
        assert set(edge.said[1:first]) <= {gone}
        assert edge.said[first:] == [come, gone]
