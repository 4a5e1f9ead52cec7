"""What must hold after every move, whatever happened before: the promises as assertions."""

from dataclasses import replace
from typing import Any

from edge.domain.agent import Occupancy
from edge.domain.entry import Entry, Stage
from edge.domain.events import EventName
from edge.domain.ids import EntryId, QueueId
from edge.domain.matching import PASSED_TOLD, Choice, Match, Passed, decide
from edge.domain.offer import LegFailure
from edge.domain.settings.account import HIGHEST_TIER
from edge.store.records import rules_of
from tests.fakes.memory_records import IN_LINE
from tests.fakes.memory_site import AccountMemory

Facts = list[tuple[str, dict[str, Any]]]

ON_A_LEG = frozenset({Occupancy.RESERVED, Occupancy.RINGING, Occupancy.TALKING})


def check_one_winner(memory: AccountMemory) -> None:
    """An agent is on at most one leg, an entry in at most one conversation, and both agree."""
    for agent in memory.agents.values():
        has_leg = agent.occupancy in ON_A_LEG
        assert has_leg == (agent.leg is not None)
        assert has_leg == (agent.leg_entry is not None)
        if agent.leg_entry is None:
            continue
        entry = memory.entries[agent.leg_entry]
        assert agent.leg_owner == entry.owner
        assert agent.leg_queue == entry.queue
        if agent.occupancy is Occupancy.TALKING:
            assert entry.agent == agent.id
            assert entry.stage in (Stage.CONNECTING, Stage.TALKING)
        else:
            assert agent.id in entry.ringing
            assert entry.stage is Stage.OFFERED
    for entry in memory.entries.values():
        assert bool(entry.ringing) == (entry.stage is Stage.OFFERED)
        assert entry.ringing <= entry.tried
        for user in entry.ringing | ({entry.agent} if entry.agent else set()):
            if entry.stage is not Stage.ENDED:
                assert memory.agent(user).leg_entry == entry.id


def check_ends_once(memory: AccountMemory, ended: dict[EntryId, Entry]) -> None:
    """Whatever ended has one disposition and never changes again. Where its caller has gone on to
    is noted once; until then whoever a key leads on may transfer the call."""
    for entry in memory.entries.values():
        assert (entry.disposition is not None) == (entry.stage is Stage.ENDED)
        assert bool(entry.ended_at_ms) == (entry.stage is Stage.ENDED)
        if entry.stage is Stage.ENDED:
            known = ended.setdefault(entry.id, entry)
            is_led_on = bool(known.pressed) and known.onward is None
            leg = entry.leg if is_led_on else known.leg
            assert replace(known, leg=leg, onward=entry.onward, rev=entry.rev) == entry
            assert known.onward in (None, entry.onward)
            ended[entry.id] = entry


class Legs:
    """What the stream tells of the legs: each is offered once and ends once, if it is not
    accepted; of every offer out of order it tells who was passed over, and why."""

    def __init__(self) -> None:
        self._read = 0
        self.offered: dict[str, str] = {}
        self.accepted: set[str] = set()
        self.ended: set[str] = set()

    def check(self, memory: AccountMemory, published: Facts) -> None:
        for name, facts in published[self._read :]:
            self._note(name, facts)
        self._read = len(published)
        on_a_leg = {agent.leg for agent in memory.agents.values()} - {None}
        assert on_a_leg <= self.offered.keys() - self.ended
        assert self.offered.keys() - on_a_leg <= self.ended | self.accepted

    def _note(self, name: str, facts: dict[str, Any]) -> None:
        leg = facts.get("leg", "")
        match name:
            case EventName.ENTRY_OFFERED:
                assert leg not in self.offered
                self.offered[leg] = facts["entry"]
                if facts["chosen"] != Choice.PICK:
                    passed = facts.get("passed", [])
                    assert len(passed) == min(facts["passed_over"], PASSED_TOLD)
                    assert all(Passed(why) for _, why in passed)
            case EventName.CALL_ANSWERED:
                assert leg in self.offered.keys() - self.ended - self.accepted
                self.accepted.add(leg)
            case EventName.LEG_ENDED:
                assert leg in self.offered.keys() - self.ended
                assert self.offered[leg] == facts["entry"]
                assert facts["reason"] in list(LegFailure)
                self.ended.add(leg)


def check_waits_end(memory: AccountMemory) -> None:
    """What only holds for a while has its end: an entry kept for one agent, the penalties."""
    for entry in memory.entries.values():
        assert (entry.preferred is not None) == bool(entry.prefer_until_ms)
        if entry.stage in IN_LINE:
            rules = rules_of(memory.queues[entry.queue].settings)
            ahead = [rule.after_seconds * 1000 + entry.joined_at_ms for rule in rules]
            if entry.max_tier != HIGHEST_TIER:
                assert entry.widen_at_ms or not any(at > memory.now_ms for at in ahead)
        assert not entry.is_last_offer or entry.stage is Stage.OFFERED


def check_places(memory: AccountMemory, places: dict[EntryId, tuple[int, int]]) -> None:
    """Place and time of joining never change by themselves; within a priority no two stand at one
    place."""
    for entry in memory.entries.values():
        assert places.setdefault(entry.id, (entry.place, entry.joined_at_ms)) == (
            entry.place,
            entry.joined_at_ms,
        )
    for queue in memory.queues:
        line = memory.line(queue)
        assert len({(entry.priority, entry.place) for entry in line}) == len(line)
        assert line == sorted(line, key=lambda entry: (-entry.priority, entry.place))


def check_nobody_is_stuck(memory: AccountMemory) -> None:
    """Every state that must not last has a due time that ends it."""
    for agent in memory.agents.values():
        must_end = agent.occupancy in (Occupancy.RESERVED, Occupancy.RINGING, Occupancy.WRAP_UP)
        assert (f"agent:{agent.id}" in memory.dues) == bool(agent.due_at_ms)
        assert bool(agent.wake_at_ms) or not must_end
    for entry in memory.entries.values():
        waits_for_a_round = entry.stage is Stage.WAITING and (
            bool(entry.tried) or entry.id in memory.held_back
        )
        is_due = f"entry:{entry.id}" in memory.dues
        assert is_due == bool(entry.due_at_ms)
        assert is_due or not waits_for_a_round


def check_no_wake_up_is_lost(memory: AccountMemory) -> None:
    """Where a match is possible, somebody will look: within the second, whoever dies."""
    for queue in memory.queues:
        if possible_match(memory, queue=queue) is not None:
            due = memory.dues.get(f"queue:{queue}")
            assert due is not None, f"a match is possible in {queue} and nobody will look"
            assert due <= memory.now_ms + 1_000


def possible_match(memory: AccountMemory, queue: QueueId) -> Match | None:
    """The match in this queue if one looked at all of it."""
    heads = memory.heads(queue, 10_000)
    return decide(heads) if heads is not None else None


def first_servable(memory: AccountMemory, match: Match, queue: QueueId) -> EntryId:
    """Who is to be served when these agents are free: the first whom they may have."""
    heads = memory.heads(queue, 10_000)
    assert heads is not None, "a match was possible"
    agents = [agent for agent in heads.agents if agent.id in match.agents]
    return next(
        entry.id
        for entry in heads.entries
        if (entry.named in match.agents and entry.named not in entry.tried)
        or any(entry.passed_for(agent) is None for agent in agents)
    )


def check_tiers(memory: AccountMemory) -> None:
    """Whoever rings is within what the caller may have by now; where all ring, of one offer."""
    for entry in memory.entries.values():
        if entry.stage is not Stage.OFFERED:
            assert (entry.ring_tier, entry.is_alone, entry.allowed) == (None, False, 1)
            assert not entry.step_at_ms
        assert len(entry.ringing) <= entry.ring_max
        if entry.is_alone:
            assert len(entry.ringing) == 1
