"""An event loop whose time jumps to the next timer as soon as nothing is left to do now.

A journey of minutes runs in milliseconds, and always in the same order.
"""

import asyncio
import selectors
from collections.abc import Callable, Mapping
from contextvars import Context
from typing import Any, TypeVarTuple

Arguments = TypeVarTuple("Arguments")


class NothingWillHappen(Exception):
    """Every task waits for something that no timer and no other task will ever bring."""


class _JumpingSelector(selectors.BaseSelector):
    """Never waits: the time it was allowed to wait is added to the loop's clock instead."""

    def __init__(self) -> None:
        self._inner = selectors.DefaultSelector()
        self.seconds = 0.0

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._inner.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._inner.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._inner.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._inner.get_map()

    def close(self) -> None:
        self._inner.close()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._inner.select(0)
        if ready:
            return ready
        if timeout is None:
            waiting = [task.get_name() for task in asyncio.all_tasks(asyncio.get_running_loop())]
            raise NothingWillHappen(f"no timer is set and these tasks wait: {sorted(waiting)}")
        self.seconds += max(timeout, 0.0)
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Time starts at 0 and moves only when every task waits.

    Timers of one moment go off in the order they were set.
    """

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)
        self._clock_resolution = 1e-6
        self._timers_set = 0

    def call_at(
        self,
        when: float,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        # The loop's heap has no order among equals: a picosecond more for each later one.
        self._timers_set += 1
        return super().call_at(when + self._timers_set * 1e-12, callback, *args, context=context)

    def time(self) -> float:
        return self._jumping.seconds
