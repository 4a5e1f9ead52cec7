"""What was given up, for a person to see."""

from edge.domain.ids import EntryId
from edge.domain.webhook import Settled, Webhook
from tests.fakes.world import webhook_named
from tests.integration.web.desk import FIRST, OTHER_KEY, Api, api

GIVEN_UP = "/v1/webhooks/given-up"
URL = "https://hooks.example/queue"


async def give_up(desk: Api, number: int) -> Webhook:
    named = webhook_named(number)
    webhook = Webhook(named.id, f"{URL}?token=t0ps3cret", "kv:hook", named.body)
    await desk.store.press(FIRST, EntryId("ent_ann"), "1", None, webhook)
    await desk.store.settle_webhook(FIRST, webhook.id, Settled.FAILED, 1, 1, "500")
    return webhook


async def test_the_last_one_first_without_tokens() -> None:
    async with api() as desk:
        assert (await desk.ask("GET", GIVEN_UP))["data"] == []
        await desk.join("ann")
        await give_up(desk, 1)
        desk.clock.advance(1_000)
        last = await give_up(desk, 2)
        shape = await desk.ask("GET", GIVEN_UP)
        assert [one["id"] for one in shape["data"]] == [last.id, webhook_named(1).id]
        assert shape["data"][0] == {
            "id": last.id,
            "object": "webhook",
            "url": URL,
            "body": last.body,
            "reason": "attempts_spent",
            "attempts": 1,
            "last_answer": "500",
            "written_at": "2026-01-05T08:00:01.000Z",
            "given_up_at": "2026-01-05T08:00:01.000Z",
        }
        page = await desk.ask("GET", f"{GIVEN_UP}?top=1")
        assert page["next_page_url"] == f"{GIVEN_UP}?skip=1&top=1"


async def test_only_ones_own() -> None:
    async with api() as desk:
        await desk.join("ann")
        await give_up(desk, 1)
        assert (await desk.ask("GET", GIVEN_UP, key=OTHER_KEY))["data"] == []
        await desk.refused(401, "unauthorized", "GET", GIVEN_UP, key=None)
