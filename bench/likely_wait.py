"""The best that can be told without seeing the future: the median of many futures drawn from the
true laws of talk, wrap-up, ring and patience, given how long each call and each wait has lasted.

No estimator has these laws. What it errs by nobody could avoid, and it is far above zero: the
agent who serves a caller is often one whose call could end now or in ten minutes.
"""

import heapq
import math
from random import Random
from statistics import NormalDist, median

from bench.call_days import RING_SECONDS, Agent, Caller, Floor, Pattern

FUTURES = 31
NORMAL = NormalDist()


def likely_wait(floor: Floor, caller: Caller, draw: Random) -> float:
    """Seconds; as in the bound, nobody comes to work or leaves later."""
    return median(_one_future(floor, caller, draw) for _ in range(FUTURES))


def _one_future(floor: Floor, caller: Caller, draw: Random) -> float:
    pattern, ring = floor.pattern, sum(RING_SECONDS) / 2
    free = [
        (_busy_for(agent, floor, draw), place, agent)
        for place, agent in enumerate(floor.agents)
        if not agent.is_leaving
    ]
    heapq.heapify(free)
    line = [
        (one, math.inf if one is caller else _patience_left(one, floor, draw))
        for one in floor.line[: floor.line.index(caller) + 1]
    ]
    while free:
        at, place, agent = heapq.heappop(free)
        line = [waiting for waiting in line if waiting[1] > at]
        taken = next((waiting for waiting in line if agent.may_have(waiting[0])), None)
        if taken is None:
            continue
        if taken[0] is caller:
            return at + ring
        line.remove(taken)
        busy = pattern.talk_at(draw.random()) + pattern.wrap_up(draw)
        heapq.heappush(free, (at + ring + busy, place, agent))
    return math.inf


def _busy_for(agent: Agent, floor: Floor, draw: Random) -> float:
    """Longer than so far; of the wrap-up only its mean is known."""
    if agent.caller is None:
        return 0.0
    pattern = floor.pattern
    lasted = floor.now - (agent.free_at - agent.caller.handling)
    if lasted <= 0:
        return pattern.talk_at(draw.random()) + pattern.wrap_up(draw) - lasted
    below = _share_of_talks_below(pattern, max(lasted - pattern.wrap_up_seconds, 0.1))
    talk = pattern.talk_at(below + (1 - below) * draw.random())
    return max(talk + pattern.wrap_up(draw) - lasted, 1.0)


def _share_of_talks_below(pattern: Pattern, seconds: float) -> float:
    mu, sigma = pattern.talk_law
    return NORMAL.cdf((math.log(seconds) - mu) / sigma)


def _patience_left(caller: Caller, floor: Floor, draw: Random) -> float:
    scale, shape = floor.pattern.patience_law
    waited = floor.now - caller.joined_at
    risk_so_far = math.pow(waited / scale, shape)
    until = math.pow(risk_so_far - math.log(1 - draw.random()), 1 / shape)
    return scale * until - waited
