"""A store behind a network: every move takes time on the way there and on the way back."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from edge.ports.outbox import Outbox
from edge.ports.queue_store import QueueStore


class StoreGone(Exception):
    """The edge that asks was killed: nothing of it reaches the store any more."""


class SlowStore:
    """Passes every move on. `as_store` is what a journey gets."""

    def __init__(self, store: QueueStore, one_way_seconds: float = 0.001) -> None:
        self._store = store
        self.one_way_seconds = one_way_seconds
        self.loses_what_is_sent = False
        """As a connection that is cut: no move arrives, and none is answered."""
        self._is_killed = False

    @property
    def as_store(self) -> QueueStore:
        return cast(QueueStore, self)

    @property
    def as_outbox(self) -> Outbox:
        return cast(Outbox, self)

    def kill(self) -> None:
        self._is_killed = True

    def __getattr__(self, name: str) -> Any:
        move = getattr(self._store, name)
        if not callable(move) or name in ("summons", "written", "lost"):
            return move
        return self._slowly(move)

    def _slowly(self, move: Callable[..., Any]) -> Callable[..., Any]:
        async def arrive(*args: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(self.one_way_seconds)
            return await move(*args, **kwargs)

        async def moved(*args: Any, **kwargs: Any) -> Any:
            if self._is_killed:
                raise StoreGone
            if self.loses_what_is_sent:
                await asyncio.get_running_loop().create_future()
            # What was sent is done, even if nobody waits for the answer any more.
            answer = await asyncio.shield(asyncio.create_task(arrive(*args, **kwargs)))
            await asyncio.sleep(self.one_way_seconds)
            if self._is_killed:
                raise StoreGone
            return answer

        return moved
