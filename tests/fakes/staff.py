"""A queue staffed as a test wants it, and who rings there."""

from dataclasses import replace
from typing import Any

from edge.domain.entry import Entry
from edge.domain.ids import LegId, QueueId, UserId, new_leg_id
from edge.domain.matching import decide
from edge.domain.offer import LegFailure
from edge.domain.settings import Account, Member
from edge.ports.queue_store import ClaimWord, QueueStore
from tests.fakes.world import ACCOUNT_ID, ALPHA, account


def member(user: UserId, position: int = 0, penalty: int = 0, skill_level: int = 1) -> Member:
    return Member(
        id=f"qum_{user.removeprefix('user_')}",
        user_id=user,
        position=position,
        penalty=penalty,
        skill_level=skill_level,
    )


def staffed(strategy: str, *members: Member, beta: bool = False, **settings: Any) -> Account:
    """The small world with these members in Alpha alone (or Beta alone), no wrap-up, 1 s between
    rounds; `settings` are those of the queue."""
    plain = account()
    which = 1 if beta else 0
    queues = [replace(queue, members=()) for queue in plain.queues]
    wanted = {"wrap_up_seconds": 0, "retry_seconds": 1, **settings}
    queues[which] = replace(queues[which], strategy=strategy, members=members, **wanted)
    return replace(plain, queues=tuple(queues))


def crowd(count: int) -> tuple[UserId, ...]:
    """So many agents, of the names user_000, user_001, …"""
    return tuple(UserId(f"user_{n:03d}") for n in range(count))


Rung = dict[UserId, LegId]
"""The legs of one claim, by agent, in the order in which the agents were chosen."""


async def ring(store: QueueStore, queue: QueueId = ALPHA, depth: int = 8) -> tuple[Entry, Rung]:
    """Claim what is possible now, and the phones ring, however many: for a minute at most.
    Raises AssertionError where nobody may be served."""
    (heads,) = await store.look(ACCOUNT_ID, queue, depth)
    match = decide(heads)
    assert match is not None, "nobody may be served"
    rung = {user: new_leg_id() for user in match.agents}
    word, moved = await store.claim(ACCOUNT_ID, queue, match, list(rung.values()))
    assert word is ClaimWord.CLAIMED
    for user, leg in rung.items():
        await store.leg_dialled(ACCOUNT_ID, user, leg, 60)
    return moved.entry, rung


async def nobody_is_to_ring(store: QueueStore, queue: QueueId = ALPHA) -> bool:
    """Whether no ready agent may be offered an entry now."""
    return all(decide(heads) is None for heads in await store.look(ACCOUNT_ID, queue, 64))


async def answer(store: QueueStore, user: UserId, leg: LegId) -> Entry:
    """The agent picks up and talks."""
    _, moved = await store.accept(ACCOUNT_ID, user, leg)
    _, moved = await store.connect(ACCOUNT_ID, moved.entry.id)
    return moved.entry


async def fail(
    store: QueueStore, user: UserId, leg: LegId, failure: LegFailure = LegFailure.NO_ANSWER
) -> None:
    await store.fail_leg(ACCOUNT_ID, user, leg, failure)


async def picked(store: QueueStore, user: UserId, entry: Entry) -> LegId:
    """The agent takes this caller, whatever the strategy says."""
    leg = new_leg_id()
    await store.pick(ACCOUNT_ID, entry.id, user, leg, is_called=False)
    await store.leg_dialled(ACCOUNT_ID, user, leg, 60)
    return leg
