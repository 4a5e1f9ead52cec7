"""The bench of announcements counts words that came late and words that never came."""

import struct

import numpy as np
import pytest

from bench.announcements import EVERY_SECONDS, FIRST_AFTER_SECONDS, WORDS_HZ, WORDS_SECONDS, read
from lab.audio import RATE
from lab.capture import Trace
from lab.rtp import ULAW, RtpStream
from lab.sip_message import SipMessage
from tests.unit.lab.test_capture import PBX, PBX_MEDIA, PHONE, PHONE_MEDIA, sip

JOINED_AT = 1000.0
LEVELS = np.sort(ULAW)


def call(words_at: list[float]) -> Trace:
    """A caller who joined as the first packet came, and waited 80 s; seconds after joining."""
    trace = Trace(PBX.port)
    for at, source, destination, first in (
        (JOINED_AT, PHONE, PBX, "INVITE sip:500@127.0.0.1 SIP/2.0"),
        (JOINED_AT, PBX, PHONE, "SIP/2.0 200 OK"),
    ):
        media = PHONE_MEDIA if source == PHONE else PBX_MEDIA
        message = SipMessage.parse(at, source, destination, sip(first, "1 INVITE", media=media))
        assert message is not None
        trace.messages.append(message)
    sound = np.zeros(80 * RATE)
    words = 0.1 * np.sin(2 * np.pi * WORDS_HZ * np.arange(round(WORDS_SECONDS * RATE)) / RATE)
    for start in words_at:
        sound[round(start * RATE) : round(start * RATE) + len(words)] = words
    codes = np.argsort(ULAW)[np.searchsorted(LEVELS, sound).clip(0, 255)].astype(np.uint8)
    stream = RtpStream(PBX_MEDIA, PHONE_MEDIA, 9)
    for number in range(len(sound) // 160):
        header = struct.pack("!BBHII", 0x80, 0, number & 0xFFFF, number * 160, 9)
        payload = codes[number * 160 : number * 160 + 160].tobytes()
        stream.add(JOINED_AT + 0.02 * number, header + payload)
    trace.streams.append(stream)
    return trace


@pytest.mark.parametrize(("seconds_late", "late"), [(0.1, 0), (0.7, 1)])
def test_late_words_are_counted(seconds_late: float, late: int) -> None:
    first, second = FIRST_AFTER_SECONDS, FIRST_AFTER_SECONDS + EVERY_SECONDS
    third = second + EVERY_SECONDS
    told = read(call([first, second + seconds_late, third]), {"301": JOINED_AT})
    assert (told.lateness.count, told.late, told.missing) == (3, late, 0)
    assert told.lateness.worst_ms == pytest.approx(1000 * seconds_late, abs=25)


def test_words_that_never_came_are_missed() -> None:
    told = read(call([FIRST_AFTER_SECONDS]), {"301": JOINED_AT})
    assert (told.lateness.count, told.late, told.missing) == (1, 0, 2)
