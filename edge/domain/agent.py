"""An agent: presence (what the person says) and occupancy (what the work says)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from edge.domain.dues import earliest
from edge.domain.ids import EntryId, LegId, QueueId, RunId, UserId


class Status(StrEnum):
    """The derived status of dialstack-call-queues."""

    AVAILABLE = "available"
    PAUSED = "paused"
    LOGGED_OUT = "logged_out"


class Occupancy(StrEnum):
    IDLE = "idle"
    RESERVED = "reserved"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


class Device(StrEnum):
    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"
    IN_USE = "in_use"
    """In a call that no queue made: placed, or taken directly."""
    INVALID = "invalid"
    """Asterisk has no such endpoint."""
    UNKNOWN = "unknown"


BUSY_DEVICES = frozenset({Device.UNREACHABLE, Device.INVALID, Device.IN_USE})
"""No queue rings these."""


class AgentMove(StrEnum):
    CLAIM = "claim"
    DIALLED = "dialled"
    RINGING = "ringing"
    ACCEPT = "accept"
    LEG_FAILED = "leg_failed"
    WRAP_UP = "wrap_up"
    FREE = "free"


# An accepted leg can be one that was never seen ringing (auto-answer, a lost event), and an
# answer may arrive before the answer to our own dial.
AGENT_MOVES: dict[Occupancy, dict[AgentMove, Occupancy]] = {
    # Wrap-up without a call before it: somebody asked for it (portsip's WRAP_UP).
    Occupancy.IDLE: {AgentMove.CLAIM: Occupancy.RESERVED, AgentMove.WRAP_UP: Occupancy.WRAP_UP},
    Occupancy.RESERVED: {
        AgentMove.DIALLED: Occupancy.RINGING,
        AgentMove.ACCEPT: Occupancy.TALKING,
        AgentMove.LEG_FAILED: Occupancy.IDLE,
    },
    Occupancy.RINGING: {
        AgentMove.RINGING: Occupancy.RINGING,
        AgentMove.ACCEPT: Occupancy.TALKING,
        AgentMove.LEG_FAILED: Occupancy.IDLE,
    },
    # A leg that was accepted and lost before the bridge stood came to nothing.
    Occupancy.TALKING: {
        AgentMove.WRAP_UP: Occupancy.WRAP_UP,
        AgentMove.FREE: Occupancy.IDLE,
        AgentMove.LEG_FAILED: Occupancy.IDLE,
    },
    Occupancy.WRAP_UP: {AgentMove.FREE: Occupancy.IDLE},
}


ON_A_LEG = frozenset({Occupancy.RESERVED, Occupancy.RINGING, Occupancy.TALKING})


class PresenceChange(StrEnum):
    """What is asked: by API (a status) or by star code (a toggle)."""

    AVAILABLE = "available"
    PAUSED = "paused"
    LOGGED_OUT = "logged_out"
    TOGGLE_LOGIN = "toggle_login"
    TOGGLE_PAUSE = "toggle_pause"


@dataclass(frozen=True, slots=True)
class Here:
    """What an agent has done for one queue; times are milliseconds, 0 is never."""

    last_rung_at_ms: int = 0
    last_answered_at_ms: int = 0
    lap: int = 0
    """The lap of the queue's round in which the agent was last dialled."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """What keeps an agent out of one queue, on top of the presence: paused there, or signed out.

    `until_ms` is when the pause ends by itself, 0 where it does not. `is_automatic`: set by the
    queue's own rule and not by a person, so that auto-ready may end it.
    """

    paused_at_ms: int = 0
    reason: str = ""
    until_ms: int = 0
    signed_out_at_ms: int = 0
    is_automatic: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """A pause or log-out asked for during a call; it takes effect when the agent's leg ends.

    `pause_ms`: how long the pause then lasts, 0 where it does not end by itself.
    """

    status: Status
    reason: str = ""
    pause_ms: int = 0


@dataclass(frozen=True, slots=True)
class Agent:
    """The record of an agent, one per user, over all queues.

    Times are milliseconds since 1970; 0 is "not". `wake_at_ms` is when the present occupancy
    ends by itself (reservation, ring time, wrap-up, or the back-off of an idle agent).
    `leg`, `leg_entry`, `leg_queue` and `leg_owner` are the leg the agent is rung or talks on.
    """

    id: UserId
    rev: int = 0
    logged_in_at_ms: int = 0
    paused_at_ms: int = 0
    pause_reason: str = ""
    pause_until_ms: int = 0
    pending: Pending | None = None
    occupancy: Occupancy = Occupancy.IDLE
    device: Device = Device.UNKNOWN
    is_desk_call: bool = False
    """The phone's own call is one of ours, a star code or a pick: no call apart from the queues."""
    leg: LegId | None = None
    leg_entry: EntryId | None = None
    leg_queue: QueueId | None = None
    leg_owner: RunId | None = None
    is_called: bool = False
    """The leg is the agent's own call, by which a waiting caller was picked."""
    wake_at_ms: int = 0
    wrap_up_queue: QueueId | None = None
    """While in wrap-up: the queue of the call before it."""
    offered_at_ms: int = 0
    """When the call was offered that keeps the agent busy, to the end of the wrap-up after it."""
    last_ended_at_ms: int = 0
    calls: int = 0
    window: int = 0
    calls_in_window: int = 0
    """Calls taken in the window of that number; see `fewestcalls`."""
    misses: int = 0
    here: Mapping[QueueId, Here] = field(default_factory=dict)
    """By queue, what its strategy goes by and no more; a queue that never rang the agent is not
    in it."""
    overlays: Mapping[QueueId, Overlay] = field(default_factory=dict)
    """By queue; a queue that the agent is not kept out of is not in it."""

    @property
    def due_at_ms(self) -> int:
        """When something is to be done about it by itself; 0 where nothing is."""
        overlays_end = (overlay.until_ms for overlay in self.overlays.values())
        return earliest(self.wake_at_ms, self.pause_until_ms, *overlays_end)

    @property
    def is_on_a_leg(self) -> bool:
        """Rung or talking: what takes the agent away then is pending."""
        return self.occupancy in ON_A_LEG

    @property
    def wrap_up_until_ms(self) -> int:
        return self.wake_at_ms if self.occupancy is Occupancy.WRAP_UP else 0

    @property
    def status(self) -> Status:
        """paused_at set → paused; logged_in_at unset → logged_out; otherwise available."""
        if self.paused_at_ms:
            return Status.PAUSED
        return Status.AVAILABLE if self.logged_in_at_ms else Status.LOGGED_OUT

    def presence_in(self, queue: QueueId) -> Status:
        """What the agent is to one queue: of the status and the queue's overlay the stricter."""
        overlay = self.overlays.get(queue, Overlay())
        if self.status is Status.LOGGED_OUT or overlay.signed_out_at_ms:
            return Status.LOGGED_OUT
        return Status.PAUSED if overlay.paused_at_ms else self.status

    def is_ready(self, now_ms: int) -> bool:
        """Whether a queue may ring this agent now, if no overlay keeps the agent out of it."""
        return (
            self.status is Status.AVAILABLE
            and self.occupancy is Occupancy.IDLE
            and self.device not in BUSY_DEVICES
            and self.wake_at_ms <= now_ms
        )
