"""Listening on the address of edge.yaml."""

import socket

import aiohttp
import pytest

from edge.domain.ids import RunId
from edge.domain.settings import Http, World
from edge.web import PortTaken, Readiness, make_app, serving
from tests.fakes.clock import HandSetClock
from tests.fakes.memory_site import MemorySite
from tests.fakes.memory_store import MemoryQueueStore


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def an_app() -> aiohttp.web.Application:
    store = MemoryQueueStore(RunId("edge-1"), MemorySite(), HandSetClock())
    return make_app(World(), store, Readiness, lambda account, moved: None)


async def test_listens_while_inside_and_not_after() -> None:
    http = Http(port=free_port())
    url = f"http://127.0.0.1:{http.port}/healthz"
    async with aiohttp.ClientSession() as client:
        async with serving(an_app(), http), client.get(url) as response:
            assert response.status == 200
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.get(url)


async def test_a_port_already_taken_is_named_with_what_changes_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"127\.0\.0\.1:{port} is taken.*HTTP_PORT"):
            async with serving(an_app(), Http(port=port)):
                pass
