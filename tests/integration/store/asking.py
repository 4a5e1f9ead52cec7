"""What the contract tests of agents ask of a store, mostly for Ann."""

from collections.abc import Callable

from edge.domain.agent import Agent, PresenceChange
from edge.domain.ids import QueueId, UserId
from edge.domain.overlays import QueueStatus
from edge.domain.settings import Account
from edge.ports.queue_store import QueueStatusWord, QueueStore
from tests.fakes.world import ACCOUNT_ID, ANN, account

AGENT_OF = f"agent:{ANN}"


async def ask(
    store: QueueStore, change: PresenceChange, reason: str = "", pause_ms: int = 0
) -> Agent:
    _, moved = await store.change_presence(ACCOUNT_ID, ANN, change, reason, pause_ms=pause_ms)
    return moved.agent


async def ask_in(
    store: QueueStore, queue: QueueId, asked: QueueStatus, ms: int = 0, user: UserId = ANN
) -> tuple[QueueStatusWord, Agent]:
    word, moved = await store.change_queue_status(ACCOUNT_ID, user, queue, asked, "training", ms)
    return word, moved.agent


async def ann(store: QueueStore) -> Agent:
    return await store.agent(ACCOUNT_ID, ANN)


async def is_offered(store: QueueStore, queue: QueueId, user: UserId = ANN) -> bool:
    """Whether the queue's ready set has this agent; somebody waits there."""
    return any(user in heads.ready for heads in await store.look(ACCOUNT_ID, queue, 8))


async def house(store: QueueStore, rules: Callable[[Account], Account]) -> None:
    await store.configure(rules(account()))
