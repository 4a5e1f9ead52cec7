"""Which queues the matcher looks at when an agent becomes ready in several of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from edge.domain.agent import Agent
from edge.domain.entry import Entry
from edge.domain.ids import AccountId, EntryId, LegId, QueueId, RunId, UserId
from edge.domain.matching import HeadAgent, HeadEntry, Heads, Match
from edge.domain.strategies import Draw
from edge.journey.floor import Floor
from edge.journey.matcher import Matcher
from edge.ports.queue_store import ClaimWord, Moved, QueueStore

ACCOUNT, ANN, BOB = AccountId("acct_1"), UserId("user_ann"), UserId("user_bob")
FIRST, SECOND = QueueId("qu_first"), QueueId("qu_second")
NOTHING = Moved(0, (), (), ())


def whole(queue: QueueId, *agents: UserId, urgency: int = 9) -> Heads:
    entry = HeadEntry(EntryId(f"ent_{queue}"), 1, RunId("edge-1"), frozenset())
    seen = tuple(HeadAgent(agent, 0) for agent in agents)
    return Heads(ACCOUNT, queue, (entry,), seen, 2, urgency=urgency)


def named(queue: QueueId, *agents: UserId) -> Heads:
    """A queue of which is only known that these agents became ready in it."""
    seen = tuple(HeadAgent(agent, 0) for agent in agents)
    return Heads(ACCOUNT, queue, (), seen, 0, urgency=1)


class Claims:
    """A store that answers every claim alike and notes what is asked; a floor without callers."""

    def __init__(self, word: ClaimWord, *silent: RunId) -> None:
        self.word = word
        self.asked: list[str] = []
        self.timing = self
        self._silent = silent

    async def claim(
        self, _: AccountId, queue: QueueId, match: Match, __: Sequence[LegId]
    ) -> tuple[ClaimWord, Moved]:
        self.asked.append(f"claim {queue} {' '.join(match.agents)}")
        moved = Moved(0, (cast(Entry, None),), (), ())
        return self.word, moved

    async def look(self, _: AccountId, queue: QueueId, depth: int) -> tuple[Heads, ...]:
        self.asked.append(f"look {queue} {depth}")
        return ()

    def is_silent(self, run: RunId) -> bool:
        return run in self._silent

    def follow_up(self, _: AccountId, __: Moved) -> None:
        """Brings no heads."""

    async def dispatch(self, _: AccountId, __: Entry, ___: Sequence[Agent]) -> None:
        """Nobody is told."""


async def asked_of(word: ClaimWord, *looks: Sequence[Heads], silent: str = "") -> list[str]:
    claims = Claims(word, RunId(silent))
    matcher = Matcher(cast(QueueStore, claims))
    matcher.floor = cast(Floor, cast(Any, claims))
    matcher.open(())
    for heads in looks:
        matcher.look_at(tuple(heads))
    running = asyncio.create_task(matcher.run())
    for _ in range(20):
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    return claims.asked


CLAIM = f"claim {FIRST} {ANN}"


async def test_an_agent_who_is_taken_is_not_looked_for_elsewhere() -> None:
    heads = [whole(FIRST, ANN), named(SECOND, ANN)]
    assert await asked_of(ClaimWord.CLAIMED, heads) == [CLAIM]


async def test_nobody_is_reserved_for_a_caller_whose_edge_is_silent() -> None:
    """Nobody would dial: the agent would be kept from others until the takeover."""
    assert await asked_of(ClaimWord.CLAIMED, [whole(FIRST, ANN)], silent="edge-1") == []


async def test_where_nothing_came_of_the_first_queue_the_next_is_looked_at() -> None:
    heads = [whole(FIRST, ANN), named(SECOND, ANN)]
    assert await asked_of(ClaimWord.RETRY, heads) == [CLAIM, f"look {SECOND} 2"]


async def test_another_agent_who_became_ready_there_is_looked_for() -> None:
    looks = ([whole(FIRST, ANN), named(SECOND, ANN)], [named(SECOND, BOB)])
    assert await asked_of(ClaimWord.CLAIMED, *looks) == [CLAIM, f"look {SECOND} 2"]


async def test_what_was_seen_of_a_queue_is_not_hidden_by_its_name() -> None:
    looks = ([whole(SECOND, BOB, urgency=1)], [whole(FIRST, ANN), named(SECOND, ANN)])
    assert await asked_of(ClaimWord.CLAIMED, *looks) == [CLAIM, f"claim {SECOND} {BOB}"]


async def test_when_one_of_those_seen_is_taken_elsewhere_who_stands_behind_is_looked_for() -> None:
    """Ann and Bob filled the look; Bob was tried for the caller of the second queue, and whether
    others are ready there nobody has seen."""
    entry = HeadEntry(EntryId("ent_2"), 1, RunId("edge-1"), frozenset({BOB}))
    second = replace(whole(SECOND, ANN, BOB, urgency=1), entries=(entry,))
    asked = await asked_of(ClaimWord.CLAIMED, [whole(FIRST, ANN), second])
    assert asked == [CLAIM, f"look {SECOND} 2"]


async def test_where_chance_picks_whoever_became_ready_is_drawn_with_the_others() -> None:
    drawn = replace(whole(FIRST, ANN), draw=Draw.UNIFORM)
    asked = await asked_of(ClaimWord.CLAIMED, [drawn], [named(FIRST, BOB)])
    assert asked == [f"look {FIRST} 2"]
