"""Redis is killed and has forgotten the last moves: each edge asserts again what it owns."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.domain.agent import Agent, Occupancy, PresenceChange
from edge.domain.disposition import Disposition
from edge.domain.entry import Entry, Stage
from edge.domain.ids import EntryId, LegId, RunId, UserId
from edge.domain.overlays import QueueStatus
from edge.ports.queue_store import AcceptWord, Due, FireWord
from edge.store.redis_queue_store import RedisQueueStore
from tests.fakes.redis_server import RedisServer, cut_append_only_file, now_ms
from tests.fakes.store_bench import check_keys, claim, join, line, log_in, talk
from tests.fakes.world import (
    ACCOUNT_ID,
    ALPHA,
    ANN,
    BETA,
    BOB,
    CAT,
    DAN,
    ONE,
    TWO,
    account,
    joining,
)

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


async def claimed_for_another(site: Site) -> tuple[Entry, UserId, LegId]:
    """The second edge gave an agent to a caller of the first, who heard of it and rang; Redis has
    forgotten that, and nothing before it."""
    await log_in(site.one, ANN, BOB)
    entry = await join(site.one)
    moved, leg = await claim(site.two)
    return entry, moved.agent.id, leg


async def test_a_call_that_another_edge_gave_us_is_offered_still(tmp_path: Path) -> None:
    """Its owner has it from the record that the summons made it read."""
    async with open_site(tmp_path) as site:
        entry, user, leg = await claimed_for_another(site)
        await site.one.entry(ACCOUNT_ID, entry.id)
        await site.one.leg_dialled(ACCOUNT_ID, user, leg, 20)
        await site.lose(10)
        found = await site.one.entry(ACCOUNT_ID, entry.id)
        assert found is not None
        assert (found.stage, found.ringing) == (Stage.OFFERED, frozenset({user}))
        word, _ = await site.one.accept(ACCOUNT_ID, user, leg)
        assert word is AcceptWord.ACCEPTED


@pytest.mark.parametrize("is_over", [False, True])
async def test_a_leg_that_its_entry_does_not_know_frees_its_agent_and_nothing_else(
    tmp_path: Path, is_over: bool
) -> None:
    """The agent alone was asserted: meanwhile the caller talks with another, or has left."""
    async with open_site(tmp_path) as site:
        entry, user, leg = await claimed_for_another(site)
        await site.lose(10)
        other = BOB if user == ANN else ANN
        if is_over:
            await site.one.leave(ACCOUNT_ID, entry.id, Disposition.ABANDONED)
        else:
            await talk(site.one)
        known = await site.one.entry(ACCOUNT_ID, entry.id)
        assert known is not None
        assert known.agent in (None, other)
        with site.server.client() as plain:
            plain.set(f"{{{ACCOUNT_ID}}}:clock", now_ms() + 60_000)
        due = Due(ACCOUNT_ID, f"agent:{user}", 0)
        word, moved = await site.one.fire(due, frozenset())
        assert word is FireWord.FIRED
        assert moved.agent.occupancy is Occupancy.IDLE
        assert await site.one.entry(ACCOUNT_ID, entry.id) == known
        word, moved = await site.one.fire(due, frozenset())
        assert word is FireWord.NOT_DUE
        assert leg != moved.agent.leg


async def test_what_another_edge_ended_does_not_come_back_from_its_owner(tmp_path: Path) -> None:
    """The home edge ends a wait for its owner, who only reads of it; an hour later nothing of it
    is in Redis."""
    async with open_site(tmp_path) as site:
        _, moved = await site.one.join(ACCOUNT_ID, replace(joining(), max_wait_seconds=1))
        with site.server.client() as plain:
            plain.set(f"{{{ACCOUNT_ID}}}:clock", now_ms() + 60_000)
            due = Due(ACCOUNT_ID, f"entry:{moved.entry.id}", 0)
            word, _ = await site.two.fire(due, frozenset({ONE, TWO}))
            assert word is FireWord.FIRED
            await site.one.entry(ACCOUNT_ID, moved.entry.id)
            plain.delete(f"{{{ACCOUNT_ID}}}:entry:{moved.entry.id}")
            plain.set("lost", "")
        await site.lose(1)
        assert await line(site.one) == []


async def test_places_are_unique_also_among_those_whom_redis_had_forgotten(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        entry = await join(site.one)
        await site.lose(EVERYTHING)
        late = replace(joining(), arrived_at_ms=entry.place)
        _, moved = await site.two.join(ACCOUNT_ID, late)
        assert moved.entry.place == entry.place + 1
        assert await line(site.two) == [entry.id, moved.entry.id]


@pytest.mark.parametrize("commands", [30, 50, 70, 90])
async def test_who_stood_ready_when_redis_forgot_a_call_stands_where_the_call_put_them(
    tmp_path: Path, commands: int
) -> None:
    """Ready before the call and after it; of the call Redis knows nothing."""
    async with open_site(tmp_path) as site:
        await log_in(site.one, CAT, DAN)
        await join(site.one, BETA)
        agent, entry = await talk(site.one, BETA)
        await site.one.complete(ACCOUNT_ID, entry.id)
        await join(site.one, BETA)
        (known,) = await site.one.look(ACCOUNT_ID, BETA, 8)
        assert known.ready[-1] == agent.id == DAN
        await site.lose(commands)
        (found,) = await site.one.look(ACCOUNT_ID, BETA, 8)
        assert found.ready == known.ready
