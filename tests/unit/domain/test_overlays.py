"""Agents per queue: portsip's seven states, and the rules that make ready and not ready."""

from dataclasses import replace

import pytest

from edge.domain.agent import Agent, Occupancy, Overlay
from edge.domain.ids import QueueId, UserId
from edge.domain.overlays import (
    QueueStatus,
    after_login,
    after_other_call,
    after_queue_call,
    pause_here,
    pauses_over,
    ready_here,
    sign_in_here,
    sign_out_here,
    status_in,
)
from edge.domain.settings import Queue

A, B = QueueId("qu_a"), QueueId("qu_b")
NOW = 9_000
IN = Agent(UserId("user_ann"), logged_in_at_ms=1_000)
OUT = Agent(UserId("user_ann"))
BY_RULE = Overlay(paused_at_ms=NOW, is_automatic=True)
BY_PERSON = Overlay(paused_at_ms=3_000, reason="training")
SIGNED_OUT = Overlay(signed_out_at_ms=3_000)


def queue(name: QueueId, *, ready: bool = True, not_ready: bool = True) -> Queue:
    return Queue(
        id=name,
        name=name,
        extension="500",
        agent_auto_ready=ready,
        agent_auto_not_ready=not_ready,
    )


def paused(reason: str) -> Agent:
    return replace(IN, paused_at_ms=2_000, pause_reason=reason)


def with_overlay(overlay: Overlay, agent: Agent = IN) -> Agent:
    return replace(agent, overlays={A: overlay})


@pytest.mark.parametrize(
    ("agent", "status"),
    [
        (IN, QueueStatus.READY),
        (OUT, QueueStatus.LOGGED_OUT),
        *((replace(IN, occupancy=o), QueueStatus.READY) for o in Occupancy if o != "wrap_up"),
        (replace(IN, occupancy=Occupancy.WRAP_UP), QueueStatus.WRAP_UP),
        # The pause of all queues.
        (paused(""), QueueStatus.NOT_READY),
        (paused("missed_calls"), QueueStatus.NOT_READY),
        (paused("break"), QueueStatus.BREAK),
        (paused("Lunch"), QueueStatus.LUNCH),
        # The pause of this one.
        (with_overlay(BY_RULE), QueueStatus.NOT_READY),
        (with_overlay(BY_PERSON), QueueStatus.NOT_READY),
        (with_overlay(replace(BY_PERSON, reason="break")), QueueStatus.BREAK),
        (with_overlay(replace(BY_PERSON, reason="lunch")), QueueStatus.LUNCH),
        (with_overlay(SIGNED_OUT), QueueStatus.LOGGED_OUT),
        # The stricter wins: logged out, then a pause, then wrap-up.
        (with_overlay(SIGNED_OUT, paused("break")), QueueStatus.LOGGED_OUT),
        (with_overlay(BY_PERSON, OUT), QueueStatus.LOGGED_OUT),
        (with_overlay(BY_PERSON, paused("break")), QueueStatus.BREAK),
        (replace(paused("lunch"), occupancy=Occupancy.WRAP_UP), QueueStatus.LUNCH),
        (with_overlay(BY_RULE, replace(IN, occupancy=Occupancy.WRAP_UP)), QueueStatus.NOT_READY),
    ],
)
def test_the_states_that_portsip_names(agent: Agent, status: QueueStatus) -> None:
    assert status_in(agent, A) is status
    if not agent.overlays:
        assert status_in(agent, B) is status


def test_an_overlay_is_of_one_queue_alone() -> None:
    for overlay in (BY_RULE, BY_PERSON, SIGNED_OUT):
        assert status_in(with_overlay(overlay), B) is QueueStatus.READY


def test_a_pause_here_keeps_its_begin_and_signs_in_whoever_was_signed_out() -> None:
    first = pause_here(IN, A, "break", NOW, 5_000)
    assert first.overlays == {A: Overlay(NOW, "break", NOW + 5_000)}
    assert pause_here(first, A, "lunch", NOW + 9).overlays == {A: Overlay(NOW, "lunch")}
    assert pause_here(with_overlay(SIGNED_OUT), A, "", NOW).overlays == {A: Overlay(NOW)}
    assert pause_here(with_overlay(BY_RULE), A, "", NOW).overlays == {A: Overlay(NOW)}


def test_signing_out_here_ends_the_pause_here_and_keeps_its_moment() -> None:
    assert sign_out_here(with_overlay(BY_PERSON), A, NOW).overlays == {
        A: Overlay(signed_out_at_ms=NOW)
    }
    assert sign_out_here(with_overlay(SIGNED_OUT), A, NOW) == with_overlay(SIGNED_OUT)
    assert sign_out_here(OUT, A, NOW).logged_in_at_ms == 0


@pytest.mark.parametrize("overlay", [BY_RULE, BY_PERSON, SIGNED_OUT])
def test_ready_clears_whatever_is_here_and_nothing_of_the_person(overlay: Overlay) -> None:
    assert ready_here(with_overlay(overlay), A, [], NOW) == IN
    of_all = with_overlay(overlay, paused("break"))
    assert ready_here(of_all, A, [], NOW) == paused("break")
    elsewhere = replace(IN, overlays={A: overlay, B: overlay})
    assert ready_here(elsewhere, A, [], NOW).overlays == {B: overlay}


def test_ready_logs_in_and_other_queues_follow_their_own_rule() -> None:
    queues = [queue(A, ready=False), queue(B, ready=False)]
    agent = ready_here(OUT, A, queues, NOW)
    assert (agent.logged_in_at_ms, agent.overlays) == (NOW, {B: BY_RULE})


@pytest.mark.parametrize(("auto_ready", "after"), [(True, {}), (False, {A: BY_RULE})])
@pytest.mark.parametrize("before", [OUT, with_overlay(SIGNED_OUT), with_overlay(SIGNED_OUT, OUT)])
def test_logged_in_is_ready_where_auto_ready_is_on(
    before: Agent, auto_ready: bool, after: dict[QueueId, Overlay]
) -> None:
    here = queue(A, ready=auto_ready)
    agent = sign_in_here(before, here, [here], NOW)
    assert (agent.overlays, bool(agent.logged_in_at_ms)) == (after, True)


def test_logged_in_again_changes_nothing() -> None:
    for agent in (IN, with_overlay(BY_PERSON), with_overlay(BY_RULE), paused("break")):
        assert sign_in_here(agent, queue(A, ready=False), [queue(A, ready=False)], NOW) == agent


BOTH = [queue(A), queue(B, ready=False)]


def test_after_log_in_auto_ready_decides_in_each_queue() -> None:
    assert after_login(IN, BOTH, NOW).overlays == {B: BY_RULE}
    ruled = replace(IN, overlays={A: BY_RULE, B: BY_PERSON})
    assert after_login(ruled, BOTH, NOW).overlays == {B: BY_PERSON}


def test_after_a_queue_call_the_rule_of_its_own_queue_counts() -> None:
    assert after_queue_call(IN, BOTH, A, NOW) == IN
    assert after_queue_call(IN, BOTH, B, NOW).overlays == {B: BY_RULE}
    assert after_queue_call(IN, BOTH, None, NOW) == IN


def test_after_another_call_auto_not_ready_counts_where_auto_ready_is_off() -> None:
    off = [queue(A, ready=False, not_ready=False), queue(B, ready=False, not_ready=True)]
    assert after_other_call(IN, off, NOW).overlays == {B: BY_RULE}
    on = [queue(A, ready=True, not_ready=True)]
    assert after_other_call(IN, on, NOW) == IN, "ignored where auto-ready is on"
    assert after_other_call(OUT, off, NOW) == OUT
    talking = replace(IN, occupancy=Occupancy.TALKING)
    assert after_other_call(talking, off, NOW) == talking


@pytest.mark.parametrize("overlay", [BY_PERSON, SIGNED_OUT])
def test_no_rule_ends_what_a_person_asked_for(overlay: Overlay) -> None:
    agent = with_overlay(overlay)
    assert after_login(agent, [queue(A)], NOW) == agent
    assert after_queue_call(agent, [queue(A)], A, NOW) == agent
    assert after_other_call(agent, [queue(A)], NOW) == agent


def test_auto_ready_ends_what_a_rule_wrote() -> None:
    agent = with_overlay(BY_RULE)
    assert after_login(agent, [queue(A)], NOW) == IN
    assert after_queue_call(agent, [queue(A)], B, NOW) == IN
    assert after_other_call(agent, [queue(A)], NOW) == IN


def test_pauses_end_at_their_own_times() -> None:
    overlays = {A: Overlay(1, "", NOW), B: Overlay(1, "", NOW + 1)}
    agent = replace(paused("break"), pause_until_ms=NOW, overlays=overlays)
    assert agent.due_at_ms == NOW
    assert pauses_over(agent, NOW - 1) == agent
    later = pauses_over(agent, NOW)
    assert later == replace(IN, overlays={B: overlays[B]})
    assert later.due_at_ms == NOW + 1
    assert pauses_over(later, NOW + 1) == IN
    assert pauses_over(with_overlay(BY_PERSON), NOW) == with_overlay(BY_PERSON)
