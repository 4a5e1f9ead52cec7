"""/v1/webhooks/given-up: webhooks that are delivered no more, for a person to see and mend."""

from aiohttp import web

from edge.domain.addresses import shown
from edge.domain.ids import AccountId
from edge.domain.webhook import GivenUpWebhook
from edge.web.backstage import account_of, backstage
from edge.web.errors import answered
from edge.web.lists import listed, page_of
from edge.web.schemas import Shape, moment

GIVEN_UP = "/v1/webhooks/given-up"
KEPT_MOST = 2_000
"""More than the store keeps."""


async def given_up(request: web.Request) -> web.Response:
    """The last one first. An address is shown without what may hold a token."""
    account, page = account_of(request), page_of(request)
    async with backstage(request).store_in_time() as store:
        rows = await store.given_up(AccountId(account.id), KEPT_MOST)
    return answered(listed(GIVEN_UP, rows, page, lambda _, row: _shape(row)))


def _shape(row: GivenUpWebhook) -> Shape:
    return {
        "id": row.webhook.id,
        "object": "webhook",
        "url": shown(row.webhook.url),
        "body": row.webhook.body,
        "reason": row.reason.value,
        "attempts": row.attempts,
        "last_answer": row.answer or None,
        "written_at": moment(row.written_at_ms),
        "given_up_at": moment(row.given_up_at_ms),
    }


ROUTES = [web.get(GIVEN_UP, given_up)]
