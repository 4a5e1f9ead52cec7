"""Histories in which keys lead callers to another queue, and some come back to the old place."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from edge.domain.disposition import Disposition
from edge.domain.entry import Entry, Stage
from edge.domain.ids import EntryId, QueueId, RunId
from edge.ports.queue_store import JoinWord, RejoinWord
from tests.fakes.memory_records import IN_LINE
from tests.fakes.twin_stores import TwinStores
from tests.fakes.world import ACCOUNT_ID, EDGES, QUEUES, entry_named, joining, leg_named

runs = st.sampled_from([None, *EDGES])
"""None: the edge that owns the entry."""


class KeyRules(RuleBasedStateMachine):
    """Mixed into the histories."""

    twins: TwinStores
    entries: list[EntryId]

    def do(self, run: RunId, move: Any) -> Any:
        raise NotImplementedError

    def known(self, pick: int) -> Entry:
        entry = self.entries[pick % len(self.entries)]
        return self.twins.memory.entries[entry]

    @precondition(lambda self: self.entries)
    @rule(
        run=runs,
        queue=st.sampled_from(QUEUES),
        pick=st.integers(0, 1_000),
        is_closed=st.sampled_from([False, False, True]),
        again=st.booleans(),
    )
    def a_key_leads_to_a_queue(
        self, run: RunId | None, queue: QueueId, pick: int, is_closed: bool, again: bool
    ) -> None:
        before = self.known(pick)
        entry = entry_named(len(self.entries))
        self.entries.append(entry)
        caller = joining(
            queue,
            self.twins.clock.now_ms(),
            entry,
            before.priority,
            is_closed=is_closed,
            leaves=before.id,
            pressed="2",
        )
        run = run or before.owner
        word = self.do(run, lambda store: store.join(ACCOUNT_ID, caller))
        after = self.twins.memory.entries[before.id]
        match word:
            case JoinWord.JOINED:
                assert (after.disposition, after.onward) == (Disposition.ROUTED, entry)
            case JoinWord.REJECTED:
                assert after == before, "who is not let in there has lost nothing here"
            case JoinWord.STALE:
                assert after == before
                assert before.stage not in IN_LINE or before.owner != run
                self.entries.remove(entry)
        if again and word is not JoinWord.STALE:
            word = self.do(run, lambda store: store.join(ACCOUNT_ID, caller))
            assert word is JoinWord.ALREADY

    @precondition(
        lambda self: any(one.disposition is Disposition.ROUTED for one in self.everybody())
    )
    @rule(run=st.sampled_from(EDGES), pick=st.integers(0, 1_000), again=st.booleans())
    def one_comes_back(self, run: RunId, pick: int, again: bool) -> None:
        routed = [one for one in self.everybody() if one.disposition is Disposition.ROUTED]
        before = routed[pick % len(routed)]
        new = entry_named(len(self.entries))

        def rejoin() -> RejoinWord:
            word: RejoinWord = self.do(
                run, lambda store: store.rejoin(ACCOUNT_ID, before.id, new, leg_named(8_000))
            )
            return word

        if rejoin() is RejoinWord.STALE:
            assert before.onward
            return
        self.entries.append(new)
        entry = self.twins.memory.entries[new]
        assert (entry.stage, entry.joined_at_ms) == (Stage.WAITING, before.joined_at_ms)
        assert entry.place >= before.place
        if again:
            assert rejoin() is RejoinWord.REJOINED

    @precondition(lambda self: self.entries)
    @rule(run=st.sampled_from(EDGES), pick=st.integers(0, 1_000))
    def nobody_comes_back_who_was_not_led_away(self, run: RunId, pick: int) -> None:
        before, new = self.known(pick), entry_named(7_000)
        if before.disposition is Disposition.ROUTED and not before.onward:
            return
        word = self.do(
            run, lambda store: store.rejoin(ACCOUNT_ID, before.id, new, leg_named(8_001))
        )
        assert word is RejoinWord.STALE

    def everybody(self) -> list[Entry]:
        return list(self.twins.memory.entries.values())

    @precondition(lambda self: self.entries)
    @rule(run=st.sampled_from(EDGES), pick=st.integers(0, 1_000))
    def led_out_of_the_line(self, run: RunId, pick: int) -> None:
        entry = self.known(pick)
        self.do(run, lambda store: store.leave(ACCOUNT_ID, entry.id, Disposition.ROUTED))
