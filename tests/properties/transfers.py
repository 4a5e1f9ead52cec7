"""The part of the histories in which callers transfer their calls."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from edge.domain.ids import EntryId, RunId
from tests.fakes.world import ACCOUNT_ID, EDGES, leg_named


class Transfers(RuleBasedStateMachine):
    """Mixed into the histories."""

    entries: list[EntryId]

    def do(self, run: RunId, move: Any) -> Any:
        raise NotImplementedError

    @precondition(lambda self: self.entries)
    @rule(run=st.sampled_from(EDGES), pick=st.integers(0, 1_000), to=st.integers(9_000, 9_003))
    def caller_transfers(self, run: RunId, pick: int, to: int) -> None:
        entry = self.entries[pick % len(self.entries)]
        self.do(run, lambda store: store.replace_leg(ACCOUNT_ID, entry, leg_named(to)))
