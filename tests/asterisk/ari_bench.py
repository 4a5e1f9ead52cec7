"""What the tests of the adapter alone work with: an edge's adapter, its calls and its ears."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from edge.ari.phone_system import AriPhoneSystem, AriSettings
from edge.domain.ids import (
    BridgeId,
    EndpointName,
    LegId,
    NodeId,
    PlaybackId,
    new_run_id,
    new_suffix,
)
from edge.ports.phone_system import (
    Arrival,
    Dial,
    Done,
    LegFeed,
    NodeBack,
    NodeEvent,
)
from lab.audio import music_heard, read_wav
from lab.numbers import Slot
from lab.phone import Phone
from lab.sipp import SippPhone
from lab.sipp_scenarios import Behaviour
from lab.wait import wait_until
from tests.asterisk.office import Pbx

PROMPT_HZ = 650.0


def new_playback_id() -> PlaybackId:
    return PlaybackId(f"say_{new_suffix()}")


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
