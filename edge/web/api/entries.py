"""/v1/queues/{id}/entries/{entry}: one place in a line, its priority, and who is to answer it."""

from dataclasses import replace
from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter
from pydantic.dataclasses import dataclass

from edge.domain.explain import EntryFacts
from edge.domain.explain.reasons import why_not_ready
from edge.domain.ids import AccountId, EntryId, UserId, new_leg_id
from edge.domain.line import HIGHEST_PRIORITY
from edge.domain.settings import Account, Queue
from edge.ports.queue_store import Moved, PickWord, QueueStore, RearrangeWord
from edge.web.backstage import account_of, backstage, queue_of
from edge.web.body import body_of
from edge.web.errors import NO_STORE, Fault, Problem, ProblemType, answered
from edge.web.schemas import entry_shape

POSITION_MOST = 1_000_000


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class EntryUpdate:
    """What a client sends. `position` 1 is the head; the entry then has the priority of whom it
    stands ahead of. A position behind the last is the end of the line."""

    priority: Annotated[int, Field(strict=True, ge=0, le=HIGHEST_PRIORITY)] | None = None
    position: Annotated[int, Field(strict=True, ge=1, le=POSITION_MOST)] | None = None


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Answer:
    """Who is to answer this caller now."""

    user_id: Annotated[str, StringConstraints(strict=True, max_length=128)]


ENTRY_UPDATE, ANSWER = TypeAdapter(EntryUpdate), TypeAdapter(Answer)


async def seen_entry(store: QueueStore, account: Account, queue: Queue, name: str) -> EntryFacts:
    """The entry in the path, as it is now. Raises Problem (404), for another queue's alike."""
    facts = await store.explain_entry(AccountId(account.id), EntryId(name))
    if facts is None or facts.entry.queue != queue.id:
        raise Problem(ProblemType.NOT_FOUND, "There is no such entry.")
    return facts


async def _answered(store: QueueStore, account: Account, facts: EntryFacts) -> web.Response:
    prospect = await store.standing(AccountId(account.id), facts.entry.id)
    return answered(entry_shape(facts.entry, facts.position, facts.now_ms, prospect))


async def show(request: web.Request) -> web.Response:
    account = account_of(request)
    queue = queue_of(account, request)
    async with backstage(request).store_in_time() as store:
        facts = await seen_entry(store, account, queue, request.match_info["entry"])
        return await _answered(store, account, facts)


async def update(request: web.Request) -> web.Response:
    """Another priority or position, at once; when the caller joined stays as it is."""
    account = account_of(request)
    queue = queue_of(account, request)
    name = request.match_info["entry"]
    asked = await body_of(request, ENTRY_UPDATE)
    account_id = AccountId(account.id)
    async with backstage(request).store_in_time() as store:
        facts = await seen_entry(store, account, queue, name)
        if asked.priority is not None or asked.position is not None:
            word, moved = await store.rearrange(
                account_id, facts.entry.id, priority=asked.priority, position=asked.position or 0
            )
            backstage(request).follow_up(account_id, moved)
            if word is RearrangeWord.STALE:
                raise _not_waiting(moved)
            facts = await seen_entry(store, account, queue, name)
        return await _answered(store, account, facts)


async def answer(request: web.Request) -> web.Response:
    """This agent's phone rings for this caller, out of order; others who ring for it stop.

    A pause and a back-off are overlooked: the agent asked for it.
    """
    account = account_of(request)
    queue = queue_of(account, request)
    asked = await body_of(request, ANSWER)
    if asked.user_id not in {user.id for user in account.users}:
        fault = Fault("is no user of this account", pointer="/user_id")
        raise Problem(ProblemType.INVALID, "Some values are not valid.", [fault])
    account_id = AccountId(account.id)
    async with backstage(request).store_in_time() as store:
        facts = await seen_entry(store, account, queue, request.match_info["entry"])
        word, moved = await store.pick(
            account_id, facts.entry.id, UserId(asked.user_id), new_leg_id(), is_called=False
        )
        backstage(request).follow_up(account_id, moved)
    match word:
        case PickWord.PICKED:
            return web.Response(status=204, headers=NO_STORE)
        case PickWord.NOT_IDLE:
            # Of what is overlooked nothing is said: it is not the reason.
            agent = replace(moved.agent, paused_at_ms=0)
            why = why_not_ready(agent, None, None, moved.now_ms).words
            raise Problem(ProblemType.AGENT_NOT_IDLE, f"{agent.id} {why}.")
        case PickWord.STALE:
            raise _not_waiting(moved)
        case PickWord.RECOVERING:
            raise Problem(
                ProblemType.STORE_UNAVAILABLE,
                "The store lost its memory and is being told again; ask again.",
                headers={"Retry-After": "1"},
            )


def _not_waiting(moved: Moved) -> Problem:
    stage = moved.entry.stage.value if moved.entries else "gone"
    return Problem(ProblemType.ENTRY_NOT_WAITING, f"The entry is {stage}.")


ENTRY = "/v1/queues/{queue}/entries/{entry}"
ROUTES = [
    web.get(ENTRY, show),
    web.patch(ENTRY, update),
    web.post(ENTRY, update),
    web.post(f"{ENTRY}/answer", answer),
]
