"""What a caller hears from the first packet to the last, and how soon the music is off."""

from itertools import pairwise
from pathlib import Path

import pytest

from lab.audio import music_heard, silences, tone_seconds, tones_heard
from lab.capture import Capture
from lab.timing import HostJitter
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import (
    NOTHING_DBFS,
    beside_the_tone,
    heard_in_this_call,
    hears,
    hears_music,
    talk,
    the_tune,
)

MUSIC_OFF_SECONDS = 0.2


@pytest.mark.parametrize("codec", ["pcmu", "pcma", "g722/16000/1"])
async def test_a_caller_hears_our_music_until_the_agent_and_never_silence(
    office: OpenOffice, codec: str
) -> None:
    async with office(agents=1, callers=1) as here:
        agent = await here.agent(1, log_in=False)
        caller = await here.waiting_caller(1, codecs=codec)
        await hears_music(caller, 2)
        await here.set_agent(1, "available")
        await agent.wait_for("incoming")
        await hears_music(caller, 2)
        waited = heard_in_this_call(caller)
        assert music_heard(waited.between(0.1), music=the_tune(), longest_pause_ms=100)
        await agent.answer()
        await hears(agent, caller)
        await hears(caller, agent, 1.5)
        assert agent.tone_hz is not None
        whole = heard_in_this_call(caller)
        assert silences(whole, over_ms=60) == []
        voice = tones_heard(whole, [agent.tone_hz], window_ms=50)[agent.tone_hz]
        assert len(voice) == 1, voice
        talked = whole.between(voice[0].start + MUSIC_OFF_SECONDS)
        assert beside_the_tone(talked, agent.tone_hz) < NOTHING_DBFS
        # The music goes on until the agent is heard.
        assert music_heard(whole.between(voice[0].start - 1, voice[0].start), longest_pause_ms=100)


async def test_the_music_is_off_and_the_agent_is_heard_200_ms_after_the_answer(
    office: OpenOffice, tmp_path: Path
) -> None:
    async with office(agents=1, callers=1) as here:
        agent = await here.agent(1)
        async with (
            HostJitter(tmp_path / "jitter") as host,
            Capture(tmp_path / "call.pcap", here.pbx.sip_port, here.pbx.rtp_ports) as capture,
        ):
            caller = await here.waiting_caller()
            await hears_music(caller)
            await talk(caller, agent)
            await hears(caller, agent, 1.5)
        trace = capture.trace()
        (ringing,) = agent.seen("incoming")
        assert ringing.call_id is not None
        assert host.stalls is not None
        assert agent.tone_hz is not None
        late = host.stalls.worst_ms / 1000
        answered_at = trace.sip("INVITE", 200, call_id=ringing.call_id)[0].at
        off_at = answered_at + MUSIC_OFF_SECONDS + late
        # A conversation is a new stream to the phone where its codec is the agent's as well.
        *music, voice = sorted(
            trace.heard_by_phone(caller.recording.call_id), key=lambda stream: stream.started_at
        )
        assert all(stream.ended_at < off_at for stream in music)
        after = voice.span(off_at, voice.ended_at).between(0, 1)
        assert beside_the_tone(after, agent.tone_hz) < NOTHING_DBFS
        assert tone_seconds(after, agent.tone_hz) > 0.8
        packets = sorted(at for stream in (*music, voice) for at in stream.arrived_at)
        assert max(later - before for before, later in pairwise(packets)) < 0.06 + late
        assert [stream.lost for stream in (*music, voice)] == [0] * (len(music) + 1)


async def test_there_is_no_hole_in_the_music_when_the_phone_stops_ringing_and_rings_again(
    office: OpenOffice,
) -> None:
    """Nobody answers in the ring time; the next round follows."""
    async with office(agents=1, callers=1, ring_seconds=1, retry_seconds=1) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await wait_until(lambda: len(agent.seen("incoming")) >= 2, "a second round", 15)
        whole = heard_in_this_call(caller)
        assert whole.seconds > 2
        assert silences(whole, over_ms=60) == []
        assert music_heard(whole, music=the_tune(), longest_pause_ms=100)
