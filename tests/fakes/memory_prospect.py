"""What a caller can expect, in the memory store: everybody counted anew each time."""

from dataclasses import replace
from typing import TYPE_CHECKING

from edge.domain.admission import PRESETS, Preset, condition_of
from edge.domain.entry import Joining
from edge.domain.estimate import Prospect, Standing
from edge.domain.events import EventName
from edge.domain.ids import AccountId, EntryId, QueueId, RunId
from edge.domain.line import HIGHEST_PRIORITY, PLACE_SPAN, place_of_arrival, score
from edge.domain.teams import Rival, Team, agents_for, teams_of
from edge.ports.queue_store import Moved, PromiseWord
from tests.fakes.memory_learnt import learnt
from tests.fakes.memory_records import IN_LINE

if TYPE_CHECKING:
    from tests.fakes.memory_site import AccountMemory


def serving(memory: "AccountMemory", queue: QueueId, team: int | None = None) -> int:
    """How many members serve there, or so many of one team."""
    known = memory.queues[queue]
    assert memory.settings is not None, "the account was configured"
    team_of = teams_of(memory.settings)[queue].of if team is not None else {}
    conditions = (
        condition_of(
            memory.agent(user),
            queue,
            with_work=False,
            is_reached=user not in known.settings.unreached,
        )
        for user in known.members
        if team is None or team_of.get(user, 0) == team
    )
    strict = PRESETS[Preset.STRICT]
    return sum(condition is not None and not condition & strict for condition in conditions)


def ahead_in(memory: "AccountMemory", other: QueueId, queue: QueueId, joined_at_ms: int) -> int:
    """Of the callers there those whom an agent of both would serve before one who joined then."""
    assert memory.settings is not None, "the account was configured"
    aging_ms = memory.settings.aging_seconds * 1000
    line = memory.line(other)
    heavier = memory.queues[other].settings.weight - memory.queues[queue].settings.weight
    if not aging_ms and heavier:
        return len(line) if heavier > 0 else 0
    before = HIGHEST_PRIORITY * PLACE_SPAN + joined_at_ms + heavier * aging_ms
    return sum(score(entry.priority, entry.place) < before for entry in line)


def teams(memory: "AccountMemory", queue: QueueId, joined_at_ms: int) -> tuple[Team, ...]:
    assert memory.settings is not None, "the account was configured"
    found = []
    others = teams_of(memory.settings)[queue].others
    for number, names in enumerate(others):
        rivals = tuple(
            Rival(other, ahead_in(memory, other, queue, joined_at_ms), serving(memory, other))
            for other in names
        )
        found.append(Team(serving(memory, queue, number), rivals))
    return tuple(team for team in found if team.serving)


def standing(
    memory: "AccountMemory", queue: QueueId, position: int, joined_at_ms: int, *, is_new: bool
) -> Standing:
    line = memory.line(queue)
    head_waited_ms = memory.now_ms - line[0].joined_at_ms if line else 0
    return Standing(
        position=position,
        waiting=len(line) + is_new,
        agents=agents_for(position, teams(memory, queue, joined_at_ms)),
        idle=len(memory.queues[queue].ready),
        head_waited_seconds=head_waited_ms / 1000,
    )


def expected_on_joining(memory: "AccountMemory", joining: Joining) -> float | None:
    """Seconds that this caller would have to wait; None where unknown, or nobody asks."""
    queue = joining.queue
    if not memory.queues[queue].settings.divert_wait_seconds:
        return None
    line, asked = memory.line(queue), place_of_arrival(joining.arrived_at_ms, memory.now_ms)
    came_now = asked == memory.now_ms
    own = score(joining.priority, PLACE_SPAN - 1 if came_now else asked)
    ahead = sum(score(entry.priority, entry.place) < own for entry in line)
    if joining.position:
        ahead = min(joining.position - 1, len(line))
    seen = standing(memory, queue, ahead + 1, asked, is_new=True)
    return Prospect(memory.now_ms, seen, learnt(memory, queue)).expected_seconds


class ProspectMoves:
    """Part of `MemoryQueueStore`."""

    run: RunId

    def _open(self, account: AccountId) -> "AccountMemory":
        raise NotImplementedError

    async def standing(self, account: AccountId, entry: EntryId) -> Prospect | None:
        memory = self._open(account)
        known = memory.entries.get(entry)
        if known is None or known.stage not in IN_LINE:
            return None
        position = [one.id for one in memory.line(known.queue)].index(entry) + 1
        seen = standing(memory, known.queue, position, known.joined_at_ms, is_new=False)
        history = replace(learnt(memory, known.queue), errors=())
        return Prospect(memory.now_ms, seen, history)

    async def prospect(self, account: AccountId, queue: QueueId) -> Prospect:
        memory = self._open(account)
        position = len(memory.line(queue)) + 1
        seen = standing(memory, queue, position, memory.now_ms, is_new=True)
        return Prospect(memory.now_ms, seen, learnt(memory, queue))

    async def promise(
        self, account: AccountId, entry: EntryId, promised_ms: int
    ) -> tuple[PromiseWord, Moved]:
        memory = self._open(account)
        known = memory.entries.get(entry)
        if known is None or known.owner != self.run or known.stage not in IN_LINE:
            return PromiseWord.STALE, memory.moved([known] if known else ())
        if not known.promised_at_ms:
            known = memory.put_entry(
                replace(known, promised_ms=promised_ms, promised_at_ms=memory.now_ms)
            )
            memory.publish(EventName.WAIT_PROMISED, known)
        return PromiseWord.PROMISED, memory.moved([known])
