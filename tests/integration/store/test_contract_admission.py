"""Who may join, who must leave, who has waited too long: the same of both stores."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from edge.domain.admission import Factor, Preset
from edge.domain.agent import Device, Occupancy, PresenceChange
from edge.domain.disposition import Disposition
from edge.domain.entry import Entry, Stage
from edge.domain.ids import EntryId, QueueId
from edge.domain.offer import LegFailure
from edge.domain.settings import PenaltyRule
from edge.ports.queue_store import FireWord, JoinWord, LeaveWord, QueueStore, Summons
from tests.fakes.store_bench import claim, fire_all, join, line, log_in, look, talk
from tests.fakes.waiting import wait_until
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BETA, BOB, CAT, EDGES, ONE, TWO, joining
from tests.fakes.world import account as world_account
from tests.integration.store.conftest import OpenBench

pytestmark = pytest.mark.redis
ALIVE = frozenset(EDGES)


async def configure(store: QueueStore, queue: QueueId = ALPHA, **settings: Any) -> None:
    """The usual account, one queue of it with these settings."""
    usual = world_account()
    queues = tuple(replace(one, **settings) if one.id == queue else one for one in usual.queues)
    await store.configure(replace(usual, queues=queues))


async def knock(
    store: QueueStore, queue: QueueId = ALPHA, **more: Any
) -> tuple[JoinWord, Disposition | None]:
    word, moved = await store.join(ACCOUNT_ID, replace(joining(queue), **more))
    return word, moved.entry.disposition


async def known(store: QueueStore, entry: EntryId) -> Entry:
    found = await store.entry(ACCOUNT_ID, entry)
    assert found is not None
    return found


async def test_a_full_queue_turns_away_and_writes_it_down(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, max_queue_length=2)
        await log_in(store, ANN)
        offered, second = await join(store), await join(store)
        await claim(store)
        caller = joining()
        word, moved = await store.join(ACCOUNT_ID, caller)
        assert word is JoinWord.REJECTED, "who is offered counts"
        assert (moved.entry.stage, moved.entry.disposition) == (
            Stage.ENDED,
            Disposition.QUEUE_FULL,
        )
        assert moved.entry.ended_at_ms == moved.now_ms
        assert await line(store) == [offered.id, second.id]
        word, moved = await store.join(ACCOUNT_ID, caller)
        assert (word, moved.entry.disposition) == (JoinWord.ALREADY, Disposition.QUEUE_FULL)
        await store.leave(ACCOUNT_ID, second.id, Disposition.ABANDONED)
        assert await knock(store) == (JoinWord.JOINED, None), "a place is free again"


async def test_an_answered_caller_makes_room(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, max_queue_length=1)
        await log_in(store, ANN)
        await join(store)
        assert (await knock(store))[0] is JoinWord.REJECTED
        await talk(store)
        assert (await knock(store))[0] is JoinWord.JOINED


async def test_outside_its_hours_a_queue_is_closed_whatever_else_it_is(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, join_when_empty=False)
        assert await knock(store, is_closed=True) == (JoinWord.REJECTED, Disposition.CLOSED)


@pytest.mark.parametrize(
    ("rule", "joins"),
    [
        (True, {"nobody", "paused", "unregistered", "unknown", "on a call", "wrap-up"}),
        (False, {"unregistered", "unknown", "on a call", "wrap-up"}),
        (Preset.STRICT, {"unknown", "on a call", "wrap-up"}),
        (Preset.LOOSE, {"paused", "unregistered", "unknown", "on a call", "wrap-up"}),
        ((Factor.UNKNOWN,), {"paused", "unregistered", "on a call", "wrap-up"}),
        ((Factor.INUSE, Factor.RINGING), {"paused", "unregistered", "unknown", "wrap-up"}),
        ((Factor.WRAPUP,), {"paused", "unregistered", "unknown", "on a call"}),
    ],
)
async def test_who_counts_when_it_is_asked_whether_a_queue_is_empty(
    open_bench: OpenBench, rule: Any, joins: set[str]
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, join_when_empty=rule)

        async def may_join() -> bool:
            word, moved = await store.join(ACCOUNT_ID, joining())
            if word is JoinWord.REJECTED:
                assert moved.entry.disposition is Disposition.JOIN_EMPTY
                return False
            await store.leave(ACCOUNT_ID, moved.entry.id, Disposition.ABANDONED)
            return True

        found = {"nobody"} if await may_join() else set()
        await log_in(store, ANN)
        found |= {"unknown"} if await may_join() else set()
        await store.change_device(ACCOUNT_ID, ANN, Device.UNREACHABLE)
        found |= {"unregistered"} if await may_join() else set()
        await store.change_device(ACCOUNT_ID, ANN, Device.REACHABLE)
        assert await may_join(), "somebody is there"
        await store.change_presence(ACCOUNT_ID, ANN, PresenceChange.PAUSED)
        found |= {"paused"} if await may_join() else set()
        await store.change_presence(ACCOUNT_ID, ANN, PresenceChange.AVAILABLE)
        await join(store)
        await claim(store)
        rung = await may_join()
        leg = (await store.agent(ACCOUNT_ID, ANN)).leg
        assert leg is not None
        _, moved = await store.accept(ACCOUNT_ID, ANN, leg)
        await store.connect(ACCOUNT_ID, moved.entry.id)
        assert rung == await may_join()
        found |= {"on a call"} if rung else set()
        await store.complete(ACCOUNT_ID, moved.entry.id)
        found |= {"wrap-up"} if await may_join() else set()
        assert found == joins


async def test_the_census_is_that_of_the_members(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, BETA, join_when_empty=False)
        await log_in(store, BOB)
        assert (await knock(store, BETA))[0] is JoinWord.REJECTED, "Bob is no member of Beta"
        await log_in(store, CAT)
        assert (await knock(store, BETA))[0] is JoinWord.JOINED
        usual = world_account({BETA: (BOB, ANN)})
        queues = tuple(
            replace(one, join_when_empty=False) if one.id == BETA else one for one in usual.queues
        )
        await store.change_presence(ACCOUNT_ID, BOB, PresenceChange.PAUSED)
        await store.configure(replace(usual, queues=queues))
        assert (await knock(store, BETA))[0] is JoinWord.REJECTED, "Cat has gone, Bob is paused"
        await store.change_presence(ACCOUNT_ID, BOB, PresenceChange.AVAILABLE)
        assert (await knock(store, BETA))[0] is JoinWord.JOINED


async def test_a_member_whom_no_rule_reaches_does_not_count(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        first = PenaltyRule(0, 0, 0)
        await configure(store, join_when_empty=False, penalty_rules=(first,))
        await log_in(store, CAT)
        assert await knock(store) == (JoinWord.REJECTED, Disposition.JOIN_EMPTY), "penalty 1"
        await log_in(store, BOB)
        assert (await knock(store))[0] is JoinWord.JOINED
        await store.change_presence(ACCOUNT_ID, BOB, PresenceChange.LOGGED_OUT)
        await store.change_presence(ACCOUNT_ID, CAT, PresenceChange.PAUSED)
        later = PenaltyRule(60)
        await configure(store, join_when_empty=False, penalty_rules=(first, later))
        assert (await knock(store))[0] is JoinWord.REJECTED
        await log_in(store, CAT)
        assert (await knock(store))[0] is JoinWord.JOINED, "she will be reached"


async def test_too_many_for_the_agents_there_are_diverts(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, divert_ratio=1.5)
        assert await knock(store) == (JoinWord.REJECTED, Disposition.DIVERTED)
        await log_in(store, ANN)
        await store.change_presence(ACCOUNT_ID, BOB, PresenceChange.PAUSED)
        words = [(await knock(store))[1] for _ in range(4)]
        assert words == [None, None, None, Disposition.DIVERTED], "three for two agents"


async def test_the_longest_wait_ends_once(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, timeout_seconds=30)
        entry = await join(store)
        assert entry.waits_until_ms == bench.clock.now_ms() + 30_000
        bench.advance(29_999)
        assert await fire_all(store) == []
        bench.advance(1)
        (due,) = await store.due(ACCOUNT_ID)
        word, moved = await store.fire(due, ALIVE)
        assert word is FireWord.FIRED
        assert (moved.entry.stage, moved.entry.disposition) == (Stage.ENDED, Disposition.TIMED_OUT)
        word, moved = await bench.store(TWO).fire(due, ALIVE)
        assert word is FireWord.NOT_DUE
        assert moved.entry.disposition is Disposition.TIMED_OUT, "the owner's timer tells it so"
        left, _ = await store.leave(ACCOUNT_ID, entry.id, Disposition.ABANDONED)
        assert left is LeaveWord.STALE


async def test_a_caller_may_have_a_longest_wait_of_its_own(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store, now = bench.store(), bench.clock.now_ms()
        await configure(store, timeout_seconds=30)
        for own, expected in ((5, now + 5_000), (0, 0), (None, now + 30_000)):
            _, moved = await store.join(ACCOUNT_ID, replace(joining(), max_wait_seconds=own))
            assert moved.entry.waits_until_ms == expected


async def test_who_waits_keeps_the_longest_wait_of_the_joining(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, timeout_seconds=30)
        entry = await join(store)
        await configure(store, timeout_seconds=5)
        bench.advance(10_000)
        assert await fire_all(store) == []
        assert (await known(store, entry.id)).stage is Stage.WAITING


@pytest.mark.parametrize("failure", [LegFailure.NO_ANSWER, LegFailure.NOT_DIALLED])
async def test_an_offer_that_rings_may_finish_and_its_failure_ends_the_wait(
    open_bench: OpenBench, failure: LegFailure
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, timeout_seconds=3)
        await log_in(store, ANN, BOB)
        entry = await join(store)
        _, leg = await claim(store)
        await store.leg_dialled(ACCOUNT_ID, ANN, leg, 20)
        bench.advance(5_000)
        assert await fire_all(store) == [f"entry:{entry.id}"]
        assert await fire_all(store) == [], "once"
        assert (await known(store, entry.id)).stage is Stage.OFFERED
        assert (await known(store, entry.id)).ringing == {ANN}
        _, moved = await store.fail_leg(ACCOUNT_ID, ANN, leg, failure)
        assert moved.entry.disposition is Disposition.TIMED_OUT
        assert moved.heads == (), "nobody else is rung for it"
        assert await line(store) == []


async def test_nobody_joins_an_offer_when_the_longest_wait_is_over(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, timeout_seconds=3, strategy="ringall", ring_max=3)
        await log_in(store, ANN)
        entry = await join(store)
        _, leg = await claim(store)
        await store.leg_dialled(ACCOUNT_ID, ANN, leg, 20)
        await log_in(store, BOB)
        assert (await look(store)).entries[0].id == entry.id
        bench.advance(3_000)
        assert f"entry:{entry.id}" in await fire_all(store)
        assert await store.look(ACCOUNT_ID, ALPHA, 8) == ()


async def test_an_offer_that_rings_may_be_answered_after_the_longest_wait(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, timeout_seconds=3)
        await log_in(store, ANN)
        entry = await join(store)
        _, leg = await claim(store)
        await store.leg_dialled(ACCOUNT_ID, ANN, leg, 20)
        bench.advance(5_000)
        await store.accept(ACCOUNT_ID, ANN, leg)
        await store.connect(ACCOUNT_ID, entry.id)
        bench.advance(5_000)
        assert await fire_all(store) == []
        await store.complete(ACCOUNT_ID, entry.id)
        assert (await known(store, entry.id)).disposition is Disposition.ANSWERED


async def test_the_end_of_the_wait_cancels_the_offer_where_the_queue_says_so(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, timeout_seconds=3, timeout_lets_ring=False)
        await log_in(store, ANN)
        entry = await join(store)
        _, leg = await claim(store)
        await store.leg_dialled(ACCOUNT_ID, ANN, leg, 20)
        bench.advance(3_000)
        assert await fire_all(store) == [f"entry:{entry.id}"]
        assert (await known(store, entry.id)).disposition is Disposition.TIMED_OUT
        agent = await store.agent(ACCOUNT_ID, ANN)
        assert (agent.leg, agent.misses) == (None, 0)


async def test_the_wait_of_a_dead_edges_caller_ends_after_the_takeover(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store, two = bench.store(ONE), bench.store(TWO)
        await configure(store, timeout_seconds=3)
        entry = await join(store)
        bench.advance(5_000)
        (due,) = await two.due(ACCOUNT_ID)
        word, _ = await two.fire(due, frozenset({TWO}))
        assert word is FireWord.SILENT_OWNER, "nobody is there to tell the caller"
        _, moved = await two.take_over(ACCOUNT_ID, ONE)
        assert moved.entry.due_at_ms <= moved.now_ms
        assert await fire_all(two, frozenset({TWO})) == [f"entry:{entry.id}"]


async def test_all_leave_when_the_last_member_who_counts_has_gone(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, leave_when_empty=True)
        await log_in(store, ANN, BOB)
        await store.change_presence(ACCOUNT_ID, ANN, PresenceChange.PAUSED)
        await store.change_device(ACCOUNT_ID, BOB, Device.UNREACHABLE)
        entries = [await join(store) for _ in range(60)]
        assert await fire_all(store) == [], "Bob still counts"
        _, moved = await store.change_presence(ACCOUNT_ID, BOB, PresenceChange.LOGGED_OUT)
        (due,) = moved.dues
        assert (due.what, due.at_ms) == (f"empty:{ALPHA}", moved.now_ms)
        word, moved = await store.fire(due, ALIVE)
        assert word is FireWord.FIRED
        assert [entry.id for entry in moved.entries] == [entry.id for entry in entries[:50]]
        assert {entry.disposition for entry in moved.entries} == {Disposition.LEAVE_EMPTY}
        (due,) = moved.dues
        word, moved = await bench.store(TWO).fire(due, ALIVE)
        assert [entry.id for entry in moved.entries] == [entry.id for entry in entries[50:]]
        assert moved.dues == ()
        assert await line(store) == []
        assert (await store.fire(due, ALIVE))[0] is FireWord.NOT_DUE


async def test_a_member_who_comes_back_in_time_keeps_all(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, leave_when_empty=True)
        await log_in(store, ANN)
        await store.change_device(ACCOUNT_ID, ANN, Device.UNREACHABLE)
        entry = await join(store)
        _, moved = await store.change_presence(ACCOUNT_ID, ANN, PresenceChange.PAUSED)
        (due,) = moved.dues
        await log_in(store, ANN)
        assert (await store.fire(due, ALIVE))[0] is FireWord.NOT_DUE
        assert await line(store) == [entry.id]


async def test_who_joins_an_empty_queue_that_is_to_be_left_leaves_it(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, leave_when_empty=True)
        word, moved = await store.join(ACCOUNT_ID, joining())
        assert word is JoinWord.JOINED
        await store.fire(moved.dues[0], ALIVE)
        assert (await known(store, moved.entry.id)).disposition is Disposition.LEAVE_EMPTY


async def test_who_is_offered_leaves_an_empty_queue_when_the_offer_has_failed(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, leave_when_empty=True)
        await log_in(store, ANN)
        entry = await join(store)
        _, leg = await claim(store)
        _, moved = await store.change_presence(ACCOUNT_ID, ANN, PresenceChange.PAUSED)
        assert moved.dues == ()
        _, moved = await store.fail_leg(ACCOUNT_ID, ANN, leg, LegFailure.REFUSED)
        await store.fire(moved.dues[0], ALIVE)
        assert (await known(store, entry.id)).disposition is Disposition.LEAVE_EMPTY


async def test_a_changed_configuration_empties_a_line(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        entry = await join(store)
        assert await fire_all(store) == []
        await configure(store, leave_when_empty=Preset.STRICT)
        assert await fire_all(store) == [f"empty:{ALPHA}"]
        assert (await known(store, entry.id)).disposition is Disposition.LEAVE_EMPTY


async def test_the_owner_of_who_leaves_is_summoned(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store, two = bench.store(ONE), bench.store(TWO)
        await configure(store, leave_when_empty=True)
        await log_in(store, ANN)
        await store.change_device(ACCOUNT_ID, ANN, Device.UNREACHABLE)
        entry = await join(store)
        summoned = asyncio.create_task(store.summons())
        await wait_until(lambda: bench.is_listening(ONE), "the edge listens")
        _, moved = await two.change_presence(ACCOUNT_ID, ANN, PresenceChange.LOGGED_OUT)
        await two.fire(moved.dues[0], ALIVE)
        assert await summoned == Summons(ACCOUNT_ID, entry.id)


@pytest.mark.parametrize(
    ("after_ms", "disposition"),
    [(4_999, Disposition.SHORT_ABANDON), (5_000, Disposition.ABANDONED)],
)
async def test_who_hangs_up_at_once_has_hardly_waited(
    open_bench: OpenBench, after_ms: int, disposition: Disposition
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, short_abandon_seconds=5)
        entry = await join(store)
        bench.advance(after_ms)
        _, moved = await store.leave(ACCOUNT_ID, entry.id, Disposition.ABANDONED)
        assert moved.entry.disposition is disposition


async def test_only_an_abandon_can_be_a_short_one(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await configure(store, short_abandon_seconds=5)
        entry = await join(store)
        _, moved = await store.leave(ACCOUNT_ID, entry.id, Disposition.NODE_LOST)
        assert moved.entry.disposition is Disposition.NODE_LOST


async def test_who_stands_in_a_queue_that_was_removed_can_be_let_go(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        offered, waiting = await join(store), await join(store)
        await claim(store)
        usual = world_account()
        left = tuple(queue for queue in usual.queues if queue.id != ALPHA)
        await store.configure(replace(usual, queues=left))
        for entry in (offered, waiting):
            word, moved = await store.leave(ACCOUNT_ID, entry.id, Disposition.CLOSED)
            assert (word, moved.entry.disposition) == (LeaveWord.LEFT, Disposition.CLOSED)
        assert await line(store) == []
        agent = await store.agent(ACCOUNT_ID, ANN)
        assert (agent.leg, agent.occupancy) == (None, Occupancy.IDLE)
