"""Every refusal is one `application/problem+json` (RFC 9457) with a type that never changes."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import orjson
import structlog
from aiohttp import web

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NO_STORE = {"Cache-Control": "no-store"}
"""Answers name callers and agents: no cache between may keep them."""


class ProblemType(Enum):
    """The stable id, the HTTP status and the title of each kind of refusal."""

    MALFORMED = ("malformed-json", 400, "The body is not JSON")
    MALFORMED_FORM = ("malformed-form", 400, "The form cannot be read")
    ACCOUNT_REQUIRED = ("account-required", 400, "The key opens several accounts: name one")
    UNAUTHORIZED = ("unauthorized", 401, "A valid bearer key is needed")
    NOT_FOUND = ("not-found", 404, "There is no such thing")
    METHOD_NOT_ALLOWED = ("method-not-allowed", 405, "This cannot be done here")
    CONFLICT = ("conflict", 409, "Not possible in the present state")
    AGENT_NOT_IDLE = ("agent-not-idle", 409, "The agent can not take a call now")
    MEDIA_IN_USE = ("media-in-use", 409, "A queue uses it")
    MEDIA_FULL = ("media-storage-full", 409, "The account has no room for more media")
    ENTRY_NOT_WAITING = ("entry-not-waiting", 409, "The caller does not wait any more")
    TOO_LARGE = ("body-too-large", 413, "The body is too large")
    UNSUPPORTED = ("unsupported-media-type", 415, "The body must be application/json")
    UNSUPPORTED_AUDIO = ("unsupported-audio-type", 415, "The body must be audio, or a form")
    NOT_AUDIO = ("not-audio", 422, "This is no audio that can be played")
    AUDIO_TRUNCATED = ("audio-truncated", 422, "The audio is not whole")
    AUDIO_TOO_LONG = ("audio-too-long", 422, "The audio is too long")
    AUDIO_SILENT = ("audio-silent", 422, "There is nothing to hear in the audio")
    INVALID = ("validation", 422, "Some values are not valid")
    HTTP = ("http", 0, "The request cannot be answered")
    INTERNAL = ("internal", 500, "Something went wrong on our side")
    CONVERTER_UNAVAILABLE = ("converter-unavailable", 503, "Audio cannot be converted now")
    STORE_UNAVAILABLE = ("store-unavailable", 503, "The store does not answer")

    def __init__(self, stable_id: str, status: int, title: str) -> None:
        self.urn = f"urn:queue-edge:problem:{stable_id}"
        self.status = status
        self.title = title


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong value: `pointer` into the body (RFC 6901), or the query `parameter`."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None

    def shape(self) -> dict[str, str]:
        place = {"pointer": self.pointer, "parameter": self.parameter}
        return {name: at for name, at in place.items() if at is not None} | {"detail": self.detail}


class Problem(Exception):
    """A refusal on its way out; `said` turns it into the answer."""

    def __init__(
        self,
        kind: ProblemType,
        detail: str,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.status = status or kind.status
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def said(problem: Problem) -> web.Response:
    """The answer."""
    shape: dict[str, object] = {
        "type": problem.kind.urn,
        "title": problem.kind.title,
        "status": problem.status,
        "detail": problem.detail,
        "errors": [fault.shape() for fault in problem.errors],
    }
    return web.Response(
        body=orjson.dumps(shape),
        status=problem.status,
        content_type="application/problem+json",
        headers=NO_STORE | problem.headers,
    )


def answered(shape: object, status: int = 200) -> web.Response:
    """The good answer."""
    return web.Response(
        body=orjson.dumps(shape),
        status=status,
        content_type="application/json",
        headers=NO_STORE,
    )


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns every refusal and fault of a request into a problem; logs what is our own fault.

    Neither headers nor the query are logged: keys and numbers stand there.
    """
    started_at = time.monotonic()
    try:
        response = await handler(request)
    except Problem as problem:
        response = said(problem)
    except web.HTTPException as refusal:
        response = said(_of_http(request, refusal))
    except Exception:
        log.exception("http_request_failed", method=request.method, route=_route(request))
        response = said(Problem(ProblemType.INTERNAL, "The fault was logged."))
    log.debug(
        "http_request_answered",
        method=request.method,
        route=_route(request),
        status=response.status,
        seconds=round(time.monotonic() - started_at, 4),
    )
    return response


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else ""


def _of_http(request: web.Request, refusal: web.HTTPException) -> Problem:
    match refusal:
        case web.HTTPNotFound():
            return Problem(ProblemType.NOT_FOUND, "There is nothing at this address.")
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(refusal.allowed_methods))
            detail = f"{request.method} is not possible here; {allowed} is."
            return Problem(ProblemType.METHOD_NOT_ALLOWED, detail, headers={"Allow": allowed})
        case web.HTTPRequestEntityTooLarge():
            return Problem(ProblemType.TOO_LARGE, "The body has more than 64 KB.")
        case _:
            return Problem(ProblemType.HTTP, refusal.reason, status=refusal.status)
