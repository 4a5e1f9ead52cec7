"""/v1/users/{id}/queue-agent: whether a person takes calls, in all queues alike."""

from typing import Annotated, Literal

from aiohttp import web
from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter
from pydantic.dataclasses import dataclass

from edge.domain.agent import PresenceChange
from edge.domain.ids import AccountId, UserId
from edge.domain.settings import Account, Queue, User
from edge.ports.queue_store import PresenceWord, WrapUpWord
from edge.web.backstage import account_of, backstage, user_of
from edge.web.body import body_of
from edge.web.errors import Problem, ProblemType, answered
from edge.web.schemas import agent_shape

PAUSE_MOST_SECONDS = 86_400


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class AgentUpdate:
    """What a client sends. `reason` and `pause_seconds` (after which the pause ends by itself,
    never where it is null) are kept with a pause only."""

    status: Literal["available", "paused", "logged_out"]
    reason: Annotated[str, StringConstraints(strict=True, max_length=128)] | None = None
    pause_seconds: Annotated[int, Field(strict=True, ge=1, le=PAUSE_MOST_SECONDS)] | None = None


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class WrapUpUpdate:
    """When the wrap-up that runs is to end: so many seconds from now, 0 at once."""

    remaining_seconds: Annotated[int, Field(strict=True, ge=0, le=600)]


AGENT_UPDATE = TypeAdapter(AgentUpdate)
WRAP_UP_UPDATE = TypeAdapter(WrapUpUpdate)


def queues_of(account: Account, user: User) -> list[Queue]:
    """Those that the user is a member of."""
    return [
        queue
        for queue in account.queues
        if any(member.user_id == user.id for member in queue.members)
    ]


async def show(request: web.Request) -> web.Response:
    """Any user has a state: logged_out before the first change."""
    account = account_of(request)
    user = user_of(account, request)
    async with backstage(request).store_in_time() as store:
        agent = await store.agent(AccountId(account.id), UserId(user.id))
    return answered(agent_shape(agent, queues_of(account, user)))


async def update(request: web.Request) -> web.Response:
    """Changes the status; idempotent. An agent who became ready is matched at once. What takes
    away an agent who is rung or talks is `pending` until the call has ended."""
    account = account_of(request)
    user = user_of(account, request)
    asked = await body_of(request, AGENT_UPDATE)
    account_id, user_id = AccountId(account.id), UserId(user.id)
    async with backstage(request).store_in_time() as store:
        word, moved = await store.change_presence(
            account_id,
            user_id,
            PresenceChange(asked.status),
            reason=asked.reason or "",
            pause_ms=(asked.pause_seconds or 0) * 1000,
        )
        backstage(request).follow_up(account_id, moved)
        agent = moved.agent if moved.agents else await store.agent(account_id, user_id)
    if word is PresenceWord.REFUSED:
        raise Problem(ProblemType.CONFLICT, f"{agent.status.value} cannot become {asked.status}.")
    return answered(agent_shape(agent, queues_of(account, user)))


async def change_wrap_up(request: web.Request) -> web.Response:
    """Ends or extends the wrap-up that runs; idempotent but for the time that has passed."""
    account = account_of(request)
    user = user_of(account, request)
    asked = await body_of(request, WRAP_UP_UPDATE)
    account_id, user_id = AccountId(account.id), UserId(user.id)
    async with backstage(request).store_in_time() as store:
        word, moved = await store.change_wrap_up(
            account_id, user_id, asked.remaining_seconds * 1000
        )
        backstage(request).follow_up(account_id, moved)
    if word is WrapUpWord.NOT_WRAPPING_UP:
        raise Problem(ProblemType.CONFLICT, "No wrap-up runs.")
    return answered(agent_shape(moved.agent, queues_of(account, user)))


ROUTES = [
    web.get("/v1/users/{user}/queue-agent", show),
    web.post("/v1/users/{user}/queue-agent", update),
    web.post("/v1/users/{user}/queue-agent/wrap-up", change_wrap_up),
]
