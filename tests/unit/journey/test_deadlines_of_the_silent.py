"""An edge killed just now still has its lease: what its legs wait for is not fired meanwhile."""

from edge.journey.deadlines import BEAT_SECONDS, HEARD_FOR_MS, Deadlines
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


def test_an_edge_that_beats_in_time_never_counts_as_silent_whoever_looks_when() -> None:
    """However the beats of two edges lie against each other, and each late by 0.2 s."""
    clock = HandSetClock()
    deadlines = Deadlines(MemoryQueueStore(ONE, MemorySite(), clock), clock, [ACCOUNT_ID])
    both = frozenset({ONE, TWO})
    beat_ms = round(BEAT_SECONDS * 1000) + 200
    for age_ms in range(0, beat_ms + 1, 50):
        deadlines.see(LivingEdges(both, frozenset(), silent_ms={ONE: 0, TWO: age_ms}))
        for _ in range(beat_ms):
            assert not deadlines.is_silent(TWO), f"its last beat was {age_ms} ms before ours"
            clock.advance(1)
