"""Why a leg ended: from Asterisk's Q.850 cause and the SIP status to the journey's word.

Measured on 22.10: a dial time-out ends with cause 19 and status 480, a phone that says 480 with
the same two; only the hang-up request's `soft` tells them apart, so soft ends are not read here.
"""

from edge.ports.phone_system import EndReason

Q850_TO_SEND = {
    EndReason.NORMAL: 16,
    EndReason.BUSY: 17,  # 486 to a call that was not answered
    EndReason.REFUSED: 21,  # 403
    EndReason.NO_ANSWER: 19,  # 480
    EndReason.UNREACHABLE: 20,  # 480
    EndReason.ANSWERED_ELSEWHERE: 26,  # CANCEL with Reason: SIP;cause=200
    EndReason.UNASSIGNED: 1,  # 404
    EndReason.FAILED: 34,  # 503
}
"""reason_code of a hang-up that we order."""

BY_SIP_STATUS = {
    404: EndReason.UNASSIGNED,
    408: EndReason.NO_ANSWER,
    410: EndReason.UNREACHABLE,
    480: EndReason.BUSY,  # a phone on do-not-disturb: as a busy one, try it again soon
    484: EndReason.UNREACHABLE,
    486: EndReason.BUSY,
    502: EndReason.UNREACHABLE,
    503: EndReason.UNREACHABLE,
    504: EndReason.UNREACHABLE,
    600: EndReason.BUSY,
    603: EndReason.REFUSED,
    604: EndReason.UNASSIGNED,
    607: EndReason.REFUSED,
    608: EndReason.REFUSED,
}
REFUSAL_WHEN_RINGING = frozenset({480, 486})
"""From a phone that rang, these are a person pressing "reject"."""

BY_Q850 = {
    1: EndReason.UNASSIGNED,
    2: EndReason.UNREACHABLE,
    3: EndReason.UNREACHABLE,
    16: EndReason.NORMAL,
    17: EndReason.BUSY,
    18: EndReason.NO_ANSWER,
    19: EndReason.NO_ANSWER,
    20: EndReason.UNREACHABLE,
    21: EndReason.REFUSED,
    22: EndReason.UNREACHABLE,
    26: EndReason.ANSWERED_ELSEWHERE,
    27: EndReason.UNREACHABLE,
    34: EndReason.UNREACHABLE,
    38: EndReason.UNREACHABLE,
    41: EndReason.UNREACHABLE,
    42: EndReason.UNREACHABLE,
}


def end_reason(cause: int, sip_status: int, *, rang: bool, answered: bool) -> EndReason:
    """The reason of an end that the far side brought about.

    `cause` is Q.850 and `sip_status` the final SIP status (0 when there was none); `rang` after
    180 or 183, `answered` after 200: whatever ends an answered leg is a normal end.
    """
    if answered:
        return EndReason.NORMAL
    if rang and (sip_status in REFUSAL_WHEN_RINGING or (not sip_status and cause == 17)):
        return EndReason.REFUSED
    if sip_status:
        return BY_SIP_STATUS.get(sip_status, EndReason.FAILED)
    return BY_Q850.get(cause, EndReason.FAILED)
