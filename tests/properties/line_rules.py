"""Rules of the histories about places: positions, priorities, preferred agents and picks."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from edge.domain.ids import EntryId, LegId, QueueId, RunId, UserId
from edge.ports.queue_store import JoinWord
from tests.fakes.twin_stores import TwinStores
from tests.fakes.world import ACCOUNT_ID, EDGES, QUEUES, USERS, entry_named, joining

runs = st.sampled_from(EDGES)
picks = st.integers(0, 1_000)


class LineRules(RuleBasedStateMachine):
    """What `StoreHistories` does to the line besides joining and leaving."""

    twins: TwinStores

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[EntryId] = []
        self.places: dict[EntryId, tuple[int, int]] = {}

    def do(self, run: RunId, move: Any) -> Any:
        raise NotImplementedError

    def new_leg(self) -> LegId:
        raise NotImplementedError

    @rule(
        run=runs,
        queue=st.sampled_from(QUEUES),
        position=st.integers(0, 4),
        priority=st.sampled_from([0, 0, 3]),
        preferred=st.sampled_from([None, *USERS]),
        prefer_ms=st.sampled_from([1, 3_000, 20_000]),
    )
    def join_at(
        self,
        run: RunId,
        queue: QueueId,
        position: int,
        priority: int,
        preferred: UserId | None,
        prefer_ms: int,
    ) -> None:
        entry = entry_named(len(self.entries))
        self.entries.append(entry)
        caller = joining(
            queue,
            entry=entry,
            priority=priority,
            position=position,
            preferred=preferred,
            prefer_ms=prefer_ms if preferred else 0,
        )
        word = self.do(run, lambda store: store.join(ACCOUNT_ID, caller))
        self.places.clear()
        if word is JoinWord.REJECTED:
            return
        before = [one.id for one in self.twins.memory.line(queue)]
        assert not position or before[position - 1 : position] in ([entry], []), "stands there"

    @precondition(lambda self: self.entries)
    @rule(
        run=runs,
        pick=picks,
        priority=st.sampled_from([None, 0, 2, 2047]),
        position=st.integers(0, 4),
    )
    def rearrange(self, run: RunId, pick: int, priority: int | None, position: int) -> None:
        entry = self.entries[pick % len(self.entries)]
        known = self.twins.memory.entries[entry]
        others = [one.id for one in self.twins.memory.line(known.queue) if one.id != entry]
        self.do(
            run,
            lambda store: store.rearrange(ACCOUNT_ID, entry, priority=priority, position=position),
        )
        self.places.clear()
        line = [one.id for one in self.twins.memory.line(known.queue)]
        assert [one for one in line if one != entry] == others, "nobody else changes places"
        if position and entry in line:
            assert line.index(entry) == min(position - 1, len(others)), "stands there"

    @precondition(lambda self: self.entries)
    @rule(run=runs, pick=picks, user=st.sampled_from(USERS), is_called=st.booleans())
    def pick_one(self, run: RunId, pick: int, user: UserId, is_called: bool) -> None:
        entry, leg = self.entries[pick % len(self.entries)], self.new_leg()
        self.do(run, lambda store: store.pick(ACCOUNT_ID, entry, user, leg, is_called=is_called))
