"""The executable specification of the moves: a QueueStore in plain Python.

Several stores, one for each edge, share one MemorySite. A move has no await inside, so it is as
atomic as one Lua script. The Lua store must give the same words, records and heads.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from edge.domain.agent import (
    AGENT_MOVES,
    Agent,
    AgentMove,
    Occupancy,
)
from edge.domain.disposition import Disposition
from edge.domain.entry import ENTRY_MOVES, Entry, EntryMove, Stage
from edge.domain.events import EventName
from edge.domain.ids import AccountId, EntryId, LegId, QueueId, RunId, UserId
from edge.domain.matching import Heads
from edge.domain.offer import RING_GRACE_MS, UNSEEN_LEG_MS, LegFailure
from edge.domain.settings import Account
from edge.domain.transitions import next_state
from edge.ports.clock import Clock
from edge.ports.queue_store import (
    BeatWord,
    CompleteWord,
    ConnectWord,
    Due,
    FailWord,
    FireWord,
    LeaveWord,
    LegWord,
    LivingEdges,
    Moved,
    Summons,
    TakeOverWord,
)
from edge.store.redis_queue_store import seed_of_chance
from tests.fakes.chance import Chance
from tests.fakes.memory_admission import abandoned_how
from tests.fakes.memory_dues import end_entry, end_leg, fire_agent, fire_empty, fire_entry
from tests.fakes.memory_explain import ExplainReads
from tests.fakes.memory_introductions import IntroductionMoves
from tests.fakes.memory_learnt import learn_answered
from tests.fakes.memory_matches import ACCEPTED, RUNG, MatchMoves
from tests.fakes.memory_presence import PresenceMoves, wrap_up
from tests.fakes.memory_presses import PressMoves
from tests.fakes.memory_prospect import ProspectMoves
from tests.fakes.memory_records import IN_LINE, without_leg
from tests.fakes.memory_site import AccountMemory, MemorySite
from tests.fakes.memory_transfers import TransferMoves


class MemoryQueueStore(
    MatchMoves,
    PresenceMoves,
    TransferMoves,
    IntroductionMoves,
    PressMoves,
    ProspectMoves,
    ExplainReads,
):
    """The moves of one edge. Satisfies `edge.ports.queue_store.QueueStore`."""

    def __init__(
        self,
        run: RunId,
        site: MemorySite,
        clock: Clock,
        chance: Callable[[], int] = seed_of_chance,
    ) -> None:
        super().__init__()
        self.run = run
        self._chance = chance
        self._site = site
        self._clock = clock
        self._has_beaten = False

    def _open(self, account: AccountId) -> AccountMemory:
        memory = self._site.account(account, self._clock.now_ms())
        memory.chance = Chance(self._chance())
        return memory

    async def configure(self, account: Account) -> tuple[Heads, ...]:
        memory = self._open(AccountId(account.id))
        memory.write_queues(account)
        return memory.moved().heads

    async def leg_dialled(
        self, account: AccountId, user: UserId, leg: LegId, ring_seconds: int
    ) -> tuple[LegWord, Moved]:
        memory = self._open(account)
        agent = memory.agent(user)
        if not self._rings(agent, leg):
            return LegWord.STALE, memory.moved((), [agent])
        if agent.occupancy is Occupancy.RESERVED:
            agent = memory.put_agent(
                replace(
                    agent,
                    occupancy=next_state(AGENT_MOVES, agent.occupancy, AgentMove.DIALLED),
                    wake_at_ms=memory.now_ms + ring_seconds * 1000 + RING_GRACE_MS,
                )
            )
        return LegWord.ADVANCED, memory.moved((), [agent])

    def _rings(self, agent: Agent, leg: LegId) -> bool:
        """Whether this leg of ours still rings the agent, or is about to."""
        return agent.leg == leg and agent.leg_owner == self.run and agent.occupancy in RUNG

    async def leg_ringing(
        self, account: AccountId, user: UserId, leg: LegId
    ) -> tuple[LegWord, Moved]:
        memory = self._open(account)
        agent = memory.agent(user)
        if not self._rings(agent, leg):
            return LegWord.STALE, memory.moved((), [agent])
        memory.publish(EventName.LEG_RINGING, agent)
        return LegWord.ADVANCED, memory.moved((), [agent])

    async def connect(self, account: AccountId, entry: EntryId) -> tuple[ConnectWord, Moved]:
        memory = self._open(account)
        known = memory.entries.get(entry)
        if known is None or known.owner != self.run or known.stage not in ACCEPTED:
            return ConnectWord.STALE, memory.moved([known] if known else ())
        if known.stage is Stage.CONNECTING:
            known = memory.put_entry(
                replace(
                    known,
                    stage=next_state(ENTRY_MOVES, known.stage, EntryMove.CONNECT),
                    connected_at_ms=memory.now_ms,
                )
            )
            learn_answered(memory, known)
            assert known.agent is not None, "an accepted entry has its agent"
            if known.caller_number:
                memory.spoke[known.caller_number] = (known.agent, memory.now_ms)
            memory.publish(EventName.CALL_CONNECTED, known)
        return ConnectWord.CONNECTED, memory.moved([known])

    async def fail_leg(
        self, account: AccountId, user: UserId, leg: LegId, failure: LegFailure
    ) -> tuple[FailWord, Moved]:
        memory = self._open(account)
        agent = memory.agent(user)
        if agent.leg != leg or agent.leg_owner != self.run or agent.leg_entry is None:
            return FailWord.STALE, memory.moved((), [agent])
        entry = memory.entries[agent.leg_entry]
        if agent.occupancy is Occupancy.TALKING and entry.stage is not Stage.CONNECTING:
            return FailWord.STALE, memory.moved([entry], [agent])
        memory.look_at(entry.queue)
        entry, agent = end_leg(memory, agent, failure, held_back=False)
        return FailWord.FAILED, memory.moved([entry], [agent])

    async def leave(
        self, account: AccountId, entry: EntryId, disposition: Disposition
    ) -> tuple[LeaveWord, Moved]:
        memory = self._open(account)
        known = memory.entries.get(entry)
        if known is None or known.owner != self.run or known.stage not in IN_LINE:
            return LeaveWord.STALE, memory.moved([known] if known else ())
        if disposition is Disposition.ABANDONED:
            disposition = abandoned_how(memory, known)
        known, freed = end_entry(memory, known, disposition)
        return LeaveWord.LEFT, memory.moved([known], freed)

    async def complete(self, account: AccountId, entry: EntryId) -> tuple[CompleteWord, Moved]:
        memory = self._open(account)
        known = memory.entries.get(entry)
        if known is None or known.owner != self.run or known.stage not in ACCEPTED:
            return CompleteWord.STALE, memory.moved([known] if known else ())
        if known.stage is Stage.CONNECTING:
            learn_answered(memory, known)
        known = memory.put_entry(
            replace(
                known,
                stage=next_state(ENTRY_MOVES, known.stage, EntryMove.COMPLETE),
                disposition=Disposition.ANSWERED,
                ended_at_ms=memory.now_ms,
            )
        )
        memory.publish(EventName.CALL_COMPLETED, known)
        memory.publish(EventName.ENTRY_LEFT, known)
        assert known.agent is not None, "an accepted entry has its agent"
        agent = memory.agent(known.agent)
        agent = memory.take_effect(
            replace(
                without_leg(agent),
                wake_at_ms=0,
                last_ended_at_ms=memory.now_ms,
                offered_at_ms=agent.offered_at_ms,
            )
        )
        agent = memory.put_agent(
            wrap_up(memory, agent, known.queue, memory.wrap_up_ms(known.queue, agent.id))
        )
        return CompleteWord.COMPLETED, memory.moved([known], [agent])

    async def look(self, account: AccountId, queue: QueueId, depth: int) -> tuple[Heads, ...]:
        return self._open(account).look(queue, depth)

    async def agent(self, account: AccountId, user: UserId) -> Agent:
        return self._open(account).agent(user)

    async def entry(self, account: AccountId, entry: EntryId) -> Entry | None:
        return self._open(account).entries.get(entry)

    async def line(
        self, account: AccountId, queue: QueueId, most: int | None = None
    ) -> tuple[Entry, ...]:
        return tuple(self._open(account).line(queue)[:most])

    async def due(self, account: AccountId, skip: int = 0) -> Sequence[Due]:
        memory = self._open(account)
        due = [Due(account, what, at) for what, at in memory.dues.items() if at <= memory.now_ms]
        return sorted(due, key=lambda due: (due.at_ms, due.what))[skip:]

    async def fire(self, due: Due, alive: frozenset[RunId]) -> tuple[FireWord, Moved]:
        memory = self._open(due.account)
        kind, _, name = due.what.partition(":")
        if not memory.is_due(due.what):
            known = memory.entries.get(EntryId(name)) if kind == "entry" else None
            return FireWord.NOT_DUE, memory.moved([known] if known else ())
        match kind:
            case "agent":
                word, moved = fire_agent(memory, memory.agent(UserId(name)), alive)
                for entry in moved.entries:
                    if entry.owner != self.run:
                        self._site.summon(entry.owner, memory.id, entry.id)
                return word, moved
            case "entry":
                word, moved = fire_entry(memory, memory.entries[EntryId(name)], alive)
                self._summon_ended(memory.id, moved)
                return word, moved
            case "empty":
                moved = memory.moved(fire_empty(memory, QueueId(name)))
                self._summon_ended(memory.id, moved)
                return FireWord.FIRED, moved
            case "rerank":
                memory.rank_anew(memory.queues[QueueId(name)])
                memory.put_off(due.what, memory.next_window_ms())
                memory.look_at(QueueId(name))
                return FireWord.FIRED, memory.moved()
            case _:
                memory.look_at(QueueId(name))
                return FireWord.FIRED, memory.moved()

    def _summon_ended(self, account: AccountId, moved: Moved) -> None:
        """Somebody has to tell the callers."""
        for entry in moved.entries:
            if entry.stage is Stage.ENDED and entry.owner != self.run:
                self._site.summon(entry.owner, account, entry.id)

    async def take_over(self, account: AccountId, dead: RunId) -> tuple[TakeOverWord, Moved]:
        memory = self._open(account)
        entries, agents = [], []
        for entry in sorted(memory.entries.values(), key=lambda entry: entry.id):
            if entry.owner != dead or entry.stage is Stage.ENDED:
                continue
            entry = memory.put_entry(replace(entry, owner=self.run), held_back=False)
            memory.publish(EventName.ENTRY_TAKEN_OVER, entry)
            memory.look_at(entry.queue)
            entries.append(entry)
            for user in sorted(entry.ringing | ({entry.agent} if entry.agent else set())):
                agent = memory.agent(user)
                if agent.leg_entry == entry.id:
                    agents.append(memory.put_agent(self._taken(agent, memory.now_ms)))
        return TakeOverWord.TAKEN, memory.moved(entries, agents)

    def _taken(self, agent: Agent, now_ms: int) -> Agent:
        wake_at_ms = agent.wake_at_ms
        if agent.occupancy in RUNG:
            wake_at_ms = max(wake_at_ms, now_ms + UNSEEN_LEG_MS)
        return replace(agent, leg_owner=self.run, wake_at_ms=wake_at_ms)

    async def beat(self, *, takes_over: bool = True) -> tuple[BeatWord, LivingEdges]:
        word = self._site.renew(self.run, self._clock.now_ms(), is_first=not self._has_beaten)
        self._has_beaten = True
        takes_over = takes_over and word is BeatWord.ALIVE
        return word, self._site.living_edges(self.run, self._clock.now_ms(), takes_over=takes_over)

    async def retire(self) -> None:
        self._site.die(self.run)

    async def bury(self, dead: RunId) -> None:
        self._site.bury(dead)

    async def summons(self) -> Summons | None:
        return await self._site.box_of(self.run).get()
