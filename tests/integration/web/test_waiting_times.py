"""How long callers have to wait, over HTTP, and how far off they were told."""

from edge.domain.agent import PresenceChange
from edge.domain.ids import EntryId, QueueId, UserId, new_leg_id
from edge.domain.matching import decide
from tests.integration.web.desk import FIRST, Api, api

STATUS = "/v1/queues/qu_support/status"
ANN = UserId("user_1")


async def answer(desk: Api) -> EntryId:
    """The first in line is answered."""
    store = desk.store
    (heads,) = await store.look(FIRST, QueueId("qu_support"), 8)
    match = decide(heads)
    assert match is not None, "nobody may be served"
    leg = new_leg_id()
    _, moved = await store.claim(FIRST, QueueId("qu_support"), match, [leg])
    await store.accept(FIRST, ANN, leg)
    await store.connect(FIRST, moved.entry.id)
    return moved.entry.id


async def handle(desk: Api, seconds: int) -> None:
    entry = await answer(desk)
    desk.clock.advance(seconds * 1000)
    await desk.store.complete(FIRST, entry)
    await desk.store.change_wrap_up(FIRST, ANN, 0)


async def test_a_queue_that_knows_nothing_says_so() -> None:
    async with api(members=1) as desk:
        assert await desk.ask("GET", STATUS) == {
            "object": "queue_status",
            "queue_id": "qu_support",
            "at": "2026-01-05T08:00:00.000Z",
            "waiting": 0,
            "agents": 0.0,
            "ready": 0,
            "longest_wait_seconds": 0,
            "expected_wait_seconds": None,
            "handling_seconds": None,
            "promises": 0,
            "median_absolute_error_seconds": None,
            "bias_seconds": None,
        }


async def test_status_tells_the_wait_of_a_newcomer_and_the_error_of_what_was_told() -> None:
    async with api(members=1) as desk:
        await desk.store.change_presence(FIRST, ANN, PresenceChange.AVAILABLE)
        for name, promised in (("a", 100), ("b", 20)):
            await desk.join(name)
            await desk.store.promise(FIRST, EntryId(f"ent_{name}"), promised * 1000)
            desk.clock.advance(30_000)
            await handle(desk, 60)
        shape = await desk.ask("GET", STATUS)
        assert (shape["agents"], shape["ready"], shape["expected_wait_seconds"]) == (1.0, 1, 0)
        assert (shape["handling_seconds"], shape["promises"]) == (60.0, 2)
        assert (shape["median_absolute_error_seconds"], shape["bias_seconds"]) == (40.0, 30.0)
        await desk.join("c")
        await answer(desk)
        await desk.join("d")
        desk.clock.advance(5_000)
        shape = await desk.ask("GET", STATUS)
        assert (shape["waiting"], shape["ready"], shape["longest_wait_seconds"]) == (1, 0, 5)
        assert shape["expected_wait_seconds"] > 60


async def test_entries_tell_what_they_can_expect_and_what_their_callers_were_told() -> None:
    async with api(members=1) as desk:
        await desk.store.change_presence(FIRST, ANN, PresenceChange.AVAILABLE)
        await desk.join("a")
        await handle(desk, 60)
        for name in "bcd":
            await desk.join(name)
        await answer(desk)
        await desk.store.promise(FIRST, EntryId("ent_d"), 120_999)
        shape = await desk.ask("GET", "/v1/queues/qu_support/entries?skip=1&top=5")
        (row,) = shape["data"]
        assert (row["id"], row["position"], row["promised_seconds"]) == ("ent_d", 2, 120)
        assert row["promised_at"] == "2026-01-05T08:01:00.000Z"
        found = await desk.store.standing(FIRST, EntryId("ent_d"))
        assert found is not None
        assert found.expected_seconds is not None
        assert row["expected_wait_seconds"] == round(found.expected_seconds) > 40
        alone = await desk.ask("GET", "/v1/queues/qu_support/entries/ent_d")
        assert alone == row
        over = await desk.ask("GET", "/v1/queues/qu_support/entries/ent_b")
        assert over["expected_wait_seconds"] is None


async def test_status_of_a_strange_queue_is_not_found() -> None:
    async with api() as desk:
        await desk.refused(404, "not-found", "GET", "/v1/queues/qu_sales/status")
