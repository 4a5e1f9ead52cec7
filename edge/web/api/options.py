"""/v1/queues/{id}/options: what a waiting caller may press. Rows come from the configuration."""

from aiohttp import web

from edge.domain.destinations import row_of
from edge.web.backstage import account_of, queue_of
from edge.web.errors import Problem, ProblemType, answered
from edge.web.lists import listed, page_of
from edge.web.schemas import option_shape


async def list_options(request: web.Request) -> web.Response:
    queue = queue_of(account_of(request), request)
    in_order = sorted(queue.options, key=lambda row: row.digit)
    url = f"/v1/queues/{queue.id}/options"
    page = page_of(request)
    return answered(listed(url, in_order, page, lambda _, row: option_shape(queue, row)))


async def show(request: web.Request) -> web.Response:
    """The # of an address is written %23."""
    queue = queue_of(account_of(request), request)
    row = row_of(queue, request.match_info["digit"])
    if row is None:
        raise Problem(ProblemType.NOT_FOUND, "This key has no row in this queue.")
    return answered(option_shape(queue, row))


ROUTES = [
    web.get("/v1/queues/{queue}/options", list_options),
    web.get("/v1/queues/{queue}/options/{digit}", show),
]
