"""The strategies of the sources, and how a site adds one of its own."""

from importlib.metadata import entry_points

from edge.domain.strategies.fields import Draw, Field, Rings, Strategy, Tier

DIALSTACK = "dialstack-call-queues"
PORTSIP = "portsip-call-queues-api"
ENTRY_POINTS = "queue_edge.strategies"

LEASTRECENT = Strategy(
    "leastrecent",
    (Field.TIER, Field.LAST_ENDED, Field.ORDER),
    f"{DIALSTACK}: the agent whose last call ended the longest ago",
)

PEERS = "FreeSWITCH mod_callcenter"

TABLE = (
    Strategy(
        "ringall",
        (Field.TIER, Field.ORDER),
        f"{DIALSTACK}: every available agent in parallel; the first to answer wins",
        rings=Rings.ALL,
    ),
    Strategy("linear", (Field.TIER, Field.ORDER), f"{DIALSTACK}: position order, lowest first"),
    Strategy(
        "rrmemory",
        (Field.TIER, Field.LAP_HERE, Field.ORDER),
        f"{DIALSTACK}: round-robin, resuming after the last agent dialled",
    ),
    LEASTRECENT,
    Strategy(
        "fewestcalls",
        (Field.TIER, Field.CALLS_IN_WINDOW, Field.LAST_ENDED, Field.ORDER),
        f"{DIALSTACK}: the agent with the fewest calls taken in the current window",
    ),
    Strategy(
        "random",
        (Field.TIER,),
        f"{DIALSTACK}: uniformly at random from available agents",
        draw=Draw.UNIFORM,
    ),
    Strategy(
        "wrandom",
        (Field.TIER,),
        f"{DIALSTACK}: weighted random; lower penalty is more likely to be picked",
        draw=Draw.WEIGHTED,
    ),
    Strategy(
        "ring-progressively",
        (Field.TIER, Field.ORDER),
        f"{PEERS}: one agent more each time the delay has passed, the earlier ones go on ringing",
        rings=Rings.PROGRESSIVELY,
    ),
    Strategy(
        "RING_SIMULTANEOUSLY",
        (Field.TIER, Field.ORDER),
        f"{PORTSIP}: all available agents of the queue simultaneously",
        rings=Rings.ALL,
    ),
    Strategy(
        "PRIORITIZED_HUNT",
        (Field.TIER, Field.ORDER),
        f"{PORTSIP}: serially in the configured order",
    ),
    Strategy(
        "CYCLIC_HUNT",
        (Field.TIER, Field.LAST_RUNG_HERE, Field.ORDER),
        f"{PORTSIP}: not rung from a call of this queue in the longest time first",
    ),
    Strategy(
        "LEAST_WORKED_HUNT",
        (Field.TIER, Field.LAST_ANSWERED_HERE, Field.ORDER),
        f"{PORTSIP}: has not answered a call of this queue in the longest time first",
    ),
    *(
        Strategy(
            f"SKILL_BASED_ROUTING_{name}",
            (Field.TIER, *fields),
            f"{PORTSIP}: skill level 1 first, the next level when unanswered; within a level "
            f"as {name}",
            tier=Tier.SKILL_LEVEL,
        )
        for name, fields in (
            ("PRIORITIZED_HUNT", (Field.ORDER,)),
            ("CYCLIC_HUNT", (Field.LAST_RUNG_HERE, Field.ORDER)),
            ("LEAST_WORKED_HUNT", (Field.LAST_ANSWERED_HERE, Field.ORDER)),
        )
    ),
)

STRATEGIES: dict[str, Strategy] = {strategy.name: strategy for strategy in TABLE}


def register() -> None:
    """Add the strategies that installed packages declare under `queue_edge.strategies`.

    Raises ValueError where one is no Strategy or takes a name that is taken.
    """
    for point in entry_points(group=ENTRY_POINTS):
        strategy = point.load()
        if not isinstance(strategy, Strategy):
            raise ValueError(f"{point.value} is not a Strategy")
        if STRATEGIES.setdefault(strategy.name, strategy) != strategy:
            raise ValueError(f"there is already a strategy {strategy.name!r}")
