"""Why a leg ended, from what was measured on Asterisk 22.10 with real refusals."""

import pytest

from edge.ari.causes import Q850_TO_SEND, end_reason
from edge.ports.phone_system import EndReason

MEASURED = [
    # cause, SIP status, rang, reason
    (17, 486, False, EndReason.BUSY),
    (17, 486, True, EndReason.REFUSED),
    (21, 603, True, EndReason.REFUSED),
    (21, 603, False, EndReason.REFUSED),
    (19, 480, True, EndReason.REFUSED),
    (19, 480, False, EndReason.BUSY),
    (17, 600, False, EndReason.BUSY),
    (17, 600, True, EndReason.BUSY),
    (1, 404, False, EndReason.UNASSIGNED),
    (34, 503, False, EndReason.UNREACHABLE),
    (18, 408, True, EndReason.NO_ANSWER),
    (58, 488, False, EndReason.FAILED),
    # no SIP answer at all
    (19, 0, True, EndReason.NO_ANSWER),
    (17, 0, True, EndReason.REFUSED),
    (17, 0, False, EndReason.BUSY),
    (20, 0, False, EndReason.UNREACHABLE),
    (26, 0, True, EndReason.ANSWERED_ELSEWHERE),
    (127, 0, False, EndReason.FAILED),
]


@pytest.mark.parametrize(("cause", "status", "rang", "reason"), MEASURED)
def test_a_leg_that_was_not_answered(
    cause: int, status: int, rang: bool, reason: EndReason
) -> None:
    assert end_reason(cause, status, rang=rang, answered=False) is reason


@pytest.mark.parametrize("cause", [0, 16, 38, 127])
def test_whatever_ends_an_answered_leg_is_a_normal_end(cause: int) -> None:
    assert end_reason(cause, 0, rang=False, answered=True) is EndReason.NORMAL


def test_every_reason_can_be_sent() -> None:
    assert set(Q850_TO_SEND) == set(EndReason)
