"""A state machine is one literal table {state: {move: next}}; an illegal move changes nothing."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

State = TypeVar("State", bound=StrEnum)
Move = TypeVar("Move", bound=StrEnum)


class IllegalMove(Exception):
    """The move is not in the table of this state. Nothing was changed."""

    def __init__(self, state: StrEnum, move: StrEnum) -> None:
        super().__init__(f"{move.value} is not allowed while {state.value}")
        self.state = state
        self.move = move


def next_state(table: Mapping[State, Mapping[Move, State]], state: State, move: Move) -> State:
    """The state after the move. Raises IllegalMove."""
    try:
        return table[state][move]
    except KeyError:
        raise IllegalMove(state, move) from None
