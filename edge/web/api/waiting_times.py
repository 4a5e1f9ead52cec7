"""/v1/queues/{id}/status: who waits and who serves now, how long one who came would wait, and how
far from the truth the last callers were told."""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from edge.domain.entry import Entry
from edge.domain.estimate import Prospect
from edge.domain.ids import AccountId, QueueId
from edge.ports.queue_store import QueueStore
from edge.web.backstage import account_of, backstage, queue_of
from edge.web.errors import answered
from edge.web.schemas import queue_now_shape

AT_A_TIME = 100


async def show(request: web.Request) -> web.Response:
    account = account_of(request)
    queue = queue_of(account, request)
    async with backstage(request).store_in_time() as store:
        newcomer = await store.prospect(AccountId(account.id), QueueId(queue.id))
    return answered(queue_now_shape(queue, newcomer))


async def prospects_of(
    store: QueueStore, account: AccountId, entries: Sequence[Entry]
) -> list[Prospect | None]:
    """What each of these can expect, so many asked at a time; None of one who waits no more."""
    found: list[Prospect | None] = []
    for first in range(0, len(entries), AT_A_TIME):
        some = entries[first : first + AT_A_TIME]
        found += await asyncio.gather(*(store.standing(account, entry.id) for entry in some))
    return found


ROUTES = [web.get("/v1/queues/{queue}/status", show)]
