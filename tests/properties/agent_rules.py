"""Rules of the histories that are about agents: pauses of all queues and of one, wrap-up."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.domain.agent import Device, Occupancy, PresenceChange
from edge.domain.ids import QueueId, RunId, UserId
from edge.domain.overlays import QueueStatus, status_in
from tests.fakes.twin_stores import TwinStores
from tests.fakes.world import ACCOUNT_ID, EDGES, QUEUES, USERS

runs = st.sampled_from(EDGES)
queues = st.sampled_from(QUEUES)
users = st.sampled_from(USERS)
pauses_ms = st.sampled_from([0, 0, 1, 2_000, 20_000])


class AgentRules(RuleBasedStateMachine):
    """What agents and their supervisors do besides logging in and out."""

    twins: TwinStores

    def do(self, run: RunId, move: Any) -> Any:
        raise NotImplementedError

    @rule(
        run=runs,
        user=users,
        change=st.sampled_from([PresenceChange.PAUSED, PresenceChange.TOGGLE_PAUSE]),
        reason=st.sampled_from(["", "break"]),
        pause_ms=pauses_ms,
    )
    def pause_for(
        self, run: RunId, user: UserId, change: PresenceChange, reason: str, pause_ms: int
    ) -> None:
        self.do(
            run,
            lambda store: store.change_presence(
                ACCOUNT_ID, user, change, reason, pause_ms=pause_ms
            ),
        )

    @precondition(lambda self: self.on_a_leg())
    @rule(run=runs, pick=st.integers(0, 5), change=st.sampled_from(PresenceChange), ms=pauses_ms)
    def ask_during_a_call(self, run: RunId, pick: int, change: PresenceChange, ms: int) -> None:
        on_a_leg = [agent for agent in self.twins.memory.agents.values() if agent.is_on_a_leg]
        user = on_a_leg[pick % len(on_a_leg)].id
        self.do(
            run,
            lambda store: store.change_presence(ACCOUNT_ID, user, change, "tea", pause_ms=ms),
        )

    def on_a_leg(self) -> list[Any]:
        raise NotImplementedError

    @rule(
        run=runs,
        user=users,
        queue=queues,
        asked=st.sampled_from([*QueueStatus, QueueStatus.READY]),
        reason=st.sampled_from(["", "training"]),
        ms=pauses_ms,
    )
    def ask_in_a_queue(
        self, run: RunId, user: UserId, queue: QueueId, asked: QueueStatus, reason: str, ms: int
    ) -> None:
        self.do(
            run,
            lambda store: store.change_queue_status(ACCOUNT_ID, user, queue, asked, reason, ms),
        )

    @rule(run=runs, user=users, ms=st.sampled_from([0, 1_000, 600_000]))
    def change_wrap_up(self, run: RunId, user: UserId, ms: int) -> None:
        self.do(run, lambda store: store.change_wrap_up(ACCOUNT_ID, user, ms))

    @rule(run=runs, user=users)
    def has_a_call_of_its_own(self, run: RunId, user: UserId) -> None:
        for device in (Device.IN_USE, Device.REACHABLE):
            self.do(
                run,
                lambda store, device=device: store.change_device(ACCOUNT_ID, user, device),
            )

    # --- the promises

    @invariant()
    def whoever_is_ready_somewhere_is_ready_there(self) -> None:
        memory = self.twins.memory
        for queue in memory.queues:
            for user in memory.ready(queue):
                assert status_in(memory.agent(user), queue) is QueueStatus.READY

    @invariant()
    def only_what_a_call_delays_is_pending(self) -> None:
        for agent in self.twins.memory.agents.values():
            assert agent.pending is None or agent.is_on_a_leg

    @invariant()
    def a_wrap_up_knows_its_queue_and_its_end(self) -> None:
        for agent in self.twins.memory.agents.values():
            wraps_up = agent.occupancy is Occupancy.WRAP_UP
            assert wraps_up == (agent.wrap_up_queue is not None) == bool(agent.wrap_up_until_ms)

    @invariant()
    def every_pause_with_an_end_is_due(self) -> None:
        memory = self.twins.memory
        for agent in memory.agents.values():
            ends = [agent.pause_until_ms, *(one.until_ms for one in agent.overlays.values())]
            for at_ms in filter(None, ends):
                assert memory.dues[f"agent:{agent.id}"] <= at_ms
