"""An office: one test's own account, queue, phones, Redis and edge on the shared Asterisk."""

import base64
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import aiohttp
import redis.asyncio

from lab.numbers import Slot
from lab.phone import Phone
from lab.ports import free_port
from lab.processes import EdgeProcess, RedisProcess
from lab.sipp import SippPhone
from lab.sipp_scenarios import Behaviour
from lab.wait import wait_until
from tests.asterisk.leftovers import stray_keys
from tests.asterisk.office_files import KEY, Wanted, account_of, write_files

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

    async def open(
        self,
        *,
        agents: int,
        callers: int,
        queues: int = 1,
        of_members: Mapping[int, Wanted] = MappingProxyType({}),
        of_queues: Mapping[int, Wanted] = MappingProxyType({}),
        more_accounts: Sequence[Wanted] = (),
        with_edge: bool = True,
        of_site: Mapping[str, Wanted] = MappingProxyType({}),
        **settings: Any,
    ) -> None:
        """Write the configuration, start Redis and the edge. `settings` are the queues' own,
        `of_members` and `of_queues` those of one by its number from 1."""
        account = account_of(
            self.account,
            self.slot,
            agents=agents,
            callers=callers,
            queues=queues,
            settings=settings,
            of_members=of_members,
            of_queues=of_queues,
        )
        write_files(self.folder, {**self._site(), **of_site}, [account, *more_accounts])
        await self.redis_process.start()
        if with_edge:
            await self.edge.start()

    def _site(self) -> dict[str, Any]:
        return {
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
            "webhooks": {"allow_private_addresses": True},
        }

    def _edge(self, name: str) -> EdgeProcess:
        return EdgeProcess(self.folder, self.folder / "edge.yaml", self.http_url, name=name)

    async def restart_edge(self) -> None:
        """Start the edge again (after a kill) and wait until it is ready and has taken over."""
        await self.edge.start()

    # --- phones

    async def phone(self, number: str, *, registers: bool = True, **options: Any) -> Phone:
        """A phone of this office, registered if it does so, stopped at the end of the test."""
        phone = await Phone.start(
            number,
            server=self.pbx.sip_address,
            registers=registers,
            folder=self.folder / f"phone-{number}",
            **options,
        )
        self._stack.push_async_callback(phone.stop)
        if registers:
            await phone.wait_registered()
        return phone

    async def agent(self, n: int, *, log_in: bool = True, **options: Any) -> Phone:
        """The n-th agent's phone, the agent logged in."""
        options.setdefault("tone_hz", TONES["agent"] + 100 * n)
        phone = await self.phone(self.slot.agent(n), **options)
        if log_in:
            await self._log_in(n)
        return phone

    async def _log_in(self, n: int) -> None:
        await self.set_agent(n, "available")
        await self.device_becomes(n, "reachable")

    async def robot_agent(self, n: int, behaviour: Behaviour) -> SippPhone:
        """The n-th agent with a phone that treats every call alike, the agent logged in."""
        phone = await SippPhone.start(
            self.slot.agent(n),
            behaviour,
            server=self.pbx.sip_address,
            folder=self.folder / f"robot-{n}",
        )
        self._stack.push_async_callback(phone.stop)
        await self._log_in(n)
        return phone

    async def outside_phone(self, number: str, **options: Any) -> Phone:
        """A phone behind this slot's carrier; it dials the slot's outside numbers."""
        address = self.slot.carrier_host
        return await self.phone(number, registers=False, address=address, **options)

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

    async def get(self, path: str, key: str = KEY) -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        async with self._http.get(self.http_url + path, headers=headers) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        async with self._http.post(self.http_url + path, json=body) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Status and JSON of an answer of any kind; None where it has no body."""
        async with self._http.request(method, self.http_url + path, json=body) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def set_agent(self, n: int, status: str) -> None:
        await self.post(f"/v1/users/user_a{n}/queue-agent", {"status": status})

    async def agent_state(self, n: int) -> dict[str, Any]:
        state: dict[str, Any] = await self.get(f"/v1/users/user_a{n}/queue-agent")
        return state

    async def agent_is(self, n: int, occupancy: str) -> bool:
        return bool((await self.agent_state(n))["occupancy"] == occupancy)

    async def agent_becomes(self, n: int, occupancy: str, seconds: float = 10) -> None:
        await wait_until(lambda: self.agent_is(n, occupancy), f"agent {n} is {occupancy}", seconds)

    async def device_becomes(self, n: int, device: str, seconds: float = 10) -> None:
        async def is_so() -> bool:
            return bool((await self.agent_state(n))["device"] == device)

        await wait_until(is_so, f"the phone of agent {n} is {device}", seconds)

    async def line(self) -> list[dict[str, Any]]:
        """Who waits, first in line first."""
        entries: list[dict[str, Any]] = (await self.get(f"/v1/queues/{self.queue}/entries"))["data"]
        return entries

    async def callers_in_line(self) -> list[str]:
        return [entry["caller"] for entry in await self.line()]

    async def stands_in_line(self, number: str) -> bool:
        return number in await self.callers_in_line()

    async def events(self, name: str | None = None) -> list[dict[str, Any]]:
        """What the account's stream holds, in order: the facts, their event name, ms since 1970."""
        rows: list[Any] = await self.redis.xrange(f"{{{self.account}}}:events") or []
        found = [
            {"event": row["event"], "at": int(row["at"]), **json.loads(row["facts"])}
            for _, row in rows
        ]
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
            assert await stray_keys(self.redis) == []

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

    async def close(self) -> None:
        await self._http.close()
        await self.redis.aclose()
        await self.edge.stop()
        await self.redis_process.stop()


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
