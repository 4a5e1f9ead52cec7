"""One match: the first in line whom some ready agent may serve, by the first such agent."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from edge.domain.ids import AccountId, EntryId, QueueId, RunId, UserId
from edge.domain.matching import (
    DEPTHS,
    PASSED_TOLD,
    HeadAgent,
    HeadEntry,
    Heads,
    Passed,
    decide,
)
from edge.domain.strategies import Rings

ANN, BOB, CAT = (UserId(f"user_{name}") for name in ("ann", "bob", "cat"))


def waiting(name: str, *tried: UserId) -> HeadEntry:
    return HeadEntry(EntryId(f"ent_{name}"), 1, RunId("edge-1"), frozenset(tried))


def heads(entries: list[HeadEntry], agents: list[UserId], depth: int = 8) -> Heads:
    seen = tuple(HeadAgent(agent, 0) for agent in agents)
    return Heads(AccountId("acct_1"), QueueId("qu_1"), tuple(entries), seen, depth)


def test_the_first_in_line_gets_the_first_ready_agent() -> None:
    match = decide(heads([waiting("1"), waiting("2")], [ANN, BOB]))
    assert match is not None
    assert (match.entry.id, match.agents) == ("ent_1", (ANN,))
    assert (match.skipped_entries, match.skipped_agents) == ((), ())


def test_an_agent_already_tried_is_passed_over_for_that_entry() -> None:
    match = decide(heads([waiting("1", ANN)], [ANN, BOB]))
    assert match is not None
    assert (match.agents, match.skipped_agents) == ((BOB,), (ANN,))


def test_an_entry_whom_nobody_may_serve_lets_the_next_go_first() -> None:
    tried, fresh = waiting("1", ANN, BOB), waiting("2", ANN)
    match = decide(heads([tried, fresh], [ANN, BOB, CAT][:2]))
    assert match is not None
    assert (match.entry, match.agents) == (fresh, (BOB,))
    assert (match.skipped_entries, match.skipped_agents) == ((tried,), (ANN,))


def test_no_match_without_both_sides() -> None:
    assert decide(heads([], [ANN])) is None
    assert decide(heads([waiting("1")], [])) is None
    assert decide(heads([waiting("1", ANN)], [ANN])) is None


def test_may_go_on_where_a_side_was_cut_off() -> None:
    assert not heads([waiting("1")], [ANN], depth=2).may_go_on
    assert heads([waiting("1"), waiting("2")], [ANN], depth=2).may_go_on
    assert heads([waiting("1")], [ANN, BOB], depth=2).may_go_on
    assert sorted(DEPTHS) == list(DEPTHS)


@given(
    st.lists(st.frozensets(st.sampled_from([ANN, BOB, CAT])), max_size=5),
    st.permutations([ANN, BOB, CAT]),
    st.integers(0, 3),
)
def test_the_decision_is_the_first_allowed_pair(
    tried: list[frozenset[UserId]], order: list[UserId], ready: int
) -> None:
    entries = [waiting(str(n), *users) for n, users in enumerate(tried)]
    agents = order[:ready]
    allowed = [(e, a) for e in entries for a in agents if a not in e.tried]
    match = decide(heads(entries, agents))
    if not allowed:
        assert match is None
        return
    assert match is not None
    assert (match.entry, match.agents[0]) == allowed[0]
    assert entries[: len(match.skipped_entries)] == list(match.skipped_entries)
    assert agents[: len(match.skipped_agents)] == list(match.skipped_agents)


def named(name: str, agent: UserId) -> HeadEntry:
    return replace(waiting(name), named=agent)


def test_a_named_agent_who_is_not_seen_yet_is_looked_for_before_the_line_is_jumped() -> None:
    """Cat is ready further back and may have the first in line: who names her waits behind."""
    entries = [waiting("1", ANN, BOB), named("2", CAT)]
    assert decide(heads(entries, [ANN, BOB], depth=2)) is None
    match = decide(heads(entries, [ANN, BOB, CAT], depth=8))
    assert match is not None
    assert (match.entry.id, match.agents) == ("ent_1", (CAT,))


def test_who_is_at_the_head_has_the_named_agent_at_once() -> None:
    match = decide(heads([named("1", CAT), waiting("2")], [ANN, BOB], depth=2))
    assert match is not None
    assert match.agents == (CAT,)


def test_beyond_the_furthest_look_a_name_counts_no_more() -> None:
    entries = [waiting("1", ANN, BOB), named("2", CAT)]
    entries += [waiting(str(n)) for n in range(3, DEPTHS[-1] + 1)]
    match = decide(heads(entries, [ANN, BOB], depth=DEPTHS[-1]))
    assert match is not None
    assert (match.entry.id, match.agents, match.by_name) == ("ent_2", (ANN,), False)


def test_of_everybody_passed_over_it_is_told_why() -> None:
    tried, reserved = waiting("1", ANN), replace(waiting("2"), reserved=True)
    narrow, fresh = replace(waiting("3"), min_tier=1), waiting("4")
    match = decide(heads([tried, reserved, narrow, fresh], [ANN]))
    assert match is not None
    assert match.passed == ((Passed.TRIED,), (Passed.RESERVED,), (Passed.TIER,))


def test_where_all_ring_it_is_told_for_each_and_of_the_first_sixteen_alone() -> None:
    entries = [waiting("1", ANN), *(waiting(str(n), ANN, BOB) for n in range(2, 30)), waiting("30")]
    seen = replace(heads(entries, [ANN, BOB], depth=64), rings=Rings.ALL)
    narrow = replace(entries[0], min_tier=1)
    match = decide(
        replace(
            seen, entries=(replace(narrow, room=2), *entries[1:29], replace(entries[29], room=2))
        )
    )
    assert match is not None
    assert match.agents == (ANN, BOB)
    assert match.passed[:2] == ((Passed.TRIED, Passed.TIER), (Passed.TRIED, Passed.TRIED))
    assert (len(match.passed), len(match.skipped_entries)) == (PASSED_TOLD, 29)
