"""An agent by name: who spoke with this caller last, who is preferred, who picks."""

from dataclasses import replace
from typing import Any

import pytest

from edge.domain.agent import Occupancy, PresenceChange
from edge.domain.entry import Entry, Joining, Stage
from edge.domain.ids import AccountId, UserId, new_leg_id
from edge.domain.matching import Choice, Passed, decide
from edge.domain.offer import LegFailure
from edge.ports.queue_store import PickWord, QueueStore
from tests.fakes.staff import answer, fail, member, nobody_is_to_ring, picked, ring, staffed
from tests.fakes.store_bench import StoreBench, fire_all, join, log_in, look
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BETA, BOB, CAT, joining
from tests.integration.store.conftest import OpenBench

MEMBERS = (member(ANN, 0), member(BOB, 1), member(CAT, 2))
DAY_MS = 86_400_000


async def begin(store: QueueStore, *ready: UserId, strategy: str = "linear", **more: Any) -> None:
    await store.configure(staffed(strategy, *MEMBERS, **more))
    await log_in(store, *ready)


def calling(number: str, **more: Any) -> Joining:
    return replace(joining(**more), caller_number=number)


async def call(store: QueueStore, number: str, **more: Any) -> Entry:
    _, moved = await store.join(ACCOUNT_ID, calling(number, **more))
    return moved.entry


async def has_spoken(store: QueueStore, user: UserId, number: str) -> None:
    """This agent has spoken with the caller of this number."""
    entry = await call(store, number)
    await answer(store, user, await picked(store, user, entry))
    await store.complete(ACCOUNT_ID, entry.id)


# --- sticky


@pytest.mark.parametrize("strategy", ["linear", "leastrecent", "random", "wrandom", "ringall"])
async def test_the_last_to_speak_with_this_caller_is_rung_first(
    open_bench: OpenBench, strategy: str
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN, BOB, CAT, strategy=strategy, sticky_agent=True)
        await has_spoken(store, CAT, "1555")
        await call(store, "1555")
        entry, rung = await ring(store)
        assert list(rung) == [CAT]
        assert await nobody_is_to_ring(store), "Cat alone, also where all ring"
        await fail(store, CAT, rung[CAT])
        _, rung = await ring(store)
        assert CAT not in rung
        assert entry.sticky == CAT


async def test_if_that_agent_is_not_ready_the_others_are_rung_as_ever(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN, BOB, CAT, sticky_agent=True)
        await has_spoken(store, CAT, "1555")
        await store.change_presence(ACCOUNT_ID, CAT, PresenceChange.PAUSED)
        await call(store, "1555")
        _, rung = await ring(store)
        assert list(rung) == [ANN]


async def test_the_agent_who_spoke_with_a_caller_lets_that_caller_not_jump(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, CAT, sticky_agent=True)
        await has_spoken(store, CAT, "1555")
        await store.change_presence(ACCOUNT_ID, CAT, PresenceChange.PAUSED)
        first = await call(store, "1666")
        await call(store, "1555")
        await store.change_presence(ACCOUNT_ID, CAT, PresenceChange.AVAILABLE)
        entry, rung = await ring(store)
        assert (entry.id, list(rung)) == (first.id, [CAT])


@pytest.mark.parametrize(("days", "expected"), [(29, CAT), (30, CAT), (31, ANN)])
async def test_after_so_many_days_it_is_forgotten(
    open_bench: OpenBench, days: int, expected: UserId
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN, BOB, CAT, sticky_agent=True, sticky_days=30)
        await has_spoken(store, CAT, "1555")
        bench.advance(days * DAY_MS)
        await call(store, "1555")
        _, rung = await ring(store)
        assert list(rung) == [expected]


async def test_it_is_off_unless_the_queue_wants_it_and_knows_no_caller_without_a_number(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN, BOB, CAT)
        await has_spoken(store, CAT, "1555")
        assert (await call(store, "1555")).sticky is None
        await begin(store, sticky_agent=True)
        await has_spoken(store, CAT, "")
        assert (await call(store, "")).sticky is None


async def test_a_word_in_one_queue_counts_in_another_of_the_account(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        plain = staffed("linear", *MEMBERS, sticky_agent=True)
        both = replace(plain, queues=(plain.queues[0], *serving_beta().queues[1:]))
        await store.configure(both)
        await log_in(store, ANN, BOB, CAT)
        entry = await call(store, "1555", queue=BETA)
        await answer(store, CAT, await picked(store, CAT, entry))
        await store.complete(ACCOUNT_ID, entry.id)
        assert (await call(store, "1555", queue=ALPHA)).sticky == CAT


def serving_beta() -> Any:
    members = (replace(MEMBERS[2], id="qum_catbeta"),)
    return staffed("linear", *members, beta=True)


async def test_another_accounts_agent_is_never_named(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN, BOB, CAT, sticky_agent=True)
        await has_spoken(store, CAT, "1555")
        other = AccountId("acct_other")
        theirs = replace(staffed("linear", *MEMBERS, sticky_agent=True), id=other)
        await store.configure(theirs)
        _, moved = await store.join(other, calling("1555"))
        assert moved.entry.sticky is None


# --- preferred


async def test_a_preferred_agent_alone_is_rung_until_the_limit_then_everybody(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN)
        entry = await call(store, "1555", preferred=BOB, prefer_ms=20_000)
        assert await nobody_is_to_ring(store), "Ann is ready, but Bob is preferred"
        heads = await look(store)
        assert heads.entries[0].passed_for(heads.agents[0]) is Passed.RESERVED
        bench.advance(19_999)
        await fire_all(store)
        assert await nobody_is_to_ring(store)
        bench.advance(1)
        await fire_all(store)
        rung_for, rung = await ring(store)
        assert (rung_for.id, list(rung)) == (entry.id, [ANN])


async def test_a_preferred_agent_who_becomes_ready_in_time_is_rung(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN, strategy="ringall")
        await call(store, "1555", preferred=BOB, prefer_ms=20_000)
        await log_in(store, BOB)
        match = decide(await look(store))
        assert match is not None
        assert (match.agents, match.chosen) == ((BOB,), Choice.PREFERRED)
        _, rung = await ring(store)
        assert list(rung) == [BOB]
        assert await nobody_is_to_ring(store)


@pytest.mark.parametrize("failure", [LegFailure.REFUSED, LegFailure.BUSY, LegFailure.NO_ANSWER])
async def test_everybody_may_be_rung_when_the_preferred_agent_did_not_take_it(
    open_bench: OpenBench, failure: LegFailure
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN, BOB)
        await call(store, "1555", preferred=BOB, prefer_ms=20_000)
        _, rung = await ring(store)
        await fail(store, BOB, rung[BOB], failure)
        entry, rung = await ring(store)
        assert list(rung) == [ANN]
        assert (entry.preferred, entry.prefer_until_ms) == (None, 0)


async def test_the_offer_to_the_preferred_agent_goes_on_when_the_limit_is_reached(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN, BOB)
        await call(store, "1555", preferred=BOB, prefer_ms=10_000)
        _, rung = await ring(store)
        bench.advance(10_000)
        await fire_all(store)
        assert await nobody_is_to_ring(store), "Bob's phone still rings"
        entry = await answer(store, BOB, rung[BOB])
        assert entry.agent == BOB


async def test_the_next_caller_is_served_while_the_first_waits_for_the_preferred_agent(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN)
        waiting = [await call(store, "1555", preferred=BOB, prefer_ms=60_000) for _ in range(9)]
        second = await call(store, "1666")
        # Nine at the head who wait for Bob: more than one look shows.
        assert decide(await look(store)) is None
        entry, rung = await ring(store, depth=64)
        assert (entry.id, list(rung)) == (second.id, [ANN])
        await log_in(store, BOB)
        entry, rung = await ring(store)
        assert (entry.id, list(rung)) == (waiting[0].id, [BOB])


async def test_a_preferred_agent_who_does_not_serve_this_queue_is_none(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN)
        entry = await call(store, "1555", preferred=UserId("user_dan"), prefer_ms=20_000)
        assert (entry.preferred, entry.prefer_until_ms) == (None, 0)
        _, rung = await ring(store)
        assert list(rung) == [ANN]


# --- pick


async def pick(store: QueueStore, entry: Entry, user: UserId, **more: bool) -> PickWord:
    wanted = {"is_called": False, **more}
    word, _ = await store.pick(ACCOUNT_ID, entry.id, user, new_leg_id(), **wanted)
    return word


async def test_an_agent_picks_a_caller_out_of_order(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, BOB)
        await store.change_presence(ACCOUNT_ID, BOB, PresenceChange.PAUSED)
        first, second = await join(store), await join(store)
        assert await pick(store, second, BOB) is PickWord.PICKED, "a pause is overlooked"
        rung = await store.entry(ACCOUNT_ID, second.id)
        assert rung is not None
        assert (rung.stage, rung.is_alone) == (Stage.OFFERED, True)
        assert rung.ringing == {BOB}
        waits = await store.entry(ACCOUNT_ID, first.id)
        assert waits is not None
        assert waits.place == first.place


async def test_a_pick_stops_the_others_who_ring_and_nobody_joins(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN, BOB, strategy="ringall")
        entry = await join(store)
        await ring(store)
        await log_in(store, CAT)
        assert await pick(store, entry, CAT) is PickWord.PICKED
        assert await nobody_is_to_ring(store)
        for user in (ANN, BOB):
            agent = await store.agent(ACCOUNT_ID, user)
            assert (agent.occupancy, agent.misses) == (Occupancy.IDLE, 0)


async def test_who_talks_or_is_logged_out_picks_nobody(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN)
        first, second = await join(store), await join(store)
        assert await pick(store, second, BOB) is PickWord.NOT_IDLE, "logged out"
        await ring(store)
        assert await pick(store, second, ANN) is PickWord.NOT_IDLE, "rings already"
        assert first.queue == second.queue


async def test_a_picked_caller_whose_agent_does_not_answer_is_back_at_the_same_place(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN)
        await store.change_presence(ACCOUNT_ID, ANN, PresenceChange.PAUSED)
        entry = await join(store)
        later = await join(store)
        leg = await picked(store, ANN, later)
        await fail(store, ANN, leg)
        assert [one.id for one in await store.line(ACCOUNT_ID, ALPHA)] == [entry.id, later.id]
        back = await store.entry(ACCOUNT_ID, later.id)
        assert back is not None
        assert (back.stage, back.place, back.is_alone) == (Stage.WAITING, later.place, False)


async def test_of_two_who_pick_the_same_caller_the_later_has_it(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN, BOB)
        entry = await join(store)
        assert await pick(store, entry, ANN) is PickWord.PICKED
        assert await pick(store, entry, BOB) is PickWord.PICKED
        rung = await store.entry(ACCOUNT_ID, entry.id)
        assert rung is not None
        assert rung.ringing == {BOB}


async def takes_the_leg(bench: StoreBench, entry: Entry) -> None:
    await answer(bench.store(), ANN, await picked(bench.store(), ANN, entry))


async def test_a_caller_who_talks_already_is_picked_by_nobody(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN, BOB)
        entry = await join(store)
        await takes_the_leg(bench, entry)
        assert await pick(store, entry, BOB) is PickWord.STALE


async def test_a_preferred_agent_whose_phone_never_rang_is_preferred_still(
    open_bench: OpenBench,
) -> None:
    """The edge died before it dialled: that is nobody's refusal."""
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN, BOB)
        await call(store, "1555", preferred=BOB, prefer_ms=60_000)
        _, rung = await ring(store)
        await fail(store, BOB, rung[BOB], LegFailure.NOT_DIALLED)
        _, rung = await ring(store)
        assert list(rung) == [BOB]


async def test_whoever_was_picked_and_lost_before_the_bridge_is_kept_for_nobody(
    open_bench: OpenBench,
) -> None:
    """Answered by another, the caller waits for the preferred agent no more."""
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN, BOB)
        entry = await call(store, "1555", preferred=CAT, prefer_ms=60_000)
        assert await nobody_is_to_ring(store), "Cat is not there"
        leg = await picked(store, BOB, entry)
        await store.accept(ACCOUNT_ID, BOB, leg)
        await fail(store, BOB, leg, LegFailure.REFUSED)
        _, rung = await ring(store)
        assert list(rung) == [ANN]


async def test_a_preferred_agent_whose_dial_came_to_nothing_is_rung_again_while_others_are_ready(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await begin(store, ANN, BOB, CAT)
        entry = await call(store, "1555", preferred=CAT, prefer_ms=60_000)
        match = decide(await look(store))
        assert match is not None
        await store.claim(ACCOUNT_ID, ALPHA, match, [new_leg_id()])
        bench.advance(2_000)
        assert await fire_all(store) == [f"agent:{CAT}"]
        bench.advance(1_000)
        await fire_all(store)
        again, rung = await ring(store)
        assert (again.id, list(rung)) == (entry.id, [CAT])
