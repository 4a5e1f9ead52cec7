"""Keys pressed on real phones, and what receivers get of them."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import talk
from tests.asterisk.office import Office
from tests.asterisk.restarts import listening, never_in_silence, start_again
from tests.integration.webhooks.receivers import Answering, Receiver, receiver

ANSWERED_WITHIN_SECONDS = 45.0
"""The hold of a webhook, 30 s, and a sweep."""


def rows(url: str) -> list[dict[str, Any]]:
    return [
        {"digit": "1", "action": "deflect", "webhook_url": url},
        {"digit": "2", "action": "webhook", "webhook_url": url},
    ]


async def hang(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(600)
    return web.Response()


async def broken(_: web.Request) -> web.StreamResponse:
    return web.Response(status=500)


@asynccontextmanager
async def posting_to(
    office: OpenOffice, answer: Answering | int
) -> AsyncIterator[tuple[Office, Receiver]]:
    async with (
        receiver(answer) as there,
        office(agents=1, callers=1, wrap_up_seconds=0, options=rows(there.url)) as here,
    ):
        yield here, there


async def test_a_receiver_that_hangs_changes_nothing_that_is_heard(office: OpenOffice) -> None:
    """Music without a gap over the key, then the agent as ever, while the post is in the air."""
    async with posting_to(office, hang) as (here, there):
        agent = await here.agent(1, log_in=False)
        async with listening(here) as listened:
            caller = await here.waiting_caller()
            (entry,) = await here.line()
            await caller.press("1")
            await wait_until(lambda: bool(there.texts), "the receiver has it", 5)
            assert [one["id"] for one in await here.line()] == [entry["id"]]
        listened.without_gap(caller)
        assert never_in_silence(caller)
        (body,) = there.bodies
        assert (body["event"], body["digit"]) == ("in_queue_option", "1")
        assert (body["call_id"], body["queue_id"]) == (entry["id"], "qu_main")
        assert (body["account_id"], body["caller"]) == (here.account, caller.number)
        assert abs(body["ts"] - time.time() * 1000) < 10_000
        await here.set_agent(1, "available")
        await talk(caller, agent)
        await caller.hang_up()


async def test_a_receiver_that_fails_does_not_keep_who_leaves_by_key(office: OpenOffice) -> None:
    async with posting_to(office, broken) as (here, there):
        caller = await here.waiting_caller()
        await caller.press("2")
        await caller.wait_for("closed")
        (left,) = await here.events("entry_left")
        assert left["disposition"] == "webhook_exit"
        await wait_until(lambda: len(there.texts) >= 2, "it is tried again", 10)
        assert len({one.headers["webhook-id"] for one in there.requests}) == 1


async def test_what_a_killed_edge_had_in_hand_the_next_delivers(office: OpenOffice) -> None:
    answers = iter([hang])

    async def hang_once(request: web.Request) -> web.StreamResponse:
        answer = next(answers, None)
        return await answer(request) if answer else web.Response()

    async with posting_to(office, hang_once) as (here, there):
        caller = await here.waiting_caller()
        await caller.press("1")
        await wait_until(lambda: len(there.texts) == 1, "the first edge has it in hand", 5)
        await here.edge.kill()
        await start_again(here)
        await wait_until(
            lambda: len(there.texts) == 2, "the next one delivers it", ANSWERED_WITHIN_SECONDS
        )
        assert there.texts[0] == there.texts[1]
        assert [one["id"] for one in await here.line()] == [there.bodies[0]["call_id"]]

        async def is_done() -> bool:
            return bool(await here.events("webhook_delivered"))

        await wait_until(is_done, "it is done", 5)
        assert never_in_silence(caller)
