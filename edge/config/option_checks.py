"""The keys of a queue: what a row needs for its action, and what contradicts it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from edge.config.documents import inside
from edge.domain.settings.options import DestinationKind, OptionAction

Row = dict[str, Any]
Mistake = tuple[str, str]
"""The path, and what is wrong there."""

WEBHOOKS = (OptionAction.WEBHOOK, OptionAction.DEFLECT)
OF_ROUTE = ("dest_kind", "dest_id")
OF_WEBHOOKS = ("webhook_url", "webhook_secret_ref")
NOT_YET = (DestinationKind.RING_GROUP, DestinationKind.VOICEMAIL, DestinationKind.FLOW)
NUMBER = re.compile(r"\+?[0-9]{3,32}")
DIALPLAN = re.compile(r"[^,\s]{1,79},[^,\s]{1,79},[1-9][0-9]{0,5}")
OWN_CONTEXTS = {
    "queue-edge": "the door to the queues: use dest_kind queue or extension",
    "queue-edge-media": "where uploads are fetched: nobody can be called there",
    "from-phones": "for calls of our own phones, and a caller would count as one of them: use "
    "dest_kind user, extension, queue or external",
    "from-carrier": "for new calls of the carrier: use dest_kind queue or extension",
}
"""The contexts of asterisk-conf/extensions.conf, and why no key leads into them."""
STAYING: dict[OptionAction, tuple[bool, str]] = {
    OptionAction.ROUTE: (False, "route always leaves the queue: 0, or leave it out"),
    OptionAction.HANGUP: (False, "hangup always leaves the queue: 0, or leave it out"),
    OptionAction.DEFLECT: (
        True,
        "deflect always stays in the queue: 1, or leave it out (webhook with 0 leaves)",
    ),
}
"""The actions that have no choice, and what is said to who thinks they have."""


class Destinations:
    """What a key of this queue may lead to: ids and extensions of the account."""

    def __init__(
        self, queues: list[tuple[str, Row]], users: list[tuple[str, Row]], *, has_trunk: bool
    ) -> None:
        self._queues = [row for _, row in queues]
        self._users = [row for _, row in users]
        self._has_trunk = has_trunk

    def fault(self, kind: object, named: object, own: Row) -> tuple[str, str] | None:
        """The field that is wrong and why; None where a call can go there from the queue `own`."""
        if not isinstance(kind, str) or not isinstance(named, str):
            return None
        checks: dict[str, Callable[[str, Row], str | None]] = {
            DestinationKind.QUEUE: self._queue,
            DestinationKind.USER: self._user,
            DestinationKind.EXTENSION: self._extension,
            DestinationKind.EXTERNAL: self._external,
            DestinationKind.DIALPLAN: self._dialplan,
        }
        if kind in NOT_YET:
            return "dest_kind", f"{kind} does not exist yet: a key can not lead there"
        said = checks[kind](named, own) if kind in checks else None
        return ("dest_id", said) if said else None

    def _queue(self, named: str, own: Row) -> str | None:
        if named == own.get("id"):
            return "leads back into this queue: the caller would only lose the place"
        if not _has(self._queues, "id", named):
            return f'there is no queue "{named}" in this account'
        return None

    def _user(self, named: str, own: Row) -> str | None:
        if not _has(self._users, "id", named):
            return f'there is no user "{named}" in this account'
        return None

    def _extension(self, named: str, own: Row) -> str | None:
        if named == own.get("extension"):
            return "leads back into this queue: the caller would only lose the place"
        if not _has([*self._users, *self._queues], "extension", named):
            return f'there is no extension "{named}" in this account'
        return None

    def _external(self, named: str, own: Row) -> str | None:
        if not self._has_trunk:
            return "the site has no trunk for a call to the outside"
        if not NUMBER.fullmatch(named):
            return "must be 3 to 32 digits, with or without a +"
        return None

    def _dialplan(self, named: str, own: Row) -> str | None:
        if not DIALPLAN.fullmatch(named):
            return "must be context,extension,priority like after-hours,s,1"
        context = named.partition(",")[0]
        if context in OWN_CONTEXTS:
            return f"no key leads into {context}: it is {OWN_CONTEXTS[context]}"
        return None


def faults(
    path: str, queue: Row, rows: list[tuple[str, Row]], to: Destinations, secrets: object
) -> Iterator[Mistake]:
    """What is wrong with the rows of one queue."""
    if rows and queue.get("answer_on") == "agent":
        said = "with answer_on: agent the caller's keys are not heard while waiting: no options"
        yield inside(path, "options"), said
    first: dict[str, str] = {}
    for place, row in rows:
        digit = row.get("digit")
        if isinstance(digit, str) and first.setdefault(digit, place) != place:
            yield inside(place, "digit"), f'"{digit}" is taken already by {first[digit]}'
        for field, said in _of_row(queue, row, to, secrets):
            yield inside(place, field), said


def _of_row(queue: Row, row: Row, to: Destinations, secrets: object) -> Iterator[Mistake]:
    action = row.get("action")
    if action not in tuple(OptionAction):
        return
    if action == OptionAction.ROUTE:
        for name in OF_ROUTE:
            if row.get(name) is None:
                yield name, "is missing: route needs to know where to"
        found = to.fault(row.get("dest_kind"), row.get("dest_id"), queue)
        if found is not None:
            yield found
    else:
        yield from _foreign(row, OF_ROUTE, f"belongs to action route, not to {action}")
    if action in WEBHOOKS:
        if row.get("webhook_url") is None:
            yield "webhook_url", f"is missing: {action} needs to know where to post"
        named = row.get("webhook_secret_ref")
        if isinstance(named, str) and not (isinstance(secrets, dict) and named in secrets):
            yield "webhook_secret_ref", f'there is no secret "{named}" in this account'
    else:
        yield from _foreign(row, OF_WEBHOOKS, f"belongs to webhook and deflect, not to {action}")
    stays = row.get("stay_in_queue")
    if action in STAYING:
        means, words = STAYING[OptionAction(action)]
        if stays in (0, 1) and bool(stays) is not means:
            yield "stay_in_queue", words


def _foreign(row: Row, names: tuple[str, ...], said: str) -> Iterator[Mistake]:
    for name in names:
        if row.get(name) is not None:
            yield name, said


def _has(rows: list[Row], key: str, named: str) -> bool:
    return any(row.get(key) == named for row in rows)
