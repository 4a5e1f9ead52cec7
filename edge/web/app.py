"""The HTTP application: routes, who may ask, and what is needed to answer."""

import time
from collections.abc import Callable

from aiohttp import web

from edge.domain.settings import World
from edge.ports.outbox import WholeStore
from edge.web.api import (
    entries,
    explanations,
    health,
    media,
    options,
    queue_agent,
    queue_status,
    queues,
    waiting_times,
    webhooks,
)
from edge.web.auth import Doors
from edge.web.backstage import BACKSTAGE, Backstage, FollowUp
from edge.web.body import BODY_MOST_BYTES
from edge.web.errors import problems
from edge.web.readiness import Readiness

STORE_LIMIT_SECONDS = 3.0


def _wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


def make_app(
    accounts: World,
    store: WholeStore,
    readiness: Callable[[], Readiness],
    follow_up: FollowUp,
    *,
    now_ms: Callable[[], int] = _wall_clock_ms,
    store_limit_seconds: float = STORE_LIMIT_SECONDS,
    media_door: media.MediaDoor | None = None,
) -> web.Application:
    """The application, not listening yet (see `serving`).

    `follow_up` is called with what a move over HTTP brought back, in the event loop, and must not
    block: it sets timers, tells the matcher and the callers. `now_ms` is wall time in milliseconds.
    """
    app = web.Application(client_max_size=BODY_MOST_BYTES, middlewares=[problems])
    app[BACKSTAGE] = Backstage(
        doors=Doors(accounts.accounts),
        store=store,
        follow_up=follow_up,
        now_ms=now_ms,
        store_limit_seconds=store_limit_seconds,
    )
    app[health.READINESS] = readiness
    if media_door is not None:
        app[media.MEDIA] = media_door
        app.add_routes(media.ROUTES)
    nouns = (
        health,
        queues,
        options,
        entries,
        explanations,
        queue_agent,
        queue_status,
        waiting_times,
        webhooks,
    )
    for noun in nouns:
        app.add_routes(noun.ROUTES)
    return app
