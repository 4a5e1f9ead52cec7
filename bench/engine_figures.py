"""What the bench of the engine measured: as tables, as JSON, and beside what was asked."""

import statistics
from dataclasses import asdict, dataclass, field

MOVES = ("join", "match+claim", "accept", "complete")
NAMED = ("queues (agents in)", "waiting", "agents")


@dataclass(frozen=True, slots=True)
class Move:
    """One kind of move at one size."""

    ops_per_second: float
    round_trips: float
    script_us: float
    redis_cpu_us: float
    slow_share: float


@dataclass(frozen=True, slots=True)
class Cycles:
    """Whole cycles at one size: join, claim, accept, complete."""

    bare_per_second: float
    per_second: float
    ratio: float
    pipelined_per_second: float
    round_trips_each: float
    script_us: float
    slow_share: float


@dataclass(frozen=True, slots=True)
class Size:
    queues: int
    queues_each: int
    waiting: int
    agents: int
    legs: int = 1

    @property
    def legs_by_queues(self) -> int:
        """What a match takes out of ready sets, and puts back."""
        return self.legs * self.queues_each


@dataclass(slots=True)
class Figures:
    moves: dict[Size, dict[str, Move]] = field(default_factory=dict)
    cycles: dict[Size, Cycles] = field(default_factory=dict)
    bytes_per_waiting: float = 0.0
    redis_version: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What issue 3 asks. `measured` is the worst of all sizes it is asked of."""

    name: str
    asked: float
    measured: float
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        return self.measured >= self.asked if self.at_least else self.measured <= self.asked


def targets(figures: Figures) -> list[Target]:
    """Each with its measure; the sizes are those of the plan."""
    moves, cycles = figures.moves, figures.cycles
    narrow = [one for size, one in cycles.items() if size.legs_by_queues == 1]
    twenty = [one for size, one in cycles.items() if size.legs_by_queues == 20]
    trips = max(move.round_trips for every in moves.values() for move in every.values())
    return [
        Target("round trips a move", 1.0, round(trips, 3)),
        Target("a match with all waiting, to one with few", 2.0, _growth(moves)),
        Target("cycles, ratio to bare, agents in 1", 0.12, min(c.ratio for c in narrow), True),
        Target("cycles, ratio to bare, agents in 20", 0.07, min(c.ratio for c in twenty), True),
        Target(
            "cycles/s across tasks, agents in 1",
            1_200,
            min(c.pipelined_per_second for c in narrow),
            True,
        ),
        Target("scripts' mean µs, agents in 1", 150, max(c.script_us for c in narrow)),
        Target("scripts' mean µs more a leg × queue", 8, _slope(cycles)),
        Target(
            "scripts over 1 ms, up to 100 legs × queues",
            0.01,
            max(c.slow_share for c in cycles.values()),
        ),
        Target("bytes a waiting entry", 4_096, figures.bytes_per_waiting),
    ]


def _growth(moves: dict[Size, dict[str, Move]]) -> float:
    """The claim's script where all is large, over where all is small, in the worst layout."""
    found = []
    for layout in {(size.queues, size.queues_each) for size in moves}:
        of = [size for size in moves if (size.queues, size.queues_each) == layout]
        least = min(of, key=lambda size: (size.waiting, size.agents))
        most = max(of, key=lambda size: (size.waiting, size.agents))
        found.append(moves[most]["match+claim"].script_us / moves[least]["match+claim"].script_us)
    return max(found)


def _slope(cycles: dict[Size, Cycles]) -> float:
    """What a leg × queue more costs, mean of a cycle's scripts; the worst of all sizes."""
    found = []
    for size, wide in cycles.items():
        narrow = cycles.get(Size(size.queues, 1, size.waiting, size.agents))
        if size.legs_by_queues > 1 and narrow is not None:
            found.append((wide.script_us - narrow.script_us) / (size.legs_by_queues - 1))
    return max(found)


def rows_of_moves(figures: Figures) -> list[list[object]]:
    """A row a size: each move's rate and its script's mean time, and what a match costs Redis."""
    rows: list[list[object]] = [
        [
            *NAMED,
            *(f"{name}/s" for name in MOVES),
            *(f"{name} µs" for name in MOVES),
            "CPU a match µs",
            "trips a move",
            "over 1 ms",
        ]
    ]
    for size, moves in figures.moves.items():
        every = list(moves.values())
        rows.append(
            [
                *_named(size),
                *(f"{move.ops_per_second:.0f}" for move in every),
                *(f"{move.script_us:.0f}" for move in every),
                f"{moves['match+claim'].redis_cpu_us:.0f}",
                f"{max(move.round_trips for move in every):.2f}",
                f"{statistics.fmean(move.slow_share for move in every):.2%}",
            ]
        )
    return rows


def rows_of_cycles(figures: Figures) -> list[list[object]]:
    """Whole cycles beside the script that does nothing."""
    rows: list[list[object]] = [
        [
            *NAMED,
            "bare/s",
            "cycles/s",
            "ratio",
            "pipelined/s",
            "trips a cycle",
            "script µs",
            "over 1 ms",
        ]
    ]
    for size, one in figures.cycles.items():
        rows.append(
            [
                *_named(size),
                f"{one.bare_per_second:.0f}",
                f"{one.per_second:.0f}",
                f"{one.ratio:.3f}",
                f"{one.pipelined_per_second:.0f}",
                f"{one.round_trips_each:.2f}",
                f"{one.script_us:.0f}",
                f"{one.slow_share:.2%}",
            ]
        )
    return rows


def rows_of_targets(figures: Figures) -> list[list[object]]:
    rows: list[list[object]] = [["target", "asked", "measured", ""]]
    for target in targets(figures):
        verdict = "met" if target.is_met else "MISSED"
        rows.append([target.name, f"{target.asked:g}", f"{target.measured:.4g}", verdict])
    return rows


def _named(size: Size) -> list[object]:
    layout = f"{size.queues:,} ({size.queues_each})"
    if size.legs > 1:
        layout += f", {size.legs} legs"
    return [layout, f"{size.waiting:,}", f"{size.agents:,}"]


def as_json(figures: Figures) -> dict[str, object]:
    return {
        "redis": figures.redis_version,
        "bytes_per_waiting": figures.bytes_per_waiting,
        "moves": [
            asdict(size) | {name: asdict(move) for name, move in moves.items()}
            for size, moves in figures.moves.items()
        ],
        "cycles": [asdict(size) | asdict(one) for size, one in figures.cycles.items()],
        "targets": [asdict(target) | {"is_met": target.is_met} for target in targets(figures)],
    }
