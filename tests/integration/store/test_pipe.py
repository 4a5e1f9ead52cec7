"""The one connection of the moves: many at once, in order, and what happens when it ends."""

import asyncio
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.exceptions import (
    AuthenticationError,
    NoScriptError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from edge.store.pipe import Pipe, Wire, pack
from lab.child import Child
from lab.ports import free_port
from lab.processes import RedisProcess
from tests.fakes.redis_server import RedisServer
from tests.fakes.waiting import wait_until

pytestmark = pytest.mark.redis


async def no_greeting(_: Pipe) -> None:
    """Takes any server."""


@asynccontextmanager
async def opened(url: str, within: float = 2.0) -> AsyncIterator[Wire]:
    wire = Wire(url, within, no_greeting)
    try:
        yield wire
    finally:
        wire.close()
        await asyncio.sleep(0)


async def test_many_at_once_get_their_own_answers(redis_server: RedisServer) -> None:
    async with opened(redis_server.url) as wire:
        texts = [f"answer {n} é" * (n * 50) for n in range(200)]
        answers = await asyncio.gather(*(wire.send(pack("ECHO", text)) for text in texts))
        assert answers == texts
        assert len(redis_server.client().client_list()) <= 2, "over one connection"


async def test_a_long_answer_comes_in_pieces(redis_server: RedisServer) -> None:
    async with opened(redis_server.url) as wire:
        text = "x\r\n" * 2_000_000
        assert await wire.send(pack("ECHO", text)) == text


async def test_answers_of_each_kind(redis_server: RedisServer) -> None:
    async with opened(redis_server.url) as wire:
        assert await wire.send(pack("PING")) == "PONG"
        assert await wire.send(pack("SET", "{pipe}", 1)) == "OK"
        assert await wire.send(pack("INCR", "{pipe}")) == 2
        assert await wire.send(pack("DEL", "{pipe}")) == 1
        assert await wire.send(pack("GET", "{pipe}")) is None
        with pytest.raises(NoScriptError):
            await wire.send(pack("EVALSHA", "0" * 40, 0))
        with pytest.raises(ResponseError, match="unknown command"):
            await wire.send(pack("NONSENSE"))


async def test_who_gave_up_takes_no_answer_from_the_others(redis_server: RedisServer) -> None:
    async with opened(redis_server.url) as wire:
        first = asyncio.create_task(wire.send(pack("ECHO", "first")))
        second = asyncio.create_task(wire.send(pack("ECHO", "second")))
        await wire.send(pack("PING"))
        third = asyncio.create_task(wire.send(pack("ECHO", "third")))
        await asyncio.sleep(0)
        third.cancel()
        assert await wire.send(pack("ECHO", "fourth")) == "fourth"
        assert [await first, await second] == ["first", "second"]


async def test_a_server_that_is_silent_is_left(redis_server: RedisServer) -> None:
    async with opened(redis_server.url, within=0.1) as wire:
        await wire.send(pack("PING"))
        with redis_server.client() as plain:
            plain.client_pause(300)
            silent = [asyncio.create_task(wire.send(pack("SET", "{pipe}", n))) for n in range(3)]
            for one in silent:
                with pytest.raises(RedisTimeoutError):
                    await one
            plain.client_unpause()
            plain.delete("{pipe}")
        assert await wire.send(pack("PING")) == "PONG", "over a new connection"


async def test_a_quiet_connection_is_not_timed(redis_server: RedisServer) -> None:
    async with opened(redis_server.url, within=0.05) as wire:
        for _ in range(3):
            assert await wire.send(pack("PING")) == "PONG"
            await asyncio.sleep(0.06)


async def test_a_server_that_dies_leaves_nobody_waiting(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        async with opened(server.url) as wire:
            with server.client() as plain:
                await wire.send(pack("PING"))
                plain.client_pause(5_000)
                waiting = asyncio.create_task(wire.send(pack("SET", "{pipe}", 1)))
                await asyncio.sleep(0.05)
            server.kill()
            with pytest.raises(RedisConnectionError):
                await waiting
            with pytest.raises(FileNotFoundError):
                await wire.send(pack("PING"))
            await asyncio.to_thread(server.start)
            assert await wire.send(pack("PING")) == "PONG"


async def test_a_greeting_that_refuses_ends_the_connection(redis_server: RedisServer) -> None:
    greeted: list[Pipe] = []

    async def refuse(pipe: Pipe) -> None:
        greeted.append(pipe)
        if len(greeted) == 1:
            raise RedisConnectionError("not this one")

    wire = Wire(redis_server.url, 2.0, refuse)
    with pytest.raises(RedisConnectionError, match="not this one"):
        await wire.send(pack("PING"))
    assert greeted[0].is_lost
    assert await wire.send(pack("PING")) == "PONG"
    wire.close()
    with pytest.raises(RedisError, match="closed"):
        await wire.send(pack("PING"))


async def test_a_password_and_a_database(tmp_path: Path) -> None:
    async with RedisProcess(tmp_path, free_port(), password="sesame") as server:
        async with opened(server.url.removesuffix("/0") + "/3") as wire:
            await wire.send(pack("SET", "{pipe}", "there"))
            assert "db=3" in str(await wire.send(pack("CLIENT", "INFO")))
        async with opened(f"redis://127.0.0.1:{server.port}") as wire:
            with pytest.raises(AuthenticationError):
                await wire.send(pack("PING"))
        async with opened(f"redis://:wrong@127.0.0.1:{server.port}") as wire:
            with pytest.raises(AuthenticationError):
                await wire.send(pack("PING"))


CERTIFICATE = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 "
    "-addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem"
)
ENCRYPTED = (
    "redis-server --port 0 --save '' --tls-cert-file cert.pem --tls-key-file key.pem "
    "--tls-auth-clients no --tls-port"
)


async def test_an_encrypted_connection(tmp_path: Path) -> None:
    port = free_port()
    made = Child("openssl", tmp_path / "openssl.log")
    made.spawn(shlex.split(CERTIFICATE), {}, tmp_path)
    assert await made.ended(30.0)
    server = Child("redis", tmp_path / "redis.log")
    server.spawn([*shlex.split(ENCRYPTED), str(port)], {}, tmp_path)
    try:
        await wait_until(lambda: "Ready to accept" in server.log.read_text(), "Redis is up")
        url = f"rediss://127.0.0.1:{port}"
        async with opened(f"{url}?ssl_ca_certs={tmp_path}/cert.pem") as wire:
            assert await wire.send(pack("PING")) == "PONG"
        async with opened(url) as wire:
            with pytest.raises(OSError, match="certificate verify failed"):
                await wire.send(pack("PING"))
    finally:
        await server.kill()
