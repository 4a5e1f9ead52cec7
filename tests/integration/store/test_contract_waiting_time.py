"""What a queue learns and what a caller can expect: the same of both stores."""

from dataclasses import replace
from functools import reduce
from typing import Any

import pytest

from edge.domain.agent import Device, PresenceChange
from edge.domain.disposition import Disposition
from edge.domain.estimate import (
    ERRORS_REMEMBERED,
    EstimateError,
    History,
    KeptPromise,
    answered,
    completed,
    error_of,
    left,
)
from edge.domain.explain import explain_entry
from edge.domain.ids import EntryId, QueueId
from edge.domain.offer import LegFailure
from edge.domain.overlays import QueueStatus
from edge.ports.queue_store import JoinWord, PromiseWord, QueueStore
from tests.fakes.store_bench import StoreBench, claim, fire_all, join, log_in, talk
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BETA, BOB, CAT, DAN, TWO, joining
from tests.fakes.world import account as world_account
from tests.integration.store.conftest import OpenBench

pytestmark = pytest.mark.redis


async def history(store: QueueStore, queue: QueueId = ALPHA) -> History:
    return (await store.prospect(ACCOUNT_ID, queue)).history


async def agents(store: QueueStore, queue: QueueId = ALPHA) -> float:
    return (await store.prospect(ACCOUNT_ID, queue)).standing.agents


async def handle(bench: StoreBench, seconds: int, queue: QueueId = BETA) -> None:
    """A call of Beta, which has no wrap-up, from its offer to its end."""
    store = bench.store()
    entry = await join(store, queue)
    await talk(store, queue)
    bench.advance(seconds * 1000)
    await store.complete(ACCOUNT_ID, entry.id)


async def configure(store: QueueStore, queue: QueueId, **settings: Any) -> None:
    usual = world_account()
    queues = tuple(replace(one, **settings) if one.id == queue else one for one in usual.queues)
    await store.configure(replace(usual, queues=queues))


# --- what is learnt


async def test_a_call_takes_from_its_offer_to_the_end_of_the_wrap_up(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, BOB)
        entry = await join(store)
        bench.advance(30_000)
        moved, leg = await claim(store)
        await store.leg_dialled(ACCOUNT_ID, BOB, leg, 20)
        bench.advance(4_000)
        await store.accept(ACCOUNT_ID, BOB, leg)
        await store.connect(ACCOUNT_ID, entry.id)
        assert (await history(store)) == answered(History(), 34.0, None), "talking, not through"
        bench.advance(100_000)
        await store.complete(ACCOUNT_ID, entry.id)
        assert not (await history(store)).handling.is_known, "in wrap-up"
        bench.advance(5_000)
        await fire_all(store)
        assert (await history(store)) == completed(answered(History(), 34.0, None), 109.0)
        assert moved.agent.offered_at_ms
        assert not (await store.agent(ACCOUNT_ID, BOB)).offered_at_ms


async def test_a_wrap_up_that_is_ended_by_hand_counts_as_long_as_it_lasted(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, BOB)
        for end_it in (
            lambda: store.change_wrap_up(ACCOUNT_ID, BOB, 0),
            lambda: store.change_queue_status(ACCOUNT_ID, BOB, ALPHA, QueueStatus.READY),
        ):
            entry = await join(store)
            await talk(store)
            bench.advance(10_000)
            await store.complete(ACCOUNT_ID, entry.id)
            bench.advance(2_000)
            await end_it()
        assert (await history(store)).handling.mean_seconds == 12.0
        await store.change_queue_status(ACCOUNT_ID, BOB, ALPHA, QueueStatus.WRAP_UP, ms=60_000)
        bench.advance(60_000)
        await fire_all(store)
        assert (await history(store)).handling.mean_seconds == 12.0, "no call was wrapped up"


async def test_offers_that_came_to_nothing_teach_nothing(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, DAN)
        entry = await join(store, BETA)
        _, leg = await claim(store, BETA)
        await store.leg_dialled(ACCOUNT_ID, DAN, leg, 20)
        bench.advance(20_000)
        await store.fail_leg(ACCOUNT_ID, DAN, leg, LegFailure.NO_ANSWER)
        assert await history(store, BETA) == History()
        bench.advance(2_000)
        await fire_all(store)
        _, leg = await claim(store, BETA)
        await store.accept(ACCOUNT_ID, DAN, leg)
        bench.advance(3_000)
        await store.fail_leg(ACCOUNT_ID, DAN, leg, LegFailure.LOST)
        assert await history(store, BETA) == History(), "lost before the bridge stood"
        bench.advance(2_000)
        await fire_all(store)
        await talk(store, BETA)
        await store.complete(ACCOUNT_ID, entry.id)
        assert await history(store, BETA) == completed(answered(History(), 27.0, None), 0.0)


async def test_who_is_answered_and_gone_before_the_bridge_was_answered_once(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, DAN)
        entry = await join(store, BETA)
        bench.advance(7_000)
        _, leg = await claim(store, BETA)
        await store.accept(ACCOUNT_ID, DAN, leg)
        bench.advance(1_000)
        await store.complete(ACCOUNT_ID, entry.id)
        await store.complete(ACCOUNT_ID, entry.id)
        assert await history(store, BETA) == completed(answered(History(), 7.0, None), 1.0)


@pytest.mark.parametrize(
    ("how", "after_ms", "becomes"),
    [
        (Disposition.ABANDONED, 9_000, Disposition.ABANDONED),
        (Disposition.ABANDONED, 3_000, Disposition.SHORT_ABANDON),
        (Disposition.ROUTED, 9_000, Disposition.ROUTED),
        (Disposition.OPTION_HANGUP, 9_000, Disposition.OPTION_HANGUP),
        (Disposition.WEBHOOK_EXIT, 9_000, Disposition.WEBHOOK_EXIT),
        (Disposition.TIMED_OUT, 9_000, Disposition.TIMED_OUT),
        (Disposition.CALLBACK_EXPIRED, 9_000, Disposition.CALLBACK_EXPIRED),
        (Disposition.CALLBACK_CANCELLED, 9_000, Disposition.CALLBACK_CANCELLED),
        (Disposition.WITHDRAWN, 9_000, Disposition.WITHDRAWN),
        (Disposition.CONNECTED_ELSEWHERE, 9_000, Disposition.CONNECTED_ELSEWHERE),
        (Disposition.NODE_LOST, 9_000, Disposition.NODE_LOST),
    ],
)
async def test_who_leaves_has_waited_and_may_be_lost(
    open_bench: OpenBench, how: Disposition, after_ms: int, becomes: Disposition
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, ALPHA, short_abandon_seconds=5)
        entry = await join(store)
        bench.advance(after_ms)
        _, moved = await store.leave(ACCOUNT_ID, entry.id, how)
        assert moved.entry.disposition is becomes
        found = await history(store)
        assert found == left(History(), after_ms / 1000, becomes)
        lost = becomes not in (
            Disposition.SHORT_ABANDON,
            Disposition.WITHDRAWN,
            Disposition.CONNECTED_ELSEWHERE,
            Disposition.NODE_LOST,
        )
        assert (found.patience.abandons, found.patience.waited_seconds) == (lost, after_ms / 1000)


async def test_those_whose_longest_wait_is_over_are_lost_too(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, ALPHA, timeout_seconds=30)
        for _ in range(2):
            await join(store)
        bench.advance(30_000)
        await fire_all(store)
        assert await history(store) == reduce(
            lambda known, _: left(known, 30.0, Disposition.TIMED_OUT), range(2), History()
        )


# --- promises


async def test_a_promise_is_judged_by_the_wait_after_it(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, DAN)
        entry = await join(store, BETA)
        bench.advance(60_000)
        word, moved = await store.promise(ACCOUNT_ID, entry.id, 300_000)
        assert word is PromiseWord.PROMISED
        assert moved.entry.promised_at_ms == moved.now_ms
        bench.advance(40_000)
        word, moved = await store.promise(ACCOUNT_ID, entry.id, 7)
        assert (word, moved.entry.promised_ms) == (PromiseWord.PROMISED, 300_000), "the first"
        bench.advance(60_000)
        await talk(store, BETA)
        found = await history(store, BETA)
        assert found == answered(History(), 160.0, KeptPromise(300.0, 100.0))
        assert error_of(found) == EstimateError(1, 200.0, 200.0)


async def test_nothing_can_be_promised_to_who_is_out_of_line_or_not_ours(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        entry = await join(store)
        word, moved = await bench.store(TWO).promise(ACCOUNT_ID, entry.id, 1_000)
        assert (word, moved.entry.promised_at_ms) == (PromiseWord.STALE, 0)
        await store.promise(ACCOUNT_ID, entry.id, 1_000)
        await store.leave(ACCOUNT_ID, entry.id, Disposition.ABANDONED)
        assert (await history(store)).errors == (), "the turn never came"
        word, _ = await store.promise(ACCOUNT_ID, entry.id, 1_000)
        assert word is PromiseWord.STALE
        word, moved = await store.promise(ACCOUNT_ID, EntryId("ent_unknown"), 1_000)
        assert (word, moved.entries) == (PromiseWord.STALE, ())


async def test_only_the_last_errors_are_kept(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, DAN)
        for caller in range(ERRORS_REMEMBERED + 5):
            entry = await join(store, BETA)
            await store.promise(ACCOUNT_ID, entry.id, caller * 1000)
            await talk(store, BETA)
            await store.complete(ACCOUNT_ID, entry.id)
        errors = (await history(store, BETA)).errors
        assert errors == tuple(float(n) for n in range(5, ERRORS_REMEMBERED + 5))
        assert (await store.standing(ACCOUNT_ID, (await join(store, BETA)).id)) is not None


# --- where a caller stands


async def test_a_standing_is_the_place_the_line_and_who_serves_it(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        first = await join(store)
        bench.advance(8_000)
        second = await join(store)
        bench.advance(2_000)
        found = await store.standing(ACCOUNT_ID, second.id)
        assert found is not None
        assert (found.position, found.waiting, found.standing.agents) == (2, 2, 0.0)
        assert found.standing.head_waited_seconds == 10.0
        assert found.expected_seconds is None, "nobody serves"
        await log_in(store, BOB, CAT)
        await claim(store)
        found = await store.standing(ACCOUNT_ID, first.id)
        assert found is not None
        assert (found.position, found.waiting, found.standing.idle) == (1, 2, 1), "one is rung"
        await store.leave(ACCOUNT_ID, first.id, Disposition.ABANDONED)
        assert await store.standing(ACCOUNT_ID, first.id) is None
        assert await store.standing(ACCOUNT_ID, EntryId("ent_unknown")) is None
        newcomer = await store.prospect(ACCOUNT_ID, ALPHA)
        assert (newcomer.position, newcomer.waiting) == (2, 2)


async def test_those_serve_who_are_there_and_not_paused_busy_or_not(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, BOB)
        assert await agents(store) == 1.0
        await join(store)
        await talk(store)
        assert await agents(store) == 1.0, "talking"
        for device, count in ((Device.UNREACHABLE, 0), (Device.INVALID, 0), (Device.REACHABLE, 1)):
            await store.change_device(ACCOUNT_ID, BOB, device)
            assert await agents(store) == count, device
        await store.change_presence(ACCOUNT_ID, BOB, PresenceChange.PAUSED)
        assert await agents(store) == 1.0, "a pause that is pending"
        entry = (await store.agent(ACCOUNT_ID, BOB)).leg_entry
        assert entry is not None
        await store.complete(ACCOUNT_ID, entry)
        assert await agents(store) == 0.0
        await store.change_presence(ACCOUNT_ID, BOB, PresenceChange.AVAILABLE)
        await store.change_queue_status(ACCOUNT_ID, BOB, ALPHA, QueueStatus.LOGGED_OUT)
        assert await agents(store) == 0.0
        await store.change_queue_status(ACCOUNT_ID, BOB, ALPHA, QueueStatus.READY)
        assert await agents(store) == 1.0


async def test_shared_agents_count_as_the_share_that_comes_to_the_queue(
    open_bench: OpenBench,
) -> None:
    """Ann and Cat serve both, Bob Alpha alone, Dan Beta alone."""
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, BOB, ANN, CAT)
        assert await agents(store) == 3.0, "nobody waits in the other"
        for user in (ANN, BOB, CAT):
            await store.change_device(ACCOUNT_ID, user, Device.IN_USE)
        for _ in range(3):
            await join(store, BETA)
        bench.advance(1_000)
        # Of four in both lines the three agents serve one of ours, and Bob nobody else; or else Ann
        # and Cat divide their time by a caller for three agents, and three for two.
        shared = (1 + 1 + 2 * (1 / 3) / (1 / 3 + 3 / 2)) / 2
        assert await agents(store) == pytest.approx(shared)
        bench.advance(1_000)
        entry = await join(store)
        bench.advance(1_000)
        for _ in range(5):
            await join(store, BETA)
        found = await store.standing(ACCOUNT_ID, entry.id)
        assert found is not None
        assert found.standing.agents == pytest.approx(shared), (
            "who came to the other queue later does not stand ahead"
        )
        await log_in(store, DAN)
        found = await store.standing(ACCOUNT_ID, entry.id)
        assert found is not None
        assert found.standing.agents == pytest.approx((1 + 1 + 2 * (1 / 3) / (1 / 3 + 3 / 3)) / 2)


@pytest.mark.parametrize(("aging", "ahead"), [(0, 2), (60, 2), (1, 1)])
async def test_a_heavier_queue_takes_more_of_the_shared_agents(
    open_bench: OpenBench, aging: int, ahead: int
) -> None:
    """Beta weighs two more: its callers count as if they had come so much earlier."""
    async with open_bench() as bench:
        store = bench.store()
        usual = world_account()
        alpha, beta = usual.queues
        house = replace(usual, aging_seconds=aging, queues=(alpha, replace(beta, weight=2)))
        await store.configure(house)
        await log_in(store, ANN)
        await store.change_device(ACCOUNT_ID, ANN, Device.IN_USE)
        entry = await join(store)
        bench.advance(1_000)
        await join(store, BETA)
        bench.advance(9_000)
        await join(store, BETA)
        found = await store.standing(ACCOUNT_ID, entry.id)
        assert found is not None
        assert found.standing.agents == pytest.approx(1 / (1 + ahead))
        other = await store.prospect(ACCOUNT_ID, BETA)
        assert other.standing.agents == pytest.approx(1.0 if aging != 1 else 3 / 4)


async def test_teams_are_counted_anew_when_members_change(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN, BOB)
        for user in (ANN, BOB):
            await store.change_device(ACCOUNT_ID, user, Device.IN_USE)
        await join(store, BETA)
        bench.advance(1_000)
        shared = await agents(store)
        await store.configure(world_account({ALPHA: (ANN, BOB), BETA: (BOB, ANN)}))
        assert await agents(store) < shared < 2.0
        await store.configure(world_account({ALPHA: (ANN, BOB), BETA: (DAN,)}))
        assert await agents(store) == 2.0
        await store.configure(world_account({ALPHA: (CAT,), BETA: (DAN,)}))
        assert await agents(store) == 0.0


# --- turned away because of the wait


async def knock(store: QueueStore, **more: Any) -> tuple[JoinWord, Disposition | None, EntryId]:
    word, moved = await store.join(ACCOUNT_ID, replace(joining(BETA), **more))
    return word, moved.entry.disposition, moved.entry.id


async def busy_beta(bench: StoreBench, longest: int) -> QueueStore:
    """Dan, alone, needs 90 s for a call and talks."""
    store = bench.store()
    await configure(store, BETA, divert_wait_seconds=longest)
    await log_in(store, DAN)
    await handle(bench, 90)
    await join(store, BETA)
    await talk(store, BETA)
    return store


async def test_who_would_wait_too_long_is_turned_away_and_it_is_explained(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = await busy_beta(bench, longest=120)
        newcomer = await store.prospect(ACCOUNT_ID, BETA)
        assert newcomer.expected_seconds == pytest.approx(60.0), "the median of one step"
        word, _, _ = await knock(store)
        assert word is JoinWord.JOINED
        bench.advance(75_000)
        expected = (await store.prospect(ACCOUNT_ID, BETA)).expected_seconds
        assert expected is not None
        assert expected > 120
        word, disposition, entry = await knock(store)
        assert (word, disposition) == (JoinWord.REJECTED, Disposition.DIVERTED)
        facts = await store.explain_entry(ACCOUNT_ID, entry)
        assert facts is not None
        assert facts.entry.expected_ms == round(expected * 1000)
        queue = world_account().queues[1]
        (why,) = explain_entry(facts, queue).waits_for
        minutes, seconds = divmod(round(expected), 60)
        assert why.words == (
            f"has ended: diverted, a wait of {minutes} min {seconds} s was expected on joining"
        )
        word, _, _ = await knock(store, position=1)
        assert word is JoinWord.JOINED, "at the head the wait is short"
        word, _, _ = await knock(store, priority=9)
        assert word is JoinWord.JOINED


async def test_an_unknown_wait_diverts_nobody(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, BETA, divert_wait_seconds=1)
        assert (await knock(store))[0] is JoinWord.JOINED, "nobody serves"
        await log_in(store, DAN)
        await claim(store, BETA)
        for _ in range(3):
            assert (await knock(store))[0] is JoinWord.JOINED, "nothing was learnt"


async def test_a_queue_without_the_threshold_diverts_nobody(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = await busy_beta(bench, longest=0)
        words = [(await knock(store))[0] for _ in range(5)]
        assert words == [JoinWord.JOINED] * 5


async def test_an_idle_agent_diverts_nobody(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, BETA, divert_wait_seconds=1)
        await log_in(store, DAN)
        await handle(bench, 90)
        assert (await knock(store))[0] is JoinWord.JOINED
        assert (await knock(store))[1] is Disposition.DIVERTED, "the agent is for the first"
