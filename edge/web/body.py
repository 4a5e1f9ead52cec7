"""The body of a request: JSON of a declared shape, or a problem that says what is wrong."""

from typing import TypeVar

import orjson
from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from edge.web.errors import Fault, Problem, ProblemType

BODY_MOST_BYTES = 64 * 1024
JSON = "application/json"
WORDS = {
    "dataclass_type": "must be an object",
    "missing": "is missing",
    "unexpected_keyword_argument": "is not a field here",
}
Shape = TypeVar("Shape")


async def body_of(request: web.Request, shape: TypeAdapter[Shape]) -> Shape:
    """The body as its shape.

    Raises Problem: 415 if it is not declared JSON in UTF-8, 400 if it is not JSON, 422 with every
    wrong value; aiohttp's 413 beyond 64 KB.
    """
    charset = (request.charset or "utf-8").lower()
    if request.content_type != JSON or charset not in ("utf-8", "utf8"):
        raise Problem(ProblemType.UNSUPPORTED, f"Send Content-Type: {JSON}, in UTF-8.")
    raw = await request.read()
    try:
        content = orjson.loads(raw)
    except orjson.JSONDecodeError as fault:
        detail = f"Not JSON at line {fault.lineno}, column {fault.colno}."
        raise Problem(ProblemType.MALFORMED, detail) from None
    try:
        return shape.validate_python(content)
    except ValidationError as invalid:
        raise Problem(ProblemType.INVALID, "Some values are not valid.", _faults(invalid)) from None


def _faults(invalid: ValidationError) -> list[Fault]:
    found = []
    for error in invalid.errors(include_url=False, include_input=False):
        steps = (str(step).replace("~", "~0").replace("/", "~1") for step in error["loc"])
        found.append(
            Fault(
                WORDS.get(error["type"], error["msg"]),
                pointer="".join(f"/{step}" for step in steps),
            )
        )
    return found
