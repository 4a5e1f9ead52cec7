"""The headers that tell a receiver which webhook this is and that it is ours.

As Standard Webhooks 1.0.0 has them (standardwebhooks.com): HMAC-SHA256 over `id.timestamp.body`.
"""

import base64
import hashlib
import hmac

from edge.domain.webhook import Webhook

PREFIX = "whsec_"


def signature(secret: str, webhook: str, timestamp: int, body: str) -> str:
    """`secret` is base64 behind `whsec_`, `timestamp` in seconds."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{webhook}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def headers(
    webhook: Webhook, timestamp: int, signing_secret: str | None, bearer: str | None
) -> dict[str, str]:
    """Of one attempt: the id stays the same in each, the timestamp is that of the attempt."""
    found = {
        "Content-Type": "application/json",
        "User-Agent": "queue-edge",
        "webhook-id": webhook.id,
        "webhook-timestamp": str(timestamp),
    }
    if signing_secret is not None:
        found["webhook-signature"] = signature(signing_secret, webhook.id, timestamp, webhook.body)
    if bearer is not None:
        found["Authorization"] = f"Bearer {bearer}"
    return found
