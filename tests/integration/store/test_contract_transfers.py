"""What every queue store does, held against both alike: calls that change hands."""

import pytest

from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.ids import EntryId, LegId
from edge.ports.queue_store import ReplaceWord
from tests.fakes.store_bench import join, log_in, talk
from tests.fakes.world import ACCOUNT_ID, ANN, ONE, TWO
from tests.integration.store.conftest import OpenBench

pytestmark = pytest.mark.redis

THIRD = LegId("chan_third")


async def test_a_caller_who_transfers_is_another_leg_of_the_same_entry(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store(ONE)
        await log_in(store, ANN)
        entry = await join(store)
        _, before = await talk(store)
        word, moved = await store.replace_leg(ACCOUNT_ID, entry.id, THIRD)
        assert (word, moved.entry.leg) == (ReplaceWord.REPLACED, THIRD)
        assert moved.entry.stage is before.stage
        again, moved_again = await store.replace_leg(ACCOUNT_ID, entry.id, THIRD)
        assert (again, moved_again.entry) == (ReplaceWord.REPLACED, moved.entry)
        _, taken = await bench.store(TWO).take_over(ACCOUNT_ID, ONE)
        assert taken.entry.leg == THIRD, "who takes over finds the leg that is there"
        word, _ = await store.replace_leg(ACCOUNT_ID, entry.id, LegId("chan_late"))
        assert word is ReplaceWord.STALE


async def test_who_transfers_while_a_key_leads_on_is_found_by_whoever_goes_on(
    open_bench: OpenBench,
) -> None:
    """The entry has ended, and nobody owns it any more."""
    async with open_bench() as bench:
        store, another = bench.store(ONE), bench.store(TWO)
        entry = await join(store)
        await store.press(ACCOUNT_ID, entry.id, "1", Disposition.ROUTED, None)
        word, moved = await another.replace_leg(ACCOUNT_ID, entry.id, THIRD)
        assert (word, moved.entry.leg) == (ReplaceWord.REPLACED, THIRD)
        assert moved.entry.stage is Stage.ENDED
        await store.rejoin(ACCOUNT_ID, entry.id, EntryId("ent_back"), THIRD)
        word, moved = await another.replace_leg(ACCOUNT_ID, entry.id, LegId("chan_late"))
        assert (word, moved.entry.leg) == (ReplaceWord.STALE, THIRD), "stands elsewhere by now"


async def test_a_call_that_is_over_is_nobodys_any_more(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        entry = await join(store)
        await talk(store)
        await store.complete(ACCOUNT_ID, entry.id)
        word, moved = await store.replace_leg(ACCOUNT_ID, entry.id, THIRD)
        assert (word, moved.entry.leg) == (ReplaceWord.STALE, entry.leg)
        word, moved = await store.replace_leg(ACCOUNT_ID, EntryId("ent_unknown"), THIRD)
        assert (word, moved.entries) == (ReplaceWord.STALE, ())
