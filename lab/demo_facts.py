"""What the account's event stream in Redis says, told in words and kept to ask questions of."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from redis.asyncio import Redis

from edge.domain.ids import AccountId
from edge.domain.settings import Account
from edge.store import keys
from lab.demo_teller import Teller
from lab.wait import wait_until

REASONS = {
    "no_answer": "does not answer",
    "refused": "refuses the call",
    "busy": "is busy",
    "unreachable": "has no phone registered",
    "failed": "can not be reached",
    "not_dialled": "was not dialled in time",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One event of the stream. `at` is wall time in seconds, by the clock of Redis."""

    event: str
    at: float
    told: dict[str, Any]
    caller: str
    """The number of the caller it is about, or nothing."""


class FactFeed:
    """Follows the stream of one account from its beginning."""

    def __init__(self, redis_url: str, account: Account, teller: Teller) -> None:
        # Without a limit: reading the stream blocks until something happens.
        self._redis = Redis.from_url(redis_url, decode_responses=True, socket_timeout=None)
        self._account = AccountId(account.id)
        self._teller = teller
        self._names = {user.id: user.name for user in account.users}
        self._callers: dict[str, str] = {}
        self._reader: asyncio.Task[None] | None = None
        self.facts: list[Fact] = []

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Follow the stream while the block runs; what goes wrong with it is raised by `wait`."""
        self._reader = asyncio.create_task(self._follow(), name="follow the facts")
        try:
            yield
        finally:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _follow(self) -> None:
        stream, last = f"{keys.account_tag(self._account)}:events", "0"
        try:
            while True:
                streams: Any = await self._redis.xread({stream: last}, block=0)
                for _, rows in streams:
                    for position, row in rows:
                        last = position
                        await self._take(row)
        finally:
            await self._redis.aclose()

    def all(self, event: str, caller: str | None = None, user: str | None = None) -> list[Fact]:
        """The facts of that name so far, of this caller's number and this user's id."""
        return [
            fact
            for fact in self.facts
            if fact.event == event
            and caller in (None, fact.caller)
            and user in (None, fact.told.get("user"))
        ]

    async def wait(
        self,
        event: str,
        caller: str | None = None,
        user: str | None = None,
        *,
        seconds: float = 10.0,
        nth: int = 1,
    ) -> Fact:
        """The nth such fact, waiting for it. Raises AssertionError when it does not come."""
        about = " ".join(word for word in (event, caller, user) if word)

        def is_there() -> bool:
            if self._reader is not None and self._reader.done():
                self._reader.result()
            return len(self.all(event, caller, user)) >= nth

        await wait_until(is_there, about, seconds)
        return self.all(event, caller, user)[nth - 1]

    async def _take(self, row: dict[str, str]) -> None:
        told = orjson.loads(row["facts"])
        entry = told.get("entry")
        if entry and entry not in self._callers:
            key = keys.entry(self._account, entry)
            number: Any = await self._redis.hget(key, "caller_number")
            self._callers[entry] = number or "unknown"
        fact = Fact(row["event"], int(row["at"]) / 1000, told, self._callers.get(entry, ""))
        self.facts.append(fact)
        words = self.words(fact)
        if words:
            self._teller.fact(words, fact.at)

    def words(self, fact: Fact) -> str | None:
        """The fact in a sentence; None for one that another line tells better."""
        told, caller = fact.told, f"caller {fact.caller}"
        who = self._names.get(told.get("user", ""), "nobody")
        match fact.event:
            case "entry_joined":
                return f"{caller} joined at position {told['position']}"
            case "leg_ended" if told["reason"] in REASONS:
                return f"{who} {REASONS[told['reason']]}; {caller} keeps the place"
            case "entry_taken_over":
                return f"{caller} is taken over by the new edge"
            case "call_connected":
                waited = fact.at - self.all("entry_joined", fact.caller)[0].at
                return f"{who} and {caller} are connected after {waited:.1f} s of waiting"
            case "call_completed":
                return f"{who} and {caller} have talked for {told['talked_ms'] / 1000:.1f} s"
            case "entry_left" if told["disposition"] != "answered":
                waited = told["waited_ms"] / 1000
                return f"{caller} left after {waited:.1f} s without an agent: {told['disposition']}"
            case "agent_changed" if "status" in told:
                return f"{who} is {told['status'].replace('_', ' ')} now"
            case "wrap_up_started":
                return f"{who} wraps up for {told['ms'] / 1000:g} s"
            case "wrap_up_ended":
                return f"{who} is ready again"
            case _:
                return None
