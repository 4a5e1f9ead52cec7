"""Reading captures: SIP by Call-ID, RTP by stream, gaps and losses, the sound at the phone."""

import struct
from pathlib import Path

import numpy as np
import pytest

from lab.audio import silences, tone_seconds
from lab.capture import Trace, datagrams
from lab.rtp import ALAW, ULAW, RtpStream
from lab.sip_message import Address, SipMessage

PBX, PHONE = Address("127.0.0.1", 5060), Address("127.0.0.1", 40000)
PBX_MEDIA, PHONE_MEDIA = Address("127.0.0.1", 30000), Address("127.0.0.1", 20000)


def written(packets: list[tuple[float, Address, Address, bytes]]) -> bytes:
    """A pcap file as dumpcap -P writes it."""
    file = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
    for at, source, destination, payload in packets:
        udp = struct.pack("!HHHH", source.port, destination.port, 8 + len(payload), 0) + payload
        hosts = b"".join(bytes(map(int, end.host.split("."))) for end in (source, destination))
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + hosts
        frame = bytes(12) + b"\x08\x00" + header + udp
        micros = round(at * 1_000_000)
        file += struct.pack("<IIII", *divmod(micros, 1_000_000), len(frame), len(frame)) + frame
    return file


def sip(first: str, cseq: str, call_id: str = "one", media: Address | None = None) -> bytes:
    body = f"v=0\r\nc=IN IP4 {media.host}\r\nm=audio {media.port} RTP/AVP 0\r\n" if media else ""
    return (
        f"{first}\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK{cseq.split()[0]}\r\n"
        f'f: "Ann" <sip:301@127.0.0.1>;tag=a\r\nTo: <sip:500@127.0.0.1>\r\n'
        f"i: {call_id}\r\nCSeq: {cseq}\r\n\r\n{body}"
    ).encode()


def rtp(number: int, code: int, payload_type: int = 0, ssrc: int = 9) -> bytes:
    header = struct.pack("!BBHII", 0x80, payload_type, number & 0xFFFF, number * 160, ssrc)
    return header + bytes([code]) * 160


@pytest.fixture
def trace(tmp_path: Path) -> Trace:
    """A call with an INVITE sent twice, and 100 packets of which one is lost and one late."""
    packets = [
        (10.0, PHONE, PBX, sip("INVITE sip:500@127.0.0.1 SIP/2.0", "1 INVITE", media=PHONE_MEDIA)),
        (10.5, PHONE, PBX, sip("INVITE sip:500@127.0.0.1 SIP/2.0", "1 INVITE", media=PHONE_MEDIA)),
        (10.6, PBX, PHONE, sip("SIP/2.0 180 Ringing", "1 INVITE")),
        (10.7, PBX, PHONE, sip("SIP/2.0 200 OK", "1 INVITE", media=PBX_MEDIA)),
        (10.8, PHONE, PBX, b"\r\n\r\n"),
    ]
    late = 0.0
    for number in range(100):
        if number == 50:
            late = 0.5
        if number != 20:
            packets.append((11 + number * 0.02 + late, PBX_MEDIA, PHONE_MEDIA, rtp(number, 0x10)))
    packets.append((14.0, PBX_MEDIA, PHONE_MEDIA, b"\x80\xc8" + bytes(20)))
    file = tmp_path / "call.pcap"
    file.write_bytes(written(packets) + b"\x01\x02")
    return Trace.read(file, PBX.port)


def test_a_repeated_request_counts_once_and_keeps_its_first_time(trace: Trace) -> None:
    assert [message.at for message in trace.sip("INVITE")] == [10.0]
    assert [message.at for message in trace.sip("INVITE", 200, "one")] == [10.7]
    assert trace.sip("INVITE", 486) == []
    assert trace.sip("INVITE", call_id="another") == []
    assert trace.call_ids() == ["one"]


def test_a_message_tells_who_called_whom(trace: Trace) -> None:
    invite = trace.messages[0]
    assert (invite.number("From"), invite.number("to"), invite.target) == (
        "301",
        "500",
        "sip:500@127.0.0.1",
    )
    assert (invite.media, invite.number("Contact"), invite.header("Contact")) == (
        PHONE_MEDIA,
        "",
        "",
    )
    assert str(invite.source) == "127.0.0.1:40000"


def test_what_is_no_whole_message_is_left_out() -> None:
    for raw in (b"", b"\r\n", b"INVITE sip:1@b SIP/2.0\r\n\r\n", b"SIP/2.0\r\nCSeq: 1 A\r\n\r\n"):
        assert SipMessage.parse(0.0, PHONE, PBX, raw) is None


def test_a_stream_is_found_by_the_call_that_asked_for_it(trace: Trace) -> None:
    (stream,) = trace.heard_by_phone("one")
    assert (stream.source, stream.destination) == (PBX_MEDIA, PHONE_MEDIA)
    assert trace.said_by_phone("one") == []
    assert trace.heard_by_phone("another") == []


def test_calls_that_share_a_media_port_do_not_hear_each_other(tmp_path: Path) -> None:
    other = Address("127.0.0.1", 30002)
    packets = []
    for start, call_id, pbx_media in ((1.0, "one", PBX_MEDIA), (2.0, "two", other)):
        for at, source, destination, first, cseq, media in (
            (0.0, PHONE, PBX, "INVITE sip:500@127.0.0.1 SIP/2.0", "1 INVITE", PHONE_MEDIA),
            (0.1, PBX, PHONE, "SIP/2.0 200 OK", "1 INVITE", pbx_media),
            (9.0, PHONE, PBX, "BYE sip:500@127.0.0.1 SIP/2.0", "2 BYE", None),
        ):
            packets.append((start + at, source, destination, sip(first, cseq, call_id, media)))
        for number in range(3):
            at = start + 0.2 + number * 0.02
            packets.append((at, pbx_media, PHONE_MEDIA, rtp(number, 0x10, ssrc=int(start))))
            packets.append((at, PHONE_MEDIA, pbx_media, rtp(number, 0x10, ssrc=int(start) + 5)))
    packets.append((12.0, PBX_MEDIA, PHONE_MEDIA, rtp(0, 0x10, ssrc=77)))
    file = tmp_path / "calls.pcap"
    file.write_bytes(written(sorted(packets, key=lambda packet: packet[0])))
    trace = Trace.read(file, PBX.port)
    assert [stream.ssrc for stream in trace.heard_by_phone("one")] == [1]
    assert [stream.ssrc for stream in trace.said_by_phone("one")] == [6]
    assert [stream.ssrc for stream in trace.heard_by_phone("two")] == [2]


def test_losses_and_gaps_are_counted(trace: Trace) -> None:
    (stream,) = trace.streams
    assert stream.lost == 1
    assert stream.longest_gap == pytest.approx(0.52, abs=1e-4)
    (gap,) = stream.gaps()
    assert gap.start == pytest.approx(11.98, abs=1e-4)
    assert stream.started_at == 11.0
    assert stream.ended_at == pytest.approx(13.48)


def test_a_gap_is_silence_at_the_phone_and_positions_are_real_time(trace: Trace) -> None:
    (stream,) = trace.streams
    sound = stream.sound()
    assert sound.seconds == pytest.approx(2.5, abs=0.03)
    (silence,) = silences(sound)
    assert silence.start == pytest.approx(0.98, abs=0.03)
    assert silence.seconds == pytest.approx(0.5, abs=0.03)
    assert stream.span(13.0, 13.2).dbfs() > -10


def test_keys_are_not_played_and_sequence_numbers_may_wrap() -> None:
    stream = RtpStream(PBX_MEDIA, PHONE_MEDIA, 9)
    for number in range(65530, 65542):
        stream.add(number * 0.02, rtp(number, 0x10, payload_type=101 if number % 2 else 8))
    assert stream.lost == 0
    assert stream.sound().dbfs() > -120
    assert RtpStream(PBX_MEDIA, PHONE_MEDIA, 9).longest_gap == 0


def test_an_extended_header_is_skipped() -> None:
    stream = RtpStream(PBX_MEDIA, PHONE_MEDIA, 9)
    packet = bytearray(rtp(1, 0x10))
    packet[0] |= 0x10
    stream.add(1.0, bytes(packet[:12]) + b"\xbe\xde\x00\x01" + bytes(4) + bytes(packet[12:]))
    assert len(stream.payloads[0]) == 160


def test_g711_tables_are_those_of_the_standard() -> None:
    assert ULAW[0xFF] == 0
    assert ULAW[0x80] * 32768 == 32124
    assert ULAW[0x00] == -ULAW[0x80]
    assert ALAW[0xD5] * 32768 == 8
    assert ALAW[0xAA] * 32768 == 32256
    assert ALAW[0x2A] == -ALAW[0xAA]


def test_a_tone_survives_the_decoding() -> None:
    stream = RtpStream(PBX_MEDIA, PHONE_MEDIA, 9)
    wave = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000) / 4
    codes = np.abs(ULAW[None, :] - wave[:, None]).argmin(axis=1).astype(np.uint8)
    for number in range(50):
        packet = rtp(number, 0)[:12] + codes[number * 160 : (number + 1) * 160].tobytes()
        stream.add(number * 0.02, packet)
    assert tone_seconds(stream.sound(), 440) == pytest.approx(1.0)


def test_other_files_are_refused_and_an_empty_one_is_empty(tmp_path: Path) -> None:
    file = tmp_path / "no.pcap"
    file.write_bytes(bytes(40))
    with pytest.raises(ValueError, match="not a little-endian pcap"):
        list(datagrams(file))
    file.write_bytes(b"")
    assert list(datagrams(file)) == []
