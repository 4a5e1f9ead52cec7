"""What a queue has learnt, and who serves it, after Redis was killed."""

from pathlib import Path

import pytest

from tests.fakes.store_bench import join, log_in, talk
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BETA, BOB, DAN
from tests.integration.store.test_redis_restarts import EVERYTHING, open_site

pytestmark = pytest.mark.redis


async def test_a_killed_redis_remembers_what_was_learnt(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        await log_in(site.one, DAN)
        entry = await join(site.one, BETA)
        await site.one.promise(ACCOUNT_ID, entry.id, 90_000)
        await talk(site.one, BETA)
        await site.one.complete(ACCOUNT_ID, entry.id)
        before = (await site.one.prospect(ACCOUNT_ID, BETA)).history
        assert before.handling.is_known
        assert len(before.errors) == 1
        await join(site.one, BETA)
        await site.lose(1)
        assert (await site.two.prospect(ACCOUNT_ID, BETA)).history == before


@pytest.mark.parametrize("commands", [1, 20, EVERYTHING])
async def test_those_who_serve_are_counted_right_again(tmp_path: Path, commands: int) -> None:
    async with open_site(tmp_path) as site:
        await log_in(site.one, ANN, BOB)
        entry = await join(site.one)
        await talk(site.one)
        await site.one.promise(ACCOUNT_ID, (await join(site.one)).id, 1_000)
        before = (await site.one.prospect(ACCOUNT_ID, ALPHA)).standing
        assert before.agents == 2.0
        await site.lose(commands)
        after = (await site.two.prospect(ACCOUNT_ID, ALPHA)).standing
        assert (after.agents, after.waiting) == (2.0, before.waiting)
        await site.one.complete(ACCOUNT_ID, entry.id)
        assert (await site.one.prospect(ACCOUNT_ID, ALPHA)).history.patience.waited_seconds >= 0
