"""Uploaded audio on real nodes: fetched before it is used, heard as it was uploaded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.ports.prompts import Prompt
from lab.audio import Found, Sound, find_prompt, wav_of
from lab.numbers import TEST_PHONES, Slot
from lab.phone import Phone
from lab.ports import free_port
from lab.processes import AsteriskProcess, AsteriskSettings
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import PROMPTS, SPOKEN_SCORE, heard_in_this_call, hears, played
from tests.asterisk.office import Pbx, opened_office
from tests.asterisk.uploads import configured, nodes_of, upload

SPANISH = PROMPTS.parent / "es" / f"{Prompt.LINES_BUSY}.ulaw"
"""What no part of the product says in these tests."""


def words_heard(phone: Phone, words: Sound) -> float | None:
    """Where in this call of the phone these words begin; None when they were not heard."""
    heard = heard_in_this_call(phone)
    if heard.seconds < words.seconds:
        return None
    found = max((find_prompt(heard, one) for one in (words, between_samples(words))), key=score)
    return found.offset if found.score >= SPOKEN_SCORE else None


def score(found: Found) -> float:
    return found.score


def between_samples(sound: Sound) -> Sound:
    """Half a sample later: so much a change of the sampling rate there and back may shift it."""
    spectrum = np.fft.rfft(sound.samples)
    turn = np.exp(1j * np.pi * np.fft.rfftfreq(len(sound.samples)))
    return Sound(np.fft.irfft(spectrum * turn, len(sound.samples)), sound.rate)


async def is_told(phone: Phone, words: Sound) -> None:
    await wait_until(
        lambda: words_heard(phone, words) is not None, f"{phone.number} hears it", every=0.1
    )


async def rung_and_answered(agent: Phone) -> None:
    await agent.wait_for("incoming")
    await agent.answer()
    await agent.wait_for("answered")


async def test_what_was_uploaded_is_heard(office: OpenOffice) -> None:
    async with office(agents=1, callers=1) as here:
        words = played(SPANISH)
        told = await upload(here, wav_of(words))
        assert told["status"] == "ready"
        assert nodes_of(told) == {"pbx-1": True}
        await configured(here, agent_announcement=[told["id"]])
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await rung_and_answered(agent)
        await is_told(agent, words)
        await hears(agent, caller)
        await caller.hang_up()


async def test_a_node_that_cannot_fetch_it_leaves_it_out_and_says_the_rest_at_once(
    office: OpenOffice,
) -> None:
    """Where nobody listens, and where somebody takes the call and says nothing."""
    words, spoken = played(SPANISH), Prompt.THANK_YOU_FOR_WAITING
    rest = played(PROMPTS / f"{spoken}.ulaw")
    async with office(agents=2, callers=2) as here, silent_server() as silent:
        for n, base_url in enumerate(("http://127.0.0.1:9", silent), start=1):
            await configured(here, site={"media": {"url": base_url}})
            told = await upload(here, wav_of(words))
            assert told["status"] == "distributing"
            assert nodes_of(told) == {"pbx-1": False}
            await configured(here, agent_announcement=[told["id"], spoken.value])
            agent = await here.agent(n)
            caller = await here.waiting_caller(n)
            await rung_and_answered(agent)
            await is_told(agent, rest)
            at = words_heard(agent, rest)
            assert at is not None
            assert at < 1.0, "no wait for the download"
            assert words_heard(agent, words) is None
            await hears(agent, caller)
            assert "media_left_out" in here.edge.child.log_tail(200)
            await caller.hang_up()
            await agent.wait_for("closed")
            await here.set_agent(n, "logged_out")


@asynccontextmanager
async def silent_server() -> AsyncIterator[str]:
    """Takes every connection and never says a word."""
    held: list[asyncio.StreamWriter] = []

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in held:
            writer.close()
        await server.wait_closed()


async def test_a_second_node_has_it_and_a_node_whose_files_are_lost_gets_it_again(
    pbx: Pbx, slot: Slot, tmp_path: Path
) -> None:
    """And what a node has is heard there though the edge can no longer be fetched from."""
    words = played(SPANISH)
    settings = AsteriskSettings(sip_port=free_port(), ari_port=free_port())
    second = AsteriskProcess(tmp_path / "second", settings, extra_pjsip=TEST_PHONES)
    async with second:
        there = replace(
            pbx,
            ari_url=second.ari_url,
            ari_password=second.ari_password,
            sip_address=second.sip_address,
            sip_port=settings.sip_port,
            run_dir=str(second.run_dir),
        )
        both = [node_of("pbx-1", pbx), node_of("pbx-2", there)]
        async with opened_office(there, slot, tmp_path, agents=1, callers=1) as here:
            await configured(here, site={"nodes": both})
            told = await upload(here, wav_of(words))
            assert nodes_of(told) == {"pbx-1": True, "pbx-2": True}
            files = files_on(there)
            assert [file.suffix for file in files] == [".alaw", ".g722", ".ulaw"]
            for file in files:
                file.unlink()
            await configured(here, agent_announcement=[told["id"]])
            await wait_until(lambda: files_on(there) == files, "the node has it again")
            await configured(here, site={"media": {"url": "http://127.0.0.1:9"}})
            agent = await here.agent(1)
            caller = await here.waiting_caller()
            await rung_and_answered(agent)
            await is_told(agent, words)
            await caller.hang_up()
            await configured(here, agent_announcement=[])
            status, _ = await here.ask("DELETE", f"/v1/media/{told['id']}")
            assert status == 204
            await wait_until(lambda: files_on(there) == [], "the files are removed")


def node_of(name: str, pbx: Pbx) -> dict[str, str]:
    return {"id": name, "url": pbx.ari_url, "user": pbx.ari_user, "password": pbx.ari_password}


def files_on(pbx: Pbx) -> list[Path]:
    """The uploaded pieces on a node's disk."""
    return sorted((Path(pbx.run_dir) / "spool" / "recording" / "media").glob("media_*"))
