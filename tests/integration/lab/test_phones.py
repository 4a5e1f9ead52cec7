"""Robot phones, really: they call each other directly, no PBX between them."""

from pathlib import Path
from typing import Any

import pytest

from lab.audio import make_tone, tone_seconds, tones_heard
from lab.baresip import BaresipFault
from lab.capture import Capture
from lab.phone import Phone, phones
from lab.ports import free_port
from lab.sipp import SippCallers, SippPhone
from lab.sipp_scenarios import Behaviour, CallPlan
from lab.wait import wait_until

ANN, BOB = "301", "201"


async def _phone(number: str, port: int, folder: Path, **options: Any) -> Phone:
    """A phone that needs no registrar; `server` only names its domain."""
    return await Phone.start(
        number,
        server=f"127.0.0.1:{port}",
        registers=False,
        sip_port=port,
        folder=folder / number,
        **options,
    )


async def _pair(folder: Path, **bob: Any) -> tuple[Phone, Phone, str]:
    """Ann (440 Hz), Bob (700 Hz), and where Ann reaches Bob."""
    ports = free_port(), free_port()
    ann = await _phone(ANN, ports[0], folder, tone_hz=440)
    try:
        return (
            ann,
            await _phone(BOB, ports[1], folder, tone_hz=700, **bob),
            (f"sip:{BOB}@127.0.0.1:{ports[1]}"),
        )
    except BaresipFault:
        await ann.stop()
        raise


async def test_two_phones_talk_and_each_hears_the_other(tmp_path: Path) -> None:
    ann, bob, bobs_number = await _pair(tmp_path, auto_answer_after=0.05)
    async with phones(ann, bob):
        await ann.call(bobs_number)
        shown = await bob.wait_for("incoming")
        assert shown.peer == ANN
        ringing, answered = await ann.wait_for("ringing"), await ann.wait_for("answered")
        assert answered.at > ringing.at
        # By Bob's own clock: he answers no sooner than he was told, however late events are read.
        assert (await bob.wait_for("answered")).at - shown.at >= 0.049
        await wait_until(lambda: ann.recordings and ann.recording.sound().seconds > 1, "sound")
        assert ann.in_call
        await ann.press("5")
        assert (await bob.wait_for("key")).detail == "5"
        await bob.hang_up()
        assert (await bob.wait_for("closed")).by_us
        ended = await ann.wait_for("closed")
        assert not ended.by_us
        assert ended.status is None
        assert not ann.in_call
    for hearer, said, own in ((ann, 700.0, 440.0), (bob, 440.0, 700.0)):
        timeline = tones_heard(hearer.recording.path, [said, own])
        assert sum(span.seconds for span in timeline[said]) > 0.8
        assert timeline[own] == []


async def test_a_call_may_be_refused_or_given_up_and_each_call_is_its_own_story(
    tmp_path: Path,
) -> None:
    ann, bob, bobs_number = await _pair(tmp_path)
    async with phones(ann, bob):
        await ann.call(bobs_number)
        await bob.wait_for("incoming")
        await bob.reject()
        assert (await ann.wait_for("closed")).status == 486
        await ann.call(bobs_number)
        await bob.wait_for("incoming")
        await ann.wait_for("ringing")
        await ann.hang_up()
        assert not (await bob.wait_for("closed")).by_us
        assert (await ann.wait_for("closed")).by_us
        with pytest.raises(ValueError, match="486 only"):
            await bob.reject(603)
        with pytest.raises(AssertionError, match="no answered within"):
            await ann.wait_for("answered", 0.01)
        with pytest.raises(AssertionError, match="recorded no call"):
            _ = ann.recording


async def test_two_calls_within_a_second_are_two_recordings(tmp_path: Path) -> None:
    ann, bob, bobs_number = await _pair(tmp_path, auto_answer_after=0)
    async with phones(ann, bob):
        for _ in range(2):
            await ann.call(bobs_number)
            await ann.wait_for("hearing")
            await ann.hang_up()
            await bob.wait_for("incoming")
            await bob.wait_for("closed")
        first, second = ann.recordings
        assert first.path != second.path
        assert first.started_at is not None
        assert second.started_at is not None
        assert first.started_at < second.started_at
        assert second.offset(second.started_at + 1) == 1


async def test_a_phone_that_vanished_says_no_goodbye_and_leaves_its_recording(
    tmp_path: Path,
) -> None:
    ann, bob, bobs_number = await _pair(tmp_path, auto_answer_after=0)
    async with phones(ann, bob):
        await ann.call(bobs_number)
        await ann.wait_for("answered")
        await wait_until(lambda: bob.recordings and bob.recording.sound().seconds > 0.5, "sound")
        await bob.vanish()
        with pytest.raises(AssertionError):
            await ann.wait_for("closed", 0.3)
        assert tone_seconds(bob.recording.sound(), 440) > 0.3
        with pytest.raises(BaresipFault, match="no longer runs"):
            await bob.answer()
        await ann.vanish()  # Nobody is left to answer a BYE.


async def test_a_phone_hangs_up_when_it_has_said_its_words(tmp_path: Path) -> None:
    words = make_tone(tmp_path / "words.wav", 900, 1.0)
    port = free_port()
    ann = await _phone(ANN, port, tmp_path, say=words)
    bob = await _phone(BOB, free_port(), tmp_path, auto_answer_after=0)
    async with phones(ann, bob):
        await bob.call(f"sip:{ANN}@127.0.0.1:{port}")
        await ann.wait_for("incoming")
        await ann.answer()
        await bob.wait_for("closed")
        assert 0.5 < tone_seconds(bob.recording.path, 900) <= 1.1


async def test_answer_and_hang_up_cross(tmp_path: Path) -> None:
    port = free_port()
    behaviour = Behaviour(None, answers_cancel_with_200=True)
    phone = await SippPhone.start(BOB, behaviour, registers=False, sip_port=port, folder=tmp_path)
    try:
        callers = await SippCallers.start(
            [ANN],
            CallPlan(BOB, patience_ms=200),
            server=f"127.0.0.1:{port}",
            address="127.0.0.1",
            folder=tmp_path,
        )
        (call,) = await callers.finished(10)
        assert call.words == ["dialled", "ringing", "cancelled", "hung_up"]
        answered = await phone.wait_for("hung_up_on")
        assert answered.words == ["incoming", "cancelled", "answered", "hung_up_on"]
        assert answered.number == ANN
    finally:
        await phone.vanish()


async def test_many_callers_are_refused_and_captured(tmp_path: Path) -> None:
    port = free_port()
    capture = Capture(tmp_path / "calls.pcap", port, (29990, 29998))
    phone = await SippPhone.start(
        BOB, Behaviour(603, after_ms=100), registers=False, sip_port=port, folder=tmp_path
    )
    try:
        async with capture:
            callers = await SippCallers.start(
                [str(300 + n) for n in range(5)],
                CallPlan(BOB),
                server=f"127.0.0.1:{port}",
                address="127.0.0.1",
                calls_a_second=50,
                folder=tmp_path,
            )
            calls = await callers.finished(10)
    finally:
        await phone.vanish()
    assert [call.status for call in calls] == [603] * 5
    trace = capture.trace()
    assert {invite.number("From") for invite in trace.sip("INVITE")} == {
        str(300 + n) for n in range(5)
    }
    assert len(trace.sip("INVITE", 603)) == 5
