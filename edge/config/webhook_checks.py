"""Where webhooks may go: an address that leads into our own network needs the site's leave."""

from collections.abc import Iterator, Sequence
from typing import Any

from edge.config.documents import Document, inside
from edge.config.errors import Findings
from edge.domain.addresses import names_private_address

URL = "webhook_url"
SAID = (
    "leads into our own network; the site allows that with "
    "webhooks: {allow_private_addresses: true}"
)


def check(site: Document, worlds: Sequence[Document], findings: Findings) -> None:
    """Every address that says so by itself; a name is judged when it is called."""
    rules = site.content.get("webhooks")
    if isinstance(rules, dict) and rules.get("allow_private_addresses") is True:
        return
    for document in worlds:
        for path, url in _addresses(document.content, ""):
            if names_private_address(url):
                findings.add(document.file, path, SAID, document.line(path))


def _addresses(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Each `webhook_url` of a document, wherever it stands."""
    if isinstance(value, dict):
        for key, inner in value.items():
            place = inside(path, key)
            if key == URL and isinstance(inner, str):
                yield place, inner
            else:
                yield from _addresses(inner, place)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _addresses(inner, inside(path, index))
