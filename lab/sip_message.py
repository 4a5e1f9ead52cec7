"""A SIP message as it passed on the wire: just what measuring a call needs of it."""

import re
from dataclasses import dataclass
from typing import NamedTuple, Self

COMPACT = {
    "i": "call-id",
    "f": "from",
    "t": "to",
    "m": "contact",
    "v": "via",
    "l": "content-length",
}


class Address(NamedTuple):
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class SipMessage:
    """A request (status None) or a response; `method` is the request's in both."""

    at: float
    """Seconds since 1970."""
    source: Address
    destination: Address
    method: str
    status: int | None
    call_id: str
    cseq: int
    branch: str
    target: str
    """The request URI; for a response its reason phrase."""
    headers: dict[str, list[str]]
    """By lower-case name, in order."""
    body: str

    @classmethod
    def parse(cls, at: float, source: Address, destination: Address, raw: bytes) -> Self | None:
        """None for what is no whole SIP message (keep-alives)."""
        head, _, body = raw.decode("utf-8", errors="replace").partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        headers: dict[str, list[str]] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if colon:
                name = name.strip().lower()
                headers.setdefault(COMPACT.get(name, name), []).append(value.strip())
        words = first.split(" ", 2)
        cseq = headers.get("cseq", [""])[0].split()
        if len(words) < 2 or len(cseq) != 2 or "call-id" not in headers:
            return None
        is_response = words[0] == "SIP/2.0"
        branch = re.search(r"branch=([^;,\s]+)", headers.get("via", [""])[0])
        return cls(
            at=at,
            source=source,
            destination=destination,
            method=cseq[1] if is_response else words[0],
            status=int(words[1]) if is_response else None,
            call_id=headers["call-id"][0],
            cseq=int(cseq[0]),
            branch=branch[1] if branch else "",
            target=words[-1] if is_response else words[1],
            headers=headers,
            body=body,
        )

    def header(self, name: str) -> str:
        """The first header of that name, "" if there is none."""
        return self.headers.get(name.lower(), [""])[0]

    def number(self, header: str) -> str:
        """The user part of the URI in From, To, Contact, …"""
        found = re.search(r"sips?:([^@;>]*)@", self.header(header))
        return found[1] if found else ""

    @property
    def media(self) -> Address | None:
        """Where the sender wants its audio, by the SDP in this message; None without one."""
        host = re.search(r"^c=IN IP4 (\S+)", self.body, re.MULTILINE)
        port = re.search(r"^m=audio (\d+)", self.body, re.MULTILINE)
        if host is None or port is None or port[1] == "0":
            return None
        return Address(host[1], int(port[1]))
