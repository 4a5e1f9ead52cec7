"""The moves of agents in plain Python: presence, overlays of queues, wrap-up, the phone."""

from dataclasses import replace

from edge.domain.agent import (
    AGENT_MOVES,
    Agent,
    AgentMove,
    Device,
    Occupancy,
    PresenceChange,
    Status,
)
from edge.domain.events import EventName
from edge.domain.ids import AccountId, QueueId, UserId
from edge.domain.overlays import (
    REASONS,
    WRAP_UP_LONGEST_MS,
    QueueStatus,
    after_login,
    after_other_call,
    after_queue_call,
    pause_here,
    pauses_over,
    ready_here,
    sign_in_here,
    sign_out_here,
)
from edge.domain.presence import change_presence
from edge.domain.settings import Queue
from edge.domain.transitions import next_state
from edge.ports.queue_store import (
    DeviceWord,
    Moved,
    PresenceWord,
    QueueStatusWord,
    WrapUpWord,
)
from tests.fakes.memory_learnt import learn_completed
from tests.fakes.memory_site import AccountMemory


def settings_of(memory: AccountMemory, user: UserId | None = None) -> list[Queue]:
    """The queues, or those of this user."""
    queues = memory.queues.values()
    return [queue.settings for queue in queues if user is None or user in queue.members]


def publish_overlays(memory: AccountMemory, before: Agent, after: Agent) -> None:
    """One fact for each queue in which the overlay is another."""
    for queue in before.overlays.keys() | after.overlays.keys():
        if before.overlays.get(queue) != after.overlays.get(queue):
            memory.publish(EventName.AGENT_CHANGED, after)


def wrap_up(memory: AccountMemory, agent: Agent, queue: QueueId, ms: int) -> Agent:
    """After a call of this queue, or because it was asked for."""
    if not ms:
        learn_completed(memory, queue, agent.offered_at_ms)
        occupancy = next_state(AGENT_MOVES, agent.occupancy, AgentMove.FREE)
        agent = replace(agent, occupancy=occupancy, offered_at_ms=0)
        free = after_queue_call(agent, settings_of(memory), queue, memory.now_ms)
        publish_overlays(memory, agent, free)
        return free
    agent = replace(
        agent,
        occupancy=next_state(AGENT_MOVES, agent.occupancy, AgentMove.WRAP_UP),
        wake_at_ms=memory.now_ms + ms,
        wrap_up_queue=queue,
    )
    memory.publish(EventName.WRAP_UP_STARTED, agent)
    return agent


def end_wrap_up(memory: AccountMemory, agent: Agent, but: QueueId | None = None) -> Agent:
    """Idle, and ready or not by the rules of all queues but one."""
    queue = agent.wrap_up_queue
    idle = replace(
        agent,
        occupancy=next_state(AGENT_MOVES, agent.occupancy, AgentMove.FREE),
        wake_at_ms=0,
        wrap_up_queue=None,
        offered_at_ms=0,
    )
    memory.publish(EventName.WRAP_UP_ENDED, idle)
    if queue is not None:
        learn_completed(memory, queue, agent.offered_at_ms)
    ruled = [settings for settings in settings_of(memory) if settings.id != but]
    free = after_queue_call(idle, ruled, queue, memory.now_ms)
    publish_overlays(memory, idle, free)
    return free


def end_pauses(memory: AccountMemory, agent: Agent) -> Agent:
    """Without the pauses whose time has come."""
    after = pauses_over(agent, memory.now_ms)
    if after.status is not agent.status:
        memory.publish(EventName.AGENT_CHANGED, after)
    publish_overlays(memory, agent, after)
    return after


class PresenceMoves:
    """The part of `MemoryQueueStore` that is about agents and not about entries."""

    def _open(self, account: AccountId) -> AccountMemory:
        raise NotImplementedError

    async def change_presence(
        self,
        account: AccountId,
        user: UserId,
        change: PresenceChange,
        reason: str = "",
        command: str = "",
        pause_ms: int = 0,
    ) -> tuple[PresenceWord, Moved]:
        memory = self._open(account)
        agent = memory.agent(user)
        last_command, last_word = memory.commands.get(user, ("", PresenceWord.UNCHANGED))
        if command and command == last_command:
            return last_word, memory.moved((), [agent])
        changed = change_presence(agent, change, reason, memory.now_ms, pause_ms)
        if changed is None:
            word = PresenceWord.REFUSED
        elif changed == agent:
            word = PresenceWord.UNCHANGED
        else:
            word = PresenceWord.CHANGED
            memory.publish(EventName.AGENT_CHANGED, changed)
            if agent.status is Status.LOGGED_OUT:
                changed = after_login(changed, settings_of(memory, user), memory.now_ms)
                publish_overlays(memory, agent, changed)
        agent = changed or agent
        if command and agent.device is Device.IN_USE:
            agent = replace(agent, is_desk_call=True)
        agent = memory.put_agent(agent, (command, word) if command else None)
        return word, memory.moved((), [agent])

    async def change_queue_status(
        self,
        account: AccountId,
        user: UserId,
        queue: QueueId,
        asked: QueueStatus,
        reason: str = "",
        ms: int = 0,
    ) -> tuple[QueueStatusWord, Moved]:
        memory = self._open(account)
        agent = memory.agent(user)
        if queue not in memory.queues or user not in memory.queues[queue].members:
            return QueueStatusWord.NOT_A_MEMBER, memory.moved((), [agent])
        if asked is QueueStatus.WRAP_UP:
            return self._start_wrap_up(memory, agent, queue, ms)
        changed = self._in_queue(memory, agent, queue, asked, REASONS.get(asked, reason), ms)
        if changed.status is not agent.status:
            memory.publish(EventName.AGENT_CHANGED, changed)
        publish_overlays(memory, agent, changed)
        if asked is QueueStatus.READY and changed.occupancy is Occupancy.WRAP_UP:
            changed = end_wrap_up(memory, changed, but=queue)
        word = QueueStatusWord.UNCHANGED if changed == agent else QueueStatusWord.CHANGED
        return word, memory.moved((), [memory.put_agent(changed)])

    def _in_queue(
        self,
        memory: AccountMemory,
        agent: Agent,
        queue: QueueId,
        asked: QueueStatus,
        reason: str,
        ms: int,
    ) -> Agent:
        now_ms, queues = memory.now_ms, settings_of(memory, agent.id)
        match asked:
            case QueueStatus.READY:
                return ready_here(agent, queue, queues, now_ms)
            case QueueStatus.LOGGED_IN:
                return sign_in_here(agent, memory.queues[queue].settings, queues, now_ms)
            case QueueStatus.LOGGED_OUT:
                return sign_out_here(agent, queue, now_ms)
            case _:
                return pause_here(agent, queue, reason, now_ms, ms)

    def _start_wrap_up(
        self, memory: AccountMemory, agent: Agent, queue: QueueId, ms: int
    ) -> tuple[QueueStatusWord, Moved]:
        if agent.occupancy is Occupancy.WRAP_UP:
            return QueueStatusWord.UNCHANGED, memory.moved((), [agent])
        if agent.is_on_a_leg or not agent.logged_in_at_ms:
            return QueueStatusWord.REFUSED, memory.moved((), [agent])
        own_ms = memory.wrap_up_ms(queue, agent.id)
        agent = memory.put_agent(wrap_up(memory, agent, queue, ms or own_ms or WRAP_UP_LONGEST_MS))
        return QueueStatusWord.CHANGED, memory.moved((), [agent])

    async def change_wrap_up(
        self, account: AccountId, user: UserId, ms: int
    ) -> tuple[WrapUpWord, Moved]:
        memory = self._open(account)
        agent = memory.agent(user)
        if agent.occupancy is not Occupancy.WRAP_UP:
            return WrapUpWord.NOT_WRAPPING_UP, memory.moved((), [agent])
        if ms:
            memory.publish(EventName.WRAP_UP_CHANGED, agent)
            agent = memory.put_agent(replace(agent, wake_at_ms=memory.now_ms + ms))
        else:
            agent = memory.put_agent(end_wrap_up(memory, agent))
        return WrapUpWord.CHANGED, memory.moved((), [agent])

    async def change_device(
        self, account: AccountId, user: UserId, device: Device
    ) -> tuple[DeviceWord, Moved]:
        memory = self._open(account)
        agent = memory.agent(user)
        if agent.device is device:
            return DeviceWord.UNCHANGED, memory.moved((), [agent])
        changed = replace(agent, device=device)
        memory.publish(EventName.AGENT_CHANGED, changed)
        if agent.device is Device.IN_USE:
            changed = after_other_call(changed, settings_of(memory, user), memory.now_ms)
            publish_overlays(memory, agent, changed)
        agent = memory.put_agent(changed)
        return DeviceWord.CHANGED, memory.moved((), [agent])
