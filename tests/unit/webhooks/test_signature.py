"""The headers of a webhook, as Standard Webhooks has them."""

import time
from pathlib import Path
from typing import Any

import pytest

from edge.domain.ids import WebhookId
from edge.domain.webhook import Webhook
from edge.webhooks.signature import headers, signature

# The published vector: standard-webhooks, spec and reference libraries.
SECRET = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = WebhookId("msg_p5jXN8AQM9LWM0D4loKWxJek")
TIMESTAMP = 1614265330
BODY = '{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
HOOK = Webhook(ID, "https://hooks.example", None, BODY)


@pytest.mark.parametrize("secret", [SECRET, f"whsec_{SECRET}"])
def test_the_signature_is_that_of_the_published_vector(secret: str) -> None:
    assert signature(secret, ID, TIMESTAMP, BODY) == SIGNATURE


def test_another_body_has_another_signature() -> None:
    assert signature(SECRET, ID, TIMESTAMP, BODY + " ") != SIGNATURE


def test_the_headers_of_a_signed_webhook_with_a_bearer_token() -> None:
    assert headers(HOOK, TIMESTAMP, f"whsec_{SECRET}", "sesame-open") == {
        "Content-Type": "application/json",
        "User-Agent": "queue-edge",
        "webhook-id": ID,
        "webhook-timestamp": str(TIMESTAMP),
        "webhook-signature": SIGNATURE,
        "Authorization": "Bearer sesame-open",
    }


def test_without_secrets_there_is_neither_signature_nor_token() -> None:
    found = headers(HOOK, TIMESTAMP, None, None)
    assert found.keys() == {"Content-Type", "User-Agent", "webhook-id", "webhook-timestamp"}


def test_the_sample_for_receivers_tells_what_is_ours() -> None:
    page = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text(encoding="utf-8")
    sample: dict[str, Any] = {}
    exec(page.partition("```python\n")[2].partition("```")[0], sample)
    now, secret = int(time.time()), f"whsec_{SECRET}"
    sent, old = headers(HOOK, now, secret, None), headers(HOOK, now - 600, secret, None)
    assert sample["is_ours"](secret, sent, BODY.encode())
    assert not sample["is_ours"](secret, sent, BODY.encode() + b" ")
    assert not sample["is_ours"]("whsec_" + "A" * 32, sent, BODY.encode())
    assert not sample["is_ours"](secret, old, BODY.encode()), "played back"
