"""What no single field can know: names taken twice, and pointers that lead nowhere.

These read the content of the files, not the settings made of it, so that one wrong field does
not hide what is wrong elsewhere; whatever has the wrong type was reported by the settings.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from edge.config import option_checks, prompt_checks, waiting_checks, webhook_checks
from edge.config.documents import Document, inside
from edge.config.errors import Findings
from edge.domain.settings import Site

Row = dict[str, Any]
ENDPOINT = "endpoint"
"""Phones and trunks share the names of PJSIP endpoints."""


class _Taken:
    """Who has a name first: `take` answers with the earlier place, or None."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], tuple[str, str]] = {}

    def take(self, scope: str, name: str, file: str, path: str) -> str | None:
        first = self._places.setdefault((scope, name), (file, path))
        if first == (file, path):
            return None
        return first[1] if first[0] == file else f"{first[0]}: {first[1]}"


def check(site: Document, worlds: Sequence[Document], findings: Findings) -> None:
    """The site, and all accounts of all its files together."""
    taken = _Taken()
    for path, node in _rows(site.content, "", "nodes"):
        _unique(site, findings, taken, "node id", node.get("id"), inside(path, "id"))
    for path, world in world_files(site):
        _unique(site, findings, taken, "world file", world, path)
    if "trunks" not in site.content:
        for trunk in Site.trunks:
            taken.take(ENDPOINT, trunk, site.file, "trunks")
    for path, trunk in _texts(site.content, "trunks"):
        _unique(site, findings, taken, ENDPOINT, trunk, path)
    for document in worlds:
        for path, account in _rows(document.content, "", "accounts"):
            _Account(document, findings, taken, path, account).check(site)
    webhook_checks.check(site, worlds, findings)
    prompt_checks.check(site, findings)


def world_files(site: Document) -> Iterator[tuple[str, str]]:
    """The files of accounts with the paths where they are named."""
    return _texts(site.content, "worlds")


class _Account:
    def __init__(
        self, document: Document, findings: Findings, taken: _Taken, path: str, account: Row
    ) -> None:
        self._document = document
        self._findings = findings
        self._taken = taken
        self._path = path
        self._users = list(_rows(account, path, "users"))
        self._queues = list(_rows(account, path, "queues"))
        self._numbers = list(_rows(account, path, "phone_numbers"))
        self._id = account.get("id")
        self._secrets = account.get("secrets")

    def check(self, site: Document) -> None:
        self._unique("account id", self._id, inside(self._path, "id"))
        users, queues = _ids(self._users), _ids(self._queues)
        for path, user in self._users:
            self._unique("user id", user.get("id"), inside(path, "id"))
            self._unique(ENDPOINT, user.get("sip"), inside(path, "sip"))
            self._extension(path, user)
        for path, queue in self._queues:
            self._unique("queue id", queue.get("id"), inside(path, "id"))
            self._extension(path, queue)
            self._members(path, queue, users)
            for place, said in waiting_checks.faults(path, queue):
                self._fault(place, said)
        self._options(site)
        for path, number in self._numbers:
            digits = number.get("number")
            if isinstance(digits, str):
                digits = digits.removeprefix("+")
            self._unique("phone number", digits, inside(path, "number"))
            self._known(number, path, "queue_id", queues, "queue")

    def _members(self, path: str, queue: Row, users: set[str]) -> None:
        for place, member in _rows(queue, path, "members"):
            self._unique("member id", member.get("id"), inside(place, "id"))
            self._known(member, place, "user_id", users, "user")
            self._unique(f"member of {path}", member.get("user_id"), inside(place, "user_id"))

    def _options(self, site: Document) -> None:
        has_trunk = site.content.get("trunks", Site.trunks) not in ([], ())
        to = option_checks.Destinations(self._queues, self._users, has_trunk=has_trunk)
        for path, queue in self._queues:
            rows = list(_rows(queue, path, "options"))
            for place, said in option_checks.faults(path, queue, rows, to, self._secrets):
                self._fault(place, said)

    def _extension(self, path: str, row: Row) -> None:
        scope = f"extension of {self._document.file} {self._path}"
        self._unique(scope, row.get("extension"), inside(path, "extension"))

    def _unique(self, scope: str, name: object, path: str) -> None:
        _unique(self._document, self._findings, self._taken, scope, name, path)

    def _known(self, row: Row, path: str, key: str, known: set[str], kind: str) -> None:
        name = row.get(key)
        if isinstance(name, str) and name not in known:
            self._fault(inside(path, key), f'there is no {kind} "{name}" in this account')

    def _fault(self, place: str, said: str) -> None:
        self._findings.add(self._document.file, place, said, self._document.line(place))


def _unique(
    document: Document, findings: Findings, taken: _Taken, scope: str, name: object, path: str
) -> None:
    if not isinstance(name, str):
        return
    first = taken.take(scope, name, document.file, path)
    if first is not None:
        findings.add(
            document.file, path, f'"{name}" is taken already by {first}', document.line(path)
        )


def _rows(owner: Row, path: str, key: str) -> Iterator[tuple[str, Row]]:
    rows = owner.get(key)
    for index, row in enumerate(rows if isinstance(rows, list) else ()):
        if isinstance(row, dict):
            yield inside(inside(path, key), index), row


def _texts(owner: Row, key: str) -> Iterator[tuple[str, str]]:
    texts = owner.get(key)
    for index, text in enumerate(texts if isinstance(texts, list) else ()):
        if isinstance(text, str):
            yield inside(key, index), text


def _ids(rows: Iterable[tuple[str, Row]]) -> set[str]:
    return {row["id"] for _, row in rows if isinstance(row.get("id"), str)}
