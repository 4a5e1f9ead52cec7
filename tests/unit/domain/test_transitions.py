"""The state machines: exactly the moves of the tables, every other move raises."""

import pytest

from edge.domain.agent import AGENT_MOVES, AgentMove, Occupancy
from edge.domain.entry import ENTRY_MOVES, EntryMove, Stage
from edge.domain.transitions import IllegalMove, next_state

LEGAL_FOR_AGENTS = {
    (Occupancy.IDLE, AgentMove.CLAIM): Occupancy.RESERVED,
    (Occupancy.IDLE, AgentMove.WRAP_UP): Occupancy.WRAP_UP,
    (Occupancy.RESERVED, AgentMove.DIALLED): Occupancy.RINGING,
    (Occupancy.RESERVED, AgentMove.ACCEPT): Occupancy.TALKING,
    (Occupancy.RESERVED, AgentMove.LEG_FAILED): Occupancy.IDLE,
    (Occupancy.RINGING, AgentMove.RINGING): Occupancy.RINGING,
    (Occupancy.RINGING, AgentMove.ACCEPT): Occupancy.TALKING,
    (Occupancy.RINGING, AgentMove.LEG_FAILED): Occupancy.IDLE,
    (Occupancy.TALKING, AgentMove.WRAP_UP): Occupancy.WRAP_UP,
    (Occupancy.TALKING, AgentMove.FREE): Occupancy.IDLE,
    (Occupancy.TALKING, AgentMove.LEG_FAILED): Occupancy.IDLE,
    (Occupancy.WRAP_UP, AgentMove.FREE): Occupancy.IDLE,
}
LEGAL_FOR_ENTRIES = {
    (Stage.WAITING, EntryMove.CLAIM): Stage.OFFERED,
    (Stage.WAITING, EntryMove.LEAVE): Stage.ENDED,
    (Stage.OFFERED, EntryMove.CLAIM): Stage.OFFERED,
    (Stage.OFFERED, EntryMove.LEGS_FAILED): Stage.WAITING,
    (Stage.OFFERED, EntryMove.ACCEPT): Stage.CONNECTING,
    (Stage.OFFERED, EntryMove.LEAVE): Stage.ENDED,
    (Stage.CONNECTING, EntryMove.CONNECT): Stage.TALKING,
    (Stage.CONNECTING, EntryMove.LEGS_FAILED): Stage.WAITING,
    (Stage.CONNECTING, EntryMove.COMPLETE): Stage.ENDED,
    (Stage.TALKING, EntryMove.COMPLETE): Stage.ENDED,
}


@pytest.mark.parametrize("occupancy", Occupancy)
@pytest.mark.parametrize("move", AgentMove)
def test_an_agent_moves_by_the_table_only(occupancy: Occupancy, move: AgentMove) -> None:
    after = LEGAL_FOR_AGENTS.get((occupancy, move))
    if after is not None:
        assert next_state(AGENT_MOVES, occupancy, move) is after
        return
    with pytest.raises(IllegalMove) as refusal:
        next_state(AGENT_MOVES, occupancy, move)
    assert (refusal.value.state, refusal.value.move) == (occupancy, move)


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("move", EntryMove)
def test_an_entry_moves_by_the_table_only(stage: Stage, move: EntryMove) -> None:
    after = LEGAL_FOR_ENTRIES.get((stage, move))
    if after is not None:
        assert next_state(ENTRY_MOVES, stage, move) is after
        return
    with pytest.raises(IllegalMove, match=f"{move.value} is not allowed while {stage.value}"):
        next_state(ENTRY_MOVES, stage, move)


def test_what_ended_stays_ended() -> None:
    assert ENTRY_MOVES[Stage.ENDED] == {}


def test_every_state_has_a_row_and_every_state_is_reached() -> None:
    assert set(AGENT_MOVES) == set(Occupancy)
    assert set(ENTRY_MOVES) == set(Stage)
    assert {after for row in AGENT_MOVES.values() for after in row.values()} == set(Occupancy)
    reached = {after for row in ENTRY_MOVES.values() for after in row.values()}
    assert reached == set(Stage), "waiting is where an entry begins and comes back to"
