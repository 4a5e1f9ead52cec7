"""Days of a call centre, simulated: callers come, wait, give up; agents ring, talk, wrap up, leave.

Two queues in order of arrival: the one that is watched, and another with which agents may be
shared. Everything is drawn from the seed of the day.
"""

import heapq
import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from random import Random
from statistics import NormalDist
from typing import Protocol

HOUR = 3600.0
WATCHED, OTHER = 0, 1
RING_SECONDS = (2.0, 8.0)
"""From the offer to the answer; every offer is answered."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A kind of day. Steps are (from hour, value), the first one from hour 0."""

    name: str
    calls_per_hour: tuple[tuple[float, float], ...]
    agents: tuple[tuple[float, int], ...]
    talk_seconds: float = 240.0
    spread: float = 0.8
    """Standard deviation of the talk over its mean (log-normal)."""
    wrap_up_seconds: float = 30.0
    patience_seconds: float = 900.0
    """Mean; Weibull of shape 1.5: who has just come seldom leaves."""
    shared_agents: int = 0
    other_calls_per_hour: float = 0.0
    hours: float = 9.0

    @property
    def talk_law(self) -> tuple[float, float]:
        """Mean and deviation of the logarithm."""
        sigma = math.sqrt(math.log(1 + self.spread**2))
        return math.log(self.talk_seconds) - sigma**2 / 2, sigma

    @property
    def patience_law(self) -> tuple[float, float]:
        """Scale and shape."""
        shape = 1.5
        return self.patience_seconds / math.gamma(1 + 1 / shape), shape

    def talk_at(self, share: float) -> float:
        """The talk that this share of talks stays below."""
        mu, sigma = self.talk_law
        return math.exp(mu + sigma * NormalDist().inv_cdf(min(max(share, 1e-9), 1 - 1e-9)))

    def wrap_up(self, draw: Random) -> float:
        return draw.uniform(0.5, 1.5) * self.wrap_up_seconds


@dataclass(slots=True, eq=False)
class Caller:
    queue: int
    joined_at: float
    gives_up_at: float
    ring: float
    handling: float
    """Talk and wrap-up."""


@dataclass(slots=True, eq=False)
class Agent:
    is_shared: bool
    free_at: float = 0.0
    caller: Caller | None = None
    is_leaving: bool = False

    def may_have(self, caller: Caller) -> bool:
        return self.is_shared or caller.queue == WATCHED


class Watcher(Protocol):
    """Is told of the watched queue, in order of time."""

    def joined(self, floor: "Floor", caller: Caller) -> None: ...
    def reminded(self, floor: "Floor", caller: Caller) -> None: ...
    def answered(self, caller: Caller, waited: float) -> None: ...
    def abandoned(self, caller: Caller, waited: float) -> None: ...
    def completed(self, caller: Caller) -> None: ...


def step_at(steps: tuple[tuple[float, float], ...], hour: float) -> float:
    return steps[bisect_right(steps, hour, key=lambda step: step[0]) - 1][1]


@dataclass(slots=True)
class Floor:
    """One day; `run` plays it."""

    pattern: Pattern
    seed: int
    watcher: Watcher
    now: float = 0.0
    line: list[Caller] = field(default_factory=list)
    agents: list[Agent] = field(default_factory=list)
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _turn: "count[int]" = field(default_factory=count)

    def run(self) -> None:
        self.agents = [Agent(is_shared=True) for _ in range(self.pattern.shared_agents)]
        for hour, number in self.pattern.agents:
            self._at(hour * HOUR, partial(self._staff, number))
        peak = max(rate for _, rate in self.pattern.calls_per_hour)
        self._arrivals(WATCHED, peak, lambda hour: step_at(self.pattern.calls_per_hour, hour))
        other = self.pattern.other_calls_per_hour
        self._arrivals(OTHER, other, lambda hour: other)
        while self._due:
            self.now, _, happens = heapq.heappop(self._due)
            happens()

    def watched(self) -> list[Caller]:
        return [caller for caller in self.line if caller.queue == WATCHED]

    def _at(self, when: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._due, (when, next(self._turn), happens))

    def _arrivals(self, queue: int, peak: float, rate: Callable[[float], float]) -> None:
        """Poisson at the peak's rate, thinned to that of the hour (Lewis and Shedler)."""
        draw = Random(f"{self.pattern.name} {self.seed} {queue}")
        at = 0.0
        while peak > 0 and (at := at + draw.expovariate(peak / HOUR)) < self.pattern.hours * HOUR:
            caller = self._caller(draw, queue, at)
            if draw.random() < rate(at / HOUR) / peak:
                self._at(at, partial(self._join, caller))

    def _caller(self, draw: Random, queue: int, at: float) -> Caller:
        pattern = self.pattern
        handling = draw.lognormvariate(*pattern.talk_law) + pattern.wrap_up(draw)
        gives_up_at = at + draw.weibullvariate(*pattern.patience_law)
        return Caller(queue, at, gives_up_at, draw.uniform(*RING_SECONDS), handling)

    def _staff(self, number: int) -> None:
        own = [agent for agent in self.agents if not agent.is_shared]
        staying = sorted(own, key=lambda agent: (agent.is_leaving, agent.caller is None))
        staying += [Agent(is_shared=False) for _ in range(number - len(own))]
        for place, agent in enumerate(staying):
            agent.is_leaving = place >= number
            if agent.is_leaving and agent.caller is None:
                self.agents.remove(agent)
            elif agent not in self.agents:
                self.agents.append(agent)
        self._match()

    def _join(self, caller: Caller) -> None:
        self.line.append(caller)
        self._match()
        if caller in self.line:
            self._at(caller.gives_up_at, partial(self._give_up, caller))
            if caller.queue == WATCHED:
                self.watcher.joined(self, caller)
                self._at(self.now + 60, partial(self._remind, caller))

    def _remind(self, caller: Caller) -> None:
        if caller in self.line:
            self.watcher.reminded(self, caller)
            self._at(self.now + 60, partial(self._remind, caller))

    def _give_up(self, caller: Caller) -> None:
        if caller in self.line:
            self.line.remove(caller)
            if caller.queue == WATCHED:
                self.watcher.abandoned(caller, self.now - caller.joined_at)

    def _match(self) -> None:
        for caller in list(self.line):
            agent = next(
                (one for one in self.agents if one.caller is None and one.may_have(caller)), None
            )
            if agent is not None:
                self.line.remove(caller)
                self._take(agent, caller)

    def _take(self, agent: Agent, caller: Caller) -> None:
        agent.caller = caller
        agent.free_at = self.now + caller.ring + caller.handling
        self._at(agent.free_at, partial(self._free, agent))
        if caller.queue == WATCHED:
            waited = self.now + caller.ring - caller.joined_at
            self._at(self.now + caller.ring, partial(self.watcher.answered, caller, waited))

    def _free(self, agent: Agent) -> None:
        caller, agent.caller = agent.caller, None
        if caller is not None and caller.queue == WATCHED:
            self.watcher.completed(caller)
        if agent.is_leaving:
            self.agents.remove(agent)
        self._match()


def wait_if_all_were_known(floor: Floor, caller: Caller) -> float | None:
    """Seconds until this caller is answered, from the real talks, rings and patience of all who are
    here now; who comes to work or leaves later is not known. None if the turn never comes."""
    line = floor.line[: floor.line.index(caller) + 1]
    free = [
        (max(agent.free_at, floor.now), place, agent)
        for place, agent in enumerate(floor.agents)
        if not agent.is_leaving
    ]
    heapq.heapify(free)
    while free:
        at, place, agent = heapq.heappop(free)
        line = [one for one in line if one.gives_up_at > at or one is caller]
        taken = next((one for one in line if agent.may_have(one)), None)
        if taken is caller:
            return at + caller.ring - floor.now
        if taken is not None:
            line.remove(taken)
            heapq.heappush(free, (at + taken.ring + taken.handling, place, agent))
    return None
