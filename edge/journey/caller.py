"""The conductor: one task a caller, from the door to the one disposition. Read this file first."""

import asyncio
from collections.abc import Mapping

import structlog

from edge.domain.agent import Agent, Occupancy
from edge.domain.entry import Entry, Stage
from edge.domain.ids import AccountId, EntryId, LegId, UserId
from edge.domain.offer import LegFailure
from edge.domain.routing import ToQueue
from edge.domain.settings import Queue
from edge.journey.arrive import join_line, stand_in_music
from edge.journey.conversation import TalkEnd, finish, talk
from edge.journey.floor import Floor
from edge.journey.leave import leave
from edge.journey.leg import Gone, Leg, attending, while_present
from edge.journey.offer import Offer, OfferEnd, await_answer, ring
from edge.ports.phone_system import Arrival, Done, PhoneSystem

log = structlog.get_logger()


class Caller:
    """Walks one caller through the steps; the matcher hands it its offers."""

    def __init__(
        self, floor: Floor, phone: PhoneSystem, account: AccountId, entry: EntryId
    ) -> None:
        self._floor = floor
        self._phone = phone
        self._account = account
        self.id = entry
        self._offers: asyncio.Queue[Agent] = asyncio.Queue()
        self._withdrawn = asyncio.Event()
        self._rung: UserId | None = None
        self._newest_leg: LegId | None = None

    # --- what others tell the conductor

    def offered(self, agent: Agent) -> None:
        # A summons may tell of an offer that is known already.
        if agent.leg != self._newest_leg:
            self._newest_leg = agent.leg
            self._offers.put_nowait(agent)

    def see(self, entry: Entry) -> None:
        if self._rung is not None and self._rung not in entry.ringing and entry.agent is None:
            self._withdrawn.set()

    # --- the story

    async def conduct(self, arrival: Arrival, route: ToQueue) -> None:
        """A new call: arrive, wait, be offered, talk. Hang-up ends whatever step it is in."""
        self._floor.conductors[self.id] = self
        try:
            async with attending(self._phone, arrival.leg, self._floor.legs, exists=True) as leg:
                stands = await while_present(leg, stand_in_music(self._phone, arrival, route))
                if stands is Done.DONE:
                    entry = await join_line(self._floor, self._phone, arrival, route, self.id)
                    await self._serve(entry, leg)
        finally:
            del self._floor.conductors[self.id]

    async def resume(self, entry: Entry, agents: Mapping[UserId, Agent]) -> None:
        """A caller of a dead edge: take the legs over and go on where it was."""
        self._floor.conductors[self.id] = self
        try:
            async with attending(self._phone, entry.leg, self._floor.legs, exists=True) as leg:
                await self._adopt(leg)
                if entry.stage in (Stage.CONNECTING, Stage.TALKING):
                    await self._resume_conversation(entry, agents, leg)
                    return
                if not leg.has_ended:
                    await self._phone.hold(leg.id, self._queue(entry).music_class)
                for user in entry.ringing:
                    if await self._resume_offer(entry, agents[user], leg):
                        return
                await self._serve(entry, leg)
        finally:
            del self._floor.conductors[self.id]

    async def _serve(self, entry: Entry, leg: Leg) -> None:
        """Wait for offers and follow them until the caller has talked or has left."""
        while True:
            agent = await while_present(leg, self._offers.get())
            if isinstance(agent, Gone):
                if not await leave(self._floor, self._account, entry, leg):
                    await finish(self._floor, self._account, entry, leg, None)
                return
            if agent.leg is not None and await self._offer(entry, agent, agent.leg, leg):
                return

    async def _offer(self, entry: Entry, agent: Agent, agent_leg: LegId, leg: Leg) -> bool:
        """One offer from the dial on; True when the story of this caller has ended with it."""
        async with attending(self._phone, agent_leg, self._floor.legs, exists=False) as rung:
            offer = self._offer_to(entry, agent)
            end = await while_present(leg, ring(self._floor, offer, rung))
            return await self._after_offer(end, entry, agent, rung, leg)

    async def _after_offer(
        self, end: OfferEnd | Gone, entry: Entry, agent: Agent, rung: Leg, leg: Leg
    ) -> bool:
        self._rung = None
        if isinstance(end, Gone):
            await self._stop_ringing(entry, rung, leg)
            return True
        if end is not OfferEnd.ACCEPTED:
            return False
        talked = await talk(self._floor, self._account, entry, agent.id, leg, rung)
        if talked is not TalkEnd.AGENT_LOST:
            return True
        await self._phone.hold(leg.id, self._queue(entry).music_class)
        return False

    async def _stop_ringing(self, entry: Entry, rung: Leg, leg: Leg) -> None:
        """The caller hung up while the phone rang, perhaps in the moment of its answer."""
        await self._phone.hang_up(rung.id)
        if not await leave(self._floor, self._account, entry, leg):
            await finish(self._floor, self._account, entry, leg, rung)

    # --- taking over

    async def _adopt(self, leg: Leg) -> None:
        """Move a leg into our application and learn what it is now."""
        await self._phone.adopt(leg.id)
        leg.compare_with(await self._floor.surveys[self._phone.node].take())

    async def _resume_offer(self, entry: Entry, agent: Agent, leg: Leg) -> bool:
        if agent.leg is None:
            return False
        async with attending(self._phone, agent.leg, self._floor.legs, exists=True) as rung:
            await self._adopt(rung)
            offer = self._offer_to(entry, agent)
            if rung.has_ended:
                dialled = agent.occupancy is not Occupancy.RESERVED
                failure = LegFailure.LOST if dialled else LegFailure.NOT_DIALLED
                _, moved = await self._floor.store.fail_leg(
                    self._account, agent.id, rung.id, failure
                )
                self._floor.follow_up(self._account, moved)
                return False
            if rung.is_ringing.is_set():
                # The edge may have died before it wrote down that the dial was taken.
                _, moved = await self._floor.store.leg_dialled(
                    self._account, agent.id, rung.id, offer.ring_seconds
                )
                self._floor.follow_up(self._account, moved)
            end = await while_present(leg, await_answer(self._floor, offer, rung))
            return await self._after_offer(end, entry, agent, rung, leg)

    async def _resume_conversation(
        self, entry: Entry, agents: Mapping[UserId, Agent], leg: Leg
    ) -> None:
        agent = agents[entry.agent] if entry.agent is not None else None
        if agent is None or agent.leg is None:
            await finish(self._floor, self._account, entry, leg, None)
            return
        async with attending(self._phone, agent.leg, self._floor.legs, exists=True) as answered:
            await self._adopt(answered)
            end = await talk(self._floor, self._account, entry, agent.id, leg, answered)
        if end is TalkEnd.AGENT_LOST:
            await self._phone.hold(leg.id, self._queue(entry).music_class)
            await self._serve(entry, leg)

    # --- small things

    def _queue(self, entry: Entry) -> Queue:
        return self._floor.directory.queue(self._account, entry.queue)

    def _offer_to(self, entry: Entry, agent: Agent) -> Offer:
        self._rung = agent.id
        self._newest_leg = agent.leg
        self._withdrawn = asyncio.Event()
        return Offer(
            account=self._account,
            entry=entry,
            agent=agent,
            ring_seconds=self._queue(entry).ring_seconds,
            withdrawn=self._withdrawn,
        )
