"""Who comes before whom: the strategy's fields in words, and the chances where it draws."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge.domain.explain.facts import MemberFacts
from edge.domain.explain.reasons import moment, name_of
from edge.domain.ids import UserId
from edge.domain.strategies import Draw, Field, Tier

NEVER = {
    Field.LAST_ENDED: "has had no call yet",
    Field.LAST_RUNG_HERE: "was never rung from this queue",
    Field.LAST_ANSWERED_HERE: "never answered a call of this queue",
}
WHEN = {
    Field.LAST_ENDED: "last call ended at",
    Field.LAST_RUNG_HERE: "last rung from this queue at",
    Field.LAST_ANSWERED_HERE: "last answered a call of this queue at",
}


@dataclass(frozen=True, slots=True)
class Value:
    """One field of the strategy, and what it means."""

    field: Field
    value: int
    words: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ready agent whom the entry may have, first in the order first. `chance`, from 0 to 1, is
    set where the strategy draws: then nobody is chosen before the draw."""

    user: UserId
    tier: int
    values: tuple[Value, ...]
    is_chosen: bool
    chance: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Order:
    """What the fields of a queue's strategy are called."""

    fields: tuple[Field, ...]
    draw: Draw
    tier: Tier
    now_ms: int

    def values(self, member: MemberFacts) -> tuple[Value, ...]:
        known = member.values(self.fields)
        return tuple(
            Value(field, known[field], self._words(field, known[field])) for field in known
        )

    def _words(self, field: Field, value: int) -> str:
        if field in NEVER:
            return f"{WHEN[field]} {moment(value, self.now_ms)}" if value else NEVER[field]
        if field is Field.TIER:
            return f"{name_of(self.tier)} {value}"
        if field is Field.ORDER:
            return f"position {value}"
        if field is Field.LAP_HERE:
            return f"lap {value} of the round"
        return f"{value} calls in the present window"

    def candidates(
        self, members: Sequence[MemberFacts], chosen: Sequence[UserId], by_name: str
    ) -> tuple[Candidate, ...]:
        """These members, in this order. `by_name` says why one is taken whatever the order."""
        chances = self._chances(members) if not by_name else {}
        found = []
        for index, member in enumerate(members):
            user = member.agent.id
            is_chosen = user in chosen and (self.draw is Draw.NONE or bool(by_name))
            if by_name:
                words = by_name
            elif self.draw is not Draw.NONE:
                words = f"is drawn with a chance of {chances[user]:.0%}"
            else:
                words = self._why(members, index, is_chosen)
            values = self.values(member)
            chance = chances.get(user)
            found.append(Candidate(user, member.tier, values, is_chosen, chance, words))
        return tuple(found)

    def _why(self, members: Sequence[MemberFacts], index: int, is_chosen: bool) -> str:
        if index == 0:
            return "is first in the order" if is_chosen else "would be first in the order"
        before, this = members[index - 1], members[index]
        ahead = before.agent.id
        theirs, own = before.values(self.fields), this.values(self.fields)
        for field in self.fields:
            if theirs[field] != own[field]:
                better, worse = (self._words(field, of[field]) for of in (theirs, own))
                words = f"comes after {ahead}: {worse}, {ahead} {better}"
                break
        else:
            words = f"comes after {ahead}: all is equal but the member's id"
        return f"is rung with those ahead; {words}" if is_chosen else words

    def _chances(self, members: Sequence[MemberFacts]) -> dict[UserId, float]:
        """Uniform: equal in the lowest tier, none behind it. Weighted: 1/(tier + 1)."""
        if self.draw is Draw.NONE:
            return {}
        lowest = min((member.tier for member in members), default=0)

        def weight(tier: int) -> float:
            if self.draw is Draw.WEIGHTED:
                return 1 / (tier + 1)
            return 1.0 if tier == lowest else 0.0

        total = sum(weight(member.tier) for member in members)
        return {member.agent.id: weight(member.tier) / total for member in members}
