"""How it is configured who may join a queue and who must leave it."""

from typing import Annotated, Any

from pydantic import Field, PlainValidator

from edge.domain.admission import EmptyRule, Factor, Preset

CHOICES = (
    f"must be true, false, {', '.join(Preset)}, or a list of what makes a member not count: "
    f"{', '.join(Factor)}"
)


def _empty_rule(value: Any) -> EmptyRule:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in set(Preset):
        return Preset(value)
    if isinstance(value, (list, tuple)) and all(
        isinstance(one, str) and one in set(Factor) for one in value
    ):
        return tuple(Factor(one) for one in value)
    raise ValueError(CHOICES)


WhenEmpty = Annotated[EmptyRule, PlainValidator(_empty_rule)]
Seconds = Annotated[int, Field(strict=True, ge=0, le=86_400)]
Ratio = Annotated[float, Field(strict=True, ge=0, le=1_000)]
QueueLength = Annotated[int, Field(strict=True, ge=0, le=100_000)]
