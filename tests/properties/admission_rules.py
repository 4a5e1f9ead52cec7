"""Histories in which queues are full, empty or closed, and waits come to their end at any point."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from edge.domain.admission import Factor, Preset
from edge.domain.ids import EntryId, QueueId, RunId, UserId
from edge.domain.settings import Account, PenaltyRule, Queue
from edge.ports.queue_store import JoinWord
from tests.fakes.houses import House
from tests.fakes.memory_admission import census, must_empty, why_refused
from tests.fakes.twin_stores import TwinStores
from tests.fakes.world import ACCOUNT_ID, EDGES, QUEUES, account, entry_named, joining, with_rules

factors = st.lists(st.sampled_from(Factor), min_size=1, max_size=3, unique=True).map(tuple)
empty_rules = st.one_of(st.booleans(), st.sampled_from(Preset), factors)
RULES = st.fixed_dictionaries(
    {},
    optional={
        "max_queue_length": st.sampled_from([0, 1, 2, 3]),
        "join_when_empty": empty_rules,
        "leave_when_empty": empty_rules,
        "divert_ratio": st.sampled_from([0.0, 0.5, 1.0, 2.5]),
        "divert_wait_seconds": st.sampled_from([0, 1, 10, 120]),
        "timeout_seconds": st.sampled_from([0, 1, 3, 20]),
        "timeout_lets_ring": st.booleans(),
        "penalty_rules": st.sampled_from([(), (PenaltyRule(0, 0, 0),), (PenaltyRule(0, 1, 1),)]),
        "short_abandon_seconds": st.sampled_from([0, 2]),
    },
)


def in_one_tier(queue: Queue) -> Queue:
    """All members of one penalty and skill level, and all may ring at once."""
    members = (replace(member, penalty=0, skill_level=1) for member in queue.members)
    return replace(queue, members=tuple(members), ring_max=3)


class AdmissionRules:
    """Rules for `StoreHistories`, which has `do`, `twins` and `entries`."""

    twins: TwinStores
    entries: list[EntryId]
    tuned: dict[QueueId, dict[str, Any]]
    members: dict[QueueId, tuple[UserId, ...]] | None
    runner: asyncio.Runner
    strategy: str
    is_flat: bool
    configured: Account
    house: House

    def do(self, run: RunId, move: Any) -> Any:
        raise NotImplementedError

    def tuned_account(self) -> Account:
        """The account with the members and the admission rules that it has now."""
        usual = self.house(with_rules(account(self.members, self.strategy)))
        queues = (replace(one, **self.tuned.get(QueueId(one.id), {})) for one in usual.queues)
        if self.is_flat:
            queues = (in_one_tier(queue) for queue in queues)
        return replace(usual, queues=tuple(queues))

    @rule(run=st.sampled_from(EDGES), queue=st.sampled_from(QUEUES), rules=RULES)
    def rules_of_admission_change(self, run: RunId, queue: QueueId, rules: dict[str, Any]) -> None:
        self.tuned[queue] = rules
        self.configured = self.tuned_account()
        self.runner.run(self.twins.configure(run, self.configured))

    @rule(
        run=st.sampled_from(EDGES),
        queue=st.sampled_from(QUEUES),
        longest=st.sampled_from([None, 0, 1, 5]),
        is_closed=st.sampled_from([False, False, False, True]),
    )
    def join_with_a_wait_of_its_own(
        self, run: RunId, queue: QueueId, longest: int | None, is_closed: bool
    ) -> None:
        entry = entry_named(len(self.entries))
        self.entries.append(entry)
        caller = replace(
            joining(queue, self.twins.clock.now_ms(), entry),
            max_wait_seconds=longest,
            is_closed=is_closed,
        )
        refused, _ = why_refused(self.twins.memory, caller)
        word = self.do(run, lambda store: store.join(ACCOUNT_ID, caller))
        assert word is (JoinWord.REJECTED if refused else JoinWord.JOINED)
        assert self.twins.memory.entries[entry].disposition is refused

    @rule(run=st.sampled_from(EDGES))
    def whoever_must_leave_has_left(self, run: RunId) -> None:
        """With all edges alive, what is due ends every wait that is over."""
        memory = self.twins.memory
        for _ in range(3):
            for due in self.runner.run(self.twins.due(run)):
                self.do(run, lambda store, due=due: store.fire(due, frozenset(EDGES)))
        for entry in memory.entries.values():
            assert not 0 < entry.timeout_at_ms <= memory.now_ms
        assert not any(must_empty(memory, queue) for queue in memory.queues)

    @invariant()
    def the_census_is_true(self) -> None:
        """What the moves keep is what one would count."""
        memory = self.twins.memory
        for queue in memory.queues:
            kept: Any = self.twins.plain.hgetall(f"{{{ACCOUNT_ID}}}:queue:{queue}:census")
            counted = Counter(
                " ".join(sorted(condition)) or "free" for condition in census(memory, queue)
            )
            found = {
                " ".join(sorted(name.split())): int(count)
                for name, count in kept.items()
                if int(count)
            }
            assert found == counted

    @invariant()
    def who_must_leave_is_due(self) -> None:
        memory = self.twins.memory
        for queue in memory.queues:
            assert must_empty(memory, queue) == (f"empty:{queue}" in memory.dues)
