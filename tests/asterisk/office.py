"""An office: one test's own account, queue, phones, Redis and edge on the shared Asterisk."""

import base64
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import redis.asyncio
import yaml

from edge.store.keys import KEYS
from lab.numbers import Slot
from lab.phone import Phone
from lab.ports import free_port
from lab.processes import EdgeProcess, RedisProcess
from lab.wait import wait_until

KEY = "sk_test"
TONES = {"caller": 900, "agent": 1300}


@dataclass(frozen=True, slots=True)
class Pbx:
    """The Asterisk that all tests of a session share."""

    ari_url: str
    ari_user: str
    ari_password: str
    sip_address: str
    sip_port: int
    rtp_ports: tuple[int, int]
    run_dir: str


class Office:
    """Everything one test needs. Agents are user_a1…, callers user_c1…, the queue is qu_main."""

    def __init__(self, pbx: Pbx, slot: Slot, folder: Path, stack: AsyncExitStack) -> None:
        self.pbx = pbx
        self.slot = slot
        self.folder = folder
        self.account = f"acct_slot{slot.slot:03d}"
        self.queue = "qu_main"
        self._stack = stack
        self._http = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {KEY}"}, timeout=aiohttp.ClientTimeout(total=5)
        )
        self.redis_process = RedisProcess(folder, free_port())
        self.http_port = free_port()
        self.http_url = f"http://127.0.0.1:{self.http_port}"
        self.edge = self._edge("edge")
        self.redis = redis.asyncio.Redis.from_url(self.redis_process.url, decode_responses=True)

    # --- set-up

    async def open(self, *, agents: int, callers: int, **queue: Any) -> None:
        """Write the configuration, start Redis and the edge. `queue` overrides its settings."""
        self._write_config(agents, callers, queue)
        await self.redis_process.start()
        await self.edge.start()

    def _write_config(self, agents: int, callers: int, queue: dict[str, Any]) -> None:
        users = [
            {"id": f"user_{kind}{n}", "name": f"{kind}{n}", "extension": number, "sip": number}
            for kind, count, number_of in (
                ("a", agents, self.slot.agent),
                ("c", callers, self.slot.caller),
            )
            for n in range(1, count + 1)
            for number in [number_of(n)]
        ]
        members = [
            {"id": f"qum_a{n}", "user_id": f"user_a{n}", "position": n}
            for n in range(1, agents + 1)
        ]
        account = {
            "id": self.account,
            "name": "Test",
            "api_key_sha256": [hashlib.sha256(KEY.encode()).hexdigest()],
            "users": users,
            "queues": [
                {
                    "id": self.queue,
                    "name": "Main",
                    "extension": self.slot.queue(),
                    "members": members,
                    **queue,
                }
            ],
            "phone_numbers": [{"number": self.slot.outside_number(), "queue_id": self.queue}],
        }
        site = {
            "nodes": [
                {
                    "id": "pbx-1",
                    "url": self.pbx.ari_url,
                    "user": self.pbx.ari_user,
                    "password": self.pbx.ari_password,
                }
            ],
            "trunks": [self.slot.carrier],
            "redis": {"url": self.redis_process.url},
            "http": {"host": "127.0.0.1", "port": self.http_port},
            "logging": {"level": "info", "format": "json", "mask_personal_data": False},
            "worlds": ["world.yaml"],
        }
        (self.folder / "world.yaml").write_text(yaml.safe_dump({"accounts": [account]}))
        (self.folder / "edge.yaml").write_text(yaml.safe_dump(site))

    def _edge(self, name: str) -> EdgeProcess:
        return EdgeProcess(self.folder, self.folder / "edge.yaml", self.http_url, name=name)

    async def restart_edge(self) -> None:
        """Start the edge again (after a kill) and wait until it is ready and has taken over."""
        await self.edge.start()

    # --- phones

    async def phone(self, number: str, **options: Any) -> Phone:
        """A registered phone of this office, stopped at the end of the test."""
        phone = await Phone.start(
            number,
            server=self.pbx.sip_address,
            folder=self.folder / f"phone-{number}",
            **options,
        )
        self._stack.push_async_callback(phone.stop)
        await phone.wait_registered()
        return phone

    async def agent(self, n: int, *, log_in: bool = True, **options: Any) -> Phone:
        """The n-th agent's phone, the agent logged in."""
        options.setdefault("tone_hz", TONES["agent"] + 100 * n)
        phone = await self.phone(self.slot.agent(n), **options)
        if log_in:
            await self.set_agent(n, "available")
        return phone

    async def caller(self, n: int = 1, **options: Any) -> Phone:
        """The n-th caller's phone, not calling yet."""
        options.setdefault("tone_hz", TONES["caller"] + 50 * n)
        return await self.phone(self.slot.caller(n), **options)

    async def waiting_caller(self, n: int = 1, **options: Any) -> Phone:
        """A caller who has dialled the queue, hears the music and stands in the line."""
        phone = await self.caller(n, **options)
        await phone.call(self.slot.queue())
        await phone.wait_for("answered")
        await wait_until(lambda: self.stands_in_line(phone.number), f"{phone.number} in line")
        return phone

    # --- API

    async def get(self, path: str) -> Any:
        async with self._http.get(self.http_url + path) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        async with self._http.post(self.http_url + path, json=body) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def set_agent(self, n: int, status: str) -> None:
        await self.post(f"/v1/users/user_a{n}/queue-agent", {"status": status})

    async def agent_state(self, n: int) -> dict[str, Any]:
        state: dict[str, Any] = await self.get(f"/v1/users/user_a{n}/queue-agent")
        return state

    async def agent_is(self, n: int, occupancy: str) -> bool:
        return bool((await self.agent_state(n))["occupancy"] == occupancy)

    async def agent_becomes(self, n: int, occupancy: str, seconds: float = 10) -> None:
        await wait_until(
            lambda: self.agent_is(n, occupancy), f"agent {n} is {occupancy}", seconds
        )

    async def line(self) -> list[dict[str, Any]]:
        """Who waits, first in line first."""
        entries: list[dict[str, Any]] = (await self.get(f"/v1/queues/{self.queue}/entries"))[
            "data"
        ]
        return entries

    async def callers_in_line(self) -> list[str]:
        return [entry["caller"] for entry in await self.line()]

    async def stands_in_line(self, number: str) -> bool:
        return number in await self.callers_in_line()

    async def events(self, name: str | None = None) -> list[dict[str, Any]]:
        """What the account's stream holds, in order: the facts with their event name."""
        rows = await self.redis.xrange(f"{{{self.account}}}:events")
        found = [{"event": row["event"], **json.loads(row["facts"])} for _, row in rows]
        return [one for one in found if name is None or one["event"] == name]

    # --- Asterisk's own truth

    async def ari(self, path: str) -> Any:
        login = f"{self.pbx.ari_user}:{self.pbx.ari_password}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(login).decode()}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.get(f"{self.pbx.ari_url}/{path}") as answer,
        ):
            answer.raise_for_status()
            return await answer.json()

    async def channels(self) -> list[dict[str, Any]]:
        """The channels of this office's phones."""
        numbers = {*self.slot.agents(), *self.slot.callers(), self.slot.carrier}
        return [
            channel
            for channel in await self.ari("channels")
            if channel["name"].split("/")[1].rsplit("-", 1)[0] in numbers
        ]

    async def bridges(self) -> list[str]:
        """The conversations' bridges of this office's entries that exist."""
        entries = [key async for key in self.redis.scan_iter("*:entry:*")]
        ours = {"talk_" + key.rsplit(":", 1)[1].removeprefix("ent_") for key in entries}
        return [bridge["id"] for bridge in await self.ari("bridges") if bridge["id"] in ours]

    # --- the end

    async def assert_nothing_left(self) -> None:
        """No channel, no bridge, nobody in line, no key that should not be there."""
        await wait_until(self._no_channels, "no channel left", 15)
        await wait_until(self._no_bridges, "no bridge left", 10)
        if await self._store_answers():
            await wait_until(self._nobody_in_line, "nobody left in line", 10)
            assert await self.stray_keys() == []

    async def _no_channels(self) -> bool:
        return not await self.channels()

    async def _no_bridges(self) -> bool:
        return not await self.bridges()

    async def _nobody_in_line(self) -> bool:
        keys = [key async for key in self.redis.scan_iter("*:queue:*:line")]
        return not keys and not [key async for key in self.redis.scan_iter("*:owned:*")]

    async def _store_answers(self) -> bool:
        with contextlib.suppress(redis.exceptions.ConnectionError):
            return bool(await self.redis.ping())
        return False

    async def stray_keys(self) -> list[str]:
        """Keys without a TTL that the table of keys does not call permanent."""
        permanent = [_pattern(kind.pattern) for kind in KEYS]
        stray = []
        async for key in self.redis.scan_iter("*"):
            is_entry = ":entry:" in key
            if await self.redis.ttl(key) == -1 and (
                is_entry or not any(_matches(key, parts) for parts in permanent)
            ):
                stray.append(key)
        return stray

    async def close(self) -> None:
        await self._http.close()
        await self.redis.aclose()
        await self.edge.stop()
        await self.redis_process.stop()


def _pattern(pattern: str) -> list[str]:
    return pattern.split(":")


def _matches(key: str, parts: list[str]) -> bool:
    found = key.split(":")
    return len(found) == len(parts) and all(
        part.startswith(("<", "{")) or part == word
        for part, word in zip(parts, found, strict=True)
    )


@asynccontextmanager
async def opened_office(
    pbx: Pbx, slot: Slot, folder: Path, *, agents: int = 1, callers: int = 1, **queue: Any
) -> AsyncIterator[Office]:
    """An office that is open; afterwards phones are stopped and nothing may be left."""
    async with AsyncExitStack() as last:
        office = Office(pbx, slot, folder, AsyncExitStack())
        last.push_async_callback(office.close)
        await office.open(agents=agents, callers=callers, **queue)
        async with office._stack:
            yield office
        await office.assert_nothing_left()

