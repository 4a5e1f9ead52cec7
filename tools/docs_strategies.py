"""The document of the strategies: each one's fields, and whose rule it is."""

from edge.domain.strategies import Draw, Field, Rings, Tier
from edge.domain.strategies.table import TABLE
from tools.docs_page import page, table

FIELDS = {
    Field.TIER: "the tier",
    Field.ORDER: "the member's position",
    Field.LAST_ENDED: "when the agent's last call from any queue ended",
    Field.LAST_RUNG_HERE: "when this queue last rang the agent",
    Field.LAST_ANSWERED_HERE: "when the agent last answered a call of this queue",
    Field.LAP_HERE: "how often the round has passed the agent; who stands behind the last dialled "
    "is of this lap, the others of the next",
    Field.CALLS_IN_WINDOW: "calls from any queue that the agent took in the present window",
}
TIERS = {
    Tier.PENALTY: "penalty",
    Tier.SKILL_LEVEL: "skill level",
}
DRAWS = {
    Draw.NONE: "",
    Draw.UNIFORM: "each agent of the lowest tier alike",
    Draw.WEIGHTED: "every agent, with weight 1/(penalty + 1)",
}
RINGS = {
    Rings.ONE: "one phone",
    Rings.ALL: "all of the tier, up to `ring_max`",
    Rings.PROGRESSIVELY: "one more after each `ring_step_seconds`, up to `ring_max`",
}


def strategies() -> str:
    """Every strategy that comes with the product."""
    return page(
        "Strategies",
        "Who is rung first. A strategy is a list of fields: the agent with the lowest value of the",
        "first one rings, ties are broken by the next, and at last by the member's id. What never",
        "happened is 0. Lower tiers are tried first: the next one rings when nobody of the lower",
        "is ready or left to try. Whoever did not take a caller is not rung again for that one",
        "before all others were tried.",
        "",
        *table(
            ("strategy", "fields, first to last", "tier", "drawn by chance", "rings", "source"),
            [
                (
                    f"`{one.name}`",
                    ", ".join(f"`{field}`" for field in one.fields),
                    "none" if one.draw is Draw.WEIGHTED else TIERS[one.tier],
                    DRAWS[one.draw],
                    RINGS[one.rings],
                    one.source,
                )
                for one in TABLE
            ],
        ),
        "",
        "## Fields",
        "",
        *table(("field", "is"), [(f"`{field}`", FIELDS[field]) for field in Field]),
        "",
        "A field that ends in `_here` is of the agent in this queue; the others are of the agent",
        "in all queues, or of the member's configuration. A window is as long as the account's",
        "`calls_window_minutes`, counted from 1970-01-01 00:00 UTC: a day begins at midnight UTC.",
        "",
        "A phone that rings goes on as it began when the strategy is changed; whoever is rung next",
        "is chosen by the new one.",
        "",
        "A site adds a strategy of its own as an entry point of the group `queue_edge.strategies`:",
        "an object of the class `edge.domain.strategies.Strategy`.",
    )
