"""…/explain: why this agent, why not that one, why nobody yet; in words and data."""

from aiohttp import web

from edge.domain.explain import explain_agent, explain_entry
from edge.domain.ids import AccountId, UserId
from edge.web.api.entries import ENTRY, seen_entry
from edge.web.backstage import account_of, backstage, queue_of, user_of
from edge.web.errors import answered
from edge.web.explain_shapes import agent_explanation_shape, entry_explanation_shape


async def of_entry(request: web.Request) -> web.Response:
    account = account_of(request)
    queue = queue_of(account, request)
    async with backstage(request).store_in_time() as store:
        facts = await seen_entry(store, account, queue, request.match_info["entry"])
    return answered(entry_explanation_shape(explain_entry(facts, queue)))


async def of_agent(request: web.Request) -> web.Response:
    account = account_of(request)
    user = user_of(account, request)
    async with backstage(request).store_in_time() as store:
        facts = await store.explain_agent(AccountId(account.id), UserId(user.id))
    return answered(agent_explanation_shape(explain_agent(facts, account)))


ROUTES = [
    web.get(f"{ENTRY}/explain", of_entry),
    web.get("/v1/users/{user}/queue-agent/explain", of_agent),
]
