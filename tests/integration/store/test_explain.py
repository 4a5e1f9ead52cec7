"""Looks for an explanation, on the model and on Redis: what they bring, and that they are bounded
and change nothing."""

from dataclasses import replace
from typing import Any

from edge.domain.agent import PresenceChange
from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.explain import EntryFacts, LeftOut, Waits, explain_agent, explain_entry
from edge.domain.explain.facts import ENTRIES_SEEN, MEMBERS_SEEN
from edge.domain.ids import EntryId, UserId, new_leg_id
from edge.domain.offer import LegFailure
from edge.domain.settings import Account, Member, PenaltyRule, User
from edge.domain.strategies import Draw, Field, Rings
from edge.ports.queue_store import QueueStore
from tests.fakes.store_bench import RedisBench, StoreBench, claim, fire_all, join, log_in, talk
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BETA, BOB, CAT, account, joining
from tests.integration.store.conftest import OpenBench

QUEUE = account().queues[0]


async def looked(store: QueueStore, entry: EntryId) -> EntryFacts:
    facts = await store.explain_entry(ACCOUNT_ID, entry)
    assert facts is not None
    return facts


def contents(bench: StoreBench) -> dict[str, Any]:
    """All that Redis holds, but the clock."""
    if not isinstance(bench, RedisBench):
        return {}
    found: Any = bench.plain.keys("*")
    plain: Any = bench.plain
    return {key: value_of(plain, key) for key in found if not key.endswith(":clock")}


def value_of(plain: Any, key: str) -> Any:
    match plain.type(key):
        case "hash":
            return sorted(plain.hgetall(key).items())
        case "zset":
            return plain.zrange(key, 0, -1, withscores=True)
        case "set":
            return sorted(plain.smembers(key))
        case "stream":
            return plain.xlen(key)
        case _:
            return plain.get(key)


async def test_an_unknown_entry_has_no_facts(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        assert await bench.store().explain_entry(ACCOUNT_ID, EntryId("ent_nowhere")) is None


async def test_position_head_and_those_ahead(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        first, second, third = [await join(store) for _ in range(3)]
        facts = await looked(store, third.id)
        assert (facts.position, facts.ahead_in_all) == (3, 2)
        assert [head.id for head in facts.ahead] == [first.id, second.id]
        assert facts.head is not None
        assert facts.head.id == third.id
        assert (facts.members_in_all, facts.ready_in_all) == (3, 0)
        assert [member.agent.id for member in facts.members] == [ANN, BOB, CAT]
        assert [member.tier for member in facts.members] == [0, 0, 1]
        assert facts.fields == (Field.TIER, Field.LAST_ENDED, Field.ORDER)
        assert (facts.draw, facts.rings) == (Draw.NONE, Rings.ONE)


async def test_who_is_ready_stands_in_the_order_of_the_strategy(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN, BOB, CAT)
        await join(store)
        await talk(store)
        waiting = await join(store)
        explained = explain_entry(await looked(store, waiting.id), QUEUE)
        assert [candidate.user for candidate in explained.candidates] == [BOB, CAT]
        assert [agent.code for agent in explained.left_out] == [LeftOut.TALKING]
        assert [wait.code for wait in explained.waits_for] == [Waits.MATCH]
        moved, _ = await claim(store)
        assert moved.agent.id == explained.candidates[0].user, "explained as it is decided"


async def test_an_offer_and_its_failure_are_explained(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        waiting = await join(store)
        moved, leg = await claim(store)
        facts = await looked(store, waiting.id)
        assert (facts.head, facts.position) == (None, 1)
        explained = explain_entry(facts, QUEUE)
        assert [wait.code for wait in explained.waits_for] == [Waits.ANSWER]
        assert explained.left_out[0].code is LeftOut.RINGS_HERE
        await store.fail_leg(ACCOUNT_ID, moved.agent.id, leg, LegFailure.NO_ANSWER)
        explained = explain_entry(await looked(store, waiting.id), QUEUE)
        assert [wait.code for wait in explained.waits_for] == [Waits.NEXT_ROUND, Waits.AGENT]
        assert explained.waits_for[0].until_ms == bench.clock.now_ms() + 1_000
        assert {agent.user: agent.code for agent in explained.left_out}[ANN] is LeftOut.TRIED
        bench.advance(1_000)
        await fire_all(store)
        explained = explain_entry(await looked(store, waiting.id), QUEUE)
        assert [candidate.user for candidate in explained.candidates] == [ANN]


async def test_a_caller_whose_edge_did_not_dial_is_held_back(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        waiting = await join(store)
        await claim(store)
        bench.advance(2_000)
        await fire_all(store)
        facts = await looked(store, waiting.id)
        assert facts.head is None
        assert facts.entry.stage is Stage.WAITING
        assert explain_entry(facts, QUEUE).waits_for[0].code is Waits.EDGE


async def test_out_of_line_only_the_record_is_read(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        talking = await join(store)
        await talk(store)
        facts = await looked(store, talking.id)
        assert facts == EntryFacts(ACCOUNT_ID, bench.clock.now_ms(), facts.entry)
        assert explain_entry(facts, QUEUE).waits_for[0].words == "talks with user_ann"
        left = await join(store)
        await store.leave(ACCOUNT_ID, left.id, Disposition.ABANDONED)
        explained = explain_entry(await looked(store, left.id), QUEUE)
        assert explained.waits_for[0].words == "has ended: abandoned"


async def test_penalties_that_widen_are_named_with_their_time(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        plain = account()
        rules = (PenaltyRule(0, 0, 0), PenaltyRule(30, 0, None))
        queues = tuple(replace(queue, penalty_rules=rules) for queue in plain.queues)
        await store.configure(replace(plain, queues=queues))
        await log_in(store, CAT)
        waiting = await join(store)
        explained = explain_entry(await looked(store, waiting.id), QUEUE)
        reasons = {agent.user: (agent.code, agent.until_ms) for agent in explained.left_out}
        assert reasons[CAT] == (LeftOut.TIER_LIMIT, waiting.joined_at_ms + 30_000)
        assert [wait.code for wait in explained.waits_for] == [Waits.WIDER_LIMITS, Waits.AGENT]


async def test_a_preferred_agent_is_looked_at_first(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        _, moved = await store.join(ACCOUNT_ID, joining(preferred=BOB, prefer_ms=5_000))
        explained = explain_entry(await looked(store, moved.entry.id), QUEUE)
        (wait,) = explained.waits_for
        assert (wait.code, wait.until_ms) == (Waits.PREFERRED, bench.clock.now_ms() + 5_000)
        assert wait.words.endswith("who is logged out")
        await log_in(store, BOB)
        explained = explain_entry(await looked(store, moved.entry.id), QUEUE)
        assert [candidate.user for candidate in explained.candidates] == [BOB]


def large(members: int) -> Account:
    """Alpha alone, with so many members."""
    plain = account()
    users = tuple(User(f"user_n{n}", f"N {n}", f"{1_000 + n}", f"n{n}") for n in range(members))
    seats = tuple(Member(f"qum_n{n}", f"user_n{n}", position=n) for n in range(members))
    return replace(plain, users=users, queues=(replace(plain.queues[0], members=seats),))


async def test_a_look_is_bounded_and_brings_who_counts(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await store.configure(large(600))
        await log_in(store, UserId("user_n599"), UserId("user_n598"))
        callers = [await join(store) for _ in range(ENTRIES_SEEN + 3)]
        facts = await looked(store, callers[-1].id)
        assert len(facts.members) == MEMBERS_SEEN
        assert (facts.members_in_all, facts.ready_in_all) == (600, 2)
        assert (len(facts.ahead), facts.ahead_in_all) == (ENTRIES_SEEN, ENTRIES_SEEN + 2)
        explained = explain_entry(facts, large(600).queues[0])
        assert [one.user for one in explained.candidates] == ["user_n598", "user_n599"]
        for user in (UserId("user_n150"), UserId("user_n300"), UserId("user_n450")):
            _, moved = await store.join(ACCOUNT_ID, joining(preferred=user, prefer_ms=5_000))
            seen = {one.agent.id for one in (await looked(store, moved.entry.id)).members}
            assert user in seen, "who is named is looked at before the many"
            await store.leave(ACCOUNT_ID, moved.entry.id, Disposition.ABANDONED)
        agent = await store.explain_agent(ACCOUNT_ID, UserId("user_n1"))
        (queue,) = agent.queues
        assert (len(queue.entries), queue.offerable) == (ENTRIES_SEEN, ENTRIES_SEEN + 3)


async def test_an_agents_queues_with_the_first_caller_of_each(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, CAT)
        first, second = await join(store), await join(store)
        other = await join(store, BETA)
        facts = await store.explain_agent(ACCOUNT_ID, CAT)
        alpha, beta = facts.queues
        assert [placed.head.id for placed in alpha.entries] == [first.id, second.id]
        assert [placed.position for placed in alpha.entries] == [1, 2]
        assert (alpha.tier, alpha.standing, alpha.ready_in_all, alpha.waiting) == (1, 1, 1, 2)
        assert [placed.head.id for placed in beta.entries] == [other.id]
        bench.advance(60_000)
        facts = await store.explain_agent(ACCOUNT_ID, CAT)
        assert [queue.urgency for queue in facts.queues] == [1.0, 1.0]
        await store.change_presence(ACCOUNT_ID, CAT, PresenceChange.PAUSED, "lunch")
        explained = explain_agent(await store.explain_agent(ACCOUNT_ID, CAT), account())
        assert explained.words == "is paused (lunch)"
        assert [queue.first and queue.first.head.id for queue in explained.queues] == [
            first.id,
            other.id,
        ]


async def test_a_user_without_a_record_is_logged_out_and_of_no_queue(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        facts = await bench.store().explain_agent(ACCOUNT_ID, UserId("user_nobody"))
        assert (facts.agent.logged_in_at_ms, facts.queues) == (0, ())
        empty = await bench.store().explain_agent(ACCOUNT_ID, ANN)
        assert [queue.entries for queue in empty.queues] == [(), ()]
        assert [queue.urgency for queue in empty.queues] == [0.0, 0.0]


async def test_a_look_changes_nothing(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        await log_in(store, ANN)
        waiting = await join(store)
        bench.advance(5_000)
        await fire_all(store)
        before = contents(bench)
        for user in (ANN, BOB):
            await store.explain_agent(ACCOUNT_ID, user)
        seen = await looked(store, waiting.id)
        assert await looked(store, waiting.id) == seen
        assert contents(bench) == before
        assert await store.entry(ACCOUNT_ID, waiting.id) == waiting


async def test_a_position_counts_those_who_stand_there_without_reading_them(
    open_bench: OpenBench,
) -> None:
    async with open_bench() as bench:
        store = bench.store()
        callers = [(await join(store)).id for _ in range(5)]
        for entry, position in ((4, 2), (0, 1_000_000), (2, 3), (1, 1)):
            await store.rearrange(ACCOUNT_ID, callers[entry], position=position)
            line = [one.id for one in await store.line(ACCOUNT_ID, ALPHA)]
            others = [one for one in line if one != callers[entry]]
            assert line.index(callers[entry]) == min(position - 1, len(others))


async def test_a_pick_is_explained_as_ringing_elsewhere(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        store = bench.store()
        first, second = await join(store), await join(store)
        await log_in(store, ANN)
        await store.pick(ACCOUNT_ID, second.id, ANN, new_leg_id(), is_called=False)
        explained = explain_entry(await looked(store, first.id), QUEUE)
        assert {agent.user: agent.code for agent in explained.left_out}[ANN] is (
            LeftOut.RINGS_ELSEWHERE
        )
        facts = await store.explain_agent(ACCOUNT_ID, ANN)
        assert explain_agent(facts, account()).words == (
            f"is being rung for caller {second.id} of qu_alpha"
        )
