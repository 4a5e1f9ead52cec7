"""/healthz: the process lives. /readyz: calls may be sent to it."""

from collections.abc import Callable

from aiohttp import web

from edge.web.errors import answered
from edge.web.readiness import Readiness

READINESS: web.AppKey[Callable[[], Readiness]] = web.AppKey("readiness")


async def lives(_request: web.Request) -> web.Response:
    return answered({"status": "alive"})


async def is_ready(request: web.Request) -> web.Response:
    """200 when reconciled with Redis and every node, else 503 with what is missing."""
    readiness = request.app[READINESS]()
    if readiness.is_ready:
        return answered({"status": "ready", "missing": []})
    missing = [{"part": lack.part, "reason": lack.reason} for lack in readiness.missing]
    return answered({"status": "not_ready", "missing": missing}, status=503)


ROUTES = [web.get("/healthz", lives), web.get("/readyz", is_ready)]
