"""The sentences that all languages share; each language gives its numbers and its exceptions."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from edge.domain.prompts import Prompt

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exactly:
    seconds: int


@dataclass(frozen=True, slots=True)
class LessThan:
    seconds: int


@dataclass(frozen=True, slots=True)
class MoreThan:
    seconds: int


@dataclass(frozen=True, slots=True)
class Range:
    low_seconds: int
    high_seconds: int


Wait = Exactly | LessThan | MoreThan | Range
"""A waiting time as it is told."""


class Wording(ABC):
    """One language. Its sentences are made of Asterisk's sounds, by their names."""

    highest_number = 999
    next_in_line: Names = ("queue-youarenext",)
    before_position: Names = ("queue-thereare",)
    after_position: Names = ("queue-callswaiting",)
    before_limit: Names = ("queue-quantity1",)
    after_limit: Names = ("queue-quantity2",)

    @abstractmethod
    def number(self, number: int) -> Names:
        """A number from 0 to `highest_number`, as one counts."""

    def waiting_time(self, wait: Wait) -> Names:
        """The whole sentence. A time of more minutes than have a name is told as more than the
        highest that has one."""
        most = self.highest_number * 60
        match wait:
            case MoreThan(seconds) | Exactly(seconds) | LessThan(seconds) if seconds > most:
                return self._waiting_time(MoreThan(most))
            case Range(low, high) if high > most:
                return self._waiting_time(MoreThan(min(low, most)))
            case _:
                return self._waiting_time(wait)

    def _waiting_time(self, wait: Wait) -> Names:
        match wait:
            case Exactly(seconds):
                told = self.length(seconds)
            case LessThan(seconds):
                told = ("queue-less-than", *self.length(seconds))
            case MoreThan(seconds):
                told = (Prompt.MORE_THAN, *self.length(seconds))
            case Range(low, high):
                told = (Prompt.BETWEEN, *self.from_to(low, high))
        return ("queue-holdtime", *told)

    def from_to(self, low: int, high: int) -> Names:
        """ "five and ten minutes"; the unit is said once where it is the same."""
        if low % 60 == 0 and high % 60 == 0 and low > 0:
            return (*self.number(low // 60), "vm-and", *self.length(high))
        if high < 60:
            return (*self.number(low), "vm-and", *self.length(high))
        return (*self.length(low), "vm-and", *self.length(high))

    def length(self, seconds: int) -> Names:
        """A length of time, in minutes and what is left in seconds."""
        minutes, rest = divmod(seconds, 60)
        if minutes == 0:
            return self.seconds(rest)
        return (*self.minutes(minutes), *(self.seconds(rest) if rest else ()))

    def minutes(self, minutes: int) -> Names:
        return (*self.before_unit(minutes), "queue-minute" if minutes == 1 else "queue-minutes")

    def seconds(self, seconds: int) -> Names:
        return (*self.before_unit(seconds), "queue-seconds")

    def before_unit(self, number: int) -> Names:
        """A number before minutes or seconds."""
        return self.number(number)


def digit(number: int) -> str:
    """The sound of a number that has one of its own."""
    return f"digits/{number}"
