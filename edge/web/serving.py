"""Listening for HTTP, and stopping so that requests under way are answered."""

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from edge.domain.settings import Http

FINISH_SECONDS = 5.0


class PortTaken(Exception):
    """Another program listens there. Says which address, and what changes ours."""

    def __init__(self, http: Http) -> None:
        super().__init__(
            f"HTTP: {http.host}:{http.port} is taken by another program; "
            "set HTTP_PORT (http.port in edge.yaml) to a free one"
        )


@asynccontextmanager
async def serving(app: web.Application, http: Http) -> AsyncIterator[None]:
    """Listen while inside. Raises PortTaken; other faults of the address as OSError.

    On leaving no new request is taken, and those under way get 5 s.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=FINISH_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, http.host, http.port).start()
        except OSError as fault:
            if fault.errno == errno.EADDRINUSE:
                raise PortTaken(http) from None
            raise
        yield
    finally:
        await runner.cleanup()
