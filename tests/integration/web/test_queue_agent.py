"""A person's availability over HTTP."""

import json
from typing import Any

import pytest

from edge.domain.ids import UserId
from tests.integration.web.desk import FIRST, api

ALICE = "/v1/users/user_1/queue-agent"


async def test_logged_out_before_the_first_change() -> None:
    async with api() as desk:
        assert await desk.ask("GET", ALICE) == {
            "object": "queue_agent",
            "user_id": "user_1",
            "status": "logged_out",
            "logged_in_at": None,
            "paused_at": None,
            "pause_reason": None,
            "paused_until": None,
            "pending": None,
            "occupancy": "idle",
            "wrap_up_until": None,
            "device": "unknown",
            "missed_calls": 0,
            "queues": [
                {
                    "object": "queue_agent_status",
                    "queue_id": "qu_support",
                    "user_id": "user_1",
                    "status": "LOGGED_OUT",
                    "paused_at": None,
                    "pause_reason": None,
                    "paused_until": None,
                    "signed_out_at": None,
                    "occupancy": "idle",
                    "wrap_up_until": None,
                }
            ],
        }


async def test_a_day_at_work_keeps_and_clears_what_dialstack_says() -> None:
    async with api() as desk:
        shape = await desk.ask("POST", ALICE, json={"status": "available"})
        logged_in_at = shape["logged_in_at"]
        assert (shape["status"], logged_in_at) == ("available", "2026-01-05T08:00:00.000Z")

        desk.clock.advance(1_500)
        shape = await desk.ask("POST", ALICE, json={"status": "paused", "reason": "break"})
        assert shape["status"] == "paused"
        assert shape["logged_in_at"] == logged_in_at
        assert shape["paused_at"] == "2026-01-05T08:00:01.500Z"
        assert shape["pause_reason"] == "break"
        assert await desk.ask("GET", ALICE) == shape

        shape = await desk.ask("POST", ALICE, json={"status": "available", "reason": None})
        assert (shape["status"], shape["logged_in_at"]) == ("available", logged_in_at)
        assert (shape["paused_at"], shape["pause_reason"]) == (None, None)

        shape = await desk.ask("POST", ALICE, json={"status": "logged_out"})
        assert shape["status"] == "logged_out"
        assert (shape["logged_in_at"], shape["paused_at"]) == (None, None)


async def test_the_same_status_again_changes_nothing() -> None:
    async with api() as desk:
        first = await desk.ask("POST", ALICE, json={"status": "available"})
        desk.clock.advance(10_000)
        assert await desk.ask("POST", ALICE, json={"status": "available"}) == first


async def test_an_agent_who_becomes_available_is_handed_to_the_matcher() -> None:
    async with api() as desk:
        await desk.join("a")
        await desk.ask("POST", ALICE, json={"status": "paused"})
        assert desk.looked == []
        await desk.ask("POST", ALICE, json={"status": "available"})
        (heads,) = desk.looked
        assert heads.account == FIRST
        assert heads.queue == "qu_support"
        assert [entry.id for entry in heads.entries] == ["ent_a"]
        assert heads.ready == (UserId("user_1"),)


async def test_unknown_user_and_another_accounts_user_are_the_same_404() -> None:
    async with api() as desk:
        for method, body in (("GET", None), ("POST", {"status": "available"})):
            unknown = await desk.refused(
                404, "not-found", method, "/v1/users/user_nobody/queue-agent", json=body
            )
            foreign = await desk.refused(
                404, "not-found", method, "/v1/users/user_other/queue-agent", json=body
            )
            assert unknown == foreign


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/status"]),
        ({"status": "on"}, ["/status"]),
        ({"status": None}, ["/status"]),
        ({"status": "toggle_pause"}, ["/status"]),
        ({"status": "paused", "reason": 5}, ["/reason"]),
        ({"status": "paused", "reason": "x" * 129}, ["/reason"]),
        ({"status": "paused", "a/b~c": 1}, ["/a~1b~0c"]),
        ({"status": 7, "reason": []}, ["/status", "/reason"]),
        ({"status": "paused", "pause_seconds": 0}, ["/pause_seconds"]),
        ({"status": "paused", "pause_seconds": 86_401}, ["/pause_seconds"]),
        ({"status": "paused", "pause_seconds": 1.5}, ["/pause_seconds"]),
        ({"status": "paused", "pause_seconds": True}, ["/pause_seconds"]),
        ([], [""]),
        ("available", [""]),
        (None, [""]),
    ],
)
async def test_wrong_values_are_all_named_and_change_nothing(
    body: Any, pointers: list[str]
) -> None:
    async with api() as desk:
        shape = await desk.refused(
            422,
            "validation",
            "POST",
            ALICE,
            data=json.dumps(body),
            headers={"Content-Type": "application/json"},
        )
        assert [fault["pointer"] for fault in shape["errors"]] == pointers
        assert all(fault["detail"] for fault in shape["errors"])
        assert (await desk.ask("GET", ALICE))["status"] == "logged_out"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"status": "available"} x', b"\xff", b'{"status": NaN}', b"[" * 5000],
)
async def test_what_is_not_json_is_400(body: bytes) -> None:
    async with api() as desk:
        headers = {"Content-Type": "application/json"}
        await desk.refused(400, "malformed-json", "POST", ALICE, data=body, headers=headers)


async def test_a_lone_surrogate_is_refused_and_not_kept() -> None:
    async with api() as desk:
        body = b'{"status": "paused", "reason": "\\ud800"}'
        headers = {"Content-Type": "application/json"}
        await desk.refused(400, "malformed-json", "POST", ALICE, data=body, headers=headers)


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"],
)
async def test_other_content_types_are_415(content_type: str) -> None:
    async with api() as desk:
        await desk.refused(
            415,
            "unsupported-media-type",
            "POST",
            ALICE,
            data=b'{"status": "available"}',
            headers={"Content-Type": content_type},
        )


async def test_json_with_its_charset_named_is_taken() -> None:
    async with api() as desk:
        headers = {"Content-Type": "Application/JSON; charset=UTF-8"}
        body = '{"status": "paused", "reason": "café"}'.encode()
        shape = await desk.ask("POST", ALICE, data=body, headers=headers)
        assert shape["pause_reason"] == "café"


async def test_a_body_over_64_kb_is_413() -> None:
    async with api() as desk:
        headers = {"Content-Type": "application/json"}
        fits = b'{"status": "available"}'.ljust(64 * 1024)
        await desk.ask("POST", ALICE, data=fits, headers=headers)
        await desk.refused(413, "body-too-large", "POST", ALICE, data=fits + b" ", headers=headers)
