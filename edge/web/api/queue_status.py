"""/v1/queues/{id}/agents/{extension}/status: an agent in one queue, in the words of portsip."""

from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter
from pydantic.dataclasses import dataclass

from edge.domain.ids import AccountId, QueueId, UserId
from edge.domain.overlays import WRAP_UP_LONGEST_MS, QueueStatus
from edge.domain.settings import Account, Queue, User
from edge.ports.queue_store import QueueStatusWord
from edge.web.api.queue_agent import PAUSE_MOST_SECONDS
from edge.web.backstage import account_of, backstage, queue_of
from edge.web.body import body_of
from edge.web.errors import Fault, Problem, ProblemType, answered
from edge.web.schemas import queue_status_shape


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class StatusUpdate:
    """What a client sends. `reason` is that of NOT_READY; `seconds` is how long a pause here or
    a WRAP_UP lasts (null: the pause has no end, the wrap-up is as after a call of this queue)."""

    status: QueueStatus
    reason: Annotated[str, StringConstraints(strict=True, max_length=128)] | None = None
    seconds: Annotated[int, Field(strict=True, ge=1, le=PAUSE_MOST_SECONDS)] | None = None


WRAP_UP_MOST_SECONDS = WRAP_UP_LONGEST_MS // 1000
STATUS_UPDATE = TypeAdapter(StatusUpdate)


def agent_of(account: Account, queue: Queue, request: web.Request) -> User:
    """The member in the path, by extension. Raises Problem (404)."""
    members = {member.user_id for member in queue.members}
    for user in account.users:
        if user.extension == request.match_info["extension"] and user.id in members:
            return user
    raise Problem(ProblemType.NOT_FOUND, "This queue has no such agent.")


async def show(request: web.Request) -> web.Response:
    account = account_of(request)
    queue = queue_of(account, request)
    user = agent_of(account, queue, request)
    async with backstage(request).store_in_time() as store:
        agent = await store.agent(AccountId(account.id), UserId(user.id))
    return answered(queue_status_shape(agent, queue))


async def update(request: web.Request) -> web.Response:
    """Changes the state in this queue alone; READY and LOGGED_IN log in who is logged out."""
    account = account_of(request)
    queue = queue_of(account, request)
    user = agent_of(account, queue, request)
    asked = await body_of(request, STATUS_UPDATE)
    if asked.status is QueueStatus.WRAP_UP and (asked.seconds or 0) > WRAP_UP_MOST_SECONDS:
        fault = Fault(f"a wrap-up lasts {WRAP_UP_MOST_SECONDS} at most", pointer="/seconds")
        raise Problem(ProblemType.INVALID, "Some values are not valid.", [fault])
    account_id = AccountId(account.id)
    async with backstage(request).store_in_time() as store:
        word, moved = await store.change_queue_status(
            account_id,
            UserId(user.id),
            QueueId(queue.id),
            asked.status,
            asked.reason or "",
            (asked.seconds or 0) * 1000,
        )
        backstage(request).follow_up(account_id, moved)
    match word:
        case QueueStatusWord.REFUSED:
            raise Problem(ProblemType.CONFLICT, "Nobody wraps up who is in a call or logged out.")
        case QueueStatusWord.NOT_A_MEMBER:
            raise Problem(ProblemType.NOT_FOUND, "This queue has no such agent.")
        case QueueStatusWord.CHANGED | QueueStatusWord.UNCHANGED:
            return answered(queue_status_shape(moved.agent, queue))


AGENT_STATUS = "/v1/queues/{queue}/agents/{extension:[0-9]{3,64}}/status"
ROUTES = [
    web.get(AGENT_STATUS, show),
    web.put(AGENT_STATUS, update),
    web.post(AGENT_STATUS, update),
]
