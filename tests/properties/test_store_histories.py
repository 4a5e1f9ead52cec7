"""Any history of moves, by three edges, gives the same in Lua on Redis as in the domain tables.

Due times fire at any point, edges take over from each other while these still act, moves are
repeated, come late, or come from the wrong edge. After every move the promises hold.
"""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from edge.domain.agent import Device, Occupancy, PresenceChange
from edge.domain.disposition import Disposition
from edge.domain.entry import Entry, Stage
from edge.domain.ids import EntryId, LegId, QueueId, RunId, UserId
from edge.domain.matching import Heads, Match, decide
from edge.domain.offer import LegFailure
from edge.domain.strategies import STRATEGIES
from edge.ports.queue_store import ClaimWord, Due
from tests.fakes.houses import HOUSES, House, usual
from tests.fakes.redis_server import RedisServer
from tests.fakes.twin_stores import TwinStores
from tests.fakes.world import (
    ACCOUNT_ID,
    ALPHA,
    ANN,
    BETA,
    BOB,
    CAT,
    DAN,
    EDGES,
    QUEUES,
    USERS,
    account,
    entry_named,
    joining,
    leg_named,
)
from tests.properties import invariants
from tests.properties.admission_rules import AdmissionRules
from tests.properties.agent_rules import AgentRules
from tests.properties.explain_rules import ExplainRules
from tests.properties.introductions import Introductions
from tests.properties.key_rules import KeyRules
from tests.properties.line_rules import LineRules
from tests.properties.press_rules import CALL_PENDING, CALLER_PENDING, PressRules
from tests.properties.transfers import Transfers
from tests.properties.waiting_time import WaitingTimes

runs = st.sampled_from(EDGES)
queues = st.sampled_from(QUEUES)
users = st.sampled_from(USERS)
picks = st.integers(0, 1_000)
steps_ms = st.sampled_from([1, 400, 1_000, 2_000, 5_000, 10_000, 25_000])
alive = st.sets(runs).map(frozenset)


class StoreHistories(
    AdmissionRules,
    LineRules,
    AgentRules,
    Transfers,
    Introductions,
    PressRules,
    WaitingTimes,
    ExplainRules,
    KeyRules,
):
    """`server` is set by the test before the machine runs."""

    server: RedisServer

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.twins = TwinStores(self.server, account(), EDGES)
        self.legs: list[LegId] = []
        self.matches: list[tuple[QueueId, Match]] = []
        self.ended: dict[EntryId, Entry] = {}
        self.told_of_legs = invariants.Legs()
        self.strategy = ""
        self.is_flat = False
        self.members: dict[QueueId, tuple[UserId, ...]] | None = None
        self.tuned: dict[QueueId, dict[str, Any]] = {}
        self.house: House = usual

    def do(self, run: RunId, move: Any) -> Any:
        word, moved = self.runner.run(self.twins.move(run, move))
        self.note_matches(moved.heads)
        return word

    def note_matches(self, found: tuple[Heads, ...]) -> None:
        for heads in found:
            match = decide(heads)
            if match is not None:
                self.matches.append((heads.queue, match))

    def teardown(self) -> None:
        self.runner.run(self.twins.close())
        self.runner.close()

    # --- how it begins: somebody is there on both sides

    @initialize(
        users=st.sets(users, max_size=3),
        callers=st.integers(0, 3),
        strategy=st.sampled_from(sorted(STRATEGIES)),
        house=st.sampled_from(HOUSES),
        is_flat=st.booleans(),
    )
    def open_the_doors(
        self, users: set[UserId], callers: int, strategy: str, house: House, is_flat: bool
    ) -> None:
        self.strategy, self.house, self.is_flat = strategy, house, is_flat
        self.configured = self.tuned_account()
        self.runner.run(self.twins.open(self.configured))
        for user in sorted(users):
            self.change_presence(EDGES[0], user, PresenceChange.AVAILABLE, "", "")
        for _ in range(callers):
            self.join(EDGES[0], ALPHA, 0, 0)

    # --- callers

    @rule(
        run=runs,
        queue=queues,
        ago_ms=st.sampled_from([0, 0, 0, 1, 3_000, 200_000, -500]),
        priority=st.sampled_from([0, 0, 0, 2, 2047]),
    )
    def join(self, run: RunId, queue: QueueId, ago_ms: int, priority: int) -> None:
        entry = entry_named(len(self.entries))
        self.entries.append(entry)
        arrived = self.twins.clock.now_ms() - ago_ms
        caller = joining(queue, arrived, entry, priority)
        self.do(run, lambda store: store.join(ACCOUNT_ID, caller))

    @precondition(lambda self: self.entries)
    @rule(run=runs, queue=queues, pick=picks)
    def join_again(self, run: RunId, queue: QueueId, pick: int) -> None:
        caller = joining(queue, entry=self.entries[pick % len(self.entries)])
        self.do(run, lambda store: store.join(ACCOUNT_ID, caller))

    @precondition(lambda self: self.entries)
    @rule(run=runs, pick=picks, how=st.sampled_from([Disposition.ABANDONED, Disposition.CLOSED]))
    def leave(self, run: RunId, pick: int, how: Disposition) -> None:
        entry = self.entries[pick % len(self.entries)]
        self.do(run, lambda store: store.leave(ACCOUNT_ID, entry, how))

    @precondition(lambda self: self.entries)
    @rule(run=runs, pick=picks)
    def complete(self, run: RunId, pick: int) -> None:
        entry = self.entries[pick % len(self.entries)]
        self.do(run, lambda store: store.complete(ACCOUNT_ID, entry))

    @precondition(lambda self: self.in_stage(Stage.CONNECTING, Stage.TALKING))
    @rule(pick=picks)
    def complete_a_conversation(self, pick: int) -> None:
        talking = self.in_stage(Stage.CONNECTING, Stage.TALKING)
        entry = talking[pick % len(talking)]
        self.do(entry.owner, lambda store: store.complete(ACCOUNT_ID, entry.id))

    @precondition(lambda self: self.entries)
    @rule(run=runs, pick=picks)
    def connect(self, run: RunId, pick: int) -> None:
        entry = self.entries[pick % len(self.entries)]
        self.do(run, lambda store: store.connect(ACCOUNT_ID, entry))

    def in_stage(self, *stages: Stage) -> list[Entry]:
        return [entry for entry in self.twins.memory.entries.values() if entry.stage in stages]

    # --- matches: fresh ones, and ones that another edge found long ago

    @rule(run=runs, queue=queues)
    def claim_what_is_possible(self, run: RunId, queue: QueueId) -> None:
        memory = self.twins.memory
        match = invariants.possible_match(memory, queue)
        if match is None:
            return
        legs = self.new_legs(match)
        first = invariants.first_servable(memory, match, queue)
        word = self.do(run, lambda store: store.claim(ACCOUNT_ID, queue, match, legs))
        assert word is ClaimWord.CLAIMED
        assert match.entry.id == first, "the first in line whom this agent may serve is served"

    @precondition(lambda self: self.matches)
    @rule(run=runs, pick=st.integers(0, 5))
    def claim_what_was_seen(self, run: RunId, pick: int) -> None:
        queue, match = self.matches[-1 - pick % len(self.matches)]
        legs = self.new_legs(match)
        self.do(run, lambda store: store.claim(ACCOUNT_ID, queue, match, legs))

    @precondition(lambda self: self.on_a_leg())
    @rule(run=runs, pick=picks)
    def claim_again(self, run: RunId, pick: int) -> None:
        agent = self.on_a_leg()[pick % len(self.on_a_leg())]
        seen = [
            (queue, match)
            for queue, match in self.matches
            if match.agents == (agent.id,) and match.entry.id == agent.leg_entry
        ]
        for queue, match in seen[-1:]:
            self.do(
                run,
                lambda store, queue=queue, match=match: store.claim(
                    ACCOUNT_ID, queue, match, [agent.leg]
                ),
            )

    @rule(run=runs, queue=queues, depth=st.sampled_from([1, 2, 8, 64]))
    def look(self, run: RunId, queue: QueueId, depth: int) -> None:
        self.note_matches(self.runner.run(self.twins.look(run, depth, queue)))

    def new_legs(self, match: Match) -> list[LegId]:
        return [self.new_leg() for _ in match.agents]

    def new_leg(self) -> LegId:
        self.legs.append(leg_named(len(self.legs)))
        return self.legs[-1]

    def on_a_leg(self) -> list[Any]:
        return [agent for agent in self.twins.memory.agents.values() if agent.leg]

    # --- legs: moved by their owner, and by whoever should not

    @precondition(lambda self: self.on_a_leg())
    @rule(pick=picks, what=st.sampled_from(["dialled", "ringing", "accept", "connect"]))
    def leg_moves_on(self, pick: int, what: str) -> None:
        agent = self.on_a_leg()[pick % len(self.on_a_leg())]
        self.leg_move(agent.leg_owner, agent.id, agent.leg, what)
        if what == "connect":
            self.do(agent.leg_owner, lambda store: store.connect(ACCOUNT_ID, agent.leg_entry))

    @precondition(lambda self: self.legs)
    @rule(
        run=runs,
        user=users,
        pick=picks,
        what=st.sampled_from(["dialled", "ringing", "accept", *LegFailure]),
    )
    def anybody_moves_a_leg(self, run: RunId, user: UserId, pick: int, what: str) -> None:
        self.leg_move(run, user, self.legs[pick % len(self.legs)], what)

    @precondition(lambda self: self.on_a_leg())
    @rule(pick=picks, failure=st.sampled_from(LegFailure))
    def leg_fails(self, pick: int, failure: LegFailure) -> None:
        agent = self.on_a_leg()[pick % len(self.on_a_leg())]
        self.leg_move(agent.leg_owner, agent.id, agent.leg, failure)

    def leg_move(self, run: RunId, user: UserId, leg: LegId, what: str) -> None:
        match what:
            case "dialled":
                self.do(run, lambda store: store.leg_dialled(ACCOUNT_ID, user, leg, 20))
            case "ringing":
                self.do(run, lambda store: store.leg_ringing(ACCOUNT_ID, user, leg))
            case "accept" | "connect":
                self.do(run, lambda store: store.accept(ACCOUNT_ID, user, leg))
            case _:
                failure = LegFailure(what)
                self.do(run, lambda store: store.fail_leg(ACCOUNT_ID, user, leg, failure))

    # --- agents

    @rule(
        run=runs,
        user=users,
        change=st.sampled_from([*PresenceChange, PresenceChange.AVAILABLE]),
        reason=st.sampled_from(["", "lunch", "tea"]),
        command=st.sampled_from(["", "", "first", "second"]),
    )
    def change_presence(
        self,
        run: RunId,
        user: UserId,
        change: PresenceChange,
        reason: str,
        command: str,
    ) -> None:
        self.do(
            run,
            lambda store: store.change_presence(ACCOUNT_ID, user, change, reason, command),
        )

    @rule(run=runs, user=users, device=st.sampled_from(Device))
    def change_device(self, run: RunId, user: UserId, device: Device) -> None:
        self.do(run, lambda store: store.change_device(ACCOUNT_ID, user, device))

    @rule(
        run=runs,
        alpha=st.permutations([ANN, BOB, CAT]),
        beta=st.permutations([DAN, CAT, ANN]),
        strategy=st.none() | st.sampled_from(sorted(STRATEGIES)),
        is_flat=st.booleans(),
    )
    def configure(
        self,
        run: RunId,
        alpha: list[UserId],
        beta: list[UserId],
        strategy: str | None,
        is_flat: bool,
    ) -> None:
        self.is_flat = is_flat
        self.strategy = strategy or self.strategy
        self.members = {ALPHA: tuple(alpha), BETA: tuple(beta[:2])}
        self.configured = self.tuned_account()
        self.runner.run(self.twins.configure(run, self.configured))

    # --- time, and edges that die

    @rule(ms=steps_ms)
    def time_passes(self, ms: int) -> None:
        self.twins.advance(ms)

    @precondition(lambda self: self.twins.memory.dues)
    @rule(run=runs, pick=picks, alive=alive)
    def fire(self, run: RunId, pick: int, alive: frozenset[RunId]) -> None:
        dues = sorted(self.twins.memory.dues.items())
        what, at_ms = dues[pick % len(dues)]
        self.do(run, lambda store: store.fire(Due(ACCOUNT_ID, what, at_ms), alive))

    @rule(run=runs)
    def fire_all(self, run: RunId) -> None:
        for due in self.runner.run(self.twins.due(run)):
            self.do(run, lambda store, due=due: store.fire(due, frozenset(EDGES)))

    @rule(run=runs, dead=runs)
    def take_over(self, run: RunId, dead: RunId) -> None:
        if run != dead:
            self.do(run, lambda store: store.take_over(ACCOUNT_ID, dead))

    # --- the promises

    @invariant()
    def one_winner(self) -> None:
        invariants.check_one_winner(self.twins.memory)

    @invariant()
    def tiers_and_room_are_kept(self) -> None:
        invariants.check_tiers(self.twins.memory)

    @invariant()
    def every_entry_ends_once(self) -> None:
        invariants.check_ends_once(self.twins.memory, self.ended)

    @invariant()
    def every_leg_ends_once(self) -> None:
        invariants.check_waits_end(self.twins.memory)
        self.twins.compare_events()
        self.told_of_legs.check(self.twins.memory, self.twins.published)

    @invariant()
    def places_are_kept(self) -> None:
        invariants.check_places(self.twins.memory, self.places)

    @invariant()
    def nobody_is_stuck(self) -> None:
        invariants.check_nobody_is_stuck(self.twins.memory)

    @invariant()
    def no_wake_up_is_lost(self) -> None:
        invariants.check_no_wake_up_is_lost(self.twins.memory)

    @invariant()
    def redis_holds_the_same(self) -> None:
        self.twins.compare_all()

    @rule()
    def everything_comes_to_rest(self) -> None:
        """Edges that only do what is due and claim what is possible leave nobody waiting."""
        one = EDGES[0]
        for dead in EDGES[1:]:
            self.take_over(one, dead)
        for _ in range(40):
            self.fire_all(one)
            for queue in QUEUES:
                self.claim_what_is_possible(one, queue)
            for agent in self.on_a_leg():
                if agent.occupancy is not Occupancy.TALKING:
                    self.leg_move(one, agent.id, agent.leg, "accept")
                self.do(one, lambda store, of=agent.leg_entry: store.complete(ACCOUNT_ID, of))
            self.time_passes(1_000)
        for queue in QUEUES:
            match = invariants.possible_match(self.twins.memory, queue)
            assert match is None, f"somebody waits on: {match}"


@pytest.mark.redis
@pytest.mark.timeout(600)  # a failure is made small before it is shown
def test_any_history_is_the_same_in_redis_as_in_the_tables(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    StoreHistories.server = redis_server
    for module in ("edge.store.outbox", "tests.fakes.memory_presses"):
        monkeypatch.setattr(f"{module}.CALL_PENDING", CALL_PENDING)
        monkeypatch.setattr(f"{module}.CALLER_PENDING", CALLER_PENDING)
    run_state_machine_as_test(
        StoreHistories,
        settings=settings(
            max_examples=50,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
