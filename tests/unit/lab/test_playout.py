"""A stream laid by its timestamps: holes, lateness, and when each sample and key passed."""

import struct

import numpy as np
import pytest

from lab.playout import Playout, keys_pressed
from lab.rtp import RtpStream
from lab.sip_message import Address

LOUD, NOTHING = 0x10, 0xFF
STREAM_FROM = 1000


def stream() -> RtpStream:
    return RtpStream(Address("127.0.0.1", 30000), Address("127.0.0.1", 20000), 9)


def packet(number: int, stamp: int, code: int = LOUD, payload_type: int = 0) -> bytes:
    header = struct.pack("!BBHII", 0x80, payload_type, number & 0xFFFF, stamp & 0xFFFFFFFF, 9)
    return header + bytes([code]) * 160


def key(number: int, stamp: int, event: int, ended: bool) -> bytes:
    header = struct.pack("!BBHII", 0x80, 101, number, stamp, 9)
    return header + struct.pack("!BBH", event, 0x80 if ended else 0, 800)


def test_a_packet_that_came_late_leaves_no_silence_but_is_told_as_lateness() -> None:
    heard = stream()
    for number in range(50):
        late = 0.09 if 20 <= number < 24 else 0.0
        heard.add(10 + number * 0.02 + late, packet(number, number * 160))
    playout = Playout(heard)
    assert playout.seconds == 1.0
    assert playout.longest_silence_ms() == 0
    assert playout.holes() == []
    assert playout.worst_lateness_ms() == pytest.approx(90)
    assert playout.unevenness_ms() == pytest.approx(90)


def test_what_the_timestamps_leave_out_is_a_hole_and_silence() -> None:
    heard = stream()
    for number in range(50):
        skipped = 800 if number >= 25 else 0
        heard.add(10 + number * 0.02 + skipped / 8000, packet(number, number * 160 + skipped))
    playout = Playout(heard)
    (hole,) = playout.holes()
    assert (hole.start, hole.end) == (0.5, 0.6)
    assert playout.longest_silence_ms() == pytest.approx(100)
    assert playout.longest_silence_ms(0.6) == 0
    assert playout.worst_lateness_ms() == pytest.approx(0, abs=0.01)
    assert playout.unevenness_ms() == pytest.approx(100)


def test_packets_of_silence_are_silence_and_a_lost_one_is_a_hole() -> None:
    heard = stream()
    for number in range(50):
        if number != 10:
            quiet = 30 <= number < 34
            heard.add(10 + number * 0.02, packet(number, number * 160, NOTHING if quiet else LOUD))
    playout = Playout(heard)
    assert playout.lost == 1
    assert [hole.start for hole in playout.holes()] == [0.2]
    assert playout.longest_silence_ms() == pytest.approx(80)
    assert playout.longest_silence_ms(0.0, 0.5) == pytest.approx(20)


def test_order_and_the_turn_of_the_numbers_do_not_matter() -> None:
    straight, mixed = stream(), stream()
    packets = [
        (10 + number * 0.02, packet(65530 + number, 2**32 - 800 + number * 160, LOUD + number))
        for number in range(20)
    ]
    for at, one in packets:
        straight.add(at, one)
    packets[7], packets[8] = packets[8], packets[7]
    for at, one in [*packets, packets[5]]:
        mixed.add(at, one)
    assert np.array_equal(Playout(straight).sound.samples, Playout(mixed).sound.samples)
    assert Playout(mixed).seconds == pytest.approx(0.4)


def test_each_moment_knows_when_its_packet_passed() -> None:
    heard = stream()
    for number in range(10):
        heard.add(100 + number * 0.02 + (0.015 if number == 5 else 0), packet(number, number * 160))
    playout = Playout(heard)
    assert playout.passed_at(0.0) == 100.0
    assert playout.passed_at(0.11) == pytest.approx(100.115)
    assert playout.played_at(0.11) == pytest.approx(100.125)
    assert playout.second_at(100.05) == pytest.approx(0.06)
    assert playout.second_at(101.0) == playout.seconds


def test_nothing_is_played_of_a_stream_of_keys_alone() -> None:
    heard = stream()
    heard.add(10.0, key(1, STREAM_FROM, 5, ended=False))
    playout = Playout(heard)
    assert (playout.seconds, playout.unevenness_ms(), playout.longest_silence_ms()) == (0, 0, 0)


def test_a_key_ends_with_the_first_packet_that_says_so() -> None:
    said = stream()
    said.add(10.0, packet(1, 0))
    for number, (at, ended) in enumerate([(10.02, 0), (10.04, 0), (10.06, 1), (10.08, 1)], 2):
        said.add(at, key(number, 160, 11, bool(ended)))
    said.add(10.2, key(7, 2000, 4, ended=False))
    (press,) = keys_pressed(said)
    assert (press.key, press.begun_at, press.ended_at) == ("#", 10.02, 10.06)
