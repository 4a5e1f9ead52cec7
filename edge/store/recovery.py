"""What this edge knows of its own calls and agents, and how it tells a Redis that forgot.

Every answer of a move is mirrored: the records of the entries we own (and, for a while, of those
that ended) and of the agents we wrote. A restarted Redis may have lost its last moves; each edge
then asserts its mirror, newest record first, and claims wait until all edges have or 3 s passed.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import structlog
from redis.asyncio import Redis

from edge.domain.ids import AccountId, RunId
from edge.store import keys

log = structlog.get_logger()

ENDED_KEPT_MS = 60_000
WAIT_FOR_OTHERS_SECONDS = 3.0
ASSERTED_KEPT_SECONDS = 86_400
RECORDS_A_MOVE = 100

RecordName = tuple[AccountId, str, str]


class Mirror:
    """The newest records this edge has seen of what it is answerable for."""

    def __init__(self, run: RunId) -> None:
        self._run = run
        self._records: dict[RecordName, dict[str, str]] = {}
        self._ended: dict[RecordName, int] = {}
        self._now_ms = 0

    def keep(self, account: AccountId, reply: Mapping[str, Any]) -> None:
        """Take over the records of a reply."""
        self._now_ms = now_ms = int(reply["now"])
        for kind, record, fields in reply["records"] or ():
            self.keep_read(account, kind, record, fields)
        while self._ended:
            name, ended_at_ms = next(iter(self._ended.items()))
            if ended_at_ms > now_ms - ENDED_KEPT_MS:
                break
            del self._ended[name]
            self._records.pop(name, None)

    def keep_read(self, account: AccountId, kind: str, record: str, fields: dict[str, str]) -> None:
        """Take over one record, unless a newer one is known."""
        name = (account, kind, record)
        if not fields or "rev" not in fields:
            return
        known = self._records.get(name)
        if known and int(known["rev"]) > int(fields["rev"]):
            return
        if kind == "entry" and fields["owner"] != self._run:
            self._records.pop(name, None)
            return
        if fields.get("stage") == "ended":
            self._ended[name] = self._now_ms
        self._records[name] = fields

    def accounts(self) -> frozenset[AccountId]:
        return frozenset(account for account, _, _ in self._records)

    def assertions(self, account: AccountId) -> Iterable[str]:
        """The records of one account, as arguments of the assert move, in pieces."""
        rows = [
            [kind, record, fields["rev"], fields]
            for (of, kind, record), fields in self._records.items()
            if of == account
        ]
        for start in range(0, len(rows), RECORDS_A_MOVE):
            yield orjson.dumps(rows[start : start + RECORDS_A_MOVE]).decode()


async def wait_for_others(client: Redis, redis_run: str, run: RunId) -> None:
    """Until every edge whose lease runs has asserted itself, at most 3 s."""
    name = keys.asserted(redis_run)
    await client.sadd(name, run)
    await client.expire(name, ASSERTED_KEPT_SECONDS)

    try:
        async with asyncio.timeout(WAIT_FOR_OTHERS_SECONDS):
            while not await _all_have(client, name):  # noqa: ASYNC110 - other processes do
                await asyncio.sleep(0.05)
    except TimeoutError:
        log.warning("edges_did_not_assert_in_time", redis_run=redis_run)


async def _all_have(client: Redis, name: str) -> bool:
    alive = set(await client.zrange(f"{keys.SITE}:edges", 0, -1))
    return alive <= set(await client.smembers(name))
