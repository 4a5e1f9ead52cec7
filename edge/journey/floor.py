"""What every step works with: the phone systems, the store, the directory, who is on the line."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from edge.domain.agent import Agent, Occupancy
from edge.domain.entry import Entry, Stage
from edge.domain.ids import AccountId, EndpointName, EntryId, LegId, NodeId, RunId, UserId
from edge.domain.matching import Heads
from edge.domain.offer import LegFailure
from edge.domain.routing import Directory
from edge.journey.leg import Leg
from edge.ports.clock import Clock
from edge.ports.phone_system import NodeFault, PhoneSystem, Survey
from edge.ports.prompts import Prompts
from edge.ports.queue_store import Moved, QueueStore

log = structlog.get_logger()


class Conductor(Protocol):
    """The task of one caller, as the matcher and the deadlines know it."""

    account: AccountId

    def offered(self, agent: Agent) -> None:
        """The store reserved this agent for the caller; the agent record names the leg."""

    def see(self, entry: Entry) -> None:
        """The record was changed by somebody else; an offer that is no more is dropped,
        and a caller whose wait has ended is told."""


class Matching(Protocol):
    def look_at(self, heads: tuple[Heads, ...]) -> None: ...


class Timing(Protocol):
    def note(self, account: AccountId, moved: Moved) -> None: ...

    def is_silent(self, run: RunId) -> bool:
        """Whether this edge is dead or was not heard of lately."""


class SharedSurvey:
    """One survey for all who ask at the same time; it begins after each of them has asked."""

    def __init__(self, phone: PhoneSystem) -> None:
        self._phone = phone
        self._next: asyncio.Task[Survey] | None = None
        self._turn = asyncio.Lock()

    async def take(self) -> Survey:
        if self._next is None:
            self._next = asyncio.create_task(self._survey(), name="survey")
        return await asyncio.shield(self._next)

    async def _survey(self) -> Survey:
        async with self._turn:
            self._next = None
            return await self._phone.survey()


@dataclass(slots=True)
class Floor:
    """Shared by the steps of all callers of one edge run; made by the composition root."""

    phones: Mapping[NodeId, PhoneSystem]
    store: QueueStore
    directory: Directory
    prompts: Prompts
    clock: Clock
    tasks: asyncio.TaskGroup
    matching: Matching
    timing: Timing
    trunk: EndpointName | None = None
    """For calls to the outside."""
    surveys: dict[NodeId, SharedSurvey] = field(default_factory=dict)
    conductors: dict[EntryId, Conductor] = field(default_factory=dict)
    legs: dict[LegId, Leg] = field(default_factory=dict)
    lines: dict[EndpointName, dict[LegId, asyncio.Event]] = field(default_factory=dict)
    """The legs that ring each agent's phone, or tell it that it came too late; normally one. Its
    event is set when the leg is over, or accepted."""

    def __post_init__(self) -> None:
        self.surveys = {node: SharedSurvey(phone) for node, phone in self.phones.items()}

    def follow_up(self, account: AccountId, moved: Moved) -> None:
        """What every move asks for afterwards: set its timers, match what it made possible, and
        tell the conductors whose entries it ended."""
        self.timing.note(account, moved)
        self.tell_ends(moved)
        self.matching.look_at(moved.heads)

    def tell_ends(self, moved: Moved) -> None:
        """To those who conduct a caller whose entry has ended."""
        for entry in moved.entries:
            conductor = self.conductors.get(entry.id)
            if conductor is not None and entry.stage is Stage.ENDED:
                conductor.see(entry)

    def moved_by_others(self, account: AccountId, moved: Moved) -> None:
        """After a move that no step of a caller made (by API): follow it up, and hand an offer that
        it made to the conductor of its caller, as a summons does. Never waits."""
        self.follow_up(account, moved)
        for entry in moved.entries:
            offered = [
                agent
                for agent in moved.agents
                if agent.leg_entry == entry.id and agent.occupancy is Occupancy.RESERVED
            ]
            if offered:
                telling = self.dispatch(account, entry, offered)
                self.tasks.create_task(telling, name=f"dispatch {entry.id}")

    async def agents_of(self, account: AccountId, entry: Entry) -> dict[UserId, Agent]:
        """Who rings for this entry, or talks with its caller."""
        users = entry.ringing | ({entry.agent} if entry.agent is not None else frozenset())
        agents = [await self.store.agent(account, user) for user in users]
        return {agent.id: agent for agent in agents if agent.leg_entry == entry.id}

    async def dispatch(self, account: AccountId, entry: Entry, agents: Iterable[Agent]) -> None:
        """Hand an offer that the store has made to the conductor of its caller.

        Another edge's entry is left to that edge, which the claim has summoned.
        """
        if entry.owner != self.store.run:
            return
        conductor = self.conductors.get(entry.id)
        if conductor is not None:
            conductor.see(entry)
        for agent in agents:
            if agent.leg_entry != entry.id or agent.leg is None:
                continue
            if conductor is not None:
                conductor.offered(agent)
                continue
            # Nobody conducts it (the caller left in this moment): give the agent back.
            log.info("offer_without_caller", entry=entry.id, user=agent.id)
            if agent.is_called:
                await self._end_call_of(entry, agent.leg)
            _, moved = await self.store.fail_leg(account, agent.id, agent.leg, LegFailure.CANCELLED)
            self.follow_up(account, moved)

    async def _end_call_of(self, entry: Entry, leg: LegId) -> None:
        """The agent's own call, which was to be put through. A node that does not answer takes
        nobody else down."""
        try:
            await self.phones[entry.node].hang_up(leg)
        except NodeFault as fault:
            log.warning("call_not_ended", leg=leg, reason=str(fault))
