"""The edge loses its connection to Asterisk for a while: what happened meanwhile is made up for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.cuttable import Cuttable
from tests.asterisk.hearing import hears, talk
from tests.asterisk.office import Office
from tests.asterisk.restarts import hears_on, never_in_silence


@asynccontextmanager
async def over_a_cuttable_line(here: Office) -> AsyncIterator[Cuttable]:
    """Start the office's edge, its connections to Asterisk in the test's hand."""
    ari = urlsplit(here.pbx.ari_url)
    assert ari.hostname is not None
    assert ari.port is not None
    async with Cuttable(ari.hostname, ari.port) as line:
        config = here.folder / "edge.yaml"
        config.write_text(config.read_text().replace(f":{ari.port}", f":{line.port}"))
        await here.edge.start()
        yield line
        line.mend()
        await here.edge.stop()


async def is_back(here: Office) -> None:
    """The edge has reconciled itself with Asterisk."""

    def reconciled() -> bool:
        told = here.edge.child.log.read_text().splitlines()
        last = {name: n for n, line in enumerate(told) for name in NODE_WORDS if name in line}
        return last.get("node_reconciled", 0) > last.get("node_lost", 0)

    await wait_until(reconciled, "the edge is reconciled with Asterisk", 15)


NODE_WORDS = ("node_lost", "node_reconciled")


async def node_is_lost(here: Office) -> None:
    def lost() -> bool:
        return "node_lost" in here.edge.child.log.read_text()

    await wait_until(lost, "the edge has noticed")


async def test_who_hung_up_while_the_line_was_cut_has_left(office: OpenOffice) -> None:
    async with (
        office(agents=1, callers=3, wrap_up_seconds=0, with_edge=False) as here,
        over_a_cuttable_line(here) as line,
    ):
        agent = await here.agent(1)
        talking = await here.waiting_caller(1)
        await talk(talking, agent)
        leaving, staying = [await here.waiting_caller(n) for n in (2, 3)]
        await line.cut()
        await node_is_lost(here)
        await leaving.hang_up()
        await talking.hang_up()
        await hears_on(staying)
        line.mend()
        await is_back(here)
        await agent.wait_for("closed")
        await talk(staying, agent)
        assert never_in_silence(staying)
        await staying.hang_up()
        await agent.wait_for("closed")
        await here.agent_becomes(1, "idle")
        left = {event["entry"]: event["disposition"] for event in await here.events("entry_left")}
        assert sorted(left.values()) == ["abandoned", "answered", "answered"]


async def test_who_answered_while_the_line_was_cut_is_connected(office: OpenOffice) -> None:
    async with (
        office(agents=1, callers=1, ring_seconds=30, with_edge=False) as here,
        over_a_cuttable_line(here) as line,
    ):
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await agent.wait_for("incoming")
        await line.cut()
        await node_is_lost(here)
        await agent.answer()
        await agent.wait_for("answered")
        line.mend()
        await hears(agent, caller)
        await hears(caller, agent)
        await here.agent_becomes(1, "talking")
        await caller.hang_up()
        await agent.wait_for("closed")


async def test_who_refused_while_the_line_was_cut_is_free_and_the_next_one_rings(
    office: OpenOffice,
) -> None:
    async with (
        office(agents=2, callers=1, ring_seconds=30, with_edge=False) as here,
        over_a_cuttable_line(here) as line,
    ):
        first = await here.agent(1)
        caller = await here.waiting_caller()
        await first.wait_for("incoming")
        second = await here.agent(2)
        await line.cut()
        await node_is_lost(here)
        await first.reject()
        await first.wait_for("closed")
        line.mend()
        await talk(caller, second)
        await caller.hang_up()
        await second.wait_for("closed")


async def test_who_calls_while_the_line_is_cut_waits_with_music(office: OpenOffice) -> None:
    async with (
        office(agents=1, callers=1, with_edge=False) as here,
        over_a_cuttable_line(here) as line,
    ):
        agent = await here.agent(1)
        caller = await here.caller(1)
        await line.cut()
        await node_is_lost(here)
        await caller.call(here.slot.queue())
        await caller.wait_for("progress")
        await hears_on(caller)
        line.mend()
        await talk(caller, agent)
        await caller.hang_up()
        await agent.wait_for("closed")


async def test_an_offer_that_the_cut_line_broke_is_made_again_and_nobody_loses_a_place(
    office: OpenOffice,
) -> None:
    async with (
        office(agents=1, callers=2, wrap_up_seconds=0, with_edge=False) as here,
        over_a_cuttable_line(here) as line,
    ):
        agent = await here.agent(1, log_in=False)
        callers = [await here.waiting_caller(n) for n in (1, 2)]
        places = [entry["id"] for entry in await here.line()]
        await line.cut()
        await node_is_lost(here)
        await here.set_agent(1, "available")
        await wait_until(lambda: here.events("entry_offered"), "an offer is tried")
        await hears_on(*callers, seconds=3)
        assert [entry["id"] for entry in await here.line()] == places
        line.mend()
        await is_back(here)
        waiting = {caller.number: caller for caller in callers}
        for _ in range(2):
            # Either may be the one whose offer was not broken off last.
            caller = waiting.pop((await agent.wait_for("incoming")).peer)
            await agent.answer()
            await hears(caller, agent)
            await caller.hang_up()
            await agent.wait_for("closed")
        assert all(never_in_silence(caller) for caller in callers)
