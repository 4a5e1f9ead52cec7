"""What the dialplan wishes for one call goes with the entry, in memory and in Redis alike."""

from tests.fakes.world import ACCOUNT_ID, TWO, joining
from tests.integration.store.conftest import OpenBench


async def test_the_music_of_a_call_is_known_to_whoever_takes_it_over(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        plain, special = joining(), joining(music="jazz")
        for one in (plain, special):
            _, moved = await bench.store().join(ACCOUNT_ID, one)
            assert moved.entry.music == one.music
        for one in (plain, special):
            entry = await bench.store(TWO).entry(ACCOUNT_ID, one.entry)
            assert entry is not None
            assert entry.music == one.music
