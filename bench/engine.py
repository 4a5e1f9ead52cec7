"""How fast the engine is: the moves of a call on a real Redis, at any number of callers and agents.

No Asterisk: one edge process' store and one Redis (append-only file on, as in `make up`). Beside
the moves stands what the same client does with a script that does nothing, measured in turns with
the cycles: a machine that is slow in this minute is slow for both.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import uvloop
from redis.asyncio import Redis

from bench import report
from bench.call_floor import CallFloor, Layout
from bench.engine_figures import (
    MOVES,
    Cycles,
    Figures,
    Move,
    Size,
    as_json,
    rows_of_cycles,
    rows_of_moves,
    rows_of_targets,
)
from bench.redis_meter import RedisMeter, Spent
from edge.domain.ids import QueueId
from lab.ports import free_port
from lab.processes import RedisProcess

AT_A_TIME = 5
"""So many moves of a kind follow each other, so that few agents are enough for it."""
TURNS = 10
CYCLE_TASKS = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    agents: tuple[int, ...] = (10, 1_000, 10_000)
    waiting: tuple[int, ...] = (10, 1_000, 100_000)
    layouts: tuple[tuple[int, int], ...] = ((1, 1), (1_000, 1), (1_000, 20))
    wide: tuple[int, int, int] = (1_000, 20, 5)
    """A layout apart for what takes longest: the queues, how many of them an agent is in, and how
    many phones ring for a caller."""
    moves: int = 300
    cycles: int = 600


QUICK = Plan(
    agents=(5, 20), waiting=(5, 40), layouts=((1, 1), (40, 1), (40, 20)), wide=(40, 20, 3), moves=5,
    cycles=20,
)  # fmt: skip


async def measure(plan: Plan) -> Figures:
    """Everything, on a Redis of our own for each layout."""
    figures = Figures()
    for queues, queues_each in plan.layouts:
        layout = Layout(queues, queues_each, plan.agents[-1])
        await _on_a_redis(layout, lambda bench: bench.sizes(plan, figures))
    queues, queues_each, legs = plan.wide
    layout = Layout(queues, queues_each, plan.agents[1], legs)
    await _on_a_redis(layout, lambda bench: bench.one_size(plan, figures))
    return figures


async def _on_a_redis(layout: Layout, run: "Callable[[Bench], Awaitable[None]]") -> None:
    with tempfile.TemporaryDirectory(prefix="engine-") as name:
        async with RedisProcess(Path(name), free_port()) as server:
            plain = Redis.from_url(server.url, decode_responses=True, socket_timeout=None)
            floor = CallFloor(server.url, layout)
            await floor.open()
            try:
                with RedisMeter(server.url) as meter:
                    bare = await plain.script_load("return 1")
                    await run(Bench(floor, meter, plain, bare))
            finally:
                await floor.close()
                await plain.aclose()


class Bench:
    """Measures one floor."""

    def __init__(self, floor: CallFloor, meter: RedisMeter, plain: Redis, bare: str) -> None:
        self._floor = floor
        self._meter = meter
        self._plain = plain
        self._bare = bare
        self._turn = 0

    def _size(self) -> Size:
        floor = self._floor
        layout = floor.layout
        return Size(layout.queues, layout.queues_each, floor.waiting, floor.ready, layout.legs)

    async def sizes(self, plan: Plan, figures: Figures) -> None:
        """All numbers of callers by all numbers of agents, whole cycles where both are alike."""
        figures.redis_version = self._meter.version()
        await self._load_moves()
        for row, waiting in enumerate(plan.waiting):
            # Nobody is ready while the line is filled: the joins bring no heads.
            await self._floor.staff(0)
            before, known = self._meter.memory_bytes(), self._floor.waiting
            await self._floor.fill(waiting)
            if waiting == plan.waiting[-1] and not figures.bytes_per_waiting:
                grown = self._meter.memory_bytes() - before
                figures.bytes_per_waiting = grown / (waiting - known)
            for column, agents in enumerate(plan.agents):
                await self._floor.staff(agents)
                figures.moves[self._size()] = await self._moves(plan.moves)
                if row == column:
                    figures.cycles[self._size()] = await self._cycles(plan.cycles)

    async def one_size(self, plan: Plan, figures: Figures) -> None:
        await self._load_moves()
        await self._floor.fill(plan.waiting[1])
        await self._floor.staff(plan.agents[1])
        figures.moves[self._size()] = await self._moves(plan.moves)
        figures.cycles[self._size()] = await self._cycles(plan.cycles)

    async def _load_moves(self) -> None:
        """The first call of a script is two round trips."""
        await self._floor.staff(1)
        await self._run_cycles(1)
        await self._floor.look(self._next_queue())

    async def _moves(self, moves: int) -> dict[str, Move]:
        """Each kind by itself, a few of it at a time, all in queues that do not touch."""
        spent = {name: Spent() for name in MOVES}
        took = dict.fromkeys(MOVES, 0.0)

        async def timed(name: str, moving: Callable[[], Awaitable[None]]) -> None:
            self._meter.begin()
            began = time.perf_counter()
            await moving()
            took[name] += time.perf_counter() - began
            spent[name].add(self._meter.spent())

        for _ in range(-(-moves // AT_A_TIME)):
            await self._round(timed)
        return {
            name: Move(
                ops_per_second=one.calls / took[name],
                round_trips=one.reads / one.calls,
                script_us=one.script_mean_us,
                redis_cpu_us=one.cpu_us / one.calls,
                slow_share=one.slow_share,
            )
            for name, one in spent.items()
        }

    async def _round(
        self, timed: Callable[[str, Callable[[], Awaitable[None]]], Awaitable[None]]
    ) -> None:
        floor = self._floor
        queues = [floor.queue_of_turn(self._turn + n) for n in range(AT_A_TIME)]
        self._turn += AT_A_TIME
        claimed = []

        async def join() -> None:
            for queue in queues:
                await floor.join(queue)

        async def claim() -> None:
            for queue in queues:
                claimed.append(await floor.claim(queue))

        async def accept() -> None:
            for user, leg, _ in claimed:
                await floor.accept(user, leg)

        async def complete() -> None:
            for _, _, entry in claimed:
                await floor.complete(entry)

        await timed("join", join)
        for queue in set(queues):
            await floor.look(queue)
        await timed("match+claim", claim)
        await timed("accept", accept)
        await timed("complete", complete)

    async def _cycles(self, cycles: int) -> Cycles:
        each = max(cycles // TURNS, 1)
        spent, ratios, bare_rates, rates, pipelined = Spent(), [], [], [], []
        trips = 0.0
        for _ in range(TURNS):
            bare = await _rate(self._run_bare, each * len(MOVES))
            self._meter.begin()
            rate = await _rate(self._run_cycles, each)
            used = self._meter.spent()
            pipelined.append(await _rate(self._run_pipelined, each * 2))
            trips += used.reads / each / TURNS
            spent.add(used)
            bare_rates.append(bare)
            rates.append(rate)
            ratios.append(rate / bare)
        return Cycles(
            bare_per_second=statistics.median(bare_rates),
            per_second=statistics.median(rates),
            ratio=statistics.median(ratios),
            pipelined_per_second=statistics.median(pipelined),
            round_trips_each=trips,
            script_us=spent.script_mean_us,
            slow_share=spent.slow_share,
        )

    async def _run_bare(self, times: int) -> None:
        for _ in range(times):
            await self._plain.execute_command("EVALSHA", self._bare, 0)  # type: ignore[no-untyped-call]

    async def _run_cycles(self, times: int) -> None:
        for _ in range(times):
            await self._floor.cycle(self._next_queue())

    async def _run_pipelined(self, times: int) -> None:
        """Tasks side by side, spread over the blocks; in each no more of them than agents."""
        floor, left = self._floor, iter(range(times))

        async def work(task: int) -> None:
            for turn in left:
                await floor.cycle(floor.queue_of_block(task % floor.served, turn))

        async with asyncio.TaskGroup() as tasks:
            for task in range(min(CYCLE_TASKS, floor.ready // floor.layout.legs)):
                tasks.create_task(work(task))

    def _next_queue(self) -> QueueId:
        self._turn += 1
        return self._floor.queue_of_turn(self._turn)


async def _rate(run: Callable[[int], Awaitable[None]], times: int) -> float:
    began = time.perf_counter()
    await run(times)
    return times / (time.perf_counter() - began)


def main() -> None:
    parser = report.arguments("The moves of the engine on a real Redis, at many sizes.")
    parser.add_argument("--quick", action="store_true", help="small sizes: only whether it works")
    asked = parser.parse_args()
    figures = uvloop.run(measure(QUICK if asked.quick else Plan()))
    for rows in (rows_of_moves(figures), rows_of_cycles(figures), rows_of_targets(figures)):
        print(report.table(rows) + "\n")
    report.write(asked.json, as_json(figures))


if __name__ == "__main__":
    main()
