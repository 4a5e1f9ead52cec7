"""/v1/users/{id}/queue-agent: whether a person takes calls, in all queues alike."""

from typing import Annotated, Literal

from aiohttp import web
from pydantic import ConfigDict, StringConstraints, TypeAdapter
from pydantic.dataclasses import dataclass

from edge.domain.agent import PresenceChange
from edge.domain.ids import AccountId, UserId
from edge.ports.queue_store import PresenceWord
from edge.web.backstage import account_of, backstage, user_of
from edge.web.body import body_of
from edge.web.errors import Problem, ProblemType, answered
from edge.web.schemas import agent_shape


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class AgentUpdate:
    """What a client sends. `reason` is kept with a pause only."""

    status: Literal["available", "paused", "logged_out"]
    reason: Annotated[str, StringConstraints(strict=True, max_length=128)] | None = None


AGENT_UPDATE = TypeAdapter(AgentUpdate)


async def show(request: web.Request) -> web.Response:
    """Any user has a state: logged_out before the first change."""
    account = account_of(request)
    user = user_of(account, request)
    async with backstage(request).store_in_time() as store:
        agent = await store.agent(AccountId(account.id), UserId(user.id))
    return answered(agent_shape(agent))


async def update(request: web.Request) -> web.Response:
    """Changes the status; idempotent. An agent who became ready is matched at once."""
    account = account_of(request)
    user = user_of(account, request)
    asked = await body_of(request, AGENT_UPDATE)
    account_id, user_id = AccountId(account.id), UserId(user.id)
    async with backstage(request).store_in_time() as store:
        word, moved = await store.change_presence(
            account_id, user_id, PresenceChange(asked.status), reason=asked.reason or ""
        )
        if moved.heads:
            backstage(request).looked(moved.heads)
        agent = moved.agent if moved.agents else await store.agent(account_id, user_id)
    if word is PresenceWord.REFUSED:
        raise Problem(ProblemType.CONFLICT, f"{agent.status.value} cannot become {asked.status}.")
    return answered(agent_shape(agent))


ROUTES = [
    web.get("/v1/users/{user}/queue-agent", show),
    web.post("/v1/users/{user}/queue-agent", update),
]
