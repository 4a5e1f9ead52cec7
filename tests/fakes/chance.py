"""Draws among ready agents, as the moves in Redis make them: the same seed gives the same."""

from collections.abc import Sequence

from edge.domain.matching import HeadAgent
from edge.domain.strategies import Draw

MODULUS = 2_147_483_647


class Chance:
    """Park and Miller's generator."""

    def __init__(self, seed: int) -> None:
        self._at = seed

    def _next(self) -> int:
        self._at = self._at * 16_807 % MODULUS
        return self._at

    def drawn(self, ready: Sequence[HeadAgent], depth: int, draw: Draw) -> list[HeadAgent]:
        """So many of these, each drawn from those who are left."""
        left: dict[int, list[HeadAgent]] = {}
        for agent in ready:
            left.setdefault(agent.tier, []).append(agent)
        found: list[HeadAgent] = []
        while len(found) < depth and any(left.values()):
            those = left[self._tier(left, draw)]
            at = self._next() % len(those)
            found.append(those[at])
            those[at] = those[-1]
            those.pop()
        return found

    def _tier(self, left: dict[int, list[HeadAgent]], draw: Draw) -> int:
        there = [tier for tier in sorted(left) if left[tier]]
        if draw is Draw.UNIFORM:
            return there[0]
        total = 0.0
        for tier in there:
            total += len(left[tier]) / (tier + 1)
        at = self._next() / MODULUS * total
        for tier in there:
            at -= len(left[tier]) / (tier + 1)
            if at < 0:
                return tier
        return there[-1]
