"""Redis is killed and has forgotten the last moves: each edge asserts again what it owns."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.domain.agent import Agent, Occupancy, PresenceChange
from edge.domain.disposition import Disposition
from edge.domain.entry import Entry, Stage
from edge.domain.ids import EntryId, RunId, UserId
from edge.domain.overlays import QueueStatus
from edge.store.redis_queue_store import RedisQueueStore
from tests.fakes.redis_server import RedisServer, cut_append_only_file
from tests.fakes.store_bench import check_keys, claim, join, line, log_in, talk
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BETA, BOB, CAT, ONE, TWO, account

pytestmark = pytest.mark.redis

EVERYTHING = 1_000_000


class Site:
    """A Redis that can lose its memory, and two edges that stay alive meanwhile."""

    def __init__(self, server: RedisServer) -> None:
        self.server = server
        self.one, self.two = self._store(ONE), self._store(TWO)

    def _store(self, run: RunId) -> RedisQueueStore:
        return RedisQueueStore(self.server.url, run, (account(),))

    async def begin(self) -> None:
        for store in (self.one, self.two):
            await store.configure(account())
            await store.beat()

    async def lose(self, commands: int) -> None:
        """kill -9, cut the append-only file back, start again; both edges notice by themselves."""
        self.server.kill()
        cut = cut_append_only_file(self.server.append_only_folder, commands)
        assert cut > 0
        await asyncio.to_thread(self.server.start)
        await asyncio.gather(self.one.beat(), self.two.beat())

    async def close(self) -> None:
        await self.one.close()
        await self.two.close()


@asynccontextmanager
async def open_site(folder: Path) -> AsyncIterator[Site]:
    with RedisServer(folder, append_only=True) as server:
        site = Site(server)
        await site.begin()
        try:
            yield site
            with server.client() as plain:
                check_keys(plain)
        finally:
            await site.close()


async def records(site: Site, entries: list[EntryId], users: list[UserId]) -> list[Any]:
    found: list[Entry | Agent | None] = [await site.one.entry(ACCOUNT_ID, e) for e in entries]
    return [*found, *[await site.one.agent(ACCOUNT_ID, user) for user in users]]


@pytest.mark.parametrize("commands", [1, 5, 50, EVERYTHING])
async def test_order_and_records_are_as_before(tmp_path: Path, commands: int) -> None:
    async with open_site(tmp_path) as site:
        await log_in(site.one, ANN, BOB)
        entries = []
        for store in (site.one, site.two, site.one, site.two, site.one):
            entries.append((await join(store)).id)
        await talk(site.one)
        moved, leg = await claim(site.two)
        await site.two.leg_dialled(ACCOUNT_ID, moved.agent.id, leg, 20)
        before = await line(site.one)
        known = await records(site, entries, [ANN, BOB])
        await site.lose(commands)
        assert await line(site.one) == before
        after = await records(site, entries, [ANN, BOB])
        assert [stripped(record) for record in after] == [stripped(record) for record in known]
        assert all(is_not_older(*pair) for pair in zip(after, known, strict=True))


def is_not_older(record: Entry | Agent, was: Entry | Agent) -> bool:
    return record.rev >= was.rev


def stripped(record: Entry | Agent) -> dict[str, Any]:
    """All but the revision, and the time that a leg is given after such a gap."""
    names = type(record).__dataclass_fields__
    return {
        name: getattr(record, name)
        for name in names
        if name not in ("rev", "wake_at_ms", "retry_at_ms")
    }


async def test_life_goes_on_after_everything_was_lost(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        await log_in(site.one, ANN, BOB)
        talking = await join(site.one)
        agent, _ = await talk(site.one)
        ringing = await join(site.one)
        moved, leg = await claim(site.one)
        waiting = await join(site.two)
        await site.lose(EVERYTHING)
        _, moved = await site.one.accept(ACCOUNT_ID, moved.agent.id, leg)
        assert (moved.entry.id, moved.entry.stage) == (ringing.id, Stage.CONNECTING)
        _, moved = await site.one.complete(ACCOUNT_ID, talking.id)
        assert (moved.agent.id, moved.agent.occupancy) == (agent.id, Occupancy.WRAP_UP)
        await log_in(site.one, CAT)
        moved, _ = await claim(site.two)
        assert moved.entry.id == waiting.id


@pytest.mark.parametrize("commands", [1, 5, 10, EVERYTHING])
async def test_pauses_of_one_queue_and_pending_ones_are_as_before(
    tmp_path: Path, commands: int
) -> None:
    async with open_site(tmp_path) as site:
        store = site.one
        await log_in(store, CAT)
        await join(store, BETA)
        await talk(store, BETA)
        await log_in(store, ANN)
        await join(store, ALPHA)
        await join(store, BETA)
        await store.change_presence(ACCOUNT_ID, CAT, PresenceChange.PAUSED, "tea", pause_ms=60_000)
        await store.change_queue_status(
            ACCOUNT_ID, ANN, ALPHA, QueueStatus.NOT_READY, "training", 600_000
        )
        known = await records(site, [], [ANN, CAT])
        await site.lose(commands)
        after = await records(site, [], [ANN, CAT])
        assert [stripped(record) for record in after] == [stripped(record) for record in known]
        assert await store.look(ACCOUNT_ID, ALPHA, 8) == ()
        assert (await store.look(ACCOUNT_ID, BETA, 8))[0].ready == (ANN,)


async def test_what_ended_does_not_come_back(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        gone, stays = await join(site.one), await join(site.one)
        await site.one.leave(ACCOUNT_ID, gone.id, Disposition.ABANDONED)
        await site.lose(1)
        assert await line(site.one) == [stays.id]
        found = await site.one.entry(ACCOUNT_ID, gone.id)
        assert found is not None
        assert (found.stage, found.disposition) == (Stage.ENDED, Disposition.ABANDONED)


async def test_nobody_is_dead_for_one_lease_after_a_restart(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        await site.lose(EVERYTHING)
        _, edges = await site.one.beat()
        assert edges.dead == frozenset()
        assert edges.alive == {ONE, TWO}


async def test_a_move_in_an_outage_waits_and_is_made_once(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        site.server.kill()
        joining = asyncio.create_task(join(site.one))
        done, _ = await asyncio.wait({joining}, timeout=0.3)
        assert not done, "waits for Redis"
        await asyncio.to_thread(site.server.start)
        entry = await joining
        assert await line(site.one) == [entry.id]


async def test_a_restart_with_nothing_lost_changes_nothing(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        await log_in(site.one, ANN)
        entries = [(await join(store)).id for store in (site.one, site.two, site.one)]
        known = await records(site, entries, [ANN])
        site.server.kill()
        await asyncio.to_thread(site.server.start)
        await asyncio.gather(site.one.beat(), site.two.beat())
        assert await records(site, entries, [ANN]) == known
        assert (await site.one.look(ACCOUNT_ID, ALPHA, 8))[0].ready == (ANN,)
