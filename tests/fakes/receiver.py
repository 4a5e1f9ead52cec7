"""A receiver of webhooks in virtual time: notes what is posted and answers as the test says."""

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from edge.domain.webhook import Answer, HeldWebhook, Settled, Webhook

OK = Answer(Settled.DELIVERED, "200")
BROKEN = Answer(Settled.FAILED, "500")
NO_MORE = Answer(Settled.GONE, "410")
TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Posted:
    """One attempt as it arrived. `at` is the loop's time in seconds."""

    at: float
    webhook: Webhook
    attempt: int

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.webhook.body)
        return found


@dataclass(slots=True)
class FakeReceiver:
    """`answers` are given in turn, then all is well; each after `takes_seconds`."""

    posted: list[Posted] = field(default_factory=list)
    answers: deque[Answer] = field(default_factory=deque)
    takes_seconds: float = 0.02
    is_down: bool = False

    async def __call__(self, held: HeldWebhook) -> Answer:
        now = asyncio.get_running_loop().time()
        self.posted.append(Posted(now, held.webhook, held.attempt))
        if self.takes_seconds > TIMEOUT_SECONDS:
            await asyncio.sleep(TIMEOUT_SECONDS)
            return Answer(Settled.FAILED, "no answer in 10 s")
        await asyncio.sleep(self.takes_seconds)
        if self.is_down:
            return BROKEN
        return self.answers.popleft() if self.answers else OK

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [one.body for one in self.posted]
