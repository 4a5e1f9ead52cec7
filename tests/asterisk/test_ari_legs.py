"""The adapter alone on a real Asterisk: claim, hold, dial, connect, adopt, and a cut socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.ari.ids import holding_bridge
from edge.ari.phone_system import AriPhoneSystem, AriSettings
from edge.domain.ids import (
    BridgeId,
    EndpointName,
    LegId,
    NodeId,
    new_leg_id,
    new_playback_id,
    new_run_id,
    new_suffix,
)
from edge.ports.phone_system import (
    Arrival,
    DeviceChanged,
    DeviceState,
    Dial,
    Dialled,
    DigitPressed,
    Done,
    EndReason,
    FeedBroken,
    LegAnswered,
    LegEnded,
    LegFeed,
    LegRinging,
    LegState,
    NodeBack,
    NodeEvent,
    NodeLost,
    NotDialled,
    PlaybackEnded,
)
from lab.audio import make_tone, music_heard, read_wav, silences, tone_seconds
from lab.numbers import Slot
from lab.phone import Phone
from lab.sipp import SippCallers, SippPhone
from lab.sipp_scenarios import Behaviour, CallPlan
from lab.wait import wait_until
from tests.asterisk.office import Pbx

PROMPT_HZ = 650.0


class Edge:
    """One edge's adapter, claiming the calls to this slot's queue."""

    def __init__(self, pbx: Pbx, slot: Slot) -> None:
        self._queue = slot.queue()
        self.claims = True
        self.phones = AriPhoneSystem(
            AriSettings(
                node=NodeId("pbx-1"),
                run=new_run_id(),
                url=pbx.ari_url,
                user=pbx.ari_user,
                password=pbx.ari_password,
                may_claim=self._may_claim,
            )
        )
        self.said: list[NodeEvent] = []

    def _may_claim(self, arrival: Arrival) -> bool:
        return self.claims and arrival.dialled == self._queue

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            await self.phones.run()

    async def _follow(self) -> None:
        async for event in self.phones.events():
            self.said.append(event)

    def arrivals(self) -> list[Arrival]:
        return [event for event in self.said if isinstance(event, Arrival)]

    async def arrival(self, count: int = 1) -> Arrival:
        await wait_until(lambda: len(self.arrivals()) >= count, "arrival", every=0.005)
        return self.arrivals()[count - 1]


class Bench:
    """One test's edges and phones."""

    def __init__(self, pbx: Pbx, slot: Slot, folder: Path, stack: AsyncExitStack) -> None:
        self.pbx, self.slot, self.folder, self._stack = pbx, slot, folder, stack

    async def edge(self) -> Edge:
        edge = Edge(self.pbx, self.slot)
        running = asyncio.create_task(edge.run())

        async def stop() -> None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        self._stack.push_async_callback(stop)
        await wait_until(lambda: edge.said[:1] == [NodeBack()], "edge connected", every=0.005)
        return edge

    async def phone(self, number: str, **options: Any) -> Phone:
        phone = await Phone.start(
            number, server=self.pbx.sip_address, folder=self.folder / number, **options
        )
        self._stack.push_async_callback(phone.stop)
        await phone.wait_registered()
        return phone

    async def sipp_phone(self, behaviour: Behaviour) -> SippPhone:
        phone = await SippPhone.start(
            self.slot.agent(1), behaviour, server=self.pbx.sip_address, folder=self.folder
        )
        self._stack.push_async_callback(phone.stop)
        return phone

    async def held_caller(self, edge: Edge, n: int = 1) -> tuple[Phone, LegId]:
        """A caller who was answered and stands in the holding bridge."""
        phone = await self.phone(self.slot.caller(n), tone_hz=900)
        earlier = len(edge.arrivals())
        await phone.call(self.slot.queue())
        leg = (await edge.arrival(earlier + 1)).leg
        self._stack.push_async_callback(edge.phones.hang_up, leg)
        assert await edge.phones.answer(leg) is Done.DONE
        assert await edge.phones.hold(leg, "default") is Done.DONE
        return phone, leg

    def dial(self, leg: LegId, ring_seconds: int = 20) -> Dial:
        endpoint = EndpointName(self.slot.agent(1))
        return Dial(leg, endpoint, self.slot.caller(1), "Ann Caller", ring_seconds)

    def conversation(self, edge: Edge) -> BridgeId:
        bridge = BridgeId(f"test_{new_suffix()}")
        self._stack.push_async_callback(edge.phones.remove_bridge, bridge)
        return bridge


@asynccontextmanager
async def bench(pbx: Pbx, slot: Slot, folder: Path) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        yield Bench(pbx, slot, folder, stack)


async def until(feed: LegFeed, wanted: type[Any], seconds: float = 10) -> list[Any]:
    """The feed's events up to and with the first of that kind."""
    seen: list[Any] = []
    async with asyncio.timeout(seconds):
        while not seen or not isinstance(seen[-1], wanted):
            seen.append(await feed.next())
    return seen


async def hears_music(phone: Phone) -> None:
    def has_music() -> bool:
        return bool(phone.recordings) and music_heard(phone.recording.path)

    await wait_until(has_music, "music", every=0.1)


def heard_seconds(phone: Phone) -> float:
    return read_wav(phone.recording.path).seconds


# --- arriving and waiting


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
        assert edge.said[1:] == [come, gone]
