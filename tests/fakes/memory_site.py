"""What all edges of a site share, in plain Python: the records, the lines and the ready sets.

Here stands what every move does alike; the moves are in `memory_store`. One put raises a
record's revision by one, sets what is due for it and ranks it anew in all its queues.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace

from edge.domain.agent import AGENT_MOVES, Agent, AgentMove, Device, Here
from edge.domain.entry import Entry, Stage
from edge.domain.estimate import History
from edge.domain.events import EventName
from edge.domain.ids import AccountId, EntryId, MemberId, QueueId, RunId, UserId
from edge.domain.line import score
from edge.domain.matching import DEPTHS, HeadAgent, HeadEntry, Heads, Passed
from edge.domain.offer import CONSEQUENCES, LegFailure
from edge.domain.presence import miss, take_effect
from edge.domain.settings import Account
from edge.domain.strategies import (
    FIELD_WIDTH,
    STRATEGIES,
    Draw,
    Field,
    Rings,
    Round,
    standing,
    values_of,
)
from edge.domain.transitions import next_state
from edge.domain.webhook import Webhook
from edge.ports.queue_store import BeatWord, Due, LivingEdges, Moved, PresenceWord, Summons
from tests.fakes.chance import Chance
from tests.fakes.memory_admission import must_empty
from tests.fakes.memory_outbox import OutboxMemory
from tests.fakes.memory_records import (
    IN_LINE,
    Event,
    QueueMemory,
    user_of,
    without_leg,
    without_what_is_over,
)

LOOK_AGAIN_MS = 1_000
LEASE_MS = 3_000


class AccountMemory:
    """Everything of one account. `now_ms` never goes back.

    Part of an entry's record, and so of its revision, is `held_back`; part of an agent's is the
    last command with its word.
    """

    def __init__(self, account: AccountId) -> None:
        self.id = account
        self.now_ms = 0
        self.queues: dict[QueueId, QueueMemory] = {}
        self.agents: dict[UserId, Agent] = {}
        self.entries: dict[EntryId, Entry] = {}
        self.held_back: set[EntryId] = set()
        self.dues: dict[str, int] = {}
        self.commands: dict[UserId, tuple[str, PresenceWord]] = {}
        self.events: list[Event] = []
        self.learnt: dict[QueueId, History] = {}
        self.spoke: dict[str, tuple[UserId, int]] = {}
        self.outbox = OutboxMemory()
        self.settings: Account | None = None
        self.chance = Chance(1)
        self._to_look: dict[QueueId, list[UserId] | None] = {}

    def window(self) -> int:
        """The number of the present window of calls."""
        assert self.settings is not None, "the account was configured"
        return self.now_ms // (self.settings.calls_window_minutes * 60_000)

    def next_window_ms(self) -> int:
        assert self.settings is not None, "the account was configured"
        return (self.window() + 1) * self.settings.calls_window_minutes * 60_000

    def write_queues(self, account: Account) -> None:
        before, self.settings = self.settings, account
        has_new_window = (
            before is not None and before.calls_window_minutes != account.calls_window_minutes
        )
        # One that was removed stays as it was, for who stands in it.
        known, self.queues = self.queues, dict(self.queues)
        for settings in account.queues:
            members = {UserId(member.user_id): member for member in settings.members}
            queue = QueueMemory(settings, members)
            if queue.id in known:
                queue.last_place = known[queue.id].last_place
                queue.round = known[queue.id].round
                queue.ready = queue.unchanged_from(known[queue.id])
            self.queues[queue.id] = queue
            counts = Field.CALLS_IN_WINDOW in queue.strategy.fields
            if counts and has_new_window:
                queue.ready = {}
            self._write_rerank(queue, known.get(queue.id), counts, has_new_window)
            self.look_at(queue.id)
            self.dues.pop(f"empty:{queue.id}", None)
            for user in members:
                self._rank(self.agent(user))

    def _write_rerank(
        self, queue: QueueMemory, known: QueueMemory | None, counts: bool, has_new_window: bool
    ) -> None:
        """When its window ends; one that is due already goes on."""
        what = f"rerank:{queue.id}"
        is_same = known is not None and known.strategy.fields == queue.strategy.fields
        if not (counts and is_same and not has_new_window and what in self.dues):
            self._set_due(what, self.next_window_ms() if counts else 0)

    def agent(self, user: UserId) -> Agent:
        return self.agents.get(user) or Agent(user)

    def publish(self, name: EventName, record: Entry | Agent | Webhook, reason: str = "") -> None:
        self.events.append(Event(name, record, reason))

    def publish_offer(
        self, agent: Agent, passed_over: int, passed: tuple[tuple[EntryId, Passed], ...] = ()
    ) -> None:
        offered = Event(EventName.ENTRY_OFFERED, agent, "", passed_over, passed)
        self.events.append(offered)

    def put_agent(self, agent: Agent, command: tuple[str, PresenceWord] | None = None) -> Agent:
        """Write the record where it differs. Whoever becomes ready is looked at everywhere."""
        before = self.agent(agent.id)
        same_command = command is None or command == self.commands.get(agent.id)
        if agent == before and same_command:
            return before
        if command is not None:
            self.commands[agent.id] = command
        agent = replace(agent, rev=before.rev + 1)
        self.agents[agent.id] = agent
        self._set_due(f"agent:{agent.id}", agent.due_at_ms)
        self._rank(agent)
        return agent

    def put_entry(self, entry: Entry, *, held_back: bool | None = None) -> Entry:
        """Write the record. `held_back` stays as it is if None; only who waits is ever woken."""
        before = self.entries.get(entry.id)
        chances_before = self.chances_of(before) if before else None
        if held_back is not None:
            (self.held_back.add if held_back else self.held_back.discard)(entry.id)
        entry = without_what_is_over(entry)
        self._set_due(f"entry:{entry.id}", entry.due_at_ms)
        entry = replace(entry, rev=before.rev + 1 if before else 1)
        self.entries[entry.id] = entry
        has_moved = before is not None and (entry.place, entry.priority) != (
            before.place,
            before.priority,
        )
        chances = self.chances_of(entry)
        if chances is not None and (has_moved or chances != chances_before):
            self.look_at(entry.queue)
        return entry

    def chances_of(self, entry: Entry) -> object | None:
        """What an agent may be offered of it; None where nothing."""
        if not self.is_offerable(entry):
            return None
        return (entry.tried, self.room_of(entry), *self.tiers_of(entry), entry.preferred)

    def room_of(self, entry: Entry) -> int:
        """How many phones more may ring for it."""
        if entry.is_alone or entry.is_last_offer:
            return 0
        rings, most = self.rings_of(entry)
        match rings:
            case Rings.ONE:
                allowed = 1
            case Rings.ALL:
                allowed = most
            case Rings.PROGRESSIVELY:
                allowed = min(most, entry.allowed)
        return max(0, allowed - len(entry.ringing))

    def rings_of(self, entry: Entry) -> tuple[Rings, int]:
        """How many phones ring for it: of its queue, until the first one does."""
        queue = self.queues[entry.queue]
        if entry.rings is not None:
            return entry.rings, entry.ring_max
        return queue.strategy.rings, queue.settings.ring_max

    def tiers_of(self, entry: Entry) -> tuple[int, int]:
        """The tiers that may be rung for it now."""
        most = entry.max_tier
        if entry.ring_tier is not None and self.rings_of(entry)[0] is Rings.ALL:
            most = min(most, entry.ring_tier)
        return entry.min_tier, most

    def _set_due(self, what: str, at_ms: int) -> None:
        if at_ms:
            self.dues[what] = at_ms
        else:
            self.dues.pop(what, None)

    def put_off(self, what: str, at_ms: int) -> None:
        self._set_due(what, at_ms)

    def is_due(self, what: str) -> bool:
        return what in self.dues and self.dues[what] <= self.now_ms

    def _stands_ready(self, agent: Agent) -> bool:
        """A back-off that is over counts only once its due time has fired."""
        return agent.is_ready(self.now_ms) and not agent.wake_at_ms

    def _rank(self, agent: Agent) -> None:
        for queue in self.queues.values():
            member = queue.members.get(agent.id)
            if not member or not self._stands_ready(agent) or queue.id in agent.overlays:
                queue.ready.pop(agent.id, None)
            elif agent.id not in queue.ready:
                strategy = STRATEGIES[queue.settings.strategy]
                rank = member.rank(strategy)
                values = values_of(strategy, agent, rank, queue.id, queue.round, self.window())
                queue.ready[agent.id] = standing(strategy, values, MemberId(member.id), agent.id)
                self.look_at(queue.id, agent.id)

    def amend(self, agent: Agent) -> Agent:
        """Change what the same move has written already: no further revision."""
        self.agents[agent.id] = agent
        return agent

    def rank_anew(self, queue: QueueMemory) -> None:
        """After the end of a window of calls."""
        users, queue.ready = list(queue.ready), {}
        for user in users:
            self._rank(self.agent(user))

    def note_dialled(self, queue: QueueMemory, agent: Agent) -> Agent:
        """The agent with what the orders of round and cycle go by; the round moves on."""
        if not {Field.LAST_RUNG_HERE, Field.LAP_HERE} & set(queue.strategy.fields):
            return agent
        here = agent.here.get(queue.id, Here())
        fields = STRATEGIES[queue.settings.strategy].fields
        if Field.LAST_RUNG_HERE in fields:
            here = replace(here, last_rung_at_ms=self.now_ms)
        if Field.LAP_HERE in fields:
            order = queue.members[agent.id].position
            here = replace(here, lap=queue.round.lap_of(here.lap, order))
            queue.round = Round(here.lap, order)
        return replace(agent, here={**agent.here, queue.id: here})

    def answered_here(self, queue: QueueId, agent: Agent) -> Mapping[QueueId, Here]:
        """What the agent has done for each queue, once this call of that queue is answered."""
        strategy = STRATEGIES[self.queues[queue].settings.strategy]
        if Field.LAST_ANSWERED_HERE not in strategy.fields:
            return agent.here
        here = agent.here.get(queue, Here())
        return {**agent.here, queue: replace(here, last_answered_at_ms=self.now_ms)}

    def line(self, queue: QueueId) -> list[Entry]:
        inside = [e for e in self.entries.values() if e.queue == queue and e.stage in IN_LINE]
        return sorted(inside, key=lambda e: score(e.priority, e.place))

    def places_taken(self, queue: QueueId, priority: int) -> set[int]:
        """By those in line, and those who may come back to it when their agent is lost."""
        may_return = IN_LINE | {Stage.CONNECTING}
        return {
            e.place
            for e in self.entries.values()
            if e.queue == queue and e.priority == priority and e.stage in may_return
        }

    def is_offerable(self, entry: Entry) -> bool:
        has_room = entry.stage is Stage.WAITING or (
            entry.stage is Stage.OFFERED and self.room_of(entry) > 0
        )
        return has_room and entry.id not in self.held_back and not entry.intro_until_ms

    def offerable(self, queue: QueueId) -> list[HeadEntry]:
        return [self._head(e) for e in self.line(queue) if self.is_offerable(e)]

    def _head(self, entry: Entry) -> HeadEntry:
        named = entry.preferred or entry.sticky
        is_there = named in self.queues[entry.queue].ready and entry.stage is Stage.WAITING
        least, most = self.tiers_of(entry)
        return HeadEntry(
            id=entry.id,
            rev=entry.rev,
            owner=entry.owner,
            tried=entry.tried,
            room=self.room_of(entry),
            min_tier=least,
            max_tier=most,
            named=named if is_there else None,
            reserved=entry.preferred is not None,
        )

    def ready(self, queue: QueueId) -> list[UserId]:
        return self.queues[queue].ready_in_order() if queue in self.queues else []

    def ready_heads(self, queue: QueueId, depth: int) -> tuple[HeadAgent, ...]:
        """The first so many, or so many drawn by chance."""
        if queue not in self.queues:
            return ()
        known = self.queues[queue]
        tier_of = {user: int(place[:FIELD_WIDTH]) for user, place in known.ready.items()}
        everybody = [HeadAgent(user, tier_of[user]) for user in self.ready(queue)]
        if known.strategy.draw is not Draw.NONE:
            return tuple(self.chance.drawn(everybody, depth, known.strategy.draw))
        if known.strategy.rings is Rings.ALL:
            depth = max(depth, known.settings.ring_max)
        return tuple(everybody[:depth])

    def look_at(self, queue: QueueId, ready: UserId | None = None) -> None:
        """This move may have made a match possible there: its answer brings the heads. `ready`:
        only because this agent has become ready."""
        because_of = self._to_look.setdefault(queue, [])
        if ready is None:
            self._to_look[queue] = None
        elif because_of is not None:
            because_of.append(ready)

    def look(self, queue: QueueId, depth: int = DEPTHS[0]) -> tuple[Heads, ...]:
        """The heads where both sides are there, and then a due time to look again."""
        heads = self.heads(queue, depth)
        self._set_due(f"queue:{queue}", self.now_ms + LOOK_AGAIN_MS if heads else 0)
        return (heads,) if heads else ()

    def heads(self, queue: QueueId, depth: int) -> Heads | None:
        """The first of both sides, where both are there."""
        entries = tuple(self.offerable(queue)[:depth])
        if not entries or not self.ready(queue):
            return None
        strategy = self.queues[queue].strategy
        return Heads(
            self.id,
            queue,
            entries,
            self.ready_heads(queue, depth),
            depth,
            draw=strategy.draw,
            rings=strategy.rings,
            urgency=self.urgency(queue, self.entries[entries[0].id]),
        )

    def stub(self, queue: QueueId, ready: Iterable[UserId]) -> tuple[Heads, ...]:
        """A queue in which these agents became ready, without its entries; chance is not asked."""
        entries = self.offerable(queue)[:1]
        self._set_due(f"queue:{queue}", self.now_ms + LOOK_AGAIN_MS if entries else 0)
        if not entries:
            return ()
        known = self.queues[queue]
        places = sorted(known.ready[user] for user in ready)
        agents = (HeadAgent(user_of(place), int(place[:FIELD_WIDTH])) for place in places)
        urgency = self.urgency(queue, self.entries[entries[0].id])
        draw, rings = known.strategy.draw, known.strategy.rings
        return (Heads(self.id, queue, (), tuple(agents), 0, draw, rings, urgency),)

    def urgency(self, queue: QueueId, first: Entry) -> float:
        assert self.settings is not None, "the account was configured"
        aging_ms = self.settings.aging_seconds * 1000
        waited_ms = self.now_ms - first.joined_at_ms
        return self.queues[queue].settings.weight + (waited_ms / aging_ms if aging_ms else 0)

    def free(self, agent: Agent, failure: LegFailure) -> Agent:
        """End the leg on which the agent is rung: idle again, with what the failure brings."""
        after = CONSEQUENCES[failure]
        self.publish(EventName.LEG_ENDED, agent, failure.value)
        queue = agent.leg_queue
        freed = self.take_effect(
            replace(
                without_leg(agent),
                occupancy=next_state(AGENT_MOVES, agent.occupancy, AgentMove.LEG_FAILED),
                wake_at_ms=self.now_ms + after.back_off_ms if after.back_off_ms else 0,
                device=Device.UNREACHABLE if after.is_unreachable else agent.device,
            )
        )
        if after.is_miss and queue is not None:
            missed = miss(freed, self.pause_after_misses(queue, agent.id), self.now_ms)
            if missed.status is not freed.status:
                self.publish(EventName.AGENT_CHANGED, missed)
            freed = missed
        return self.put_agent(freed)

    def take_effect(self, agent: Agent) -> Agent:
        """The leg has ended: what was pending is so now."""
        if agent.pending is not None:
            agent = take_effect(agent, self.now_ms)
            self.publish(EventName.AGENT_CHANGED, agent)
        return agent

    def pause_after_misses(self, queue: QueueId, user: UserId) -> int:
        """The person's own setting, else the queue's; for members, the person's own."""
        known = self.queues[queue]
        assert self.settings is not None, "the account was configured"
        own = next(
            (
                one.auto_pause_after_misses
                for one in self.settings.users
                if one.id == user and user in known.members
            ),
            None,
        )
        return known.settings.auto_pause_after_misses if own is None else own

    def wrap_up_ms(self, queue: QueueId, user: UserId) -> int:
        """The member's own setting, else the queue's."""
        known = self.queues[queue]
        own = known.members[user].wrap_up_seconds if user in known.members else None
        return (known.settings.wrap_up_seconds if own is None else own) * 1000

    def moved(self, entries: Iterable[Entry] = (), agents: Iterable[Agent] = ()) -> Moved:
        """The answer of a move, with the heads of all queues that it looked at."""
        looks, self._to_look = self._to_look, {}
        stubs = {
            queue: stub
            for queue, ready in looks.items()
            if ready is not None
            for stub in self.stub(queue, ready)
        }
        best = min(stubs, key=lambda queue: (-stubs[queue].urgency, queue), default=None)
        heads = [stub for queue, stub in stubs.items() if queue != best]
        for queue in sorted(looks):
            if looks[queue] is None or queue == best:
                heads.extend(self.look(queue))
        due = self._lines_to_empty()
        return Moved(self.now_ms, tuple(entries), tuple(agents), tuple(heads), due)

    def _lines_to_empty(self) -> tuple[Due, ...]:
        """The lines that are to be emptied from now on."""
        found = []
        for queue in self.queues:
            what = f"empty:{queue}"
            if not must_empty(self, queue):
                self.dues.pop(what, None)
            elif what not in self.dues:
                self.dues[what] = self.now_ms
                found.append(Due(self.id, what, self.now_ms))
        return tuple(found)


class MemorySite:
    """What stands in Redis: the accounts, the leases of the edges, and their summons."""

    def __init__(self) -> None:
        self.accounts: dict[AccountId, AccountMemory] = {}
        self.leases: dict[RunId, int] = {}
        self.dead: set[RunId] = set()
        self.takers: dict[RunId, RunId] = {}
        self._boxes: dict[RunId, asyncio.Queue[Summons | None]] = {}

    def account(self, account: AccountId, now_ms: int) -> AccountMemory:
        """The account, its clock moved on to now (never back)."""
        memory = self.accounts.setdefault(account, AccountMemory(account))
        memory.now_ms = max(memory.now_ms, now_ms)
        return memory

    def renew(self, run: RunId, now_ms: int, *, is_first: bool) -> BeatWord:
        """Renew a lease; edges whose lease ended are dead, once and for good."""
        is_lost = run in self.dead or not (run in self.leases or is_first)
        if not is_lost:
            self.leases[run] = now_ms + LEASE_MS
        for other, until in list(self.leases.items()):
            if until <= now_ms:
                self.die(other)
        return BeatWord.LEASE_LOST if is_lost else BeatWord.ALIVE

    def die(self, run: RunId) -> None:
        self.leases.pop(run, None)
        self.dead.add(run)

    def bury(self, run: RunId) -> None:
        self.dead.discard(run)
        self.takers.pop(run, None)

    def living_edges(self, run: RunId, now_ms: int, *, takes_over: bool) -> LivingEdges:
        """Who lives, who is dead; one edge takes over a dead one, and if it dies, the next."""
        for dead in self.dead:
            if takes_over and self.takers.get(dead) not in self.leases:
                self.takers[dead] = run
        to_take = {dead for dead in self.dead if self.takers.get(dead) == run}
        silent_ms = {run: LEASE_MS - (until - now_ms) for run, until in self.leases.items()}
        return LivingEdges(
            frozenset(self.leases), frozenset(self.dead), frozenset(to_take), silent_ms
        )

    def box_of(self, run: RunId) -> asyncio.Queue[Summons | None]:
        return self._boxes.setdefault(run, asyncio.Queue())

    def summon(self, owner: RunId, account: AccountId, entry: EntryId) -> None:
        self.box_of(owner).put_nowait(Summons(account, entry))
