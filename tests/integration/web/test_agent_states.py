"""Over HTTP: pauses that end, what is pending, wrap-up, and portsip's states per queue."""

from typing import Any

import pytest

from edge.domain.agent import Occupancy
from edge.domain.ids import EntryId, QueueId, UserId
from edge.domain.matching import decide
from tests.fakes.world import leg_named
from tests.integration.web.desk import FIRST, OTHER_KEY, Api, api

ALICE = "/v1/users/user_1/queue-agent"
WRAP_UP = f"{ALICE}/wrap-up"
STATUS = "/v1/queues/qu_support/agents/201/status"
SUPPORT = QueueId("qu_support")


async def talk(desk: Api, name: str = "a") -> None:
    """Alice is in a call of Support."""
    await desk.ask("POST", ALICE, json={"status": "available"})
    await desk.join(name)
    (heads,) = await desk.store.look(FIRST, SUPPORT, 8)
    match = decide(heads)
    assert match is not None
    await desk.store.claim(FIRST, SUPPORT, match, [leg_named(1)])
    await desk.store.accept(FIRST, UserId("user_1"), leg_named(1))


async def test_a_timed_pause_says_when_it_ends() -> None:
    async with api() as desk:
        body = {"status": "paused", "reason": "break", "pause_seconds": 600}
        shape = await desk.ask("POST", ALICE, json=body)
        assert (shape["status"], shape["paused_until"]) == ("paused", "2026-01-05T08:10:00.000Z")
        assert shape["queues"][0]["status"] == "BREAK"
        (timed,) = desk.followed[-1].agents
        assert timed.due_at_ms == desk.clock.now_ms() + 600_000, "this edge sets the timer"


async def test_a_pause_during_a_call_is_pending_and_can_be_cancelled() -> None:
    async with api() as desk:
        await talk(desk)
        body = {"status": "paused", "reason": "lunch", "pause_seconds": 60}
        shape = await desk.ask("POST", ALICE, json=body)
        assert (shape["status"], shape["occupancy"]) == ("available", "talking")
        assert shape["pending"] == {"status": "paused", "reason": "lunch", "pause_seconds": 60}
        shape = await desk.ask("POST", ALICE, json={"status": "logged_out"})
        assert shape["pending"] == {
            "status": "logged_out",
            "reason": None,
            "pause_seconds": None,
        }
        shape = await desk.ask("POST", ALICE, json={"status": "available"})
        assert shape["pending"] is None


async def test_wrap_up_is_seen_extended_and_ended() -> None:
    async with api() as desk:
        await talk(desk)
        await desk.store.complete(FIRST, EntryId("ent_a"))
        shape = await desk.ask("GET", ALICE)
        assert (shape["occupancy"], shape["wrap_up_until"]) == (
            "wrap_up",
            "2026-01-05T08:00:05.000Z",
        )
        assert shape["queues"][0]["status"] == "WRAP_UP"
        shape = await desk.ask("POST", WRAP_UP, json={"remaining_seconds": 60})
        assert shape["wrap_up_until"] == "2026-01-05T08:01:00.000Z"
        await desk.join("b")
        desk.looked.clear()
        shape = await desk.ask("POST", WRAP_UP, json={"remaining_seconds": 0})
        assert (shape["occupancy"], shape["wrap_up_until"]) == (Occupancy.IDLE.value, None)
        assert desk.looked[0].ready == (UserId("user_1"),), "the next caller is offered at once"
        await desk.refused(409, "conflict", "POST", WRAP_UP, json={"remaining_seconds": 0})


@pytest.mark.parametrize("seconds", [-1, 601, None, "5", 1.5])
async def test_a_wrap_up_has_a_length(seconds: Any) -> None:
    async with api() as desk:
        body = {"remaining_seconds": seconds}
        shape = await desk.refused(422, "validation", "POST", WRAP_UP, json=body)
        assert shape["errors"][0]["pointer"] == "/remaining_seconds"


async def test_a_state_in_one_queue_is_that_queues_alone() -> None:
    async with api() as desk:
        await desk.join("a")
        desk.looked.clear()
        for method, asked, seen in (
            ("PUT", "LOGGED_IN", "READY"),
            ("POST", "NOT_READY", "NOT_READY"),
            ("PUT", "BREAK", "BREAK"),
            ("PUT", "LUNCH", "LUNCH"),
            ("PUT", "LOGGED_OUT", "LOGGED_OUT"),
            ("PUT", "READY", "READY"),
            ("PUT", "WRAP_UP", "WRAP_UP"),
        ):
            shape = await desk.ask(method, STATUS, json={"status": asked})
            assert shape["status"] == seen
            assert await desk.ask("GET", STATUS) == shape
        assert (await desk.ask("GET", ALICE))["status"] == "available"
        assert [heads.ready for heads in desk.looked] == [(UserId("user_1"),)] * 2


async def test_a_pause_in_one_queue_has_reason_and_end() -> None:
    async with api() as desk:
        body = {"status": "NOT_READY", "reason": "training", "seconds": 60}
        shape = await desk.ask("PUT", STATUS, json=body)
        assert shape["status"] == "LOGGED_OUT", "of all queues: the stricter wins"
        assert shape["pause_reason"] == "training"
        assert shape["paused_at"] == "2026-01-05T08:00:00.000Z"
        assert shape["paused_until"] == "2026-01-05T08:01:00.000Z"


async def test_nobody_wraps_up_in_a_call_or_logged_out() -> None:
    async with api() as desk:
        body = {"status": "WRAP_UP"}
        await desk.refused(409, "conflict", "PUT", STATUS, json=body)
        await talk(desk)
        await desk.refused(409, "conflict", "PUT", STATUS, json=body)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"status": "ready"}, "/status"),
        ({}, "/status"),
        ({"status": "BREAK", "seconds": 0}, "/seconds"),
        ({"status": "WRAP_UP", "seconds": 601}, "/seconds"),
        ({"status": "BREAK", "reason": 5}, "/reason"),
    ],
)
async def test_wrong_values_are_named(body: Any, pointer: str) -> None:
    async with api() as desk:
        shape = await desk.refused(422, "validation", "PUT", STATUS, json=body)
        assert shape["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("extension", ["999", "20", "2a1", "2" * 65])
async def test_an_agent_whom_the_queue_has_not_is_404(extension: str) -> None:
    async with api() as desk:
        path = f"/v1/queues/qu_support/agents/{extension}/status"
        await desk.refused(404, "not-found", "GET", path)
        await desk.refused(404, "not-found", "PUT", path, json={"status": "READY"})


async def test_another_accounts_agents_are_not_seen() -> None:
    async with api() as desk:
        await desk.refused(404, "not-found", "GET", STATUS, key=OTHER_KEY)
