"""Rules of the histories about explanations: the same from both stores, and never other than the
decision."""

import asyncio
from dataclasses import replace
from typing import cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from edge.domain.entry import Stage
from edge.domain.explain import EntryFacts, LeftOut, explain_agent, explain_entry
from edge.domain.ids import EntryId, RunId, UserId
from edge.domain.matching import HeadAgent, decide
from edge.domain.settings import Account
from edge.ports.queue_store import QueueStore
from tests.fakes.memory_site import AccountMemory
from tests.fakes.twin_stores import TwinStores
from tests.fakes.world import ACCOUNT_ID, EDGES, USERS

runs = st.sampled_from(EDGES)


class ExplainRules(RuleBasedStateMachine):
    """Looks at entries and agents at any point of a history."""

    twins: TwinStores
    runner: asyncio.Runner
    configured: Account
    entries: list[EntryId]

    @precondition(lambda self: self.entries)
    @rule(run=runs, pick=st.integers(0, 1_000))
    def explain_an_entry(self, run: RunId, pick: int) -> None:
        entry = self.entries[pick % len(self.entries)]
        memory = cast(QueueStore, self.twins.memories[run])
        seen = self.runner.run(self.twins.redises[run].explain_entry(ACCOUNT_ID, entry))
        assert seen == self.runner.run(memory.explain_entry(ACCOUNT_ID, entry))
        assert seen is not None
        check_explained(seen, self.twins.memory)

    @rule(run=runs, user=st.sampled_from(USERS))
    def explain_an_agent(self, run: RunId, user: UserId) -> None:
        memory = cast(QueueStore, self.twins.memories[run])
        seen = self.runner.run(self.twins.redises[run].explain_agent(ACCOUNT_ID, user))
        assert seen == self.runner.run(memory.explain_agent(ACCOUNT_ID, user))
        explained = explain_agent(seen, self.twins.memory.settings or self.configured)
        assert explained.words
        for queue in explained.queues:
            is_ready = user in self.twins.memory.ready(queue.facts.queue)
            assert (queue.reason is None) == is_ready
            assert explained.reason is None or not is_ready
            first = None
            for placed in queue.facts.entries:
                if placed.head.by_name is not None:
                    may = placed.head.by_name == user
                else:
                    may = placed.head.passed_for(HeadAgent(user, queue.facts.tier)) is None
                if may:
                    first = placed
                    break
            assert queue.first == first


def check_explained(facts: EntryFacts, memory: AccountMemory) -> None:
    """Against the decision itself, about this entry alone and about its whole queue."""
    queue = memory.queues[facts.entry.queue]
    explained = explain_entry(facts, queue.settings)
    assert explained.waits_for
    assert all(wait.words for wait in explained.waits_for)
    if facts.entry.stage not in (Stage.WAITING, Stage.OFFERED):
        assert (explained.position, explained.candidates) == (0, ())
        return
    named = {agent.user for agent in explained.left_out}
    candidates = [candidate.user for candidate in explained.candidates]
    assert named | set(candidates) == set(queue.members)
    assert not named & set(candidates)
    for agent in explained.left_out:
        is_back_off = agent.code is LeftOut.BACK_OFF
        assert not is_back_off or memory.agent(agent.user).wake_at_ms
    everybody = memory.heads(facts.entry.queue, 10_000)
    alone = None
    if everybody is not None:
        own = tuple(head for head in everybody.entries if head.id == facts.entry.id)
        alone = decide(replace(everybody, entries=own))
    assert explained.nobody == (alone is None)
    if alone is not None:
        drawn = [candidate for candidate in explained.candidates if candidate.chance is not None]
        if drawn:
            assert abs(sum(candidate.chance or 0 for candidate in drawn) - 1) < 1e-9
            assert set(alone.agents) <= {one.user for one in drawn if one.chance}
        else:
            chosen = tuple(one.user for one in explained.candidates if one.is_chosen)
            assert chosen == alone.agents
            assert candidates[0] == alone.agents[0]
    match = decide(everybody) if everybody is not None else None
    if match is not None and match.entry.id == facts.entry.id and not match.by_name:
        assert candidates[0] == match.agents[0], "explained as it is decided"
    if match is not None and facts.entry.id in {head.id for head in match.skipped_entries}:
        assert explained.nobody, "who was passed over may be given to nobody"
    if match is None:
        assert explained.nobody
