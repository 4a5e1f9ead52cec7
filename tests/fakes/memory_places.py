"""Where an entry stands in its line, in plain Python. Nothing here is written: the move puts it."""

from dataclasses import replace

from edge.domain.entry import Entry
from tests.fakes.memory_site import AccountMemory


def at_place(memory: AccountMemory, entry: Entry, place: int, *, came_now: bool = False) -> Entry:
    """At this place of its priority, or the first free one behind it. Who came just now stands
    behind all places ever given."""
    queue = memory.queues[entry.queue]
    if came_now:
        place = max(place, queue.last_place + 1)
    taken = memory.places_taken(entry.queue, entry.priority)
    while place in taken:
        place += 1
    queue.last_place = max(queue.last_place, place)
    return replace(entry, place=place)


def at_position(memory: AccountMemory, entry: Entry, position: int) -> tuple[Entry, list[Entry]]:
    """Directly ahead of whoever stands there, and those who move back to make room."""
    others = [other for other in memory.line(entry.queue) if other.id != entry.id]
    if len(others) < position:
        if not others:
            return entry, []
        last = others[-1]
        entry = replace(entry, priority=min(entry.priority, last.priority))
        return at_place(memory, entry, max(memory.now_ms, last.place + 1)), []
    behind = others[position - 1]
    entry = replace(entry, priority=behind.priority, place=behind.place - 1)
    known = memory.entries.get(entry.id)
    own = {known.place} if known is not None and known.priority == entry.priority else set()
    taken = memory.places_taken(entry.queue, entry.priority) - own
    if entry.place not in taken:
        return entry, []
    line = {other.place: other for other in others if other.priority == entry.priority}
    moved, place = [], behind.place
    entry = replace(entry, place=place)
    while place in line:
        one = line[place]
        place += 1
        while place in taken and place not in line:
            place += 1
        moved.append(replace(one, place=place))
    queue = memory.queues[entry.queue]
    queue.last_place = max(queue.last_place, place)
    return entry, moved
