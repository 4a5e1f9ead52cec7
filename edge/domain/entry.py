"""An entry: one place in the line of a queue, from joining to its one disposition."""

from dataclasses import dataclass
from enum import StrEnum

from edge.domain.disposition import Disposition
from edge.domain.dues import earliest
from edge.domain.ids import EndpointName, EntryId, LegId, NodeId, QueueId, RunId, UserId
from edge.domain.strategies import Rings


class Stage(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    CONNECTING = "connecting"
    TALKING = "talking"
    ENDED = "ended"


class Party(StrEnum):
    """Who stands in the place: a caller on the line, or one who hung up and kept it."""

    LIVE = "live"
    VIRTUAL = "virtual"
    DIALLING = "dialling"
    KEPT = "kept"


class EntryMove(StrEnum):
    CLAIM = "claim"
    LEGS_FAILED = "legs_failed"
    ACCEPT = "accept"
    CONNECT = "connect"
    COMPLETE = "complete"
    LEAVE = "leave"


ENTRY_MOVES: dict[Stage, dict[EntryMove, Stage]] = {
    Stage.WAITING: {EntryMove.CLAIM: Stage.OFFERED, EntryMove.LEAVE: Stage.ENDED},
    Stage.OFFERED: {
        EntryMove.CLAIM: Stage.OFFERED,
        EntryMove.LEGS_FAILED: Stage.WAITING,
        EntryMove.ACCEPT: Stage.CONNECTING,
        EntryMove.LEAVE: Stage.ENDED,
    },
    Stage.CONNECTING: {
        EntryMove.CONNECT: Stage.TALKING,
        EntryMove.LEGS_FAILED: Stage.WAITING,
        EntryMove.COMPLETE: Stage.ENDED,
    },
    Stage.TALKING: {EntryMove.COMPLETE: Stage.ENDED},
    Stage.ENDED: {},
}


@dataclass(frozen=True, slots=True)
class Entry:
    """The record of an entry. Times are milliseconds since 1970; 0 is "not yet".

    `place` orders the line within a priority; `joined_at_ms` never changes.
    `tried` are the agents already rung for it in this round.
    """

    id: EntryId
    queue: QueueId
    stage: Stage
    party: Party
    leg: LegId
    node: NodeId
    endpoint: EndpointName
    dialled: str
    inside: bool
    caller_number: str
    caller_name: str
    priority: int
    place: int
    joined_at_ms: int
    owner: RunId
    rev: int
    tried: frozenset[UserId] = frozenset()
    ringing: frozenset[UserId] = frozenset()
    agent: UserId | None = None
    disposition: Disposition | None = None
    answered_at_ms: int = 0
    connected_at_ms: int = 0
    ended_at_ms: int = 0
    retry_at_ms: int = 0
    """When the retry delay of a waiting entry is over; 0 where none runs."""
    widen_at_ms: int = 0
    """When the next penalty rule of the queue holds."""
    step_at_ms: int = 0
    """When one phone more may ring (ring-progressively)."""
    prefer_until_ms: int = 0
    """Until then it waits for its preferred agent alone."""
    intro_until_ms: int = 0
    """While the introduction is heard out nobody is rung, until then at most."""
    min_tier: int = 0
    max_tier: int = 2**31
    rings: Rings | None = None
    """How many phones ring for it, and `ring_max` at most: as the queue had it when the first one
    did, whatever is configured meanwhile."""
    ring_max: int = 0
    ring_tier: int | None = None
    """The hindmost tier that rings for it now."""
    allowed: int = 1
    """How many phones may ring for it by now (ring-progressively)."""
    is_alone: bool = False
    """It is offered to one agent by name: nobody else is rung meanwhile."""
    music: str = ""
    """What the dialplan wished for this call in place of the queue's music."""
    preferred: UserId | None = None
    sticky: UserId | None = None
    """Who spoke with this caller last."""
    waits_until_ms: int = 0
    """When the longest wait is over, as it was on joining; 0 is never."""
    lets_ring: bool = True
    """Whether an offer that rings at that moment may finish."""
    is_last_offer: bool = False
    """The longest wait is over: what rings may ring on, and no further phone does."""
    expected_ms: int = 0
    """The wait that was expected on joining, where the caller was turned away because of it."""
    promised_ms: int = 0
    """The waiting time that this caller was told first, counted from `promised_at_ms`."""
    promised_at_ms: int = 0
    pressed: str = ""
    """The key with which the caller left."""
    onward: EntryId | None = None
    """The caller's next place: in the queue that the key led to, or in this one again."""

    @property
    def timeout_at_ms(self) -> int:
        """When the end of the wait is to be seen to; 0 where it is, or was."""
        is_waiting = self.stage in (Stage.WAITING, Stage.OFFERED) and not self.is_last_offer
        return self.waits_until_ms if is_waiting else 0

    def is_wait_over(self, now_ms: int) -> bool:
        return 0 < self.waits_until_ms <= now_ms

    @property
    def due_at_ms(self) -> int:
        """When something is to be done about it by itself; 0 where nothing is."""
        return earliest(
            self.retry_at_ms,
            self.widen_at_ms,
            self.step_at_ms,
            self.prefer_until_ms,
            self.intro_until_ms,
            self.timeout_at_ms,
        )


@dataclass(frozen=True, slots=True)
class Joining:
    """What a caller brings along to the line."""

    entry: EntryId
    queue: QueueId
    leg: LegId
    node: NodeId
    endpoint: EndpointName
    dialled: str
    inside: bool
    caller_number: str
    caller_name: str
    arrived_at_ms: int
    priority: int = 0
    position: int = 0
    """Where to stand: 1 is the head, 0 the end, as usual."""
    preferred: UserId | None = None
    """This agent alone is rung for the next `prefer_ms`, if a member of the queue."""
    prefer_ms: int = 0
    intro_ms: int = 0
    """Nobody is rung for so long at most: the caller is to hear an introduction out."""
    music: str = ""
    """The class of music, or uploaded piece, of this call; empty: the queue's."""
    max_wait_seconds: int | None = None
    """The longest wait of this caller, 0 is without end; None: as the queue has it."""
    is_closed: bool = False
    """The queue's hours say closed: turned away, and written down as that."""
    leaves: EntryId | None = None
    """The caller's place in another line, which this one takes the place of: where the caller is
    let in it ends as routed in the same step, else it stays as it is."""
    pressed: str = ""
    """The key that led here."""
