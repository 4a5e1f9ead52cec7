"""Moves of the memory store that bring callers and agents together: join, claim, pick, accept."""

from collections.abc import Sequence
from dataclasses import replace

from edge.domain.agent import AGENT_MOVES, BUSY_DEVICES, Agent, AgentMove, Occupancy
from edge.domain.disposition import Disposition
from edge.domain.entry import ENTRY_MOVES, Entry, EntryMove, Joining, Party, Stage
from edge.domain.events import EventName
from edge.domain.ids import AccountId, EntryId, LegId, QueueId, RunId, UserId
from edge.domain.line import place_of_arrival, score
from edge.domain.matching import Choice, Match
from edge.domain.offer import RESERVED_FOR_MS
from edge.domain.settings.account import HIGHEST_TIER
from edge.domain.strategies import Rings
from edge.domain.transitions import next_state
from edge.ports.clock import Clock
from edge.ports.queue_store import (
    AcceptWord,
    ClaimWord,
    JoinWord,
    Moved,
    PickWord,
    RearrangeWord,
    RejoinWord,
)
from tests.fakes.memory_admission import waits_until_ms, why_refused
from tests.fakes.memory_dues import cancel_legs, end_entry, widened
from tests.fakes.memory_places import at_place, at_position
from tests.fakes.memory_records import IN_LINE
from tests.fakes.memory_site import AccountMemory, MemorySite

RUNG = frozenset({Occupancy.RESERVED, Occupancy.RINGING})
ACCEPTED = frozenset({Stage.CONNECTING, Stage.TALKING})


class MatchMoves:
    """Part of `MemoryQueueStore`."""

    run: RunId
    _site: MemorySite
    _clock: Clock

    def _open(self, account: AccountId) -> AccountMemory:
        raise NotImplementedError

    def _summon(self, memory: AccountMemory, entry: Entry) -> None:
        if entry.owner != self.run:
            self._site.summon(entry.owner, memory.id, entry.id)

    async def join(self, account: AccountId, joining: Joining) -> tuple[JoinWord, Moved]:
        memory = self._open(account)
        known = memory.entries.get(joining.entry)
        left = memory.entries.get(joining.leaves) if joining.leaves else None
        before = [left] if left else []
        if known:
            return JoinWord.ALREADY, memory.moved([known, *before])
        if joining.leaves:
            if left is None or left.owner != self.run or left.stage not in IN_LINE:
                return JoinWord.STALE, memory.moved(before)
            memory.publish(EventName.OPTION_PRESSED, left, joining.pressed)
        queue = memory.queues[joining.queue]
        asked = place_of_arrival(joining.arrived_at_ms, memory.now_ms)
        is_member = joining.preferred in queue.members
        refused, expected_ms = why_refused(memory, joining)
        entry = Entry(
            id=joining.entry,
            queue=joining.queue,
            stage=Stage.WAITING,
            party=Party.LIVE,
            leg=joining.leg,
            node=joining.node,
            endpoint=joining.endpoint,
            dialled=joining.dialled,
            inside=joining.inside,
            caller_number=joining.caller_number,
            caller_name=joining.caller_name,
            priority=joining.priority,
            place=asked,
            joined_at_ms=asked,
            owner=self.run,
            rev=0,
            lets_ring=queue.settings.timeout_lets_ring,
        )
        if refused is not None:
            ended = replace(
                entry,
                stage=Stage.ENDED,
                disposition=refused,
                ended_at_ms=memory.now_ms,
                expected_ms=expected_ms,
            )
            entry = memory.put_entry(ended)
            memory.publish(EventName.ENTRY_REJECTED, entry)
            return JoinWord.REJECTED, memory.moved([entry, *before])
        freed: list[Agent] = []
        if left is not None:
            led_on = replace(left, pressed=joining.pressed, onward=joining.entry)
            left, freed = end_entry(memory, led_on, Disposition.ROUTED)
            before = [left]
        entry = replace(
            entry,
            waits_until_ms=waits_until_ms(memory, joining),
            music=joining.music,
            preferred=joining.preferred if is_member else None,
            prefer_until_ms=memory.now_ms + joining.prefer_ms if is_member else 0,
            intro_until_ms=memory.now_ms + joining.intro_ms if joining.intro_ms else 0,
            sticky=self._last_to_speak_with(memory, joining),
        )
        entry = at_place(memory, entry, asked, came_now=asked == memory.now_ms)
        others: list[Entry] = []
        if joining.position:
            entry, others = at_position(memory, entry, joining.position)
        entry = memory.put_entry(widened(memory, entry))
        others = [memory.put_entry(other) for other in others]
        memory.publish(EventName.ENTRY_JOINED, entry)
        memory.look_at(joining.queue)
        return JoinWord.JOINED, memory.moved([entry, *before, *others], freed)

    async def rejoin(
        self, account: AccountId, entry: EntryId, new: EntryId, leg: LegId
    ) -> tuple[RejoinWord, Moved]:
        memory = self._open(account)
        before = memory.entries.get(entry)
        if before is not None and before.onward == new:
            return RejoinWord.REJOINED, memory.moved([memory.entries[new], before])
        if before is None or before.disposition is not Disposition.ROUTED or before.onward:
            return RejoinWord.STALE, memory.moved([before] if before else ())
        before = memory.put_entry(replace(before, onward=new))
        away_ms = memory.now_ms - before.ended_at_ms
        waits_until_ms = before.waits_until_ms + away_ms if before.waits_until_ms else 0
        again = replace(
            before,
            id=new,
            leg=leg,
            owner=self.run,
            stage=Stage.WAITING,
            disposition=None,
            ended_at_ms=0,
            rev=0,
            tried=frozenset(),
            min_tier=0,
            max_tier=HIGHEST_TIER,
            waits_until_ms=waits_until_ms,
            pressed="",
            onward=None,
        )
        again = memory.put_entry(widened(memory, at_place(memory, again, before.place)))
        memory.publish(EventName.ENTRY_JOINED, again)
        memory.look_at(again.queue)
        return RejoinWord.REJOINED, memory.moved([again, before])

    def _last_to_speak_with(self, memory: AccountMemory, joining: Joining) -> UserId | None:
        settings = memory.queues[joining.queue].settings
        user, at_ms = memory.spoke.get(joining.caller_number, (None, 0))
        is_wanted = settings.sticky_agent and bool(joining.caller_number)
        within = memory.now_ms - at_ms <= settings.sticky_days * 86_400_000
        return user if is_wanted and within else None

    async def claim(
        self, account: AccountId, queue: QueueId, match: Match, legs: Sequence[LegId]
    ) -> tuple[ClaimWord, Moved]:
        memory = self._open(account)
        agents = [memory.agent(user) for user in match.agents]
        known = memory.entries[match.entry.id]
        if all(
            (a.leg, a.leg_entry) == (leg, known.id) for a, leg in zip(agents, legs, strict=True)
        ):
            return ClaimWord.CLAIMED, memory.moved([known], agents)
        if not self._is_still_so(memory, queue, match):
            memory.look_at(queue)
            return ClaimWord.RETRY, memory.moved([known], agents)
        entry = known
        tiers = []
        for at, (agent, leg) in enumerate(zip(agents, legs, strict=True)):
            entry = self._reserve(memory, entry, agent, leg)
            settings = memory.queues[queue]
            tiers.append(settings.members[agent.id].rank(settings.strategy).tier)
            skipped = zip(match.skipped_entries, match.passed, strict=False)
            passed = tuple((one.id, why[at]) for one, why in skipped)
            memory.publish_offer(memory.agent(agent.id), len(match.skipped_entries), passed)
        step_at_ms = entry.step_at_ms
        if entry.rings is Rings.PROGRESSIVELY and not known.ringing:
            step_at_ms = memory.now_ms + memory.queues[queue].settings.ring_step_seconds * 1000
        entry = memory.put_entry(
            replace(
                entry,
                ring_tier=max(entry.ring_tier or 0, *tiers),
                is_alone=entry.is_alone or match.chosen is not Choice.STRATEGY,
                step_at_ms=step_at_ms,
            )
        )
        self._summon(memory, entry)
        memory.look_at(queue)
        return ClaimWord.CLAIMED, memory.moved([entry], [memory.agent(a) for a in match.agents])

    def _is_still_so(self, memory: AccountMemory, queue: QueueId, match: Match) -> bool:
        first = [(entry.id, entry.rev) for entry in memory.offerable(queue)]
        named = [(entry.id, entry.rev) for entry in (*match.skipped_entries, match.entry)]
        ready = memory.ready(queue)
        if first[: len(named)] != named or not set(match.agents) <= set(ready):
            return False
        users = [*match.skipped_agents, *match.agents]
        return match.by_name or set(ready[: len(users)]) == set(users)

    def _reserve(self, memory: AccountMemory, entry: Entry, agent: Agent, leg: LegId) -> Entry:
        """The entry with this agent rung for it; the agent's record is written."""
        queue = memory.queues[entry.queue]
        memory.put_agent(
            replace(
                memory.note_dialled(queue, agent) if agent.id in queue.members else agent,
                occupancy=next_state(AGENT_MOVES, agent.occupancy, AgentMove.CLAIM),
                leg=leg,
                leg_entry=entry.id,
                leg_queue=entry.queue,
                leg_owner=entry.owner,
                wake_at_ms=memory.now_ms + RESERVED_FOR_MS,
                offered_at_ms=memory.now_ms,
            )
        )
        rings, ring_max = memory.rings_of(entry)
        return replace(
            entry,
            rings=rings,
            ring_max=ring_max,
            stage=next_state(ENTRY_MOVES, entry.stage, EntryMove.CLAIM),
            ringing=entry.ringing | {agent.id},
            tried=entry.tried | {agent.id},
        )

    async def pick(
        self, account: AccountId, entry: EntryId, user: UserId, leg: LegId, *, is_called: bool
    ) -> tuple[PickWord, Moved]:
        memory = self._open(account)
        known, agent = memory.entries.get(entry), memory.agent(user)
        if agent.leg == leg and agent.leg_entry == entry:
            return PickWord.PICKED, memory.moved([known] if known else (), [agent])
        if known is None or known.stage not in IN_LINE:
            return PickWord.STALE, memory.moved([known] if known else (), [agent])
        has_phone = is_called or agent.device not in BUSY_DEVICES
        if agent.occupancy is not Occupancy.IDLE or not agent.logged_in_at_ms or not has_phone:
            return PickWord.NOT_IDLE, memory.moved([known], [agent])
        stands = score(known.priority, known.place)
        ahead = sum(
            memory.is_offerable(one) and score(one.priority, one.place) < stands
            for one in memory.line(known.queue)
        )
        known, freed = cancel_legs(memory, known)
        known = self._reserve(memory, known, agent, leg)
        if is_called:
            agent = memory.amend(replace(memory.agent(user), is_called=True, is_desk_call=True))
        memory.publish_offer(memory.agent(user), ahead)
        known = memory.put_entry(replace(known, is_alone=True))
        self._summon(memory, known)
        memory.look_at(known.queue)
        return PickWord.PICKED, memory.moved([known], [memory.agent(user), *freed])

    async def rearrange(
        self, account: AccountId, entry: EntryId, *, priority: int | None = None, position: int = 0
    ) -> tuple[RearrangeWord, Moved]:
        memory = self._open(account)
        known = memory.entries.get(entry)
        if known is None or known.stage not in IN_LINE:
            return RearrangeWord.STALE, memory.moved([known] if known else ())
        others: list[Entry] = []
        if priority is not None and priority != known.priority:
            known = at_place(memory, replace(known, priority=priority), known.place)
        if position:
            known, others = at_position(memory, known, position)
        if known != memory.entries[entry]:
            known = memory.put_entry(known)
        others = [memory.put_entry(other) for other in others]
        memory.publish(EventName.ENTRY_REARRANGED, known)
        self._summon(memory, known)
        return RearrangeWord.REARRANGED, memory.moved([known, *others])

    async def accept(
        self, account: AccountId, user: UserId, leg: LegId
    ) -> tuple[AcceptWord, Moved]:
        memory = self._open(account)
        agent = memory.agent(user)
        entry = memory.entries.get(agent.leg_entry) if agent.leg_entry else None
        if agent.leg != leg or agent.leg_owner != self.run or entry is None:
            return AcceptWord.STALE, memory.moved((), [agent])
        if agent.occupancy is Occupancy.TALKING and entry.stage in ACCEPTED:
            return AcceptWord.ACCEPTED, memory.moved([entry], [agent])
        if agent.occupancy not in RUNG or entry.stage is not Stage.OFFERED:
            return AcceptWord.STALE, memory.moved([entry], [agent])
        entry, others = cancel_legs(memory, entry, but=user)
        window = memory.window()
        agent = memory.put_agent(
            replace(
                agent,
                here=memory.answered_here(entry.queue, agent),
                occupancy=next_state(AGENT_MOVES, agent.occupancy, AgentMove.ACCEPT),
                wake_at_ms=0,
                calls=agent.calls + 1,
                window=window,
                calls_in_window=(agent.calls_in_window if agent.window == window else 0) + 1,
                misses=0,
            )
        )
        entry = memory.put_entry(
            replace(
                entry,
                stage=next_state(ENTRY_MOVES, entry.stage, EntryMove.ACCEPT),
                agent=user,
                ringing=frozenset(),
                answered_at_ms=memory.now_ms,
            )
        )
        memory.publish(EventName.CALL_ANSWERED, entry)
        return AcceptWord.ACCEPTED, memory.moved([entry], [agent, *others])
