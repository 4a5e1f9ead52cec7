"""What a robot phone tells: the events of its calls, and the recordings of what it heard."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Self

from lab.audio import Sound, read_wav


class Happening(StrEnum):
    """What a phone tells about."""

    REGISTERED = "registered"
    REGISTRATION_FAILED = "registration_failed"
    UNREGISTERING = "unregistering"
    INCOMING = "incoming"
    """Somebody calls; the phone has answered 180."""
    RINGING = "ringing"
    """The called side rings (180)."""
    PROGRESS = "progress"
    """The called side sends early media (183)."""
    ANSWERED = "answered"
    """Either side's 200 OK is confirmed."""
    HEARING = "hearing"
    """The first RTP packet of the call is here."""
    KEY = "key"
    CLOSED = "closed"


REPORTS = {
    "REGISTER_OK": Happening.REGISTERED,
    "REGISTER_FAIL": Happening.REGISTRATION_FAILED,
    "UNREGISTERING": Happening.UNREGISTERING,
    "CALL_INCOMING": Happening.INCOMING,
    "CALL_RINGING": Happening.RINGING,
    "CALL_PROGRESS": Happening.PROGRESS,
    "CALL_ESTABLISHED": Happening.ANSWERED,
    "CALL_RTPESTAB": Happening.HEARING,
    "CALL_DTMF_START": Happening.KEY,
    "CALL_CLOSED": Happening.CLOSED,
}


@dataclass(frozen=True, slots=True)
class PhoneEvent:
    """Something that happened at the phone, stamped when it was read from baresip."""

    kind: Happening
    at: float
    """time.monotonic(), seconds."""
    wall_at: datetime
    call_id: str | None
    """The SIP Call-ID, the same as in a capture."""
    peer: str
    """The other side's number: on `incoming` the caller id shown."""
    peer_name: str
    detail: str
    """Reason of a closed call ("486 Busy Here", "Connection reset by peer" after a
    BYE or CANCEL, "… by user" when we ended it), the key pressed, …"""

    @classmethod
    def of_report(cls, message: dict[str, object]) -> Self | None:
        """What a report of baresip says, stamped now; None when it is of no interest."""
        kind = REPORTS.get(str(message["type"]))
        if kind is None:
            return None
        peer = re.search(r"sips?:([^@;>]*)", str(message.get("peeruri", "")))
        return cls(
            kind=kind,
            at=time.monotonic(),
            wall_at=datetime.now(UTC),
            call_id=str(message["id"]) if "id" in message else None,
            peer=peer[1] if peer else "",
            peer_name=str(message.get("peerdisplayname", "")),
            detail=str(message.get("param", "")),
        )

    @property
    def status(self) -> int | None:
        """The SIP status that closed the call, None after a BYE, a CANCEL or our own end."""
        found = re.match(r"(\d{3}) ", self.detail)
        return int(found[1]) if found else None

    @property
    def by_us(self) -> bool:
        """Closed by this phone itself (hang_up, reject)."""
        return self.kind is Happening.CLOSED and self.detail == "Connection reset by user"


@dataclass(slots=True)
class Recording:
    """What the phone heard in one call, from the first packet on, 8 kHz.

    It holds what arrived, without the gaps between packets: for gaps ask the capture.
    """

    path: Path
    call_id: str
    started_at: float | None = None
    """time.monotonic() of the first packet, None while nothing was heard."""

    def sound(self) -> Sound:
        """What was heard so far; works during the call and after a kill -9, too."""
        return read_wav(self.path)

    def offset(self, at: float) -> float:
        """Seconds into the recording at time.monotonic() `at`, if no packet was lost."""
        if self.started_at is None:
            raise ValueError(f"nothing was heard in {self.path}")
        return at - self.started_at
