"""What happens to agents and entries of the memory store when their time is over."""

from dataclasses import replace
from typing import assert_never

from edge.domain.agent import Agent, Occupancy
from edge.domain.disposition import Disposition
from edge.domain.entry import ENTRY_MOVES, Entry, EntryMove, Stage
from edge.domain.events import EventName
from edge.domain.ids import QueueId, RunId, UserId
from edge.domain.offer import LegFailure
from edge.domain.settings.account import HIGHEST_TIER
from edge.domain.strategies import FIELD_WIDTH
from edge.domain.transitions import next_state
from edge.ports.queue_store import FireWord, Moved
from edge.store.records import rules_of
from tests.fakes.memory_admission import first_waiting, must_empty
from tests.fakes.memory_learnt import learn_left
from tests.fakes.memory_presence import end_pauses, end_wrap_up
from tests.fakes.memory_site import AccountMemory

EMPTIED_AT_ONCE = 50


def fire_agent(
    memory: AccountMemory, agent: Agent, alive: frozenset[RunId]
) -> tuple[FireWord, Moved]:
    """What was due for an agent: a reservation, ring time, wrap-up, back-off or pause is over."""
    before, agent = agent, end_pauses(memory, agent)
    if not 0 < agent.wake_at_ms <= memory.now_ms:
        return FireWord.FIRED, memory.moved((), [memory.put_agent(agent)])
    match agent.occupancy:
        case Occupancy.IDLE:
            agent = memory.put_agent(replace(agent, wake_at_ms=0))
            return FireWord.FIRED, memory.moved((), [agent])
        case Occupancy.WRAP_UP:
            agent = memory.put_agent(end_wrap_up(memory, agent))
            return FireWord.FIRED, memory.moved((), [agent])
        case Occupancy.RESERVED | Occupancy.RINGING:
            pass
        case Occupancy.TALKING:
            raise AssertionError("nothing is due for an agent who talks")
        case _:
            assert_never(agent.occupancy)
    if agent.leg_owner not in alive:
        word = FireWord.SILENT_OWNER if agent == before else FireWord.FIRED
        return word, memory.moved((), [memory.put_agent(agent)])
    if agent.occupancy is Occupancy.RESERVED:
        entry, agent = end_leg(memory, agent, LegFailure.NOT_DIALLED, held_back=True)
    else:
        entry, agent = end_leg(memory, agent, LegFailure.NO_ANSWER, held_back=None)
        memory.look_at(entry.queue)
    return FireWord.FIRED, memory.moved([entry], [agent])


def end_leg(
    memory: AccountMemory, agent: Agent, failure: LegFailure, *, held_back: bool | None
) -> tuple[Entry, Agent]:
    """The agent's leg came to nothing: the entry waits again when no other leg of it is left."""
    assert agent.leg_entry is not None, "a rung agent has a leg for an entry"
    entry = memory.entries[agent.leg_entry]
    agent = memory.free(agent, failure)
    lost = replace(entry, ringing=entry.ringing - {agent.id})
    if lost.preferred == agent.id and failure is not LegFailure.NOT_DIALLED:
        lost = replace(lost, preferred=None, prefer_until_ms=0)
    if lost.agent == agent.id:
        lost = replace(lost, agent=None, answered_at_ms=0)
    if failure is LegFailure.NOT_DIALLED and not held_back:
        # A phone that never rang was not tried: this agent is the entry's as before.
        lost = replace(lost, tried=lost.tried - {agent.id})
    if lost.ringing:
        return memory.put_entry(lost, held_back=held_back), agent
    waiting = next_state(ENTRY_MOVES, entry.stage, EntryMove.LEGS_FAILED)
    retry_ms = memory.queues[entry.queue].settings.retry_seconds * 1000
    lost = replace(lost, stage=waiting, retry_at_ms=memory.now_ms + retry_ms)
    if not lost.widen_at_ms:
        lost = widened(memory, lost)
    if lost.is_wait_over(memory.now_ms):
        return end_entry(memory, lost, Disposition.TIMED_OUT)[0], agent
    return memory.put_entry(lost, held_back=held_back), agent


def fire_entry(
    memory: AccountMemory, entry: Entry, alive: frozenset[RunId]
) -> tuple[FireWord, Moved]:
    """The longest wait is over, or something else was due."""
    if not 0 < entry.timeout_at_ms <= memory.now_ms:
        return FireWord.FIRED, go_on(memory, entry)
    if entry.stage is Stage.OFFERED and entry.lets_ring:
        entry = memory.put_entry(replace(entry, is_last_offer=True))
        return FireWord.FIRED, memory.moved([entry])
    if entry.owner not in alive:
        return FireWord.SILENT_OWNER, memory.moved([entry])
    entry, freed = end_entry(memory, entry, Disposition.TIMED_OUT)
    return FireWord.FIRED, memory.moved([entry], freed)


def go_on(memory: AccountMemory, entry: Entry) -> Moved:
    """What was due for an entry: a new round, wider penalties, one phone more, or the end of
    waiting for the preferred agent."""
    queue, now_ms = memory.queues[entry.queue], memory.now_ms

    def has_come(at_ms: int) -> bool:
        return 0 < at_ms <= now_ms

    held_back = None
    if has_come(entry.intro_until_ms):
        entry = replace(entry, intro_until_ms=0)
    if has_come(entry.prefer_until_ms):
        entry = replace(entry, preferred=None, prefer_until_ms=0)
    if has_come(entry.widen_at_ms):
        entry = widened(memory, entry)
    if has_come(entry.step_at_ms):
        allowed = entry.allowed + 1
        step_ms = queue.settings.ring_step_seconds * 1000
        goes_on = allowed < entry.ring_max
        entry = replace(entry, allowed=allowed, step_at_ms=now_ms + step_ms if goes_on else 0)
    if has_come(entry.retry_at_ms):
        held_back = False
        if entry.tried and _is_anybody_left(memory, entry):
            entry = replace(entry, retry_at_ms=now_ms + queue.settings.retry_seconds * 1000)
        else:
            entry = replace(entry, tried=frozenset(), retry_at_ms=0)
    entry = memory.put_entry(entry, held_back=held_back)
    memory.look_at(entry.queue)
    return memory.moved([entry])


def _is_anybody_left(memory: AccountMemory, entry: Entry) -> bool:
    """A ready agent whom the entry may have and who was not tried."""
    least, most = memory.tiers_of(entry)
    known = memory.queues[entry.queue]
    if entry.preferred is not None:
        return entry.preferred in known.ready.keys() - entry.tried
    tiers = {user: int(place[:FIELD_WIDTH]) for user, place in known.ready.items()}
    return any(least <= tiers[user] <= most for user in tiers.keys() - entry.tried)


def widened(memory: AccountMemory, entry: Entry) -> Entry:
    """With the penalty rule that holds after this waiting time, and when the next one does."""
    entry = replace(entry, widen_at_ms=0, min_tier=0, max_tier=HIGHEST_TIER)
    for rule in rules_of(memory.queues[entry.queue].settings):
        at_ms = entry.joined_at_ms + rule.after_seconds * 1000
        if at_ms > memory.now_ms:
            return replace(entry, widen_at_ms=at_ms)
        entry = replace(entry, min_tier=rule.min_penalty, max_tier=rule.highest)
    return entry


def cancel_legs(
    memory: AccountMemory, entry: Entry, but: UserId | None = None
) -> tuple[Entry, list[Agent]]:
    """The agents whose legs ring for it, freed without consequence: they were not tried."""
    users = sorted(entry.ringing - {but})
    freed = [memory.free(memory.agent(user), LegFailure.CANCELLED) for user in users]
    return replace(entry, ringing=frozenset(), tried=entry.tried - set(users)), freed


def end_entry(
    memory: AccountMemory, entry: Entry, disposition: Disposition
) -> tuple[Entry, list[Agent]]:
    """The entry ends before a conversation, and the agents who were rung for it are free."""
    entry, freed = cancel_legs(memory, entry)
    entry = memory.put_entry(
        replace(
            entry,
            stage=next_state(ENTRY_MOVES, entry.stage, EntryMove.LEAVE),
            disposition=disposition,
            ended_at_ms=memory.now_ms,
        ),
        held_back=False,
    )
    memory.publish(EventName.ENTRY_LEFT, entry)
    learn_left(memory, entry, disposition)
    return entry, freed


def fire_empty(memory: AccountMemory, queue: QueueId) -> list[Entry]:
    """Nobody counts any more: the first of those who wait leave."""
    memory.dues.pop(f"empty:{queue}")
    leaving = first_waiting(memory, queue)[:EMPTIED_AT_ONCE] if must_empty(memory, queue) else []
    return [end_entry(memory, entry, Disposition.LEAVE_EMPTY)[0] for entry in leaving]
