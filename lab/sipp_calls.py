"""What SIPp saw of its calls, read from the facts that our scenarios log."""

from dataclasses import dataclass, field
from pathlib import Path

ENDS = ("hung_up_on", "hung_up", "cancelled", "status_", "gave_up")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened in a call, as SIPp saw it; `at` is seconds since 1970."""

    word: str
    """dialled, incoming, ringing, progress, answered, status_486, cancelled, hung_up (by us),
    hung_up_on (by the other side), gave_up, registered."""
    at: float
    number: str


@dataclass(slots=True)
class SippCall:
    call_id: str
    facts: list[Fact] = field(default_factory=list)

    @property
    def number(self) -> str:
        """The caller's number, on both sides."""
        return self.facts[0].number

    @property
    def words(self) -> list[str]:
        return [fact.word for fact in self.facts]

    @property
    def answered(self) -> bool:
        return "answered" in self.words

    @property
    def status(self) -> int | None:
        """The final failure it got or gave, None when there was none."""
        found = [word for word in self.words if word.startswith("status_")]
        return int(found[-1].removeprefix("status_")) if found else None

    @property
    def is_over(self) -> bool:
        return any(word.startswith(ENDS) for word in self.words)

    def at(self, word: str) -> float:
        """When that happened first. Raises AssertionError if it did not."""
        for fact in self.facts:
            if fact.word == word:
                return fact.at
        raise AssertionError(f"call {self.call_id}: no {word} among {self.words}")

    def seconds(self, first: str, then: str) -> float:
        return self.at(then) - self.at(first)


def calls_in(log: Path) -> list[SippCall]:
    """What a log says so far, calls in the order of their first fact; [] without a log."""
    calls: dict[str, SippCall] = {}
    if log.exists():
        for line in log.read_text(errors="replace").splitlines():
            words = line.split()
            if len(words) >= 5 and words[0] == "fact":
                call = calls.setdefault(words[2], SippCall(words[2]))
                call.facts.append(Fact(words[1], float(words[-1]), words[3]))
    return list(calls.values())
