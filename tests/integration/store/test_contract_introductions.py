"""What every queue store does, held against both alike: nobody is rung in an introduction."""

import pytest

from edge.domain.ids import EntryId
from edge.ports.queue_store import IntroductionWord, JoinWord
from tests.fakes.store_bench import log_in
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, ONE, TWO, joining
from tests.integration.store.conftest import OpenBench

pytestmark = pytest.mark.redis


async def test_who_hears_an_introduction_is_offered_when_it_is_over(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store(ONE)
        await log_in(store, ANN)
        joined, moved = await store.join(ACCOUNT_ID, joining(intro_ms=60_000))
        entry = moved.entry
        assert (joined, entry.intro_until_ms) == (JoinWord.JOINED, moved.now_ms + 60_000)
        assert await store.look(ACCOUNT_ID, ALPHA, 8) == (), "nobody to offer"
        word, _ = await bench.store(TWO).end_introduction(ACCOUNT_ID, entry.id)
        assert word is IntroductionWord.STALE, "only its owner knows what it has heard"
        word, moved = await store.end_introduction(ACCOUNT_ID, entry.id)
        assert (word, moved.entry.intro_until_ms) == (IntroductionWord.ENDED, 0)
        [heads] = moved.heads
        assert [head.id for head in heads.entries] == [entry.id]
        word, _ = await store.end_introduction(ACCOUNT_ID, entry.id)
        assert word is IntroductionWord.ENDED
        word, _ = await store.end_introduction(ACCOUNT_ID, EntryId("ent_unknown"))
        assert word is IntroductionWord.STALE


async def test_an_introduction_that_nobody_ends_is_over_at_last(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store(ONE)
        await log_in(store, ANN)
        _, moved = await store.join(ACCOUNT_ID, joining(intro_ms=5_000))
        bench.advance(5_000)
        [due] = await store.due(ACCOUNT_ID)
        _, moved = await store.fire(due, frozenset({ONE}))
        [heads] = moved.heads
        assert [head.id for head in heads.entries] == [moved.entry.id]
