"""Where a row leads: found in the account, or nowhere."""

from dataclasses import replace

import pytest

from edge.domain.destinations import (
    Destination,
    ToDialplan,
    ToLine,
    ToPhone,
    destination_of,
    row_of,
)
from edge.domain.ids import EndpointName
from edge.domain.settings.options import DestinationKind, Option, OptionAction
from tests.fakes.world import ALPHA, ANN, account, phone_of

TRUNK = EndpointName("carrier")
LINE = ToLine(account().queues[1])
PHONE = ToPhone(phone_of(ANN), 20)


def row(kind: DestinationKind | None, to: str | None, digit: str = "1") -> Option:
    return Option(digit=digit, action=OptionAction.ROUTE, dest_kind=kind, dest_id=to)


@pytest.mark.parametrize(
    ("kind", "to", "found"),
    [
        (DestinationKind.QUEUE, "qu_beta", LINE),
        (DestinationKind.EXTENSION, "501", LINE),
        (DestinationKind.USER, ANN, PHONE),
        (DestinationKind.EXTENSION, "201", PHONE),
        (DestinationKind.EXTERNAL, "+12025550177", ToPhone(TRUNK, 60, "12025550177")),
        (DestinationKind.DIALPLAN, "after-hours,s,1", ToDialplan("after-hours", "s", 1)),
        (DestinationKind.QUEUE, "qu_gone", None),
        (DestinationKind.USER, "user_gone", None),
        (DestinationKind.EXTENSION, "999", None),
        (DestinationKind.VOICEMAIL, "201", None),
        (DestinationKind.RING_GROUP, "rg_1", None),
        (DestinationKind.FLOW, "flow_1", None),
        (None, None, None),
    ],
)
def test_a_row_leads_where_it_says(
    kind: DestinationKind | None, to: str | None, found: Destination | None
) -> None:
    assert destination_of(row(kind, to), account(), TRUNK) == found


def test_nothing_outside_is_reached_without_a_trunk() -> None:
    assert destination_of(row(DestinationKind.EXTERNAL, "12025550177"), account(), None) is None


def test_a_key_has_its_row_or_none() -> None:
    first, second = row(None, None, "1"), row(None, None, "*")
    queue = replace(account().queues[0], options=(first, second))
    assert queue.id == ALPHA
    assert [row_of(queue, digit) for digit in "1*2"] == [first, second, None]
    assert row_of(queue, "") is None
