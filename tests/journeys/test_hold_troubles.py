"""What a waiting caller hears when something crosses the words: an edge that dies, a node or a store
that does not answer, a transfer, a key in the same moment."""

import asyncio

import pytest

from edge.domain.settings.waiting import (
    AnswerOn,
    HoldMessages,
)
from tests.fakes.keypad import over_music
from tests.fakes.office import Office, open_office
from tests.fakes.switchboard import WhenRung
from tests.fakes.waiting import wait_until
from tests.fakes.world import ANN, phone_of

TALK = f"talk with {phone_of(ANN)}"
NEWS, WEATHER = over_music("news"), over_music("weather")
MESSAGES = HoldMessages(sounds=(("news",), ("weather",)), first_after_seconds=5, every_seconds=20)


async def start_another(office: Office) -> None:
    await office.edge.kill()
    office.start_edge()
    await office.ready()


@pytest.mark.parametrize("half_ms", range(16))
async def test_killed_as_the_agent_answers_the_call_is_answered_all_the_same(half_ms: int) -> None:
    """Of a queue that lets the caller's call ring until then."""
    async with open_office(ANN, answer_on=AnswerOn.AGENT) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await wait_until(lambda: office.phone(ANN).rung == 1, "rings")
        leg = office.phone(ANN).leg
        assert leg is not None
        asyncio.get_running_loop().call_later(0.002, office.board.answered, leg)
        await asyncio.sleep(half_ms / 2000)
        await start_another(office)
        await caller.talks_with(ANN, within_seconds=15)


@pytest.mark.parametrize("is_done", [False, True])
async def test_an_answer_that_the_node_does_not_confirm_is_given_again(is_done: bool) -> None:
    async with open_office(ANN, answer_on=AnswerOn.AGENT) as office:
        caller = office.call()
        await caller.hears_soon("ringback")
        office.edge.phone.fail_once("answer", is_done=is_done)
        await caller.talks_with(ANN, within_seconds=15)
