"""Looks for an explanation, in plain Python: nothing is changed and no due time is set."""

from edge.domain.entry import Entry
from edge.domain.explain.facts import (
    ENTRIES_SEEN,
    MEMBERS_SEEN,
    QUEUES_SEEN,
    AgentFacts,
    EntryFacts,
    MemberFacts,
    PlacedEntry,
    QueueFacts,
)
from edge.domain.ids import AccountId, EntryId, UserId
from edge.domain.strategies import FIELD_WIDTH
from tests.fakes.memory_records import IN_LINE, QueueMemory
from tests.fakes.memory_site import AccountMemory


class ExplainReads:
    """Part of `MemoryQueueStore`."""

    def _open(self, account: AccountId) -> AccountMemory:
        raise NotImplementedError

    async def explain_entry(self, account: AccountId, entry: EntryId) -> EntryFacts | None:
        memory = self._open(account)
        known = memory.entries.get(entry)
        if known is None or known.stage not in IN_LINE:
            return EntryFacts(account, memory.now_ms, known) if known else None
        queue = memory.queues[known.queue]
        line = [one.id for one in memory.line(queue.id)]
        position = line.index(entry) + 1
        offerable = {head.id: head for head in memory.offerable(queue.id)}
        ahead = [head for head in offerable.values() if line.index(head.id) < position - 1]
        return EntryFacts(
            account=account,
            now_ms=memory.now_ms,
            entry=known,
            position=position,
            head=offerable.get(entry),
            ahead=tuple(ahead[:ENTRIES_SEEN]),
            ahead_in_all=len(ahead),
            members=tuple(member_facts(memory, queue, u) for u in seen(memory, queue, known)),
            members_in_all=len(queue.members),
            ready_in_all=len(queue.ready),
            fields=queue.strategy.fields,
            draw=queue.strategy.draw,
            rings=queue.strategy.rings,
        )

    async def explain_agent(self, account: AccountId, user: UserId) -> AgentFacts:
        memory = self._open(account)
        queues = [memory.queues[name] for name in sorted(memory.queues)]
        theirs = [queue for queue in queues if user in queue.members][:QUEUES_SEEN]
        facts = tuple(queue_facts(memory, queue, user) for queue in theirs)
        return AgentFacts(account, memory.now_ms, memory.agent(user), facts)


def seen(memory: AccountMemory, queue: QueueMemory, entry: Entry) -> list[UserId]:
    """Who rings or is named, then who is ready and within the limits, then who is ready, then any;
    so many of them, sorted."""
    least, most = memory.tiers_of(entry)
    ready = queue.ready_in_order()
    within = [user for user in ready if least <= int(queue.ready[user][:FIELD_WIDTH]) <= most]
    named = [user for user in (entry.preferred, entry.sticky) if user is not None]
    wanted = [*sorted(entry.ringing), *named, *within, *ready, *queue.members]
    first = [user for user in dict.fromkeys(wanted) if user in queue.members]
    return sorted(first[:MEMBERS_SEEN])


def member_facts(memory: AccountMemory, queue: QueueMemory, user: UserId) -> MemberFacts:
    rank = queue.members[user].rank(queue.strategy)
    return MemberFacts(memory.agent(user), rank.tier, queue.ready.get(user))


def queue_facts(memory: AccountMemory, queue: QueueMemory, user: UserId) -> QueueFacts:
    line = [one.id for one in memory.line(queue.id)]
    offerable = memory.offerable(queue.id)
    ready = queue.ready_in_order()
    first = offerable[:ENTRIES_SEEN]
    return QueueFacts(
        queue=queue.id,
        tier=queue.members[user].rank(queue.strategy).tier,
        standing=ready.index(user) + 1 if user in ready else 0,
        ready_in_all=len(ready),
        waiting=len(line),
        offerable=len(offerable),
        entries=tuple(PlacedEntry(head, line.index(head.id) + 1) for head in first),
        draw=queue.strategy.draw,
        rings=queue.strategy.rings,
        urgency=memory.urgency(queue.id, memory.entries[first[0].id]) if first else 0.0,
    )
