"""A queue over HTTP: its settings, its members and its line."""

from edge.domain.disposition import Disposition
from edge.domain.ids import EntryId
from tests.integration.web.desk import FIRST, api


async def test_queue_has_dialstacks_shape() -> None:
    async with api(members=2) as desk:
        shape = await desk.ask("GET", "/v1/queues/qu_support")
        assert shape == {
            "id": "qu_support",
            "object": "queue",
            "name": "Support",
            "extension": "500",
            "strategy": "leastrecent",
            "ring_seconds": 20,
            "retry_seconds": 1,
            "wrap_up_seconds": 5,
            "music_class": "default",
            "members": {
                "object": "list",
                "url": "/v1/queues/qu_support/members",
                "data": [
                    {
                        "id": f"qum_{index}",
                        "object": "queue_member",
                        "queue_id": "qu_support",
                        "user_id": f"user_{index}",
                        "penalty": 0,
                        "position": index,
                    }
                    for index in (1, 2)
                ],
                "next_page_url": None,
                "previous_page_url": None,
            },
            "waiting": {
                "object": "list",
                "url": "/v1/queues/qu_support/entries",
                "data": [],
                "next_page_url": None,
                "previous_page_url": None,
            },
        }


async def test_line_shows_positions_waits_and_callers_in_order() -> None:
    async with api() as desk:
        await desk.join("a", "+12025550199")
        desk.clock.advance(61_999)
        await desk.join("b", "anonymous")
        await desk.join("c", "301", priority=5)
        shape = await desk.ask("GET", "/v1/queues/qu_support/entries")
        assert [
            (row["id"], row["position"], row["caller"], row["wait_seconds"], row["priority"])
            for row in shape["data"]
        ] == [
            ("ent_c", 1, "301", 0, 5),
            ("ent_a", 2, "12025550199", 61, 0),
            ("ent_b", 3, None, 0, 0),
        ]
        assert shape["data"][1] == {
            "id": "ent_a",
            "object": "queue_entry",
            "queue_id": "qu_support",
            "position": 2,
            "caller": "12025550199",
            "joined_at": "2026-01-05T08:00:00.000Z",
            "wait_seconds": 61,
            "expected_wait_seconds": None,
            "promised_seconds": None,
            "promised_at": None,
            "stage": "waiting",
            "priority": 0,
            "virtual": False,
            "preferred_agent": None,
            "preferred_until": None,
            "ringing": [],
            "tried": [],
            "agent": None,
            "disposition": None,
        }
        assert (await desk.ask("GET", "/v1/queues/qu_support"))["waiting"] == shape


async def test_who_left_is_no_longer_in_line() -> None:
    async with api() as desk:
        await desk.join("a")
        await desk.join("b")
        await desk.store.leave(FIRST, EntryId("ent_a"), Disposition.ABANDONED)
        shape = await desk.ask("GET", "/v1/queues/qu_support/entries")
        assert [(row["id"], row["position"]) for row in shape["data"]] == [("ent_b", 1)]


async def test_first_ten_members_stand_inline_and_pages_lead_to_the_rest() -> None:
    async with api(members=23) as desk:
        page = (await desk.ask("GET", "/v1/queues/qu_support"))["members"]
        seen = [row["user_id"] for row in page["data"]]
        assert len(seen) == 10
        assert page["previous_page_url"] is None
        back = []
        while page["next_page_url"]:
            page = await desk.ask("GET", page["next_page_url"])
            seen += [row["user_id"] for row in page["data"]]
            back.append(page["previous_page_url"])
        assert seen == [f"user_{index}" for index in range(1, 24)]
        assert back == [
            "/v1/queues/qu_support/members?skip=0&top=10",
            "/v1/queues/qu_support/members?skip=10&top=10",
        ]


async def test_page_before_a_short_start_overlaps_nothing() -> None:
    async with api(members=6) as desk:
        page = await desk.ask("GET", "/v1/queues/qu_support/members?skip=2&top=3")
        assert [row["user_id"] for row in page["data"]] == ["user_3", "user_4", "user_5"]
        assert page["previous_page_url"] == "/v1/queues/qu_support/members?skip=0&top=2"
        beyond = await desk.ask("GET", "/v1/queues/qu_support/members?skip=99")
        assert beyond["data"] == []
        assert beyond["next_page_url"] is None


async def test_wrong_pages_are_all_named() -> None:
    async with api() as desk:
        for skip, top in (("-1", "0"), ("x", "1001"), ("", "1.5"), ("9" * 30, "٣")):
            shape = await desk.refused(
                422,
                "validation",
                "GET",
                "/v1/queues/qu_support/entries",
                params={"skip": skip, "top": top},
            )
            assert [fault["parameter"] for fault in shape["errors"]] == ["skip", "top"]


async def test_unknown_queue_and_another_accounts_queue_are_the_same_404() -> None:
    async with api() as desk:
        unknown = await desk.refused(404, "not-found", "GET", "/v1/queues/qu_nowhere")
        foreign = await desk.refused(404, "not-found", "GET", "/v1/queues/qu_sales")
        assert unknown == foreign
        for tail in ("entries", "members"):
            await desk.refused(404, "not-found", "GET", f"/v1/queues/qu_sales/{tail}")
