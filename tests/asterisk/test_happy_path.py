"""A caller waits with music, an agent's phone rings, they talk, they hang up."""

import pytest

from lab.audio import music_heard, silences, tone_seconds
from lab.phone import Phone
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.office import Office


async def hears(listener: Phone, speaker: Phone, seconds: float = 0.5) -> None:
    """The listener hears the tone of the speaker, for so long in all."""
    assert speaker.tone_hz is not None
    hz = speaker.tone_hz

    def enough() -> bool:
        return tone_seconds(listener.recording.path, hz) >= seconds

    await wait_until(enough, f"{listener.number} hears {speaker.number}", every=0.1)


async def talk(here: Office, caller: Phone, agent: Phone) -> None:
    """The agent answers what rings, and both hear each other."""
    ringing = await agent.wait_for("incoming")
    assert ringing.peer == caller.number
    await agent.answer()
    await hears(agent, caller)
    await hears(caller, agent)


@pytest.mark.parametrize("who", ["caller", "agent"])
async def test_caller_waits_with_music_and_is_answered_until_one_hangs_up(
    office: OpenOffice, who: str
) -> None:
    async with office(agents=1, callers=1, wrap_up_seconds=1) as here:
        caller = await here.waiting_caller()
        await wait_until(lambda: music_heard(caller.recording.path), "music", every=0.1)
        assert tone_seconds(caller.recording.path, 1400) == 0
        agent = await here.agent(1)
        await talk(here, caller, agent)
        assert (await here.agent_state(1))["occupancy"] == "talking"
        await (caller if who == "caller" else agent).hang_up()
        await (agent if who == "caller" else caller).wait_for("closed")
        await here.agent_becomes(1, "wrap_up")
        await here.agent_becomes(1, "idle")
        assert silences(caller.recording.path, over_ms=60) == []
        names = [event["event"] for event in await here.events()]
        assert names.count("entry_left") == 1
        assert names.index("call_connected") < names.index("call_completed")
