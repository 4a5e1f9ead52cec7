"""One entry over HTTP: its priority and position, and an agent who is to answer it."""

from dataclasses import replace
from typing import Any

import pytest

from edge.domain.agent import Device, Occupancy, PresenceChange
from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.ids import EntryId, LegId, UserId
from edge.domain.offer import LegFailure
from edge.ports.queue_store import PickWord
from tests.integration.web.desk import FIRST, OTHER_KEY, Api, api

ENTRIES = "/v1/queues/qu_support/entries"
ALICE = UserId("user_1")


async def log_in(desk: Api, *users: str) -> None:
    for user in users:
        await desk.store.change_presence(FIRST, UserId(user), PresenceChange.AVAILABLE)


async def line(desk: Api) -> list[tuple[str, int, int]]:
    rows = (await desk.ask("GET", ENTRIES))["data"]
    return [(row["id"], row["position"], row["priority"]) for row in rows]


async def test_an_entry_shows_who_rings_and_who_was_tried() -> None:
    async with api() as desk:
        await desk.join("a")
        await desk.join("b", preferred=UserId("user_2"), prefer_ms=5_000)
        shape = await desk.ask("GET", f"{ENTRIES}/ent_b")
        assert shape == {
            "id": "ent_b",
            "object": "queue_entry",
            "queue_id": "qu_support",
            "position": 2,
            "caller": "12025550199",
            "joined_at": "2026-01-05T08:00:00.000Z",
            "wait_seconds": 0,
            "expected_wait_seconds": None,
            "promised_seconds": None,
            "promised_at": None,
            "stage": "waiting",
            "priority": 0,
            "virtual": False,
            "preferred_agent": "user_2",
            "preferred_until": "2026-01-05T08:00:05.000Z",
            "ringing": [],
            "tried": [],
            "agent": None,
            "disposition": None,
        }
        await log_in(desk, ALICE)
        await desk.store.pick(FIRST, EntryId("ent_a"), ALICE, LegId("leg_1"), is_called=False)
        shape = await desk.ask("GET", f"{ENTRIES}/ent_a")
        assert (shape["stage"], shape["ringing"]) == ("offered", ["user_1"])
        await desk.store.fail_leg(FIRST, ALICE, LegId("leg_1"), LegFailure.REFUSED)
        shape = await desk.ask("GET", f"{ENTRIES}/ent_a")
        assert (shape["ringing"], shape["tried"]) == ([], ["user_1"])


async def test_an_ended_entry_has_no_position_and_its_wait_is_over() -> None:
    async with api() as desk:
        await desk.join("a")
        desk.clock.advance(7_000)
        await desk.store.leave(FIRST, EntryId("ent_a"), Disposition.ABANDONED)
        desk.clock.advance(60_000)
        shape = await desk.ask("GET", f"{ENTRIES}/ent_a")
        assert (shape["position"], shape["stage"]) == (None, "ended")
        assert (shape["disposition"], shape["wait_seconds"]) == ("abandoned", 7)


@pytest.mark.parametrize("method", ["PATCH", "POST"])
async def test_priority_and_position_change_at_once(method: str) -> None:
    async with api() as desk:
        for name in ("a", "b", "c"):
            await desk.join(name)
        shape = await desk.ask(method, f"{ENTRIES}/ent_c", json={"position": 1})
        assert (shape["id"], shape["position"], shape["priority"]) == ("ent_c", 1, 0)
        assert shape["joined_at"] == "2026-01-05T08:00:00.000Z"
        shape = await desk.ask(method, f"{ENTRIES}/ent_b", json={"priority": 2047})
        assert (shape["position"], shape["priority"]) == (1, 2047)
        assert await line(desk) == [("ent_b", 1, 2047), ("ent_c", 2, 0), ("ent_a", 3, 0)]
        shape = await desk.ask(method, f"{ENTRIES}/ent_b", json={"priority": 0, "position": 99})
        assert (shape["position"], shape["priority"]) == (3, 0)
        assert len(desk.followed) == 3
        shape = await desk.ask(method, f"{ENTRIES}/ent_b", json={})
        assert shape["position"] == 3
        assert len(desk.followed) == 3, "nothing asked, nothing moved"


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"priority": 2048}, ["/priority"]),
        ({"priority": -1, "position": 0}, ["/priority", "/position"]),
        ({"priority": "1"}, ["/priority"]),
        ({"position": 1.5}, ["/position"]),
        ({"place": 1}, ["/place"]),
    ],
)
async def test_wrong_values_change_nothing(body: dict[str, Any], pointers: list[str]) -> None:
    async with api() as desk:
        await desk.join("a")
        shape = await desk.refused(422, "validation", "PATCH", f"{ENTRIES}/ent_a", json=body)
        assert [fault["pointer"] for fault in shape["errors"]] == pointers
        assert desk.followed == []


async def test_an_agent_answers_the_second_in_line_and_the_first_keeps_the_place() -> None:
    async with api() as desk:
        await desk.join("a")
        await desk.join("b")
        await log_in(desk, ALICE)
        answer = await desk.ask(
            "POST", f"{ENTRIES}/ent_b/answer", status=204, json={"user_id": "user_1"}
        )
        assert answer is None
        assert desk.headers["Cache-Control"] == "no-store"
        agent = await desk.store.agent(FIRST, ALICE)
        assert (agent.leg_entry, agent.occupancy) == ("ent_b", Occupancy.RESERVED)
        assert not agent.is_called
        (moved,) = desk.followed
        assert (moved.entry.id, moved.agent.leg) == ("ent_b", agent.leg), "its caller is told"
        assert (await line(desk))[0] == ("ent_a", 1, 0)


async def test_another_agent_who_rings_for_it_is_freed() -> None:
    async with api() as desk:
        await desk.join("a")
        await log_in(desk, "user_1", "user_2")
        first = {"user_id": "user_1"}
        await desk.ask("POST", f"{ENTRIES}/ent_a/answer", status=204, json=first)
        await desk.ask("POST", f"{ENTRIES}/ent_a/answer", status=204, json={"user_id": "user_2"})
        assert (await desk.store.agent(FIRST, ALICE)).occupancy is Occupancy.IDLE
        shape = await desk.ask("GET", f"{ENTRIES}/ent_a")
        assert (shape["ringing"], shape["tried"]) == (["user_2"], ["user_2"])


async def test_a_pause_is_overlooked() -> None:
    async with api() as desk:
        await desk.join("a")
        await desk.store.change_presence(FIRST, ALICE, PresenceChange.PAUSED, "lunch")
        body = {"user_id": "user_1"}
        await desk.ask("POST", f"{ENTRIES}/ent_a/answer", status=204, json=body)


@pytest.mark.parametrize("device", [Device.UNREACHABLE, None])
async def test_an_agent_who_can_not_take_it_is_409(device: Device | None) -> None:
    async with api() as desk:
        await desk.join("a")
        if device is not None:
            await log_in(desk, ALICE)
            await desk.store.change_device(FIRST, ALICE, device)
        body = {"user_id": "user_1"}
        shape = await desk.refused(
            409, "agent-not-idle", "POST", f"{ENTRIES}/ent_a/answer", json=body
        )
        why = "has no phone that can be reached" if device else "is logged out"
        assert shape["detail"] == f"user_1 {why}."
        assert (await desk.ask("GET", f"{ENTRIES}/ent_a"))["stage"] == "waiting"


async def test_an_agent_who_talks_is_409_though_paused_after_the_call() -> None:
    async with api() as desk:
        await desk.join("a")
        await desk.join("b")
        await log_in(desk, ALICE)
        body = {"user_id": "user_1"}
        await desk.ask("POST", f"{ENTRIES}/ent_a/answer", status=204, json=body)
        shape = await desk.refused(
            409, "agent-not-idle", "POST", f"{ENTRIES}/ent_b/answer", json=body
        )
        assert shape["detail"] == "user_1 is being rung for caller ent_a of qu_support."


async def test_a_caller_who_has_left_is_409() -> None:
    async with api() as desk:
        await desk.join("a")
        await log_in(desk, ALICE)
        await desk.store.leave(FIRST, EntryId("ent_a"), Disposition.ABANDONED)
        for method, path, body in (
            ("POST", "/answer", {"user_id": "user_1"}),
            ("PATCH", "", {"position": 1}),
        ):
            shape = await desk.refused(
                409, "entry-not-waiting", method, f"{ENTRIES}/ent_a{path}", json=body
            )
            assert shape["detail"] == "The entry is ended."
        assert (await desk.store.agent(FIRST, ALICE)).occupancy is Occupancy.IDLE


async def test_who_answers_must_be_a_user_of_the_account() -> None:
    async with api() as desk:
        await desk.join("a")
        for body in ({"user_id": "user_other"}, {"user_id": 5}, {}, {"user_id": "user_nobody"}):
            shape = await desk.refused(
                422, "validation", "POST", f"{ENTRIES}/ent_a/answer", json=body
            )
            assert [fault["pointer"] for fault in shape["errors"]] == ["/user_id"]


async def test_unknown_and_other_accounts_entries_are_404() -> None:
    async with api() as desk:
        await desk.join("a")
        bodies: dict[str, dict[str, Any]] = {
            "GET": {},
            "PATCH": {"json": {"position": 1}},
            "POST": {"json": {"priority": 1}},
        }
        for method, body in bodies.items():
            unknown = await desk.refused(404, "not-found", method, f"{ENTRIES}/ent_nowhere", **body)
            foreign = await desk.refused(
                404, "not-found", method, "/v1/queues/qu_sales/entries/ent_a", **body
            )
            assert (unknown["detail"], foreign["detail"]) == (
                "There is no such entry.",
                "There is no such queue.",
            )
            await desk.refused(
                404,
                "not-found",
                method,
                "/v1/queues/qu_sales/entries/ent_a",
                key=OTHER_KEY,
                **body,
            )
        for tail in ("answer", "explain"):
            method = "POST" if tail == "answer" else "GET"
            more = {"json": {"user_id": "user_1"}} if tail == "answer" else {}
            await desk.refused(404, "not-found", method, f"{ENTRIES}/ent_nowhere/{tail}", **more)


async def test_a_store_that_recovers_is_asked_again() -> None:
    async with api() as desk:
        await desk.join("a")

        async def recovering(*_: Any, **__: Any) -> Any:
            entry = await desk.store.entry(FIRST, EntryId("ent_a"))
            assert entry is not None
            return PickWord.RECOVERING, (await desk.store.rearrange(FIRST, entry.id))[1]

        desk.store.pick = recovering  # type: ignore[method-assign]
        await desk.refused(
            503,
            "store-unavailable",
            "POST",
            f"{ENTRIES}/ent_a/answer",
            json={"user_id": "user_1"},
        )
        assert desk.headers["Retry-After"] == "1"


async def test_an_entry_is_explained_in_words_and_data() -> None:
    async with api(members=4) as desk:
        await desk.join("a")
        await desk.join("b")
        await log_in(desk, "user_1", "user_2", "user_3")
        await desk.store.change_presence(FIRST, UserId("user_3"), PresenceChange.PAUSED, "lunch")
        await desk.ask("POST", f"{ENTRIES}/ent_a/answer", status=204, json={"user_id": "user_2"})
        shape = await desk.ask("GET", f"{ENTRIES}/ent_b/explain")
        assert shape == {
            "object": "queue_entry_explanation",
            "entry_id": "ent_b",
            "queue_id": "qu_support",
            "at": "2026-01-05T08:00:00.000Z",
            "position": 2,
            "stage": "waiting",
            "words": "may be offered now, to user_1",
            "waits_for": [
                {"code": "match", "words": "may be offered now, to user_1", "until": None}
            ],
            "candidates": [
                {
                    "user_id": "user_1",
                    "chosen": True,
                    "chance": None,
                    "tier": 0,
                    "fields": [
                        {"field": "tier", "value": 0, "words": "penalty 0"},
                        {"field": "last_ended", "value": 0, "words": "has had no call yet"},
                        {"field": "order", "value": 1, "words": "position 1"},
                    ],
                    "words": "is first in the order",
                }
            ],
            "left_out": [
                {
                    "user_id": "user_2",
                    "code": "rings_elsewhere",
                    "words": "is being rung for caller ent_a of qu_support",
                    "until": None,
                },
                {
                    "user_id": "user_3",
                    "code": "paused",
                    "words": "is paused (lunch)",
                    "until": None,
                },
                {
                    "user_id": "user_4",
                    "code": "logged_out",
                    "words": "is logged out",
                    "until": None,
                },
            ],
            "members_in_all": 4,
            "ready_in_all": 1,
        }


async def test_what_is_waited_for_has_its_time() -> None:
    async with api(members=1) as desk:
        await desk.join("a")
        await log_in(desk, ALICE)
        await desk.store.pick(FIRST, EntryId("ent_a"), ALICE, LegId("leg_1"), is_called=False)
        await desk.store.fail_leg(FIRST, ALICE, LegId("leg_1"), LegFailure.REFUSED)
        shape = await desk.ask("GET", f"{ENTRIES}/ent_a/explain")
        assert shape["words"] == ("no agent is ready: 1 backing off until 08:00:10 UTC")
        assert shape["left_out"][0]["until"] == "2026-01-05T08:00:10.000Z"


async def test_an_agent_is_explained_in_words_and_data() -> None:
    async with api() as desk:
        await desk.join("a")
        await desk.join("b")
        await desk.store.change_presence(FIRST, ALICE, PresenceChange.PAUSED, "lunch")
        shape = await desk.ask("GET", "/v1/users/user_1/queue-agent/explain")
        assert shape == {
            "object": "queue_agent_explanation",
            "user_id": "user_1",
            "at": "2026-01-05T08:00:00.000Z",
            "code": "paused",
            "words": "is paused (lunch)",
            "until": None,
            "queues": [
                {
                    "queue_id": "qu_support",
                    "code": "not_ready",
                    "not_ready": "paused",
                    "words": (
                        "is paused (lunch); ent_a at position 1 is the first caller for this agent"
                    ),
                    "until": None,
                    "tier": 0,
                    "standing": None,
                    "ready_in_all": 0,
                    "waiting": 2,
                    "offerable": 2,
                    "urgency": 0.0,
                    "first": {"entry_id": "ent_a", "position": 1},
                    "skipped": [],
                }
            ],
        }
        memory = desk.store._open(FIRST)
        memory.put_entry(replace(memory.entries[EntryId("ent_a")], tried=frozenset({ALICE})))
        await log_in(desk, ALICE)
        shape = await desk.ask("GET", "/v1/users/user_1/queue-agent/explain")
        assert (shape["code"], shape["queues"][0]["standing"]) == (None, 1)
        assert shape["words"] == "is ready; ent_b at position 2 is the first caller for this agent"
        assert shape["queues"][0]["skipped"] == [
            {
                "entry_id": "ent_a",
                "position": 1,
                "code": "tried",
                "words": "was rung for this caller in this round",
            }
        ]


async def test_explanations_of_others_are_404_and_name_nobody() -> None:
    async with api() as desk:
        await desk.refused(404, "not-found", "GET", "/v1/users/user_other/queue-agent/explain")
        await desk.join("a", "+12025550199")
        text = str(await desk.ask("GET", f"{ENTRIES}/ent_a/explain"))
        assert "12025550199" not in text
        assert "User 1" not in text


async def test_the_stage_of_a_conversation_is_explained() -> None:
    async with api() as desk:
        await desk.join("a")
        await log_in(desk, ALICE)
        leg = LegId("leg_1")
        await desk.store.pick(FIRST, EntryId("ent_a"), ALICE, leg, is_called=False)
        await desk.store.accept(FIRST, ALICE, leg)
        await desk.store.connect(FIRST, EntryId("ent_a"))
        entry = await desk.store.entry(FIRST, EntryId("ent_a"))
        assert entry is not None
        assert entry.stage is Stage.TALKING
        shape = await desk.ask("GET", f"{ENTRIES}/ent_a/explain")
        assert (shape["position"], shape["words"]) == (None, "talks with user_1")
        shape = await desk.ask("GET", "/v1/users/user_1/queue-agent/explain")
        assert shape["words"] == "talks with caller ent_a of qu_support"
