"""What the log says of receivers that fail: when it begins, what was lost, and when it is over.

A receiver that is down for an hour is a dozen lines, however many keys are pressed meanwhile; the
single attempts are told at debug.
"""

from dataclasses import dataclass

import structlog

from edge.domain.ids import AccountId
from edge.domain.webhook import GivenUp, LostWebhook

log = structlog.get_logger()

TOLD_AGAIN_MS = 600_000
"""So long nothing is told again: more of the same is counted."""
IS_WELL_MS = 60_000
"""A receiver that took a webhook works again when nothing failed for so long."""
TOO_SLOW = "too slow for all that waits for it"

Receiver = tuple[AccountId, str]
"""A host, as one account calls it."""


@dataclass(slots=True)
class _Failing:
    """A receiver since its first failure."""

    began_ms: int
    failed_ms: int = 0
    delivered_ms: int = 0
    told_ms: int | None = None
    failed: int = 0
    put_back: int = 0
    given_up: int = 0

    def counts(self) -> dict[str, int]:
        return {
            "failing_seconds": (self.failed_ms - self.began_ms) // 1000,
            "failed_attempts": self.failed,
            "put_back": self.put_back,
            "given_up": self.given_up,
        }


@dataclass(slots=True)
class _Lost:
    """What was given up for one reason since it was told last."""

    last: LostWebhook
    webhooks: int = 0
    told_ms: int | None = None


class Trouble:
    """Of all receivers that this edge delivers to."""

    def __init__(self) -> None:
        self._failing: dict[Receiver, _Failing] = {}
        self._lost: dict[tuple[Receiver, GivenUp], _Lost] = {}

    def delivered(self, to: Receiver, now_ms: int) -> None:
        if to in self._failing:
            self._failing[to].delivered_ms = now_ms

    def failed(self, to: Receiver, answer: str, now_ms: int) -> None:
        """An attempt; `answer` is what a person is told of it."""
        self._begun(to, now_ms).failed += 1
        self._tell_failing(to, answer, now_ms)

    def put_back(self, to: Receiver, now_ms: int) -> None:
        """One that could not be tried: others are before it."""
        self._begun(to, now_ms).put_back += 1
        self._tell_failing(to, TOO_SLOW, now_ms)

    def lost(self, webhook: LostWebhook, now_ms: int) -> None:
        to = webhook.account, webhook.host
        lost = self._lost.setdefault((to, webhook.reason), _Lost(webhook))
        lost.last, lost.webhooks = webhook, lost.webhooks + 1
        if to in self._failing:
            self._failing[to].given_up += 1
        self.look(now_ms)

    def look(self, now_ms: int) -> None:
        """Tell that it is over, and what was only counted, where the time for it has come."""
        for to, failing in list(self._failing.items()):
            since_ms = now_ms - failing.failed_ms
            if failing.delivered_ms > failing.failed_ms and since_ms >= IS_WELL_MS:
                del self._failing[to]
                self._tell_rest(to)
                log.info("webhook_receiver_works", **_named(to), **failing.counts())
        for key, lost in list(self._lost.items()):
            if not _is_due(lost.told_ms, now_ms):
                continue
            if lost.webhooks:
                _tell_lost(lost)
                lost.webhooks, lost.told_ms = 0, now_ms
            else:
                del self._lost[key]

    def close(self) -> None:
        """What was only counted is told: nobody looks after this."""
        for to, _ in list(self._lost):
            self._tell_rest(to)

    def _tell_rest(self, to: Receiver) -> None:
        for key, lost in list(self._lost.items()):
            if key[0] == to:
                del self._lost[key]
                if lost.webhooks:
                    _tell_lost(lost)

    def _begun(self, to: Receiver, now_ms: int) -> _Failing:
        failing = self._failing.setdefault(to, _Failing(began_ms=now_ms))
        failing.failed_ms = now_ms
        return failing

    def _tell_failing(self, to: Receiver, reason: str, now_ms: int) -> None:
        failing = self._failing[to]
        if _is_due(failing.told_ms, now_ms):
            failing.told_ms = now_ms
            log.warning("webhook_receiver_failing", reason=reason, **_named(to), **failing.counts())


def _is_due(told_ms: int | None, now_ms: int) -> bool:
    return told_ms is None or now_ms - told_ms >= TOLD_AGAIN_MS


def _named(to: Receiver) -> dict[str, str]:
    account, host = to
    return {"account": account, "host": host}


def _tell_lost(lost: _Lost) -> None:
    log.error(
        "webhook_given_up",
        account=lost.last.account,
        host=lost.last.host,
        reason=lost.last.reason.value,
        webhooks=lost.webhooks,
        last_webhook=lost.last.webhook,
        last_attempts=lost.last.attempts,
    )
