"""How much of the work of agents comes to one of their queues."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.ids import QueueId
from edge.domain.settings import Account, Member, Queue
from edge.domain.teams import RIVALS_MOST, TEAMS_MOST, Rival, Team, agents_for, teams_of
from tests.fakes.world import ALPHA, ANN, BETA, CAT, account

ONE, TWO = QueueId("qu_one"), QueueId("qu_two")

sizes = st.integers(1, 20)
lines = st.integers(0, 40)


def test_agents_of_one_queue_are_its_own() -> None:
    assert agents_for(3, (Team(4),)) == 4.0
    assert agents_for(1, ()) == 0.0


def test_shared_agents_are_ours_while_nobody_else_asks_for_them() -> None:
    assert agents_for(3, (Team(1), Team(2, (Rival(ONE, 0, 5),)))) == 3.0
    assert agents_for(3, (Team(2, (Rival(ONE, 9, 0),)),)) == 2.0, "that queue is served by nobody"


def test_all_agents_shared_by_two_queues_serve_the_line_of_both() -> None:
    assert agents_for(1, (Team(8, (Rival(ONE, 3, 8),)),)) == pytest.approx(2.0)
    assert agents_for(4, (Team(8, (Rival(ONE, 4, 8),)),)) == pytest.approx(4.0)


def test_own_agents_leave_the_shared_ones_to_the_other_line() -> None:
    """Six in both lines and four agents: two for our three callers, who are our own two already."""
    teams = (Team(2), Team(2, (Rival(ONE, 3, 2),)))
    alone = 2 + 2 * (3 / 4) / (3 / 4 + 3 / 2)
    assert agents_for(3, teams) == pytest.approx((2 + alone) / 2)


def test_agents_of_the_other_queue_alone_help_with_its_line() -> None:
    few, many = (agents_for(2, (Team(2, (Rival(ONE, 6, n),)),)) for n in (2, 8))
    assert few == pytest.approx(0.5)
    assert few < many < 2


@given(sizes, sizes, sizes, lines, lines, st.integers(1, 40), sizes)
def test_the_share_lies_between_our_own_and_all(
    own: int, shared: int, both: int, ahead: int, more: int, position: int, others: int
) -> None:
    one = Rival(ONE, ahead, shared + both + others)
    two = Rival(TWO, more, both)
    teams = (Team(own), Team(shared, (one,)), Team(both, (one, two)))
    found = agents_for(position, teams)
    assert own <= found + 1e-9
    assert found <= own + shared + both
    fewer = (Team(own), Team(shared, (replace(one, ahead=0),)), Team(both, (one, two)))
    assert found <= agents_for(position, fewer) + 1e-9


def test_teams_are_those_who_serve_the_same_other_queues() -> None:
    house = account()
    found = teams_of(house)[QueueId(house.queues[0].id)]
    assert found.others == ((), (BETA,))
    assert found.of == {ANN: 1, CAT: 1}
    alone = teams_of(replace(house, queues=house.queues[:1]))[ALPHA]
    assert (alone.others, alone.of) == (((),), {})
    assert teams_of(house)[BETA].others == ((), (ALPHA,))


def queue(name: str, users: list[str]) -> Queue:
    members = tuple(Member(id=f"qum_{name}{user[5:]}", user_id=user) for user in users)
    return Queue(id=f"qu_{name}", name=name, extension="500", members=members)


def test_of_very_many_teams_and_queues_the_largest_are_told_apart() -> None:
    users = [f"user_{n:03d}" for n in range(60)]
    others = [queue(f"q{n:03d}", users[n:]) for n in range(60)]
    house = Account(id="acct_big", name="Big", queues=(queue("main", users), *others))
    found = teams_of(house)[QueueId(house.queues[0].id)]
    assert len(found.others) == TEAMS_MOST
    assert len({name for team in found.others for name in team}) <= RIVALS_MOST
    assert len(found.of) == 60
    assert "qu_q000" in found.others[1], "shared by all"
    assert "qu_q059" not in found.others[1], "shared by one"
