"""What an edge still lacks before calls should be sent to it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Missing:
    """A part that is not there yet: `part` like `redis` or `node:pbx-1`, `reason` in words."""

    part: str
    reason: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """Ready once reconciled with Redis and with every node: when nothing is missing."""

    missing: tuple[Missing, ...] = ()

    @property
    def is_ready(self) -> bool:
        return not self.missing
