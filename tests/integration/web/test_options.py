"""The keys of a queue over HTTP."""

from dataclasses import replace

from edge.domain.settings import World
from edge.domain.settings.options import DestinationKind, Option, OptionAction
from tests.integration.web.desk import OTHER_KEY, api, world

ROWS = (
    Option(digit="2", action=OptionAction.ROUTE, dest_kind=DestinationKind.USER, dest_id="user_1"),
    Option(
        digit="1",
        action=OptionAction.WEBHOOK,
        webhook_url="https://api.example.com/hooks/callback?token=never-to-be-seen",
        webhook_secret_ref="kv:hook:callback:bearer",
        stay_in_queue=True,
        prompt_media_id="media_01j22nwntmjd633gxwfhk8zya1",
        label="Request a callback",
    ),
    Option(digit="#", action=OptionAction.CALLBACK),
)
WEBHOOK = {
    "object": "in_queue_option",
    "queue_id": "qu_support",
    "digit": "1",
    "action": "webhook",
    "dest_kind": None,
    "dest_id": None,
    "webhook_url": "https://api.example.com/hooks/callback",
    "webhook_secret_ref": "kv:hook:callback:bearer",
    "stay_in_queue": 1,
    "prompt_media_id": "media_01j22nwntmjd633gxwfhk8zya1",
    "label": "Request a callback",
}


def with_keys() -> World:
    first, second = world().accounts
    (queue,) = first.queues
    secrets = {"kv:hook:callback:bearer": "never-to-be-seen"}
    return World((replace(first, queues=(replace(queue, options=ROWS),), secrets=secrets), second))


async def test_the_rows_of_a_queue_in_the_order_of_their_keys() -> None:
    async with api(of=with_keys()) as desk:
        shape = await desk.ask("GET", "/v1/queues/qu_support/options")
        assert (shape["object"], shape["url"]) == ("list", "/v1/queues/qu_support/options")
        rows = shape["data"]
        assert [(row["digit"], row["stay_in_queue"]) for row in rows] == [
            ("#", 1),
            ("1", 1),
            ("2", 0),
        ]
        assert rows[1] == WEBHOOK
        assert (rows[2]["dest_kind"], rows[2]["dest_id"]) == ("user", "user_1")
        assert "never-to-be-seen" not in str(shape)
        page = await desk.ask("GET", "/v1/queues/qu_support/options?top=1&skip=1")
        assert [row["digit"] for row in page["data"]] == ["1"]
        assert page["next_page_url"] == "/v1/queues/qu_support/options?skip=2&top=1"


async def test_one_row_by_its_key() -> None:
    async with api(of=with_keys()) as desk:
        assert await desk.ask("GET", "/v1/queues/qu_support/options/1") == WEBHOOK
        row = await desk.ask("GET", "/v1/queues/qu_support/options/%23")
        assert row["action"] == "callback"
        for path in ("/options/9", "/options/*"):
            await desk.ask("GET", f"/v1/queues/qu_support{path}", status=404)


async def test_another_accounts_rows_are_not_seen() -> None:
    async with api(of=with_keys()) as desk:
        for path in ("", "/1"):
            address = f"/v1/queues/qu_support/options{path}"
            await desk.ask("GET", address, key=OTHER_KEY, status=404)
