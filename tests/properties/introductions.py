"""The part of the histories in which callers hear an introduction out before they are offered."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.domain.ids import EntryId, QueueId, RunId
from tests.fakes.twin_stores import TwinStores
from tests.fakes.world import ACCOUNT_ID, EDGES, QUEUES, entry_named, joining


class Introductions(RuleBasedStateMachine):
    """Mixed into the histories."""

    entries: list[EntryId]
    twins: TwinStores

    def do(self, run: RunId, move: Any) -> Any:
        raise NotImplementedError

    @rule(
        run=st.sampled_from(EDGES),
        queue=st.sampled_from(QUEUES),
        intro_ms=st.sampled_from([1, 2_000, 60_000]),
    )
    def join_to_hear_an_introduction(self, run: RunId, queue: QueueId, intro_ms: int) -> None:
        entry = entry_named(len(self.entries))
        self.entries.append(entry)
        caller = joining(queue, self.twins.clock.now_ms(), entry, intro_ms=intro_ms)
        self.do(run, lambda store: store.join(ACCOUNT_ID, caller))

    @precondition(lambda self: self.entries)
    @rule(run=st.sampled_from(EDGES), pick=st.integers(0, 1_000))
    def introduction_was_heard(self, run: RunId, pick: int) -> None:
        entry = self.entries[pick % len(self.entries)]
        self.do(run, lambda store: store.end_introduction(ACCOUNT_ID, entry))

    @invariant()
    def nobody_is_offerable_in_the_introduction(self) -> None:
        for queue in QUEUES:
            offerable: Any = self.twins.plain.zrange(
                f"{{{ACCOUNT_ID}}}:queue:{queue}:offerable", 0, -1
            )
            for entry in offerable:
                assert not self.twins.memory.entries[EntryId(entry)].intro_until_ms
