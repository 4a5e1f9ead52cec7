"""What Lua learns and expects is what the pure functions do, to the last digit."""

import json
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.domain.disposition import Disposition
from edge.domain.estimate import (
    History,
    KeptPromise,
    Standing,
    answered,
    completed,
    expected_wait,
    left,
)
from edge.domain.ids import QueueId
from edge.domain.teams import Rival, Team, agents_for
from edge.store.facts import to_history
from edge.store.scripts import load_scripts
from tests.fakes.redis_server import RedisServer

DRIVER = """
local function at(ms) now, stamp = ms, tostring(ms) end
for _, fact in ipairs(cjson.decode(ARGV[2])) do
  local what, joined_at, ms, how, told_at, told = unpack(fact)
  at(ms)
  local f = {queue = 'qu_one', joined_at = joined_at, answered_at = ms}
  if told_at > 0 then f.promised_at, f.promised_ms = told_at, told end
  if what == 'completed' then learn_completed('qu_one', joined_at)
  elseif what == 'answered' then learn_answered(f)
  else learn_left(f, how) end
end
write_learnt()
local expected = {}
for i, seen in ipairs(cjson.decode(ARGV[3])) do
  local wait = expected_wait('qu_one', seen)
  expected[i] = wait and string.format('%.17g', wait) or ''
end
return {redis.call('GET', key('queue', 'qu_one', 'learnt')) or '',
  redis.call('LRANGE', key('queue', 'qu_one', 'errors'), 0, -1), expected}
"""

moments = st.integers(0, 7_200_000)
facts = st.lists(
    st.tuples(
        st.sampled_from(["completed", "answered", "left"]),
        moments,
        moments,
        st.sampled_from(Disposition),
        st.none() | moments,
        moments,
    ),
    max_size=150,
)
OTHERS = ("qu_four", "qu_three", "qu_two")
places = st.fixed_dictionaries(
    {
        "position": st.integers(1, 400),
        "more": st.integers(0, 50),
        "idle": st.integers(0, 3),
        "head_waited_ms": moments,
        "teams": st.lists(
            st.tuples(st.integers(1, 30), st.sets(st.sampled_from(OTHERS)).map(sorted)), max_size=3
        ),
        "rivals": st.fixed_dictionaries(
            dict.fromkeys(OTHERS, st.tuples(st.integers(0, 40), st.integers(0, 9)))
        ),
    }
)
BEGAN = 1_800_000_000_000


@pytest.mark.redis
@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(facts=facts, seen=st.lists(places, max_size=5))
def test_lua_learns_and_expects_as_the_pure_functions_do(
    redis_server: RedisServer, facts: list[Any], seen: list[dict[str, Any]]
) -> None:
    history, rows = History(), []
    for what, joined_ms, ms, how, told_ms, told in facts:
        joined, now = min(joined_ms, ms), max(joined_ms, ms)
        told_at = min(max(told_ms, joined), now) if told_ms is not None else None
        waited = (now - joined) / 1000
        match what:
            case "completed":
                history = completed(history, waited)
            case "answered":
                promise = told_at is not None and KeptPromise(told / 1000, (now - told_at) / 1000)
                history = answered(history, waited, promise or None)
            case _:
                history = left(history, waited, how)
        when = BEGAN + told_at if told_at is not None else 0
        rows.append([what, BEGAN + joined, BEGAN + now, how, when, told])
    client: redis.Redis = redis_server.client()
    client.flushall()
    asked = [
        place
        | {
            "waiting": place["position"] + place["more"],
            "teams": [
                [n, [[name, *place["rivals"][name]] for name in names]]
                for n, names in place["teams"]
            ],
        }
        for place in seen
    ]
    learnt, errors, expected = run(client, rows, asked)
    client.close()
    assert to_history(learnt, tuple(map(float, errors))) == history
    for place, text in zip(asked, expected, strict=True):
        teams = (
            Team(n, tuple(Rival(QueueId(name), ahead, agents) for name, ahead, agents in others))
            for n, others in place["teams"]
        )
        standing = Standing(
            place["position"],
            place["waiting"],
            agents_for(place["position"], tuple(teams)),
            place["idle"],
            place["head_waited_ms"] / 1000,
        )
        wait = expected_wait(history, standing)
        assert text == ("" if wait is None else f"{wait:.17g}")


def run(client: redis.Redis, rows: list[Any], asked: list[Any]) -> Any:
    """The parts as a move has them, and the driver in place of the move."""
    look = load_scripts()["standing"]
    move = look.text.index("-- purpose: what the waiting time")
    text = look.text[:move].replace("local now = read_clock()", "local now = 0") + DRIVER
    return client.eval(text, 1, "{acct_lua}", "run", json.dumps(rows), json.dumps(asked))
