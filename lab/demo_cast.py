"""The robots of the demo: three agents and five callers, each a real baresip with its own tone."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lab.demo_teller import Teller
from lab.demo_world import DemoWorld
from lab.phone import Phone
from lab.phone_events import Happening, PhoneEvent, Recording

OUTSIDE_CALLER = "14155550142"
AGENTS = {"Alice": "201", "Bob": "202", "Carol": "203"}
CALLERS = ("301", "302", "303", "304")


@dataclass(slots=True)
class Robot:
    """A phone with a name. `dialled_at` (monotonic) is of its newest call of its own."""

    name: str
    user: str
    phone: Phone
    dialled_at: float = 0.0
    labels: dict[str, str] = field(default_factory=dict)
    """What the recording of a call (by Call-ID) is to be called."""

    @property
    def number(self) -> str:
        return self.phone.number

    async def dial(self, number: str, label: str) -> PhoneEvent:
        """Dial and wait until it is answered; the answer."""
        self.dialled_at = time.monotonic()
        await self.phone.call(number)
        answered = await self.phone.wait_for(Happening.ANSWERED)
        if answered.call_id is not None:
            self.labels[answered.call_id] = label
        return answered

    def closed_at(self, call_id: str | None) -> float | None:
        """When that call was over (monotonic), None while it is not."""
        for event in self.phone.seen(Happening.CLOSED):
            if event.call_id == call_id:
                return event.at
        return None

    def recording(self, label: str) -> Recording | None:
        """What was heard in the call of that label."""
        for recording in self.phone.recordings:
            if self.labels.get(recording.call_id) == label:
                return recording
        return None


@dataclass(slots=True)
class Cast:
    alice: Robot
    bob: Robot
    carol: Robot
    callers: dict[str, Robot]

    @property
    def agents(self) -> dict[str, Robot]:
        """By their user's id."""
        return {robot.user: robot for robot in (self.alice, self.bob, self.carol)}

    @property
    def all(self) -> list[Robot]:
        return [*self.agents.values(), *self.callers.values()]


@asynccontextmanager
async def on_stage(world: DemoWorld, teller: Teller, folder: Path) -> AsyncIterator[Cast]:
    """All phones registered; on leaving they hang up and end, their recordings stay."""
    async with AsyncExitStack() as stack:
        started = await asyncio.gather(
            *(_agent(name, world, folder) for name in AGENTS),
            *(_caller(number, n, world, folder) for n, number in enumerate(CALLERS)),
            _outside(world, folder),
            return_exceptions=True,
        )
        robots = [robot for robot in started if isinstance(robot, Robot)]
        stack.push_async_callback(_stop, robots)
        for fault in started:
            if isinstance(fault, BaseException):
                raise fault
        for robot in robots:
            if robot.number != OUTSIDE_CALLER:
                await robot.phone.wait_registered()
        alice, bob, carol, *callers = robots
        for robot in (alice, bob, carol):
            _tell_of(robot, teller)
        yield Cast(alice, bob, carol, {robot.number: robot for robot in callers})


async def _stop(robots: list[Robot]) -> None:
    await asyncio.gather(*(robot.phone.stop() for robot in robots))


async def _agent(name: str, world: DemoWorld, folder: Path) -> Robot:
    number = AGENTS[name]
    phone = await Phone.start(
        number,
        server=world.asterisk.sip_address,
        folder=folder / number,
        tone_hz=1400 + 100 * int(number[-1]),
    )
    return Robot(name, f"user_{name.lower()}", phone)


async def _caller(number: str, n: int, world: DemoWorld, folder: Path) -> Robot:
    phone = await Phone.start(
        number,
        server=world.asterisk.sip_address,
        folder=folder / number,
        tone_hz=900 + 40 * n,
    )
    return Robot(f"caller {number}", f"user_caller{number}", phone)


async def _outside(world: DemoWorld, folder: Path) -> Robot:
    phone = await Phone.start(
        OUTSIDE_CALLER,
        server=world.asterisk.sip_address,
        registers=False,
        address=world.settings.asterisk.carrier_host,
        folder=folder / OUTSIDE_CALLER,
        tone_hz=1100,
    )
    return Robot(f"caller {OUTSIDE_CALLER}", "", phone)


def _tell_of(robot: Robot, teller: Teller) -> None:
    """Tell what an agent's phone does, and name the recordings of the calls it gets."""
    ringing_since: dict[str, float] = {}

    def hear(event: PhoneEvent) -> None:
        call, at = event.call_id or "", event.wall_at.timestamp()
        match event.kind:
            case Happening.INCOMING:
                ringing_since[call] = event.at
                robot.labels[call] = f"with-{event.peer}"
                teller.fact(f"{robot.name}'s phone rings and shows {event.peer}", at)
            case Happening.ANSWERED:
                ringing_since.pop(call, None)
            case Happening.CLOSED if call in ringing_since:
                rang = event.at - ringing_since.pop(call)
                teller.fact(f"{robot.name}'s phone stops ringing after {rang:.1f} s", at)
            case _:
                pass

    robot.phone.on_event = hear
