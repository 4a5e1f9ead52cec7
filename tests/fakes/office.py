"""An office in virtual time: phones, callers and edges, and what each of them hears."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from edge.domain.agent import Agent, Occupancy, PresenceChange
from edge.domain.entry import Entry, Stage
from edge.domain.events import EventName
from edge.domain.ids import EndpointName, EntryId, LegId, RunId, UserId
from edge.domain.settings import Queue, User, World
from edge.ports.phone_system import Arrival, EndReason, LegState, Wishes
from tests.fakes.clock import LoopClock
from tests.fakes.edge import CARRIER, FakeEdge
from tests.fakes.houses import House, usual
from tests.fakes.memory_site import AccountMemory, MemorySite
from tests.fakes.memory_store import MemoryQueueStore
from tests.fakes.receiver import FakeReceiver
from tests.fakes.switchboard import FakeLeg, Phone, Switchboard
from tests.fakes.waiting import wait_until
from tests.fakes.world import ACCOUNT_ID, NODE, USERS, account, phone_of

NUMBER = "12025550100"
NO_WISHES = Wishes()
PACKET_SECONDS = 0.02


def audible(leg: FakeLeg) -> list[str]:
    """What was heard one after the other; what lasts less than a packet is not heard."""
    changes = [*leg.heard, (float("inf"), "")]
    heard: list[str] = []
    for (at, what), (until, _) in itertools.pairwise(changes):
        if until - at >= PACKET_SECONDS and heard[-1:] != [what]:
            heard.append(what)
    return heard


class Caller:
    """A person with a phone, calling in."""

    def __init__(self, office: "Office", leg: FakeLeg) -> None:
        self._office = office
        self.leg = leg

    @property
    def hears(self) -> str:
        return self.leg.hears

    @property
    def heard(self) -> list[str]:
        """What was heard one after the other; what lasts less than a packet is not heard."""
        return audible(self.leg)

    @property
    def is_on_the_line(self) -> bool:
        return self.leg.ended is None

    @property
    def entry(self) -> Entry:
        """The caller's place. Raises AssertionError if there is none."""
        found = [e for e in self._office.memory.entries.values() if e.leg == self.leg.id]
        assert len(found) == 1, f"{len(found)} entries of this caller"
        return found[0]

    @property
    def has_place(self) -> bool:
        return any(e.leg == self.leg.id for e in self._office.memory.entries.values())

    async def joins(self) -> Entry:
        """Wait until the caller has a place in line."""
        await wait_until(lambda: self.has_place, "the caller has a place")
        return self.entry

    def hang_up(self) -> None:
        self._office.board.end(self.leg.id, EndReason.NORMAL)

    async def hears_soon(self, what: str, within_seconds: float = 5.0) -> None:
        await wait_until(lambda: self.hears == what, f"the caller hears {what}", within_seconds)

    async def talks_with(self, user: UserId, within_seconds: float = 10.0) -> None:
        await self.hears_soon(f"talk with {phone_of(user)}", within_seconds)


class Office:
    """Everything but the edges is there from the beginning; `open_office` starts one edge."""

    def __init__(self, *, house: House = usual, **settings: Any) -> None:
        """`settings` are alike in all queues; `house` changes the account beyond them."""
        configured = account()
        queues: tuple[Queue, ...] = tuple(
            replace(queue, **{"wrap_up_seconds": 5, **settings}) for queue in configured.queues
        )
        callers = (User(id="user_caller301", name="Inside", extension="301", sip="301"),)
        users = (*configured.users, *callers)
        self.world = World(accounts=(house(replace(configured, queues=queues, users=users)),))
        self.clock = LoopClock()
        self.site = MemorySite()
        self.board = Switchboard(NODE)
        for user in USERS:
            self.board.phones[phone_of(user)] = Phone(phone_of(user))
        self.desk = MemoryQueueStore(RunId("the API"), self.site, self.clock)
        self.edges: list[FakeEdge] = []
        self.receiver = FakeReceiver()
        self._numbers = itertools.count(1)

    @property
    def memory(self) -> AccountMemory:
        return self.site.account(ACCOUNT_ID, self.clock.now_ms())

    @property
    def edge(self) -> FakeEdge:
        return self.edges[-1]

    def phone(self, user: UserId) -> Phone:
        return self.board.phones[phone_of(user)]

    def agent(self, user: UserId) -> Agent:
        return self.memory.agent(user)

    def start_edge(self) -> FakeEdge:
        """One more edge, under a new run id."""
        run = RunId(f"edge-{next(self._numbers):026d}")
        edge = FakeEdge(run, self.board, self.site, self.clock, self.world, self.receiver)
        self.edges.append(edge)
        edge.start()
        return edge

    async def ready(self) -> None:
        """The youngest edge takes calls and matches."""
        edge = self.edge
        await wait_until(lambda: edge.run in self.board.apps, "the edge is connected")
        await wait_until(lambda: edge.matcher.is_open, "the edge matches", within_seconds=30)

    def call(
        self,
        dialled: str = NUMBER,
        endpoint: EndpointName = CARRIER,
        number: str = "12025550111",
        name: str = "",
        wishes: Wishes = NO_WISHES,
    ) -> Caller:
        """Somebody dials; inside where the endpoint is not the carrier."""
        leg_id = LegId(f"chan_{next(self._numbers):026d}")
        arrival = Arrival(
            leg=leg_id,
            node=NODE,
            dialled=dialled,
            endpoint=endpoint,
            inside=endpoint != CARRIER,
            caller_number=number,
            caller_name=name,
            arrived_at_ms=self.clock.now_ms(),
            wishes=wishes,
        )
        leg = FakeLeg(leg_id, None, endpoint, LegState.DOWN, arrival)
        self.board.add(leg)
        self.board.knock(leg)
        return Caller(self, leg)

    async def dial_star(self, user: UserId, code: str) -> str:
        """A star code from the agent's own phone, to its end; returns what was spoken."""
        caller = self.call(code, phone_of(user), number="")
        await wait_until(lambda: not caller.is_on_the_line, f"{code} ends", within_seconds=20)
        return caller.leg.variables.get("played", "")

    async def log_in(self, *users: UserId) -> None:
        """As by API at no edge in particular: the edges learn of it by what is due."""
        for user in users:
            await self.desk.change_presence(ACCOUNT_ID, user, PresenceChange.AVAILABLE)

    async def answered_by(self, user: UserId) -> None:
        """The agent picks up by hand."""
        await wait_until(lambda: self.phone(user).rung > 0, f"{user} is rung")
        leg = self.phone(user).leg
        assert leg is not None
        self.board.answered(leg)

    def leg_of(self, user: UserId) -> FakeLeg:
        """The newest leg to this agent's phone, whatever became of it."""
        return self.phone(user).legs[-1]

    def heard_by(self, user: UserId) -> list[str]:
        """What the agent heard in the newest call, one after the other."""
        return audible(self.leg_of(user))

    def press(self, user: UserId, keys: str) -> None:
        self.board.pressed(self.leg_of(user).id, keys)

    def hang_up_agent(self, user: UserId) -> None:
        leg = self.phone(user).leg
        assert leg is not None, f"{user} is not on the phone"
        self.board.end(leg, EndReason.NORMAL)

    async def is_occupied(self, user: UserId, how: Occupancy, within_seconds: float = 5.0) -> None:
        await wait_until(
            lambda: self.agent(user).occupancy is how, f"{user} is {how}", within_seconds
        )

    def events(self) -> list[EventName]:
        return [event.name for event in self.memory.events]

    def reasons(self) -> list[str]:
        """How each leg that came to nothing ended, in order."""
        return [one.reason for one in self.memory.events if one.name is EventName.LEG_ENDED]

    async def comes_to_rest(self) -> None:
        """Everybody has gone: no leg, no bridge of a conversation, nobody stuck."""
        for leg in list(self.board.legs.values()):
            if leg.arrival is not None:
                self.board.end(leg.id, EndReason.NORMAL)
        await wait_until(lambda: not self.board.legs, "no leg is left", within_seconds=40)
        await wait_until(lambda: not self._busy(), "nobody is stuck", within_seconds=40)
        talks = [b for b in self.board.bridges if not b.startswith("hold_")]
        await wait_until(
            lambda: not [b for b in self.board.bridges if not b.startswith("hold_")],
            f"no bridge is left of {talks}",
        )
        await wait_until(lambda: not self._conducted(), "no conductor is left")

    def _conducted(self) -> list[EntryId]:
        living = [edge for edge in self.edges if edge.run in self.board.apps]
        return [entry for edge in living for entry in edge.floor.conductors]

    def _busy(self) -> list[str]:
        agents = [a.id for a in self.memory.agents.values() if a.occupancy is not Occupancy.IDLE]
        entries = [e.id for e in self.memory.entries.values() if e.stage is not Stage.ENDED]
        return [*agents, *entries]


@asynccontextmanager
async def open_office(*ready: UserId, **settings: Any) -> AsyncIterator[Office]:
    """An office with one edge that takes calls and these agents logged in; all is over after it.

    `settings` are those of the queues (wrap_up_seconds 5 if not given), and `house`.
    """
    office = Office(**settings)
    office.start_edge()
    await office.ready()
    await office.log_in(*ready)
    try:
        yield office
        await office.comes_to_rest()
    finally:
        for edge in office.edges:
            await edge.stop()
