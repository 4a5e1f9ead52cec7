"""One leg as the adapter knows it, and the feeds of those who listen to it."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from edge.ari.events import ChannelHangupRequest
from edge.domain.ids import BridgeId, LegId, PlaybackId
from edge.ports.phone_system import EndReason, LegEnded, LegEvent, LegState

LEG_STATES = {"Ringing": LegState.RINGING, "Up": LegState.UP}
"""By ARI's channel state; an arrival that we have not answered is Ring, to us DOWN."""
OUTBOUND_STATES = frozenset({"Down", "Ringing"})
"""A caller's channel begins as Ring; these are of a channel that we created."""


class Feed:
    """The events of one leg for one listener; unbounded, because nothing may be dropped."""

    def __init__(self, waiting: Iterable[LegEvent] = ()) -> None:
        self._events = deque(waiting)
        self._came = asyncio.Event()
        if self._events:
            self._came.set()

    async def next(self) -> LegEvent:
        """The next event; LegEnded is the last and is told again to whoever asks again."""
        await self._came.wait()
        event = self._events[0]
        if not isinstance(event, LegEnded):
            self._events.popleft()
            if not self._events:
                self._came.clear()
        return event

    def pending(self) -> int:
        return len(self._events)

    def put(self, event: LegEvent) -> None:
        self._events.append(event)
        self._came.set()


@dataclass(slots=True)
class Leg:
    """What we know of a living leg."""

    state: LegState = LegState.DOWN
    present: bool = False
    """It was seen in our application."""
    outbound: bool = True
    """A phone is being rung; False for a caller, whose end needs no telling apart."""
    told_ringing: bool = False
    told_answered: bool = False
    ordered_end: EndReason | None = None
    """Why we hung it up, if we did."""
    request: ChannelHangupRequest | None = None
    music_class: str | None = None
    """As we last set it on the channel; None: not known."""
    held_in: str | None = None
    """The music in which it is to stand, by the last order; None: it talks, or was never held."""
    took_a_place: bool = False
    """It came into its bridge in the place of another, by a transfer; there it has no role yet."""
    placing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while the leg is put into a holding bridge."""
    whispering: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while words over its music begin or end."""
    is_ducked: bool = False
    """Its music was lowered for words over it."""
    speaks_for: LegId | None = None
    """The leg that hears it, of a channel that only whispers."""
    playbacks: set[PlaybackId] = field(default_factory=set)
    feeds: list[Feed] = field(default_factory=list)
    unheard: list[LegEvent] = field(default_factory=list)
    """Events before the first listener came (an arrival is born before anyone knows it)."""
    starts: list["asyncio.Future[bool]"] = field(default_factory=list)
    entries: list[tuple[BridgeId, "asyncio.Future[bool]"]] = field(default_factory=list)
