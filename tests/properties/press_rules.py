"""Rules of the histories about keys and their webhooks."""

import asyncio
from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.events import EventName
from edge.domain.ids import EntryId, RunId
from edge.domain.webhook import Settled, Webhook
from edge.ports.outbox import SettleWord
from edge.ports.queue_store import PressWord
from tests.fakes.memory_records import IN_LINE
from tests.fakes.twin_stores import TwinStores
from tests.fakes.world import ACCOUNT_ID, EDGES, webhook_named

ATTEMPTS = 3
CALL_PENDING, CALLER_PENDING = 2, 3
runs = st.sampled_from(EDGES)
picks = st.integers(0, 1_000)
dispositions = st.sampled_from(
    [None, None, Disposition.ROUTED, Disposition.OPTION_HANGUP, Disposition.WEBHOOK_EXIT]
)


class PressRules(RuleBasedStateMachine):
    """Mixed into the histories."""

    twins: TwinStores
    entries: list[EntryId]
    runner: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        self.presses: list[tuple[EntryId, Disposition | None, Webhook]] = []

    def do(self, run: RunId, move: Any) -> Any:
        raise NotImplementedError

    def press(
        self, run: RunId, entry: EntryId, how: Disposition | None, webhook: Webhook | None
    ) -> None:
        known = self.twins.memory.entries[entry]
        is_first = webhook is None or webhook.id not in self.twins.memory.outbox.pressed
        may_press = known.owner == run and known.stage in IN_LINE
        word = self.do(run, lambda store: store.press(ACCOUNT_ID, entry, "1", how, webhook))
        after = self.twins.memory.entries[entry]
        assert word is (PressWord.PRESSED if may_press or not is_first else PressWord.STALE)
        if may_press and is_first and how is not None:
            assert (after.stage, after.disposition) == (Stage.ENDED, how)
        else:
            assert after == known, "the place is kept, as it was"

    @precondition(lambda self: self.entries)
    @rule(run=runs, pick=picks, how=dispositions, has_webhook=st.booleans())
    def press_a_key(
        self, run: RunId, pick: int, how: Disposition | None, has_webhook: bool
    ) -> None:
        entry = self.entries[pick % len(self.entries)]
        webhook = webhook_named(len(self.presses)) if has_webhook else None
        if webhook is not None:
            self.presses.append((entry, how, webhook))
        self.press(run, entry, how, webhook)

    @precondition(lambda self: self.in_line())
    @rule(pick=picks, how=dispositions, has_webhook=st.booleans())
    def owner_presses(self, pick: int, how: Disposition | None, has_webhook: bool) -> None:
        """What a living conductor does: most keys are pressed like this."""
        known = self.in_line()[pick % len(self.in_line())]
        webhook = webhook_named(len(self.presses)) if has_webhook else None
        if webhook is not None:
            self.presses.append((known.id, how, webhook))
        self.press(known.owner, known.id, how, webhook)

    def in_line(self) -> list[Any]:
        return [e for e in self.twins.memory.entries.values() if e.stage in IN_LINE]

    @precondition(lambda self: self.presses)
    @rule(run=runs, pick=picks)
    def press_comes_twice(self, run: RunId, pick: int) -> None:
        entry, how, webhook = self.presses[pick % len(self.presses)]
        self.press(run, entry, how, webhook)

    @rule(run=runs, most=st.sampled_from([1, 2, 50]))
    def take_webhooks(self, run: RunId, most: int) -> None:
        self.both(run, lambda outbox: outbox.take_webhooks(ACCOUNT_ID, most, ATTEMPTS))

    @precondition(lambda self: self.presses)
    @rule(run=runs, pick=picks, settled=st.sampled_from(Settled), ms=st.sampled_from([1, 4_000]))
    def settle(self, run: RunId, pick: int, settled: Settled, ms: int) -> None:
        webhook = self.presses[pick % len(self.presses)][2].id
        row = self.twins.memory.outbox.rows.get(webhook)
        word = self.both(
            run,
            lambda outbox: outbox.settle_webhook(ACCOUNT_ID, webhook, settled, ms, ATTEMPTS, "x"),
        )
        is_ours = row is not None and row.holder == run
        assert word is (SettleWord.SETTLED if is_ours else SettleWord.STALE)

    @precondition(lambda self: self.presses)
    @rule(run=runs, pick=picks, ms=st.sampled_from([1, 4_000]))
    def put_back(self, run: RunId, pick: int, ms: int) -> None:
        webhook = self.presses[pick % len(self.presses)][2].id
        self.both(run, lambda outbox: outbox.put_back_webhook(ACCOUNT_ID, webhook, ms))

    @rule(most=st.sampled_from([1, 50]))
    def a_person_looks_at_what_was_given_up(self, most: int) -> None:
        self.both(EDGES[0], lambda outbox: outbox.given_up(ACCOUNT_ID, most))

    def both(self, run: RunId, move: Any) -> Any:
        """Make the move on both stores: the same answer, and the same of it afterwards."""
        answer = self.runner.run(move(self.twins.redises[run]))
        assert answer == self.runner.run(move(self.twins.memories[run]))
        self.twins.compare_events()
        return answer

    @invariant()
    def nobody_has_more_on_the_way_than_may_be(self) -> None:
        rows = self.twins.memory.outbox.rows.values()
        of_call, of_caller = Counter(r.leg for r in rows), Counter(r.caller for r in rows)
        assert all(many <= CALL_PENDING for many in of_call.values())
        assert all(many <= CALLER_PENDING for many in of_caller.values())

    @invariant()
    def no_webhook_is_lost_or_written_twice(self) -> None:
        """Each press that was made has its webhook on the way, delivered, or given up: once."""
        memory = self.twins.memory
        over = Counter(
            event.record.id
            for event in memory.events
            if event.name in (EventName.WEBHOOK_DELIVERED, EventName.WEBHOOK_GIVEN_UP)
        )
        assert over + Counter(list(memory.outbox.rows)) == Counter(memory.outbox.pressed)
