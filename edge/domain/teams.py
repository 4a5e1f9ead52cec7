"""The teams of a queue: members who serve the same other queues besides, and how much of their work
comes to this one."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from edge.domain.ids import QueueId, UserId
from edge.domain.settings import Account, Queue

TEAMS_MOST = 16
RIVALS_MOST = 32
"""So many teams and other queues are told apart, so that a look at them stays small: the largest,
and those that share the most members."""


Others = tuple[QueueId, ...]


@dataclass(frozen=True, slots=True)
class Teams:
    """`others` are the other queues of each team, the first of them that of those who have none;
    `of` is the team of each member who is not in the first."""

    others: tuple[Others, ...]
    of: Mapping[UserId, int]


def teams_of(account: Account) -> dict[QueueId, Teams]:
    """By queue, as it is configured: who is signed out of a queue at the moment counts there."""
    queues_of: dict[str, list[QueueId]] = {}
    for queue in account.queues:
        for member in queue.members:
            queues_of.setdefault(member.user_id, []).append(QueueId(queue.id))
    return {QueueId(queue.id): _teams(queue, queues_of) for queue in account.queues}


def _teams(queue: Queue, queues_of: Mapping[str, list[QueueId]]) -> Teams:
    users = [UserId(member.user_id) for member in queue.members]
    shared = Counter(other for user in users for other in queues_of[user])
    del shared[QueueId(queue.id)]
    nearest = {name for name, _ in sorted(shared.items(), key=_most_first)[:RIVALS_MOST]}
    own = {user: tuple(sorted(nearest.intersection(queues_of[user]))) for user in users}
    sizes = Counter(others for others in own.values() if others)
    largest = [others for others, _ in sorted(sizes.items(), key=_most_first)[: TEAMS_MOST - 1]]
    number = {others: at + 1 for at, others in enumerate(largest)}
    return Teams(
        ((), *largest),
        {user: number[_most_like(others, largest)] for user, others in own.items() if others},
    )


def _most_like(others: Others, teams: list[Others]) -> Others:
    """Of the teams that are told apart, the first that has the most of these queues."""
    if others in teams:
        return others
    return max(teams, key=lambda team: len(set(team).intersection(others)))


def _most_first(counted: tuple[object, int]) -> tuple[int, object]:
    name, count = counted
    return -count, name


@dataclass(frozen=True, slots=True)
class Rival:
    """Another queue of the same agents. `ahead` of its callers have waited longer than ours, and
    `serving` agents serve it."""

    queue: QueueId
    ahead: int
    serving: int


@dataclass(frozen=True, slots=True)
class Team:
    """So many of the members serve now, and these other queues as well."""

    serving: int
    rivals: tuple[Rival, ...] = ()

    @property
    def ahead(self) -> int:
        return sum(rival.ahead for rival in self.rivals if rival.serving)


def agents_for(position: int, teams: tuple[Team, ...]) -> float:
    """How many agents' work comes to the line up to this position while its callers wait.

    Agents serve the caller who has waited longest, in whichever of their queues. How much of their
    time that makes for ours lies between two limits, and the middle is taken. The lower: everybody
    ahead in these lines is served by everybody who serves one of them, so that those of our agents
    whom no other line asks for leave the shared ones to it. The upper: each team divides its time
    as if it were alone, by the callers who fall to it, of each line as many as there are for each
    of its agents.
    """
    serving = sum(team.serving for team in teams)
    if not serving:
        return 0.0
    return (_all_together(position, teams, serving) + _each_alone(position, teams, serving)) / 2


def _all_together(position: int, teams: tuple[Team, ...], serving: int) -> float:
    asked_for = {rival.queue: rival for team in teams for rival in team.rivals if rival.ahead}
    ahead, everybody = 0, serving
    for queue, rival in asked_for.items():
        if rival.serving:
            shared = sum(t.serving for t in teams if queue in {one.queue for one in t.rivals})
            ahead, everybody = ahead + rival.ahead, everybody + max(rival.serving - shared, 0)
    free = sum(team.serving for team in teams if not team.ahead)
    return min(max(everybody * (position / (position + ahead)), free), serving)


def _each_alone(position: int, teams: tuple[Team, ...], serving: int) -> float:
    own, agents = position / serving, 0.0
    for team in teams:
        pressure = own
        for rival in team.rivals:
            if rival.serving:
                pressure = pressure + rival.ahead / rival.serving
        agents = agents + team.serving * (own / pressure)
    return agents
