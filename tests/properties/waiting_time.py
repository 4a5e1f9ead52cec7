"""The part of the histories that is about waiting times: what is told, learnt and expected."""

import asyncio
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.domain.ids import EntryId, RunId
from edge.ports.queue_store import PromiseWord
from tests.fakes.memory_learnt import learnt
from tests.fakes.memory_prospect import serving
from tests.fakes.memory_records import IN_LINE
from tests.fakes.twin_stores import TwinStores
from tests.fakes.world import ACCOUNT_ID, EDGES, QUEUES


class WaitingTimes(RuleBasedStateMachine):
    """Mixed into the histories."""

    entries: list[EntryId]
    twins: TwinStores
    runner: asyncio.Runner

    def do(self, run: RunId, move: Any) -> Any:
        raise NotImplementedError

    @precondition(lambda self: self.entries)
    @rule(
        run=st.sampled_from(EDGES),
        pick=st.integers(0, 1_000),
        seconds=st.sampled_from([0, 1, 60, 333]),
    )
    def a_time_is_told(self, run: RunId, pick: int, seconds: int) -> None:
        known = self.twins.memory.entries[self.entries[pick % len(self.entries)]]
        is_ours = known.owner == run and known.stage in IN_LINE
        told, promised_ms = known.promised_at_ms, seconds * 1000 + 7
        word = self.do(run, lambda store: store.promise(ACCOUNT_ID, known.id, promised_ms))
        assert word is (PromiseWord.PROMISED if is_ours else PromiseWord.STALE)
        after = self.twins.memory.entries[known.id]
        if told or not is_ours:
            assert (after.promised_ms, after.promised_at_ms) == (known.promised_ms, told)

    @rule(run=st.sampled_from(EDGES))
    def what_is_expected_is_the_same(self, run: RunId) -> None:
        for queue in QUEUES:
            self.runner.run(self.twins.prospect(run, queue))
            history = learnt(self.twins.memory, queue)
            assert history.patience.waited_seconds >= 0
            assert len(history.errors) <= 100
        for entry in self.entries[-8:]:
            self.runner.run(self.twins.standing(run, entry))

    @invariant()
    def who_serves_is_counted(self) -> None:
        """What the moves keep is what one would count."""
        memory = self.twins.memory
        for queue in memory.queues:
            kept: Any = self.twins.plain.hgetall(f"{{{ACCOUNT_ID}}}:queue:{queue}:serving")
            counted = {team: serving(memory, queue, team) for team in range(4)}
            assert {int(team): int(count) for team, count in kept.items() if int(count)} == {
                team: count for team, count in counted.items() if count
            }
