"""The conductor: one task a caller, from the door to the one disposition. Read this file first."""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

import structlog

from edge.domain.agent import Agent, Occupancy
from edge.domain.disposition import BY_KEY, Disposition
from edge.domain.entry import Entry, Stage
from edge.domain.ids import (
    AccountId,
    EntryId,
    LegId,
    UserId,
    conversation_bridge,
    leads_onward,
    playbacks_on,
)
from edge.domain.media import music_of
from edge.domain.offer import LegFailure
from edge.domain.routing import ToQueue
from edge.domain.settings import Queue
from edge.domain.settings.waiting import AnnounceMode
from edge.journey.announce import announce
from edge.journey.arrive import arrive, stand_in_music, wait_in_line, write_place
from edge.journey.conversation import TalkEnd, finish, talk
from edge.journey.farewell import say_farewell, turn_away
from edge.journey.floor import Floor
from edge.journey.hold import keep_company
from edge.journey.leave import leave
from edge.journey.led_away import carry_out
from edge.journey.leg import Gone, Leg, attending, end_leg, while_present
from edge.journey.next_place import NextPlace
from edge.journey.offer import (
    Offer,
    OfferEnd,
    Rivals,
    await_answer,
    note_dialled,
    on_the_line,
    ring,
    tell_late,
)
from edge.journey.options import Keys, Press
from edge.journey.voice import Voice
from edge.ports.phone_system import Arrival, Done, EndReason, NodeFault, PhoneSystem
from edge.ports.queue_store import ReplaceWord

log = structlog.get_logger()

OFFERS_REMEMBERED = 256
IN_LINE = frozenset({Stage.WAITING, Stage.OFFERED})


class Caller:
    """Walks one caller through the steps; the matcher hands it its offers."""

    def __init__(
        self, floor: Floor, phone: PhoneSystem, account: AccountId, entry: EntryId
    ) -> None:
        self._floor = floor
        self._phone = phone
        self.account = account
        self.id = entry
        self._rung: set[LegId] = set()
        """The agents' legs of offers that are open, or that broke off before they were over."""
        self._led_to: set[LegId] = set()
        """The legs to where a key leads."""
        self._press = Press()
        self._was_kept_company = False
        self._begin()

    def _begin(self) -> None:
        """Also when it goes on after a fault: what it knew then may be no longer so."""
        self._offers: asyncio.Queue[Agent | None] = asyncio.Queue()
        self._told: deque[LegId] = deque(maxlen=OFFERS_REMEMBERED)
        self._rivals = Rivals()
        self._has_talked = False
        self._ended: Entry | None = None

    # --- what others tell the conductor

    def offered(self, agent: Agent) -> None:
        # A summons may tell of an offer that is known already.
        if agent.leg is not None and agent.leg not in self._told:
            self._told.append(agent.leg)
            self._offers.put_nowait(agent)

    def see(self, entry: Entry) -> None:
        self._rivals.see(entry)
        if entry.stage is Stage.ENDED and self._ended is None:
            self._ended = entry
            self._offers.put_nowait(None)

    # --- the story

    async def conduct(self, arrival: Arrival, route: ToQueue) -> None:
        """A new call: arrive, wait, be offered, talk. Hang-up ends whatever step it is in."""
        with self._conducting():
            async with attending(self._phone, arrival.leg, self._floor.legs, exists=True) as leg:
                leg.on_replaced = self._transferred
                entry = await arrive(self._floor, arrival, route, self.id, leg)
                if entry.stage is Stage.ENDED:
                    await self._part(entry, leg)
                    return
                await while_present(leg, self._hold(entry, leg))
                await self._go_on(NextPlace(entry), leg)

    async def resume(self, known: Entry, rung: Iterable[LegId] = ()) -> None:
        """A caller of a dead edge: take the legs over and go on where it was. `rung` are the legs
        of agents that it had, and those to where a key leads."""
        self._led_to |= {one for one in rung if leads_onward(one)}
        self._rung |= set(rung) - self._led_to
        with self._conducting():
            # Looked at again: what was said of it before anybody conducted it is lost.
            entry = await self._floor.store.entry(self.account, self.id) or known
            agents = await self._floor.agents_of(self.account, entry)
            ringing = [agents[user] for user in sorted(entry.ringing) if user in agents]
            ringing = [agent for agent in ringing if agent.leg not in self._told]
            self._told.extend(agent.leg for agent in ringing if agent.leg is not None)
            await self.end_rung({agent.leg for agent in agents.values()})
            async with attending(self._phone, entry.leg, self._floor.legs, exists=True) as leg:
                leg.on_replaced = self._transferred
                # What is being said was said by an edge that is dead.
                was_spoken_to = await self._phone.end_whisper(entry.leg)
                if entry.stage in IN_LINE and not self._has_queue(entry):
                    entry = await self._close(entry)
                if entry.stage is Stage.ENDED:
                    if await self._adopt(leg) is Done.GONE:
                        leg.end(EndReason.NORMAL)
                    await self._go_on(await self._part(entry, leg), leg)
                    return
                if entry.stage in (Stage.CONNECTING, Stage.TALKING):
                    await self._resume_conversation(entry, agents, leg)
                    return
                await self._adopt(leg)
                if not leg.has_ended:
                    await self._hold(entry, leg)
                is_new = self._is_to_be_introduced(entry) and not was_spoken_to
                await self._go_on(NextPlace(entry, is_new=is_new), leg, ringing)

    def _is_to_be_introduced(self, entry: Entry) -> bool:
        """Its edge died before the end of an introduction that is to be heard; where nobody has
        spoken over the music, before its first word."""
        is_over_music = self._queue(entry).announce_mode is AnnounceMode.OVER_MUSIC
        return bool(entry.intro_until_ms) and is_over_music and not self._was_kept_company

    async def _close(self, entry: Entry) -> Entry:
        """The queue was removed from the configuration: nobody would ever serve this caller."""
        word, moved = await self._floor.store.leave(self.account, entry.id, Disposition.CLOSED)
        log.warning("queue_removed", entry=entry.id, queue=entry.queue, word=word)
        self._floor.follow_up(self.account, moved)
        await self.end_rung()
        return await self._floor.store.entry(self.account, entry.id) or entry

    async def _go_on(
        self, place: NextPlace | None, leg: Leg, ringing: Iterable[Agent] = ()
    ) -> None:
        """Through one line after the other, as the caller's keys lead."""
        while place is not None:
            if place.entry.id != self.id:
                await self._stand_at(place, leg)
            if place.entry.stage is Stage.ENDED:
                place = await self._part(place.entry, leg)
            else:
                place = await self._serve(place, leg, ringing)
            ringing = ()

    async def _stand_at(self, place: NextPlace, leg: Leg) -> None:
        """The caller's place is another from now on, also to whoever follows after a fault."""
        entry = place.entry
        del self._floor.conductors[self.id]
        self._begin()
        self.id = entry.id
        self._floor.conductors[self.id] = self
        self._floor.tasks.create_task(write_place(self._phone, entry), name=f"place {entry.id}")
        if leg.id != entry.leg:
            # The caller has transferred the call on the way here.
            self._transferred(leg.id)
        await while_present(leg, self._hold(entry, leg))
        self._floor.matching.look_at(place.heads)
        # What was said of it before anybody conducted it is lost.
        known = await self._floor.store.entry(self.account, entry.id) or entry
        self.see(known)
        for agent in (await self._floor.agents_of(self.account, known)).values():
            self.offered(agent)

    async def _serve(
        self, place: NextPlace, leg: Leg, ringing: Iterable[Agent] = ()
    ) -> NextPlace | None:
        """Ring whoever is offered, any number at once, until the caller has talked or has left.
        Meanwhile the caller is kept company. Returns the place to which a key led."""
        entry, queue = place.entry, self._queue(place.entry)
        self._was_kept_company = True
        voice = Voice(leg, queue.announce_mode)
        keys = Keys(
            self._floor,
            self.account,
            entry,
            queue,
            leg,
            voice,
            lambda: self._rivals.is_taken,
            self._press,
        )
        with _faults_of_one():
            async with asyncio.TaskGroup() as offers:
                offers.create_task(keys.mind(place.words))
                company = keep_company(
                    self._floor, self.account, entry, queue, voice, is_new=place.is_new
                )
                waiting = offers.create_task(company)
                for agent in ringing:
                    offers.create_task(self._offer(entry, agent, leg, voice, is_new=False))
                while isinstance(told := await while_present(leg, self._offers.get()), Agent):
                    is_dialled = told.is_called
                    offers.create_task(self._offer(entry, told, leg, voice, is_new=not is_dialled))
                waiting.cancel()
                keys.close()
        if not leg.has_ended:
            await voice.mute()
        if self._has_talked:
            return None
        if keys.led_to is not None:
            await self._phone.remove_bridge(conversation_bridge(entry.id))
            return keys.led_to
        if self._ended is not None:
            return await self._part(self._ended, leg)
        if not await leave(self._floor, self.account, entry, leg):
            await finish(self._floor, self.account, entry, leg, None)
        return None

    async def _part(self, entry: Entry, leg: Leg) -> NextPlace | None:
        """The caller's place has ended: by a key, or without the caller's doing. Returns the place
        to which the key led."""
        log.info("caller_parted", entry=entry.id, disposition=entry.disposition)
        if entry.disposition in BY_KEY and self._has_queue(entry):
            self._press = Press()
            return await carry_out(self._floor, self.account, entry, leg, self._led_to)
        told = say_farewell if leg.is_answered.is_set() else turn_away
        await while_present(leg, told(self._floor, self.account, entry, leg))
        await self._phone.remove_bridge(conversation_bridge(entry.id))
        return None

    async def _hold(self, entry: Entry, leg: Leg) -> None:
        held = await wait_in_line(leg, self._queue(entry), self._music(entry))
        if held is Done.GONE:
            # It may have ended before anybody listened.
            leg.end(EndReason.FAILED)

    async def _offer(
        self, entry: Entry, agent: Agent, leg: Leg, voice: Voice, *, is_new: bool
    ) -> None:
        """One agent, from the dial to the end of the conversation or of the offer."""
        if agent.leg is None or self._rivals.is_taken:
            return
        self._rung.add(agent.leg)
        offer = Offer(self.account, entry, agent, agent.leg, self._queue(entry), self._rivals)
        with ExitStack() as line:
            async with attending(
                self._phone, offer.leg, self._floor.legs, exists=not is_new
            ) as rung:
                with self._rivals.joined_by(offer):
                    line.enter_context(on_the_line(self._floor, offer))
                    step = ring(self._floor, offer, rung) if is_new else self._rejoin(offer, rung)
                    end = await while_present(leg, step)
                    if isinstance(end, Gone):
                        await end_leg(rung, EndReason.NORMAL)
                if end is not OfferEnd.LATE:
                    line.close()
                if end is OfferEnd.ACCEPTED:
                    await self._talk(entry, agent.id, leg, rung, voice)
            if end is OfferEnd.LATE:
                telling = tell_late(self._floor, self._phone, offer, line.pop_all())
                self._floor.tasks.create_task(telling, name=f"late {offer.leg}")
        self._rung.discard(offer.leg)

    async def _talk(
        self, entry: Entry, user: UserId, leg: Leg, answered: Leg, voice: Voice
    ) -> None:
        queue = self._queue(entry)
        await voice.mute()
        if not leg.is_answered.is_set():
            await stand_in_music(leg, self._music(entry))
        await announce(self._floor, self.account, entry, queue, leg, answered)
        end = await talk(self._floor, self.account, entry, user, leg, answered)
        if end is TalkEnd.AGENT_LOST:
            self._rivals.is_taken = False
            await self._phone.hold(leg.id, self._music(entry))
            voice.unmute()
            return
        self._has_talked = True
        self._offers.put_nowait(None)

    # --- taking over

    async def end_rung(self, but: Collection[LegId | None] = ()) -> None:
        """Phones whose offer ended while nobody conducted it are not left ringing."""
        for leg in self._rung.difference(but):
            await self._phone.hang_up(leg, EndReason.ANSWERED_ELSEWHERE)
            self._rung.discard(leg)

    async def _adopt(self, leg: Leg) -> Done:
        """Move a leg into our application and learn what it is now; it may be another since.
        GONE: it stands in no application any more."""
        known, adopted = None, Done.GONE
        while known != leg.id:
            known = leg.id
            # A leg that words are played to comes when they are over, and hears no key or answer
            # before: those of an edge that died are ended.
            await asyncio.gather(*(self._phone.stop(words) for words in playbacks_on(known)))
            adopted = await self._phone.adopt(known)
            leg.compare_with(await self._floor.surveys[self._phone.node].take(), known)
        return adopted

    async def _rejoin(self, offer: Offer, rung: Leg) -> OfferEnd:
        """A phone that rang when its edge died rings on, or was answered or hung up since."""
        await self._adopt(rung)
        if rung.has_ended:
            dialled = offer.agent.occupancy is not Occupancy.RESERVED
            failure = LegFailure.LOST if dialled else LegFailure.NOT_DIALLED
            _, moved = await self._floor.store.fail_leg(
                self.account, offer.agent.id, rung.id, failure
            )
            self._floor.follow_up(self.account, moved)
            return OfferEnd.FAILED
        if rung.is_ringing.is_set():
            # The edge may have died before it wrote down that the dial was taken.
            await note_dialled(self._floor, offer, rung)
        return await await_answer(self._floor, offer, rung)

    async def _resume_conversation(
        self, entry: Entry, agents: Mapping[UserId, Agent], leg: Leg
    ) -> None:
        agent = agents[entry.agent] if entry.agent is not None else None
        if agent is None or agent.leg is None:
            await self._adopt(leg)
            await finish(self._floor, self.account, entry, leg, None)
            return
        async with attending(self._phone, agent.leg, self._floor.legs, exists=True) as answered:
            leg.conversation = answered.conversation = conversation_bridge(entry.id)
            for one in (leg, answered):
                await self._adopt(one)
            if not (leg.has_ended or leg.is_answered.is_set()):
                # Rung until the agent answered: nobody has answered the call since.
                await stand_in_music(leg, self._music(entry))
            end = await talk(self._floor, self.account, entry, agent.id, leg, answered)
        if end is TalkEnd.AGENT_LOST:
            await self._phone.hold(leg.id, self._music(entry))
            leg.forget_keys()
            await self._go_on(NextPlace(entry, is_new=False), leg)

    # --- the caller transfers

    def _transferred(self, to: LegId) -> None:
        """The caller's side is somebody else now; whoever takes over must know."""
        self._floor.tasks.create_task(self._write_leg(to), name=f"transferred {self.id}")

    async def _write_leg(self, leg: LegId) -> None:
        word, moved = await self._floor.store.replace_leg(self.account, self.id, leg)
        self._floor.follow_up(self.account, moved)
        log.info("caller_transferred", entry=self.id, word=word)
        if word is ReplaceWord.REPLACED:
            await write_place(self._phone, moved.entry)

    # --- small things

    @contextmanager
    def _conducting(self) -> Iterator[None]:
        self._begin()
        self._floor.conductors[self.id] = self
        try:
            yield
        finally:
            del self._floor.conductors[self.id]

    def _has_queue(self, entry: Entry) -> bool:
        return self._floor.directory.has_queue(self.account, entry.queue)

    def _queue(self, entry: Entry) -> Queue:
        return self._floor.directory.queue(self.account, entry.queue)

    def _music(self, entry: Entry) -> str:
        return music_of(self.account, self._queue(entry), entry.music)


@contextmanager
def _faults_of_one() -> Iterator[None]:
    """A node that does not answer fails several legs at once; it is one fault to whoever waits."""
    try:
        yield
    except BaseExceptionGroup as faults:
        if faults.split(NodeFault)[1] is not None:
            raise
        fault: BaseException = faults
        while isinstance(fault, BaseExceptionGroup):
            fault = fault.exceptions[0]
        raise fault from None
