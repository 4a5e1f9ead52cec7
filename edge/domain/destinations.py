"""Where a key may lead: the destination of its row, found in the account."""

from dataclasses import dataclass

from edge.domain.ids import EndpointName
from edge.domain.settings import Account, Queue, User
from edge.domain.settings.options import DestinationKind, Option

USER_RINGS_SECONDS = 20
NUMBER_RINGS_SECONDS = 60
"""As the dialplan lets a phone's own call to the outside ring."""


@dataclass(frozen=True, slots=True)
class ToLine:
    """The line of another queue."""

    queue: Queue


@dataclass(frozen=True, slots=True)
class ToPhone:
    """A phone of the account, or a number behind a trunk."""

    endpoint: EndpointName
    ring_seconds: int
    number: str = ""


@dataclass(frozen=True, slots=True)
class ToDialplan:
    """A place in the phone system's own dialplan; the call leaves us there."""

    context: str
    extension: str
    priority: int


Destination = ToLine | ToPhone | ToDialplan


def destination_of(row: Option, account: Account, trunk: EndpointName | None) -> Destination | None:
    """None where there is no such thing: check-config refuses that, but it may have been there
    when the key was pressed."""
    named = row.dest_id or ""
    match row.dest_kind:
        case DestinationKind.QUEUE:
            return _line([queue for queue in account.queues if queue.id == named])
        case DestinationKind.USER:
            return _phone([user for user in account.users if user.id == named])
        case DestinationKind.EXTENSION:
            return _phone([user for user in account.users if user.extension == named]) or _line(
                [queue for queue in account.queues if queue.extension == named]
            )
        case DestinationKind.EXTERNAL:
            number = named.removeprefix("+")
            return ToPhone(trunk, NUMBER_RINGS_SECONDS, number) if trunk else None
        case DestinationKind.DIALPLAN:
            context, extension, priority = named.split(",")
            return ToDialplan(context, extension, int(priority))
        case _:
            return None


def _line(found: list[Queue]) -> ToLine | None:
    return ToLine(found[0]) if found else None


def _phone(found: list[User]) -> ToPhone | None:
    return ToPhone(EndpointName(found[0].sip), USER_RINGS_SECONDS) if found else None


def row_of(queue: Queue, digit: str) -> Option | None:
    return next((row for row in queue.options if row.digit == digit), None)
