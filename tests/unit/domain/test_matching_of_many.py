"""One match where several phones may ring: tiers, room, names, reservations, draws."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from edge.domain.ids import AccountId, EntryId, QueueId, RunId, UserId
from edge.domain.matching import Choice, HeadAgent, HeadEntry, Heads, Match, Passed, decide
from edge.domain.strategies import Draw, Rings

ANN, BOB, CAT, DAN = (UserId(f"user_{name}") for name in ("ann", "bob", "cat", "dan"))
EVERYBODY = (ANN, BOB, CAT, DAN)


def waiting(
    name: str,
    *tried: UserId,
    room: int = 30,
    tiers: tuple[int, int] = (0, 2**31),
    named: UserId | None = None,
    reserved: bool = False,
) -> HeadEntry:
    return HeadEntry(
        EntryId(f"ent_{name}"),
        1,
        RunId("edge-1"),
        frozenset(tried),
        room,
        *tiers,
        named=named,
        reserved=reserved,
    )


def ready(*tiers: int) -> tuple[HeadAgent, ...]:
    """Ann, Bob, Cat and Dan of these tiers, in order of the tiers."""
    agents = (HeadAgent(user, tier) for user, tier in zip(EVERYBODY, tiers, strict=False))
    return tuple(sorted(agents, key=lambda agent: agent.tier))


def heads(
    entries: Sequence[HeadEntry],
    agents: Sequence[HeadAgent],
    rings: Rings = Rings.ALL,
    draw: Draw = Draw.NONE,
) -> Heads:
    account, queue = AccountId("acct_1"), QueueId("qu_1")
    return Heads(account, queue, tuple(entries), tuple(agents), 8, draw=draw, rings=rings)


def match_of(*entries: HeadEntry, agents: Sequence[HeadAgent], rings: Rings = Rings.ALL) -> Match:
    match = decide(heads(entries, agents, rings))
    assert match is not None
    return match


def test_all_of_the_lowest_tier_are_chosen() -> None:
    match = match_of(waiting("1"), agents=ready(0, 0, 1, 1))
    assert (match.agents, match.skipped_agents) == ((ANN, BOB), ())


def test_the_lowest_tier_that_has_an_untried_agent_is_the_one() -> None:
    match = match_of(waiting("1", ANN, BOB), agents=ready(0, 0, 1, 2))
    assert (match.agents, match.skipped_agents) == ((CAT,), (ANN, BOB))


def test_who_was_tried_is_left_out_of_the_tier() -> None:
    match = match_of(waiting("1", BOB), agents=ready(0, 0, 0))
    assert (match.agents, match.skipped_agents) == ((ANN, CAT), (BOB,))


def test_nobody_is_skipped_behind_the_last_who_is_chosen() -> None:
    match = match_of(waiting("1", BOB, CAT), agents=ready(0, 0, 0))
    assert (match.agents, match.skipped_agents) == ((ANN,), ())


def test_no_more_than_there_is_room_for() -> None:
    match = match_of(waiting("1", room=2), agents=ready(0, 0, 0))
    assert match.agents == (ANN, BOB)


def test_an_entry_without_room_lets_the_next_be_served() -> None:
    full, following = waiting("1", room=0), waiting("2")
    match = match_of(full, following, agents=ready(0, 0))
    assert (match.entry, match.agents, match.skipped_entries) == (following, (ANN, BOB), (full,))


def test_one_at_a_time_where_one_rings_and_where_they_are_added() -> None:
    for rings in (Rings.ONE, Rings.PROGRESSIVELY):
        match = match_of(waiting("1"), agents=ready(0, 0, 0), rings=rings)
        assert match.agents == (ANN,)


def test_the_limits_of_tiers_are_kept_at_both_ends() -> None:
    entry = waiting("1", tiers=(1, 2))
    agents = ready(0, 1, 2, 3)
    passed = [entry.passed_for(agent) for agent in agents]
    assert passed == [Passed.TIER, None, None, Passed.TIER]
    match = match_of(entry, agents=agents)
    assert (match.agents, match.skipped_agents) == ((BOB,), (ANN,))


def test_a_caller_whose_limits_shut_everybody_out_lets_the_next_be_served() -> None:
    shut, following = waiting("1", tiers=(5, 9)), waiting("2")
    match = match_of(shut, following, agents=ready(0))
    assert (match.entry, match.skipped_entries) == (following, (shut,))


def test_a_named_agent_is_chosen_alone_however_far_behind() -> None:
    match = match_of(waiting("1", named=DAN), agents=ready(0, 0, 0, 7))
    assert (match.agents, match.skipped_agents) == ((DAN,), ())
    assert (match.chosen, match.by_name) == (Choice.STICKY, True)


def test_a_named_agent_who_was_tried_is_none() -> None:
    match = match_of(waiting("1", DAN, named=DAN), agents=ready(0, 0, 0, 0))
    assert (match.agents, match.chosen) == ((ANN, BOB, CAT), Choice.STRATEGY)


def test_a_named_agent_lets_nobody_jump() -> None:
    first, second = waiting("1"), waiting("2", named=ANN)
    assert match_of(first, second, agents=ready(0)).entry == first


def test_a_reserved_entry_waits_for_its_agent_and_holds_nobody_up() -> None:
    reserved, following = waiting("1", reserved=True), waiting("2")
    match = match_of(reserved, following, agents=ready(0))
    assert (match.entry, match.skipped_entries) == (following, (reserved,))
    assert reserved.passed_for(HeadAgent(ANN, 0)) is Passed.RESERVED
    mine = match_of(waiting("1", named=ANN, reserved=True), agents=ready(0))
    assert (mine.agents, mine.chosen) == ((ANN,), Choice.PREFERRED)


def test_whoever_was_drawn_needs_only_be_ready() -> None:
    drawn = [HeadAgent(CAT, 0), HeadAgent(ANN, 0)]
    match = decide(heads([waiting("1", CAT)], drawn, Rings.ONE, Draw.UNIFORM))
    assert match is not None
    assert (match.agents, match.skipped_agents, match.by_name) == ((ANN,), (), True)


# --- whatever there is

users = st.sampled_from(EVERYBODY)
entries = st.builds(
    lambda number, tried, room, least, width, named, reserved: waiting(
        str(number),
        *tried,
        room=room,
        tiers=(least, least + width),
        named=named,
        reserved=reserved,
    ),
    st.integers(0, 10**9),
    st.frozensets(users),
    st.integers(0, 5),
    st.integers(0, 2),
    st.integers(0, 3),
    st.none() | users,
    st.booleans(),
)
lines = st.lists(entries, max_size=6, unique_by=lambda entry: entry.id)
staffs = st.lists(st.integers(0, 3), max_size=4).map(lambda tiers: ready(*tiers))


def may_serve(entry: HeadEntry, agents: Sequence[HeadAgent], *, is_head: bool) -> bool:
    """Behind the head a name counts where it is known whether its agent may have those ahead."""
    is_seen = is_head or any(agent.id == entry.named for agent in agents)
    is_named = entry.named is not None and entry.named not in entry.tried and is_seen
    return is_named or (entry.room > 0 and any(entry.passed_for(agent) is None for agent in agents))


@given(lines, staffs, st.sampled_from(Rings))
def test_the_first_in_line_who_may_be_served_is_served(
    line: list[HeadEntry], staff: tuple[HeadAgent, ...], rings: Rings
) -> None:
    match = decide(heads(line, staff, rings))
    first = next((one for one in line if may_serve(one, staff, is_head=one is line[0])), None)
    assert (match.entry if match else None) == first
    if match:
        assert list(match.skipped_entries) == line[: line.index(match.entry)]


@given(lines, staffs, st.sampled_from(Rings))
def test_agents_chosen_are_of_one_tier_allowed_and_no_more_than_there_is_room_for(
    line: list[HeadEntry], staff: tuple[HeadAgent, ...], rings: Rings
) -> None:
    match = decide(heads(line, staff, rings))
    if match is None:
        return
    if match.chosen is not Choice.STRATEGY:
        assert match.agents == (match.entry.named,)
        return
    known = {agent.id: agent for agent in staff}
    chosen = [known[user] for user in match.agents]
    assert len({agent.tier for agent in chosen}) == 1
    assert all(match.entry.passed_for(agent) is None for agent in chosen)
    assert 1 <= len(chosen) <= (match.entry.room if rings is Rings.ALL else 1)
    assert len(set(match.agents)) == len(match.agents)


@given(lines, staffs)
def test_where_all_ring_nobody_of_the_tier_is_forgotten(
    line: list[HeadEntry], staff: tuple[HeadAgent, ...]
) -> None:
    match = decide(heads(line, staff))
    if match is None or match.chosen is not Choice.STRATEGY:
        return
    may = [agent for agent in staff if match.entry.passed_for(agent) is None]
    lowest = [agent.id for agent in may if agent.tier == may[0].tier]
    assert list(match.agents) == lowest[: match.entry.room]


@given(lines, staffs, st.sampled_from(Rings))
def test_chosen_and_skipped_are_the_first_ready_agents_without_a_gap(
    line: list[HeadEntry], staff: tuple[HeadAgent, ...], rings: Rings
) -> None:
    """What the claim verifies: everybody up to the last who is chosen is named in the match."""
    match = decide(heads(line, staff, rings))
    if match is None or match.by_name:
        return
    seen = {*match.agents, *match.skipped_agents}
    assert seen == {agent.id for agent in staff[: len(seen)]}
    assert not set(match.agents) & set(match.skipped_agents)
