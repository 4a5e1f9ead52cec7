"""/v1/queues/{id}: a queue, its members, and who stands in its line."""

from aiohttp import web

from edge.domain.ids import AccountId, QueueId
from edge.domain.settings import Account, Queue
from edge.web.api.waiting_times import prospects_of
from edge.web.backstage import account_of, backstage, queue_of
from edge.web.errors import answered
from edge.web.lists import Page, listed, page_of
from edge.web.schemas import MEMBERS_INLINE, Shape, entry_shape, member_shape, queue_shape


async def show(request: web.Request) -> web.Response:
    account = account_of(request)
    queue = queue_of(account, request)
    members = _members(queue, Page(top=MEMBERS_INLINE))
    return answered(queue_shape(queue, members, await _waiting(request, account, queue, Page())))


async def list_entries(request: web.Request) -> web.Response:
    account = account_of(request)
    queue = queue_of(account, request)
    return answered(await _waiting(request, account, queue, page_of(request)))


async def list_members(request: web.Request) -> web.Response:
    queue = queue_of(account_of(request), request)
    return answered(_members(queue, page_of(request)))


async def _waiting(request: web.Request, account: Account, queue: Queue, page: Page) -> Shape:
    async with backstage(request).store_in_time() as store:
        line = await store.line(AccountId(account.id), QueueId(queue.id))
        expected = await prospects_of(store, AccountId(account.id), page.of(line))
    now_ms = backstage(request).now_ms()
    return listed(
        f"/v1/queues/{queue.id}/entries",
        line,
        page,
        lambda index, entry: entry_shape(entry, index + 1, now_ms, expected[index - page.skip]),
    )


def _members(queue: Queue, page: Page) -> Shape:
    in_order = sorted(queue.members, key=lambda member: (member.position, member.id))
    url = f"/v1/queues/{queue.id}/members"
    return listed(url, in_order, page, lambda _, member: member_shape(queue, member))


ROUTES = [
    web.get("/v1/queues/{queue}", show),
    web.get("/v1/queues/{queue}/entries", list_entries),
    web.get("/v1/queues/{queue}/members", list_members),
]
