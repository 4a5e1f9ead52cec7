"""What happens to agents and entries of the memory store when their time is over."""

from dataclasses import replace
from typing import assert_never

from edge.domain.agent import AGENT_MOVES, Agent, AgentMove, Occupancy
from edge.domain.entry import ENTRY_MOVES, Entry, EntryMove
from edge.domain.events import EventName
from edge.domain.ids import RunId
from edge.domain.offer import LegFailure
from edge.domain.transitions import next_state
from edge.ports.queue_store import FireWord, Moved
from tests.fakes.memory_site import AccountMemory


def fire_agent(
    memory: AccountMemory, agent: Agent, alive: frozenset[RunId]
) -> tuple[FireWord, Moved]:
    """What was due for an agent: a reservation, ring time, wrap-up or back-off is over."""
    match agent.occupancy:
        case Occupancy.IDLE:
            agent = memory.put_agent(replace(agent, wake_at_ms=0))
            return FireWord.FIRED, memory.moved((), [agent])
        case Occupancy.WRAP_UP:
            free = next_state(AGENT_MOVES, agent.occupancy, AgentMove.FREE)
            agent = memory.put_agent(replace(agent, occupancy=free, wake_at_ms=0))
            memory.publish(EventName.WRAP_UP_ENDED, agent)
            return FireWord.FIRED, memory.moved((), [agent])
        case Occupancy.RESERVED | Occupancy.RINGING:
            pass
        case Occupancy.TALKING:
            raise AssertionError("nothing is due for an agent who talks")
        case _:
            assert_never(agent.occupancy)
    if agent.leg_owner not in alive:
        return FireWord.SILENT_OWNER, memory.moved((), [agent])
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
    lost = replace(entry, ringing=entry.ringing - {agent.id}, agent=None, answered_at_ms=0)
    if failure is LegFailure.NOT_DIALLED and not held_back:
        # A phone that never rang was not tried: this agent is the entry's as before.
        lost = replace(lost, tried=lost.tried - {agent.id})
    if lost.ringing:
        return memory.put_entry(lost, held_back=held_back), agent
    waiting = next_state(ENTRY_MOVES, entry.stage, EntryMove.LEGS_FAILED)
    retry_ms = memory.queues[entry.queue].settings.retry_seconds * 1000
    entry = memory.put_entry(
        replace(lost, stage=waiting, retry_at_ms=memory.now_ms + retry_ms), held_back=held_back
    )
    return entry, agent


def fire_entry(memory: AccountMemory, entry: Entry) -> Moved:
    """The retry delay is over: once all who are ready were tried, a new round begins."""
    untried = [user for user in memory.ready(entry.queue) if user not in entry.tried]
    if entry.tried and untried:
        retry_ms = memory.queues[entry.queue].settings.retry_seconds * 1000
        entry = replace(entry, retry_at_ms=memory.now_ms + retry_ms)
    else:
        entry = replace(entry, tried=frozenset(), retry_at_ms=0)
    entry = memory.put_entry(entry, held_back=False)
    memory.look_at(entry.queue)
    return memory.moved([entry])
