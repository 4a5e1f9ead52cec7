"""An edge killed just now still has its lease: what its legs wait for is not fired meanwhile."""

from edge.journey.deadlines import HEARD_FOR_MS, Deadlines
from edge.ports.queue_store import LivingEdges
from tests.fakes.clock import HandSetClock
from tests.fakes.memory_site import MemorySite
from tests.fakes.memory_store import MemoryQueueStore
from tests.fakes.world import ACCOUNT_ID, ONE, TWO


def test_an_edge_not_heard_of_for_a_while_counts_as_silent_before_its_lease_ends() -> None:
    clock = HandSetClock()
    deadlines = Deadlines(MemoryQueueStore(ONE, MemorySite(), clock), clock, [ACCOUNT_ID])
    assert deadlines.alive == {ONE}
    both = frozenset({ONE, TWO})
    deadlines.see(LivingEdges(both, frozenset(), silent_ms={ONE: 0, TWO: 900}))
    clock.advance(HEARD_FOR_MS - 900 - 1)
    assert deadlines.alive == both
    clock.advance(1)
    assert deadlines.alive == {ONE}
    deadlines.see(LivingEdges(both, frozenset(), silent_ms={ONE: 0, TWO: 0}))
    assert deadlines.alive == both


def test_nothing_is_claimed_for_the_silent_and_the_dead_and_a_new_edge_is_neither() -> None:
    clock = HandSetClock()
    deadlines = Deadlines(MemoryQueueStore(ONE, MemorySite(), clock), clock, [ACCOUNT_ID])
    assert not deadlines.is_silent(ONE)
    assert not deadlines.is_silent(TWO), "no beat has told of it yet"
    deadlines.see(LivingEdges(frozenset({ONE, TWO}), frozenset(), silent_ms={ONE: 0, TWO: 900}))
    assert not deadlines.is_silent(TWO)
    clock.advance(HEARD_FOR_MS)
    assert deadlines.is_silent(TWO)
    assert not deadlines.is_silent(ONE), "itself it hears"
    deadlines.see(LivingEdges(frozenset({ONE}), frozenset({TWO}), silent_ms={ONE: 0}))
    assert deadlines.is_silent(TWO)
