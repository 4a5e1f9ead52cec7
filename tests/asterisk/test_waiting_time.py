"""How long one would have to wait, learnt from real calls: told by the API, and turned away by."""

from pathlib import Path
from typing import Any

from edge.ports.prompts import Prompt
from lab.capture import Capture
from lab.phone import Phone
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears, was_told
from tests.asterisk.office import Office

OUTSIDE = "13125550143"
TALK_SECONDS = 4
FAREWELL_SECONDS = 15


async def status(here: Office) -> dict[str, Any]:
    found: dict[str, Any] = await here.get(f"/v1/queues/{here.queue}/status")
    return found


async def talk_once(here: Office, caller: Phone, agent: Phone) -> None:
    """A call from its offer to its end."""
    await agent.wait_for("incoming")
    await agent.answer()
    await caller.wait_for("answered")
    await hears(caller, agent, TALK_SECONDS)
    await caller.hang_up()
    await agent.wait_for("closed")
    await here.agent_becomes(1, "idle")


async def test_who_would_wait_too_long_is_turned_away_with_words_or_busy(
    office: OpenOffice, tmp_path: Path
) -> None:
    async with office(agents=1, callers=3, divert_wait_seconds=1) as here:
        agent, caller = await here.agent(1), await here.caller(1)
        assert (await status(here))["expected_wait_seconds"] == 0, "the agent is idle"
        await caller.call(here.slot.queue())
        await talk_once(here, caller, agent)
        learnt = await status(here)
        assert TALK_SECONDS <= learnt["handling_seconds"] < TALK_SECONDS + 4
        assert learnt["expected_wait_seconds"] == 0

        await caller.call(here.slot.queue())
        await agent.wait_for("incoming")
        await agent.answer()
        await here.agent_becomes(1, "talking")
        expected = (await status(here))["expected_wait_seconds"]
        assert expected == round(learnt["handling_seconds"] * 2 / 3)

        outside = await here.outside_phone(OUTSIDE)
        await outside.call(here.slot.outside_number())
        await outside.wait_for("answered")
        closed = await outside.wait_for("closed", FAREWELL_SECONDS)
        assert not closed.by_us
        assert was_told(outside, Prompt.LINES_BUSY)

        inside = await here.caller(2)
        async with Capture(tmp_path / "busy.pcap", here.pbx.sip_port, here.pbx.rtp_ports):
            await inside.call(here.slot.queue())
            assert (await inside.wait_for("closed", 2)).status == 486
        rejected = await here.events("entry_rejected")
        assert [one["disposition"] for one in rejected] == ["diverted"] * 2
        assert all(one["expected_ms"] > 1_000 for one in rejected)
        path = f"/v1/queues/{here.queue}/entries/{rejected[0]['entry']}/explain"
        assert "a wait of 0 min" in (await here.get(path))["words"]

        await caller.hang_up()
        await here.agent_becomes(1, "idle")
        await inside.call(here.slot.queue())
        await agent.wait_for("incoming")
        await wait_until(lambda: here.stands_in_line(inside.number), "the line is open again")


async def test_what_was_learnt_outlives_the_edge(office: OpenOffice) -> None:
    async with office(agents=1, callers=1) as here:
        agent, caller = await here.agent(1), await here.caller(1)
        await caller.call(here.slot.queue())
        await talk_once(here, caller, agent)
        before = await status(here)
        await here.edge.kill()
        await here.restart_edge()
        assert (await status(here))["handling_seconds"] == before["handling_seconds"] is not None
