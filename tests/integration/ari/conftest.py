"""A node under test: the adapter on a fake Asterisk, its run in a task of the test's own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from edge.ari.phone_system import AriPhoneSystem, AriSettings
from edge.domain.ids import LegId, NodeId, RunId
from edge.ports.phone_system import Arrival, NodeBack, NodeEvent
from lab.wait import wait_until
from tests.integration.ari.fake_asterisk import PASSWORD, USER, FakeAsterisk, fake_asterisk

APP = RunId("edge-0000000000000000000000test")


@dataclass
class Node:
    """The fake, the adapter, and what its `events` said so far."""

    asterisk: FakeAsterisk
    phones: AriPhoneSystem
    running: asyncio.Task[None]
    said: list[NodeEvent] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def event(self, what: str, **fields: object) -> None:
        """Asterisk sends an event to our application."""
        await self.asterisk.send(APP, {"type": what, "application": APP, **fields})

    async def start_leg(self, leg: LegId, state: str = "Down") -> None:
        """The leg enters our application, and we know it."""
        await self.event("StasisStart", channel=channel(leg, state), args=[])
        known = self.phones._router.legs
        await wait_until(lambda: leg in known and known[leg].present, "leg known", every=0.001)


def channel(leg: str, state: str = "Down", app_data: str = "") -> dict[str, object]:
    """A channel's snapshot as far as anyone reads it."""
    return {
        "id": leg,
        "state": state,
        "caller": {"name": "Ann", "number": "301"},
        "dialplan": {"app_name": "StasisBroadcast" if app_data else "", "app_data": app_data},
    }


def accept_all(_: Arrival) -> bool:
    return True


OpenNode = Callable[..., AbstractAsyncContextManager[Node]]


@pytest.fixture
def open_node() -> OpenNode:
    """`async with open_node() as node: …`, connected and ready."""

    @asynccontextmanager
    async def opened(may_claim: Callable[[Arrival], bool] = accept_all) -> AsyncIterator[Node]:
        async with fake_asterisk() as asterisk:
            settings = AriSettings(NodeId("pbx"), APP, asterisk.url, USER, PASSWORD, may_claim)
            phones = AriPhoneSystem(settings)
            node = Node(asterisk, phones, asyncio.create_task(phones.run()))

            async def follow() -> None:
                async for event in phones.events():
                    node.said.append(event)
                node.ended.set()

            following = asyncio.create_task(follow())
            try:
                await wait_until(lambda: NodeBack() in node.said, "connected", every=0.005)
                await wait_until(lambda: len(asterisk.sockets) == 2, "both sockets", every=0.005)
                yield node
            finally:
                node.running.cancel()
                await asyncio.gather(node.running, return_exceptions=True)
                await following

    return opened
