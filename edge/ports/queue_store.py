"""What the journey asks of the store: every method is one atomic move.

Each move answers with a word, the records it changed as they are now, and the heads of every
queue in which it may have made a match possible: whoever moves, looks and claims. Moves are safe
to repeat: the same ids give the same word. A move fenced by an owner answers STALE and changes
nothing where the owner, the leg or the stage is no longer so. A store that cannot be reached is
waited for, inside the adapter, until the caller's own time limit cancels the wait.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from edge.domain.agent import Agent, Device, PresenceChange
from edge.domain.disposition import Disposition
from edge.domain.entry import Entry, Joining
from edge.domain.estimate import Prospect
from edge.domain.explain.facts import AgentFacts, EntryFacts
from edge.domain.ids import AccountId, EntryId, LegId, QueueId, RunId, UserId
from edge.domain.matching import Heads, Match
from edge.domain.offer import LegFailure
from edge.domain.overlays import QueueStatus
from edge.domain.settings import Account
from edge.domain.webhook import Webhook


class JoinWord(StrEnum):
    JOINED = "JOINED"
    REJECTED = "REJECTED"
    ALREADY = "ALREADY"
    STALE = "STALE"


class RejoinWord(StrEnum):
    REJOINED = "REJOINED"
    STALE = "STALE"


class ClaimWord(StrEnum):
    CLAIMED = "CLAIMED"
    RETRY = "RETRY"
    RECOVERING = "RECOVERING"


class PickWord(StrEnum):
    PICKED = "PICKED"
    NOT_IDLE = "NOT_IDLE"
    STALE = "STALE"
    RECOVERING = "RECOVERING"


class RearrangeWord(StrEnum):
    REARRANGED = "REARRANGED"
    STALE = "STALE"


class LegWord(StrEnum):
    ADVANCED = "ADVANCED"
    STALE = "STALE"


class AcceptWord(StrEnum):
    ACCEPTED = "ACCEPTED"
    STALE = "STALE"


class FailWord(StrEnum):
    FAILED = "FAILED"
    STALE = "STALE"


class ConnectWord(StrEnum):
    CONNECTED = "CONNECTED"
    STALE = "STALE"


class ReplaceWord(StrEnum):
    REPLACED = "REPLACED"
    STALE = "STALE"


class IntroductionWord(StrEnum):
    ENDED = "ENDED"
    STALE = "STALE"


class CompleteWord(StrEnum):
    COMPLETED = "COMPLETED"
    STALE = "STALE"


class LeaveWord(StrEnum):
    LEFT = "LEFT"
    STALE = "STALE"


class PressWord(StrEnum):
    PRESSED = "PRESSED"
    STALE = "STALE"


class PromiseWord(StrEnum):
    PROMISED = "PROMISED"
    STALE = "STALE"


class PresenceWord(StrEnum):
    CHANGED = "CHANGED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"


class QueueStatusWord(StrEnum):
    CHANGED = "CHANGED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"
    NOT_A_MEMBER = "NOT_A_MEMBER"


class WrapUpWord(StrEnum):
    CHANGED = "CHANGED"
    NOT_WRAPPING_UP = "NOT_WRAPPING_UP"


class DeviceWord(StrEnum):
    CHANGED = "CHANGED"
    UNCHANGED = "UNCHANGED"


class FireWord(StrEnum):
    FIRED = "FIRED"
    NOT_DUE = "NOT_DUE"
    SILENT_OWNER = "SILENT_OWNER"


class TakeOverWord(StrEnum):
    TAKEN = "TAKEN"


class BeatWord(StrEnum):
    ALIVE = "ALIVE"
    LEASE_LOST = "LEASE_LOST"


@dataclass(frozen=True, slots=True)
class Moved:
    """What every move brings back besides its word. `now_ms` is the store's own clock."""

    now_ms: int
    entries: tuple[Entry, ...]
    agents: tuple[Agent, ...]
    heads: tuple[Heads, ...]
    dues: tuple["Due", ...] = ()
    """What is due now besides what the records say: lines to be emptied."""

    @property
    def entry(self) -> Entry:
        """The entry the move was about; others it changed follow. Raises ValueError for none."""
        entry, *_ = self.entries
        return entry

    @property
    def agent(self) -> Agent:
        agent, *_ = self.agents
        return agent


@dataclass(frozen=True, slots=True)
class Due:
    """Something that happens later, kept in the store so that it happens whoever is alive."""

    account: AccountId
    what: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class LivingEdges:
    """The edges whose lease runs, and those whose lease ended and whose calls nobody has yet.

    `to_take` are the dead whom this edge is to take over: no other living edge is at it.
    """

    alive: frozenset[RunId]
    dead: frozenset[RunId]
    to_take: frozenset[RunId] = frozenset()
    silent_ms: Mapping[RunId, int] = field(default_factory=dict)
    """How long ago each of the living has beaten; one killed just now still seems to live."""


@dataclass(frozen=True, slots=True)
class Summons:
    """A hint from another edge's move: something happened to an entry that this edge owns."""

    account: AccountId
    entry: EntryId


class QueueStore(Protocol):
    """The moves. `run` is this edge's own run id; moves about entries are fenced with it."""

    run: RunId

    async def configure(self, account: Account) -> tuple[Heads, ...]:
        """Write queues and members; idempotent. Members who are gone leave the ready sets."""

    async def join(self, account: AccountId, joining: Joining) -> tuple[JoinWord, Moved]:
        """Take a place, or be turned away: the entry has ended then, and says why.

        Who may join (`domain.admission.refusal`) is judged in the same step: nobody overtakes.
        Of a caller who leaves another line for this one that place ends as routed when this one
        is taken; STALE where it was accepted meanwhile, or has ended.
        """

    async def rejoin(
        self, account: AccountId, entry: EntryId, new: EntryId, leg: LegId
    ) -> tuple[RejoinWord, Moved]:
        """A caller whom a key led out of the line in vain takes a new place in it: where the old
        one was, or right behind. Nobody is turned away. When the wait began stays as it is; its
        longest time does not count what was spent away. STALE: this entry was not routed, or its
        caller has gone on already."""

    async def claim(
        self, account: AccountId, queue: QueueId, match: Match, legs: Sequence[LegId]
    ) -> tuple[ClaimWord, Moved]:
        """Verify that the match still holds and reserve its agents, a leg each; RETRY brings
        fresh heads. All of them or none.

        The legs belong to the entry's owner, who is summoned if that is another edge.
        """

    async def pick(
        self, account: AccountId, entry: EntryId, user: UserId, leg: LegId, *, is_called: bool
    ) -> tuple[PickWord, Moved]:
        """Reserve this entry for this agent, whatever stands ahead; others who ring for it stop.

        A pause and a back-off are overlooked. `is_called`: the leg is the agent's own call. The
        entry's owner is summoned if that is another edge. STALE: it does not wait (any more).
        """

    async def rearrange(
        self, account: AccountId, entry: EntryId, *, priority: int | None = None, position: int = 0
    ) -> tuple[RearrangeWord, Moved]:
        """Give a waiting entry another priority, or a position (1 is the head; it then has the
        priority of whom it stands ahead of). When it joined stays as it is."""

    async def leg_dialled(
        self, account: AccountId, user: UserId, leg: LegId, ring_seconds: int
    ) -> tuple[LegWord, Moved]: ...

    async def leg_ringing(
        self, account: AccountId, user: UserId, leg: LegId
    ) -> tuple[LegWord, Moved]: ...

    async def accept(
        self, account: AccountId, user: UserId, leg: LegId
    ) -> tuple[AcceptWord, Moved]:
        """The agent answered. STALE: the entry is gone or another leg won; hang this one up."""

    async def connect(self, account: AccountId, entry: EntryId) -> tuple[ConnectWord, Moved]:
        """Caller and agent are in one bridge."""

    async def fail_leg(
        self, account: AccountId, user: UserId, leg: LegId, failure: LegFailure
    ) -> tuple[FailWord, Moved]:
        """The leg came to nothing: the agent is free again (or backs off), the place is kept.

        So it is too for a leg that was accepted and lost before `connect`.
        """

    async def replace_leg(
        self, account: AccountId, entry: EntryId, leg: LegId
    ) -> tuple[ReplaceWord, Moved]:
        """The caller transferred the call: another leg stands for the entry. STALE: it is over, and
        no key leads the caller on."""

    async def end_introduction(
        self, account: AccountId, entry: EntryId
    ) -> tuple[IntroductionWord, Moved]:
        """The introduction was heard out: the caller may be offered. STALE: waits no more."""

    async def leave(
        self, account: AccountId, entry: EntryId, disposition: Disposition
    ) -> tuple[LeaveWord, Moved]:
        """The entry ends before a conversation; its legs are cancelled and their agents freed.

        STALE when it was accepted in the meantime (then `complete` ends it) or has ended. An
        abandon within the queue's `short_abandon_seconds` is a short one.
        """

    async def complete(self, account: AccountId, entry: EntryId) -> tuple[CompleteWord, Moved]:
        """The conversation is over: entry answered and ended, agent in wrap-up or free."""

    async def change_presence(
        self,
        account: AccountId,
        user: UserId,
        change: PresenceChange,
        reason: str = "",
        command: str = "",
        pause_ms: int = 0,
    ) -> tuple[PresenceWord, Moved]:
        """As `domain.presence.change_presence`; with the same `command` again it is one toggle."""

    async def change_queue_status(
        self,
        account: AccountId,
        user: UserId,
        queue: QueueId,
        asked: QueueStatus,
        reason: str = "",
        ms: int = 0,
    ) -> tuple[QueueStatusWord, Moved]:
        """As `domain.overlays`: READY, LOGGED_IN, LOGGED_OUT or a pause in one queue; WRAP_UP.

        `reason` is that of NOT_READY. `ms`: when the pause ends by itself (0: it does not), or
        how long the wrap-up lasts (0: as after a call of this queue, 600 s where it has none).
        REFUSED: WRAP_UP while rung or talking, or logged out.
        """

    async def change_wrap_up(
        self, account: AccountId, user: UserId, ms: int
    ) -> tuple[WrapUpWord, Moved]:
        """The wrap-up that runs ends in so many ms, now where that is 0."""

    async def change_device(
        self, account: AccountId, user: UserId, device: Device
    ) -> tuple[DeviceWord, Moved]: ...

    async def look(self, account: AccountId, queue: QueueId, depth: int) -> tuple[Heads, ...]:
        """The heads of one queue, deeper than a move's own look."""

    async def agent(self, account: AccountId, user: UserId) -> Agent:
        """The record; logged out if nothing was ever written. A read, not a move."""

    async def entry(self, account: AccountId, entry: EntryId) -> Entry | None: ...

    async def line(
        self, account: AccountId, queue: QueueId, most: int | None = None
    ) -> tuple[Entry, ...]:
        """The entries of the queue that wait or are offered, first in line first; all, or so many
        at most. A read."""

    async def standing(self, account: AccountId, entry: EntryId) -> Prospect | None:
        """The place of an entry and what its waiting time rests on; None where it is not in line.
        A read of bounded size, without the errors of the history."""

    async def prospect(self, account: AccountId, queue: QueueId) -> Prospect:
        """The same of one who would join now, at the end, with the whole history. A read."""

    async def promise(
        self, account: AccountId, entry: EntryId, promised_ms: int
    ) -> tuple[PromiseWord, Moved]:
        """The caller has been told a waiting time, now. Only the first is kept; what it was off is
        learnt when the caller is answered. STALE: not in our line (any more)."""

    async def explain_entry(self, account: AccountId, entry: EntryId) -> EntryFacts | None:
        """What the decision about it rests on, all of one moment. A read of bounded size: of very
        many members and entries ahead the first (`domain.explain.facts`)."""

    async def explain_agent(self, account: AccountId, user: UserId) -> AgentFacts:
        """What the agent may be offered, by queue, all of one moment. A read of bounded size."""

    async def due(self, account: AccountId, skip: int = 0) -> Sequence[Due]:
        """What is due by the store's clock and has not fired: the first of it, without so many."""

    async def fire(self, due: Due, alive: frozenset[RunId]) -> tuple[FireWord, Moved]:
        """Do what is due, once. SILENT_OWNER: it waits for the takeover of a dead edge's leg."""

    async def beat(self, *, takes_over: bool = True) -> tuple[BeatWord, LivingEdges]:
        """Renew this edge's lease (3 s). LEASE_LOST: others have taken its calls; start anew.

        With `takes_over` the dead whom nobody takes over are given to this edge.
        """

    async def retire(self) -> None:
        """Give the lease back at once, with all calls, for the others to take over; when it was
        lost, with those that came in before this edge knew. Nothing of it may run any more."""

    async def take_over(self, account: AccountId, dead: RunId) -> tuple[TakeOverWord, Moved]:
        """Make all that the dead edge owned in this account ours; the loser of a race gets
        nothing. Returns the entries with the agents of their legs, which have 5 s at least."""

    async def bury(self, dead: RunId) -> None:
        """Forget the dead edge, once all its accounts have been taken over."""

    async def summons(self) -> Summons | None:
        """The next hint from another edge. None: some may have been lost, look at all entries."""

    async def press(
        self,
        account: AccountId,
        entry: EntryId,
        digit: str,
        disposition: Disposition | None,
        webhook: Webhook | None,
    ) -> tuple[PressWord, Moved]:
        """A waiting caller pressed a key that does something: it is told, and the webhook stands
        in the outbox; it is given up where that is full, or has too many of this caller. With a
        disposition the entry ends with it, as in `leave`.

        STALE and nothing of it where the entry was accepted in the meantime, or has ended. The
        id of the webhook is that of the press: what is repeated with it is PRESSED and done once.
        """
