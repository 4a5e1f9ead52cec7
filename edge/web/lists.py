"""List envelopes, page by page: `skip` rows from the start, at most `top` of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from edge.web.errors import Fault, Problem, ProblemType
from edge.web.schemas import Shape

Row = TypeVar("Row")
TOP_DEFAULT = 100
TOP_MOST = 1000
SKIP_MOST = 10**9


@dataclass(frozen=True, slots=True)
class Page:
    skip: int = 0
    top: int = TOP_DEFAULT

    def of(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows[self.skip : self.skip + self.top]


def page_of(request: web.Request) -> Page:
    """The page asked for by `skip` and `top`. Raises Problem (422) with every wrong one."""
    faults: list[Fault] = []

    def number(name: str, default: int, least: int, most: int) -> int:
        written = request.query.get(name)
        if written is None:
            return default
        # len bounds what int() has to read
        if written.isascii() and written.isdigit() and len(written) <= 10:
            value = int(written)
            if least <= value <= most:
                return value
        faults.append(Fault(f"must be a whole number, {least} to {most}", parameter=name))
        return default

    page = Page(
        skip=number("skip", 0, 0, SKIP_MOST),
        top=number("top", TOP_DEFAULT, 1, TOP_MOST),
    )
    if faults:
        raise Problem(ProblemType.INVALID, "The page asked for is not valid.", faults)
    return page


def listed(url: str, rows: Sequence[Row], page: Page, shape: Callable[[int, Row], Shape]) -> Shape:
    """The envelope with one page of the rows; `shape` is given each row and its index."""
    upto = page.skip + page.top
    shown = page.of(rows)
    return {
        "object": "list",
        "url": url,
        "data": [shape(page.skip + index, row) for index, row in enumerate(shown)],
        "next_page_url": _page_url(url, upto, page.top) if upto < len(rows) else None,
        "previous_page_url": (
            _page_url(url, max(0, page.skip - page.top), min(page.top, page.skip))
            if page.skip
            else None
        ),
    }


def _page_url(url: str, skip: int, top: int) -> str:
    return f"{url}?skip={skip}&top={top}"
