"""The moves of the line, the agents and the leases, each one round trip to Redis."""

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson
import structlog
from redis.asyncio import Redis

from edge.domain.agent import Agent, Device, PresenceChange
from edge.domain.disposition import Disposition
from edge.domain.entry import Entry, Joining
from edge.domain.estimate import ERRORS_REMEMBERED, Prospect
from edge.domain.explain.facts import (
    ENTRIES_SEEN,
    MEMBERS_SEEN,
    QUEUES_SEEN,
    AgentFacts,
    EntryFacts,
)
from edge.domain.ids import AccountId, EntryId, LegId, QueueId, RunId, UserId
from edge.domain.matching import Heads, Match
from edge.domain.offer import (
    CONSEQUENCES,
    RESERVED_FOR_MS,
    RING_GRACE_MS,
    UNSEEN_LEG_MS,
    LegFailure,
)
from edge.domain.overlays import REASONS, WRAP_UP_LONGEST_MS, QueueStatus
from edge.domain.settings import Account
from edge.domain.teams import teams_of
from edge.ports.queue_store import (
    AcceptWord,
    BeatWord,
    ClaimWord,
    CompleteWord,
    ConnectWord,
    DeviceWord,
    Due,
    FailWord,
    FireWord,
    IntroductionWord,
    JoinWord,
    LeaveWord,
    LegWord,
    LivingEdges,
    Moved,
    PickWord,
    PresenceWord,
    PromiseWord,
    QueueStatusWord,
    RearrangeWord,
    RejoinWord,
    ReplaceWord,
    Summons,
    TakeOverWord,
    WrapUpWord,
)
from edge.store import keys
from edge.store.connection import Connection
from edge.store.facts import to_agent_facts, to_entry_facts, to_prospect
from edge.store.outbox import OutboxMoves
from edge.store.records import (
    fields_of,
    settings_and_members,
    skipped_of,
    to_agent,
    to_entry,
    to_heads,
    to_living_edges,
    to_moved,
)
from edge.store.recovery import Mirror, wait_for_others
from edge.store.summons import SummonsListener

log = structlog.get_logger()

LEASE_MS = 3_000
DUE_AT_ONCE = 256


def seed_of_chance() -> int:
    return random.randint(1, 2**31 - 2)


class RedisQueueStore(OutboxMoves):
    """QueueStore on one Redis. `accounts` are configured again whenever Redis lost its memory."""

    def __init__(
        self,
        url: str,
        run: RunId,
        accounts: Iterable[Account] = (),
        chance: Callable[[], int] = seed_of_chance,
    ) -> None:
        """`chance` gives a seed from 1 to 2^31 - 2 for each move."""
        super().__init__()
        self.run = run
        self._chance = chance
        self._accounts = tuple(accounts)
        self._mirror = Mirror(run)
        self._connection = Connection(url, self._recover)
        self._summons = SummonsListener(self._connection.listening, run)

    async def close(self) -> None:
        await self._summons.close()
        await self._connection.close()

    # --- the move itself

    async def _ask(self, name: str, account: AccountId, *args: str | int) -> dict[str, Any]:
        reply = await self._connection.move(
            name, keys.account_tag(account), [self.run, *args, self._chance()]
        )
        self._mirror.keep(account, reply)
        return reply

    async def _move(self, name: str, account: AccountId, *args: str | int) -> tuple[str, Moved]:
        reply = await self._ask(name, account, *args)
        return reply["word"], to_moved(account, reply)

    async def _recover(self, client: Redis, redis_run: str) -> None:
        """Assert all we know in a Redis run that is new to us. Raises RedisError."""
        for account in self._accounts:
            await self._configure(client, account)
        for known in self._mirror.accounts():
            for rows in self._mirror.assertions(known):
                reply = await self._connection.move_unguarded(
                    client,
                    "assert",
                    keys.account_tag(known),
                    [self.run, rows, UNSEEN_LEG_MS, self._chance()],
                )
                self._mirror.keep(known, reply)
        await self._connection.move_unguarded(
            client, "beat", keys.SITE, [self.run, redis_run, LEASE_MS, 1, 0]
        )
        await wait_for_others(client, redis_run, self.run)
        for account in self._accounts:
            await client.set(keys.asserted_run(AccountId(account.id)), redis_run)
        log.info("store_asserted", redis_run=redis_run)

    # --- configuration

    async def _configure(self, client: Redis | None, of: Account) -> tuple[Heads, ...]:
        account, teams = AccountId(of.id), teams_of(of)
        tag, heads = keys.account_tag(account), list[Heads]()
        for queue in of.queues:
            args: list[str | int] = [
                self.run,
                queue.id,
                *settings_and_members(of, queue, teams[QueueId(queue.id)]),
                self._chance(),
            ]
            if client is None:
                reply = await self._connection.move("configure", tag, args)
            else:
                reply = await self._connection.move_unguarded(client, "configure", tag, args)
            self._mirror.keep(account, reply)
            heads.extend(to_heads(account, reply))
        return tuple(heads)

    async def configure(self, account: Account) -> tuple[Heads, ...]:
        return await self._configure(None, account)

    # --- the entry

    async def join(self, account: AccountId, joining: Joining) -> tuple[JoinWord, Moved]:
        word, moved = await self._move(
            "join",
            account,
            joining.entry,
            joining.queue,
            joining.arrived_at_ms,
            orjson.dumps(fields_of(joining)).decode(),
            joining.position,
            "" if joining.max_wait_seconds is None else joining.max_wait_seconds * 1000,
            int(joining.is_closed),
            joining.leaves or "",
            joining.pressed,
        )
        return JoinWord(word), moved

    async def rejoin(
        self, account: AccountId, entry: EntryId, new: EntryId, leg: LegId
    ) -> tuple[RejoinWord, Moved]:
        word, moved = await self._move("rejoin", account, entry, new, leg)
        return RejoinWord(word), moved

    async def claim(
        self, account: AccountId, queue: QueueId, match: Match, legs: Sequence[LegId]
    ) -> tuple[ClaimWord, Moved]:
        first = [a for a in (*match.skipped_agents, *match.agents) if not match.by_name]
        word, moved = await self._move(
            "claim",
            account,
            self._connection.redis_run,
            queue,
            match.entry.id,
            match.entry.rev,
            orjson.dumps(list(zip(match.agents, legs, strict=True))).decode(),
            RESERVED_FOR_MS,
            skipped_of(match),
            orjson.dumps(first).decode(),
            match.chosen,
        )
        return ClaimWord(word), moved

    async def pick(
        self, account: AccountId, entry: EntryId, user: UserId, leg: LegId, *, is_called: bool
    ) -> tuple[PickWord, Moved]:
        redis_run = self._connection.redis_run
        word, moved = await self._move(
            "pick", account, redis_run, entry, user, leg, RESERVED_FOR_MS, int(is_called)
        )
        return PickWord(word), moved

    async def rearrange(
        self, account: AccountId, entry: EntryId, *, priority: int | None = None, position: int = 0
    ) -> tuple[RearrangeWord, Moved]:
        wanted = -1 if priority is None else priority
        word, moved = await self._move("rearrange", account, entry, wanted, position)
        return RearrangeWord(word), moved

    async def leave(
        self, account: AccountId, entry: EntryId, disposition: Disposition
    ) -> tuple[LeaveWord, Moved]:
        word, moved = await self._move("leave", account, entry, disposition)
        return LeaveWord(word), moved

    async def connect(self, account: AccountId, entry: EntryId) -> tuple[ConnectWord, Moved]:
        word, moved = await self._move("connect", account, entry)
        return ConnectWord(word), moved

    async def complete(self, account: AccountId, entry: EntryId) -> tuple[CompleteWord, Moved]:
        word, moved = await self._move("complete", account, entry)
        return CompleteWord(word), moved

    async def promise(
        self, account: AccountId, entry: EntryId, promised_ms: int
    ) -> tuple[PromiseWord, Moved]:
        word, moved = await self._move("promise", account, entry, promised_ms)
        return PromiseWord(word), moved

    async def replace_leg(
        self, account: AccountId, entry: EntryId, leg: LegId
    ) -> tuple[ReplaceWord, Moved]:
        word, moved = await self._move("replace_leg", account, entry, leg)
        return ReplaceWord(word), moved

    async def end_introduction(
        self, account: AccountId, entry: EntryId
    ) -> tuple[IntroductionWord, Moved]:
        word, moved = await self._move("end_introduction", account, entry)
        return IntroductionWord(word), moved

    # --- the leg of an offer

    async def leg_dialled(
        self, account: AccountId, user: UserId, leg: LegId, ring_seconds: int
    ) -> tuple[LegWord, Moved]:
        over_after_ms = ring_seconds * 1000 + RING_GRACE_MS
        word, moved = await self._move("leg_dialled", account, user, leg, over_after_ms)
        return LegWord(word), moved

    async def leg_ringing(
        self, account: AccountId, user: UserId, leg: LegId
    ) -> tuple[LegWord, Moved]:
        word, moved = await self._move("leg_ringing", account, user, leg)
        return LegWord(word), moved

    async def accept(
        self, account: AccountId, user: UserId, leg: LegId
    ) -> tuple[AcceptWord, Moved]:
        word, moved = await self._move("accept", account, user, leg)
        return AcceptWord(word), moved

    async def fail_leg(
        self, account: AccountId, user: UserId, leg: LegId, failure: LegFailure
    ) -> tuple[FailWord, Moved]:
        consequence = CONSEQUENCES[failure]
        word, moved = await self._move(
            "fail_leg",
            account,
            user,
            leg,
            failure,
            consequence.back_off_ms,
            int(consequence.is_miss),
            int(consequence.is_unreachable),
        )
        return FailWord(word), moved

    # --- the agent

    async def change_presence(
        self,
        account: AccountId,
        user: UserId,
        change: PresenceChange,
        reason: str = "",
        command: str = "",
        pause_ms: int = 0,
    ) -> tuple[PresenceWord, Moved]:
        word, moved = await self._move(
            "change_presence", account, user, change, reason, command, pause_ms
        )
        return PresenceWord(word), moved

    async def change_queue_status(
        self,
        account: AccountId,
        user: UserId,
        queue: QueueId,
        asked: QueueStatus,
        reason: str = "",
        ms: int = 0,
    ) -> tuple[QueueStatusWord, Moved]:
        reason = REASONS.get(asked, reason)
        word, moved = await self._move(
            "change_queue_status", account, user, queue, asked, reason, ms, WRAP_UP_LONGEST_MS
        )
        return QueueStatusWord(word), moved

    async def change_wrap_up(
        self, account: AccountId, user: UserId, ms: int
    ) -> tuple[WrapUpWord, Moved]:
        word, moved = await self._move("change_wrap_up", account, user, ms)
        return WrapUpWord(word), moved

    async def change_device(
        self, account: AccountId, user: UserId, device: Device
    ) -> tuple[DeviceWord, Moved]:
        word, moved = await self._move("change_device", account, user, device)
        return DeviceWord(word), moved

    # --- looking

    async def look(self, account: AccountId, queue: QueueId, depth: int) -> tuple[Heads, ...]:
        _, moved = await self._move("look", account, queue, depth)
        return moved.heads

    async def agent(self, account: AccountId, user: UserId) -> Agent:
        fields: dict[str, str] = await self._connection.read("HGETALL", keys.agent(account, user))
        return to_agent(user, fields)

    async def entry(self, account: AccountId, entry: EntryId) -> Entry | None:
        fields: dict[str, str] = await self._connection.read("HGETALL", keys.entry(account, entry))
        if not fields:
            return None
        # What another edge's move did to our entry is seen nowhere else.
        self._mirror.keep_read(account, "entry", entry, fields)
        return to_entry(entry, fields)

    async def line(
        self, account: AccountId, queue: QueueId, most: int | None = None
    ) -> tuple[Entry, ...]:
        last = -1 if most is None else most - 1
        ids: list[str] = await self._connection.read("ZRANGE", keys.line(account, queue), 0, last)
        found = [await self.entry(account, EntryId(entry)) for entry in ids]
        return tuple(entry for entry in found if entry is not None)

    async def standing(self, account: AccountId, entry: EntryId) -> Prospect | None:
        args: list[str | int] = [self.run, "", entry, 0]
        reply = await self._connection.move("standing", keys.account_tag(account), args)
        return None if reply["word"] == "NOT_IN_LINE" else to_prospect(reply)

    async def prospect(self, account: AccountId, queue: QueueId) -> Prospect:
        args: list[str | int] = [self.run, queue, "", ERRORS_REMEMBERED]
        reply = await self._connection.move("standing", keys.account_tag(account), args)
        return to_prospect(reply)

    async def explain_entry(self, account: AccountId, entry: EntryId) -> EntryFacts | None:
        args: list[str | int] = [self.run, entry, MEMBERS_SEEN, ENTRIES_SEEN]
        reply = await self._connection.move("explain_entry", keys.account_tag(account), args)
        return to_entry_facts(account, entry, reply)

    async def explain_agent(self, account: AccountId, user: UserId) -> AgentFacts:
        args: list[str | int] = [self.run, user, QUEUES_SEEN, ENTRIES_SEEN]
        reply = await self._connection.move("explain_agent", keys.account_tag(account), args)
        return to_agent_facts(account, user, reply)

    # --- what happens later

    async def due(self, account: AccountId, skip: int = 0) -> Sequence[Due]:
        reply = await self._connection.move(
            "due", keys.account_tag(account), [self.run, DUE_AT_ONCE, skip]
        )
        flat = reply["due"] or []
        return [Due(account, what, int(at)) for what, at in zip(flat[::2], flat[1::2], strict=True)]

    async def fire(self, due: Due, alive: frozenset[RunId]) -> tuple[FireWord, Moved]:
        kind, _, name = due.what.partition(":")
        word, moved = await self._move(f"fire_{kind}", due.account, name, " ".join(sorted(alive)))
        return FireWord(word), moved

    # --- edges

    async def beat(self, *, takes_over: bool = True) -> tuple[BeatWord, LivingEdges]:
        # The recovery of a new connection has made the first beat in its Redis run.
        await self._connection.read("PING")
        reply = await self._connection.move(
            "beat",
            keys.SITE,
            [self.run, self._connection.redis_run, LEASE_MS, 0, int(takes_over)],
        )
        return BeatWord(reply["word"]), to_living_edges(reply, LEASE_MS)

    async def retire(self) -> None:
        await self._connection.move("retire", keys.SITE, [self.run])

    async def take_over(self, account: AccountId, dead: RunId) -> tuple[TakeOverWord, Moved]:
        word, moved = await self._move("take_over", account, dead, UNSEEN_LEG_MS)
        return TakeOverWord(word), moved

    async def bury(self, dead: RunId) -> None:
        await self._connection.move("bury", keys.SITE, [self.run, dead])

    async def summons(self) -> Summons | None:
        return await self._summons.next()
