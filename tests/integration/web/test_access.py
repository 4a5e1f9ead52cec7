"""Who is let in, and what everybody else is told."""

import pytest
from structlog.testing import capture_logs

from tests.integration.web.desk import KEY, MASTER_KEY, OTHER_KEY, api

QUEUE = "/v1/queues/qu_support"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": KEY},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer  "},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": f"Bearer {KEY}x"},
        {"Authorization": f"Bearer {KEY.upper()}"},
        {"Authorization": "Bearer schlüssel"},
    ],
)
async def test_without_a_key_that_fits_it_is_401(headers: dict[str, str]) -> None:
    async with api() as desk:
        await desk.refused(401, "unauthorized", "GET", QUEUE, key=None, headers=headers)
        assert desk.headers["WWW-Authenticate"].startswith('Bearer realm="queue-edge"')


async def test_a_wrong_key_is_told_apart_from_a_missing_one() -> None:
    async with api() as desk:
        await desk.refused(401, "unauthorized", "GET", QUEUE, key="wrong")
        assert 'error="invalid_token"' in desk.headers["WWW-Authenticate"]


async def test_every_key_of_an_account_opens_it() -> None:
    async with api() as desk:
        for key in (KEY, "sk_old"):
            await desk.ask("GET", QUEUE, key=key)
        await desk.ask("GET", QUEUE, key=None, headers={"Authorization": f"bearer {KEY}"})


async def test_the_named_account_must_be_one_the_key_opens() -> None:
    async with api() as desk:
        for name in ("acct_second", "acct_nobody", ""):
            headers = {"DialStack-Account": name}
            await desk.refused(404, "not-found", "GET", QUEUE, headers=headers)
        await desk.ask("GET", QUEUE, headers={"DialStack-Account": "acct_first"})


async def test_another_accounts_key_does_not_see_the_queue() -> None:
    async with api() as desk:
        await desk.refused(404, "not-found", "GET", QUEUE, key=OTHER_KEY)
        await desk.ask("GET", "/v1/queues/qu_sales", key=OTHER_KEY)


async def test_a_key_of_several_accounts_must_say_which() -> None:
    async with api() as desk:
        await desk.refused(400, "account-required", "GET", QUEUE, key=MASTER_KEY)
        headers = {"DialStack-Account": "acct_second"}
        await desk.ask("GET", "/v1/queues/qu_sales", key=MASTER_KEY, headers=headers)
        await desk.refused(404, "not-found", "GET", QUEUE, key=MASTER_KEY, headers=headers)


async def test_unknown_addresses_and_methods_are_problems_as_well() -> None:
    async with api() as desk:
        for path in ("/", "/v1", "/v1/queues", "/v1/queues/", "/v1/queues/qu_support/nothing"):
            await desk.refused(404, "not-found", "GET", path)
        await desk.refused(405, "method-not-allowed", "DELETE", QUEUE)
        assert desk.headers["Allow"] == "GET, HEAD"
        await desk.refused(405, "method-not-allowed", "PUT", "/v1/users/user_1/queue-agent")
        assert desk.headers["Allow"] == "GET, HEAD, POST"


async def test_no_key_and_no_number_is_ever_logged() -> None:
    async with api() as desk:
        await desk.join("a", "+12025550199")
        with capture_logs() as lines:
            await desk.ask("GET", QUEUE)
            await desk.refused(401, "unauthorized", "GET", QUEUE, key="sk_guess")
            await desk.refused(404, "not-found", "GET", f"/v1/users/{KEY}/queue-agent")
        # The settings name a piece that nobody has uploaded: a line as well.
        asked = [line for line in lines if line["event"] == "http_request_answered"]
        assert [line["status"] for line in asked] == [200, 401, 404]
        for secret in (KEY, "sk_guess", "2025550199"):
            assert secret not in str(lines)
