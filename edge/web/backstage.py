"""What every handler has at hand: the accounts, the store with its time limit, the clock."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from edge.domain.ids import AccountId
from edge.domain.settings import Account, Queue, User
from edge.ports.outbox import WholeStore
from edge.ports.queue_store import Moved
from edge.web.auth import Doors
from edge.web.errors import Problem, ProblemType

FollowUp = Callable[[AccountId, Moved], None]
"""What a move by API asks for afterwards: its timers set, what it made possible matched, and the
conductors of its callers told."""


@dataclass(frozen=True, slots=True)
class Backstage:
    """`store_limit_seconds`: how long a request waits for the store in all."""

    doors: Doors
    store: WholeStore
    follow_up: FollowUp
    now_ms: Callable[[], int]
    store_limit_seconds: float

    @asynccontextmanager
    async def store_in_time(self) -> AsyncIterator[WholeStore]:
        """The store; raises Problem (503) if what is asked of it inside takes too long.

        A move cut off by the limit may have happened all the same: ask again.
        """
        try:
            async with asyncio.timeout(self.store_limit_seconds):
                yield self.store
        except TimeoutError:
            raise Problem(
                ProblemType.STORE_UNAVAILABLE,
                f"No answer within {self.store_limit_seconds:g} s; ask again.",
                headers={"Retry-After": "1"},
            ) from None


BACKSTAGE = web.AppKey("backstage", Backstage)


def backstage(request: web.Request) -> Backstage:
    return request.app[BACKSTAGE]


def account_of(request: web.Request) -> Account:
    """Raises Problem as `Doors.open`."""
    return backstage(request).doors.open(request)


def queue_of(account: Account, request: web.Request) -> Queue:
    """The queue in the path. Raises Problem (404), for another account's queue alike."""
    for queue in account.queues:
        if queue.id == request.match_info["queue"]:
            return queue
    raise Problem(ProblemType.NOT_FOUND, "There is no such queue.")


def user_of(account: Account, request: web.Request) -> User:
    """The user in the path. Raises Problem (404), for another account's user alike."""
    for user in account.users:
        if user.id == request.match_info["user"]:
            return user
    raise Problem(ProblemType.NOT_FOUND, "There is no such user.")
