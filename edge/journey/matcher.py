"""Who is served next and by whom: decide without awaiting, claim in one move, tell the caller.

Nothing polls: every move brings the heads of the queues in which it may have made a match
possible, and they are looked at here.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

import structlog

from edge.domain.ids import AccountId, QueueId, UserId, new_leg_id
from edge.domain.matching import DEPTHS, Heads, decide
from edge.domain.strategies import Draw
from edge.journey.floor import Floor
from edge.ports.queue_store import ClaimWord, QueueStore

log = structlog.get_logger()

RECOVERING_PAUSE_SECONDS = 0.1


class Matcher:
    """One task an account that has heads to look at; later heads of a queue replace earlier ones.

    Of several queues the most urgent is served first: they may share their agents.
    """

    floor: Floor
    """Set by the composition root, before `run`."""

    def __init__(self, store: QueueStore) -> None:
        self._store = store
        self._pending: dict[AccountId, dict[QueueId, Heads]] = {}
        self._arrived = asyncio.Event()
        self._is_open = False

    @property
    def is_open(self) -> bool:
        return self._is_open

    def open(self, heads: Iterable[Heads]) -> None:
        """Begin to match, with a first look; before that all heads are left alone.

        What is left alone is not lost: its due time in the store looks again within a second.
        """
        self._is_open = True
        self.look_at(tuple(heads))

    def look_at(self, heads: tuple[Heads, ...]) -> None:
        """Take over the newest heads of some queues. Never waits."""
        if not self._is_open:
            return
        for one in heads:
            pending = self._pending.setdefault(one.account, {})
            pending[one.queue] = _newest(pending.get(one.queue), one)
        if heads:
            self._arrived.set()

    async def run(self) -> None:
        """Match for as long as the edge runs."""
        async with asyncio.TaskGroup() as tasks:
            busy: set[AccountId] = set()

            async def serve(account: AccountId) -> None:
                try:
                    while heads := self._next_of(account):
                        await self._match(heads)
                finally:
                    busy.discard(account)

            while True:
                await self._arrived.wait()
                self._arrived.clear()
                for account in self._pending.keys() - busy:
                    busy.add(account)
                    tasks.create_task(serve(account), name=f"match {account}")

    def _next_of(self, account: AccountId) -> Heads | None:
        """The most urgent heads of the account; None, and the account is done, where none are."""
        pending = self._pending.get(account)
        if not pending:
            self._pending.pop(account, None)
            return None
        return pending.pop(max(pending, key=lambda queue: pending[queue].urgency))

    def _took(self, account: AccountId, agents: Sequence[UserId]) -> None:
        """These are ready in no other queue any more, whatever older heads show."""
        pending = self._pending.get(account, {})
        for queue, heads in list(pending.items()):
            left = tuple(agent for agent in heads.agents if agent.id not in agents)
            are_all = len(heads.agents) < heads.depth or not heads.depth
            if left:
                # Others may stand behind those who are left: as if so many had been asked for.
                depth = heads.depth if are_all else min(heads.depth, len(left))
                pending[queue] = replace(heads, agents=left, depth=depth)
            elif heads.agents and are_all:
                del pending[queue]

    async def _match(self, heads: Heads) -> None:
        match = decide(heads)
        if match is None:
            await self._look_further(heads)
            return
        if self.floor.timing.is_silent(match.entry.owner):
            # Nobody would dial. The takeover brings new heads, or the due time does if it lives.
            return
        legs = [new_leg_id() for _ in match.agents]
        word, moved = await self._store.claim(heads.account, heads.queue, match, legs)
        if word is ClaimWord.CLAIMED:
            self._took(heads.account, match.agents)
        # The heads of the answer come back through look_at, like those of any other move.
        self.floor.follow_up(heads.account, moved)
        match word:
            case ClaimWord.CLAIMED:
                await self.floor.dispatch(heads.account, moved.entry, moved.agents)
            case ClaimWord.RETRY:
                pass
            case ClaimWord.RECOVERING:
                await asyncio.sleep(RECOVERING_PAUSE_SECONDS)
                self.look_at(await self._store.look(heads.account, heads.queue, DEPTHS[0]))

    async def _look_further(self, heads: Heads) -> None:
        deeper = next((depth for depth in DEPTHS if depth > heads.depth), None)
        if deeper is not None and heads.may_go_on:
            self.look_at(await self._store.look(heads.account, heads.queue, deeper))


def _newest(known: Heads | None, new: Heads) -> Heads:
    """The later heads hold. Those of depth 0 add whom they name to what was seen before: a claim
    that so errs brings fresh heads. Where chance picks it would not: all are drawn from anew."""
    if known is None or new.depth:
        return new
    agents = tuple(dict.fromkeys((*known.agents, *new.agents)))
    if known.draw is not Draw.NONE:
        return replace(known, entries=(), agents=agents, depth=0)
    return replace(known, agents=agents)
