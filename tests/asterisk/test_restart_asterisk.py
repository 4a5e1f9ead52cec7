"""Asterisk itself dies, with all its calls: nobody stays in line or on a leg that is no more."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from lab.numbers import Slot, phones_of
from lab.ports import free_port
from lab.processes import AsteriskProcess, AsteriskSettings
from lab.wait import wait_until
from tests.asterisk.hearing import hears_music, talk
from tests.asterisk.office import Office, Pbx, opened_office

RTP_PORTS = (12000, 13998)


@asynccontextmanager
async def own_asterisk(slot: Slot, folder: Path) -> AsyncIterator[tuple[AsteriskProcess, Pbx]]:
    """One Asterisk for one test, which may kill it."""
    settings = AsteriskSettings(
        sip_port=free_port(),
        ari_port=free_port(),
        rtp_start=RTP_PORTS[0],
        rtp_end=RTP_PORTS[1],
    )
    async with AsteriskProcess(folder, settings, extra_pjsip=phones_of([slot.slot])) as asterisk:
        pbx = Pbx(
            ari_url=asterisk.ari_url,
            ari_user=asterisk.ari_user,
            ari_password=asterisk.ari_password,
            sip_address=asterisk.sip_address,
            sip_port=settings.sip_port,
            rtp_ports=RTP_PORTS,
            run_dir=str(folder),
        )
        yield asterisk, pbx


async def dispositions(here: Office) -> list[str]:
    return sorted(event["disposition"] for event in await here.events("entry_left"))


async def test_asterisk_is_killed_with_callers_waiting_ringing_and_talking(
    slot: Slot, tmp_path: Path
) -> None:
    async with (
        own_asterisk(slot, tmp_path / "pbx") as (asterisk, pbx),
        opened_office(pbx, slot, tmp_path, agents=2, callers=3, wrap_up_seconds=1) as here,
    ):
        first, second = [await here.agent(n, log_in=False) for n in (1, 2)]
        talking, ringing, waiting = [await here.waiting_caller(n) for n in (1, 2, 3)]
        await here.set_agent(1, "available")
        await talk(talking, first)
        await here.set_agent(2, "available")
        await second.wait_for("incoming")
        assert await here.callers_in_line() == [ringing.number, waiting.number]

        await asterisk.kill()
        for phone in (talking, ringing, waiting, first, second):
            await phone.hang_up()
        await asterisk.start()

        async def all_ended() -> bool:
            return len(await dispositions(here)) == 3

        await wait_until(all_ended, "every entry has ended", 20)
        assert await dispositions(here) == ["answered", "node_lost", "node_lost"]
        await here.agent_becomes(1, "idle")
        await here.agent_becomes(2, "idle")
        assert await here.line() == []

        await here.set_agent(2, "logged_out")
        await waiting.call(here.slot.queue())
        await talk(waiting, first)


async def test_a_caller_finds_the_edge_again_after_asterisk_and_edge_both_died(
    slot: Slot, tmp_path: Path
) -> None:
    async with (
        own_asterisk(slot, tmp_path / "pbx") as (asterisk, pbx),
        opened_office(pbx, slot, tmp_path, agents=1, callers=1, wrap_up_seconds=0) as here,
    ):
        caller = await here.waiting_caller()
        await here.edge.kill()
        await asterisk.kill()
        await caller.hang_up()
        await asterisk.start()
        await here.edge.start()
        await wait_until(lambda: dispositions(here), "the entry has ended", 15)
        assert await dispositions(here) == ["node_lost"]
        agent = await here.agent(1, log_in=False)
        await caller.call(here.slot.queue())
        await hears_music(caller)
        await here.set_agent(1, "available")
        await talk(caller, agent)
