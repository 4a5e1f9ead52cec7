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
