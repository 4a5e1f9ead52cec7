"""Agents per queue: the seven states of portsip-call-queues-api on top of a person's presence.

An overlay keeps an agent out of one queue; of overlay and presence the stricter wins. A queue's
own rules (agent_auto_ready, agent_auto_not_ready) write and end overlays, but never what a person
asked for.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from enum import StrEnum

from edge.domain.agent import Agent, Occupancy, Overlay, Status
from edge.domain.ids import QueueId
from edge.domain.presence import become
from edge.domain.settings import Queue

WRAP_UP_LONGEST_MS = 600_000
"""No wrap-up lasts longer by itself, however it was asked for or extended."""


class QueueStatus(StrEnum):
    """An agent in one queue, in portsip's words. LOGGED_IN is asked for, and is then READY or
    NOT_READY."""

    READY = "READY"
    NOT_READY = "NOT_READY"
    WRAP_UP = "WRAP_UP"
    BREAK = "BREAK"
    LUNCH = "LUNCH"
    LOGGED_IN = "LOGGED_IN"
    LOGGED_OUT = "LOGGED_OUT"


REASONS = {QueueStatus.BREAK: "break", QueueStatus.LUNCH: "lunch"}
"""The pauses that have a name of their own; any other reason is NOT_READY."""


def status_in(agent: Agent, queue: QueueId) -> QueueStatus:
    """What portsip calls it: logged out or signed out here, then paused (of all queues before
    here), then wrap-up; an agent who is rung or talks is READY."""
    overlay = agent.overlays.get(queue, Overlay())
    if agent.status is Status.LOGGED_OUT or overlay.signed_out_at_ms:
        return QueueStatus.LOGGED_OUT
    if agent.paused_at_ms or overlay.paused_at_ms:
        reason = agent.pause_reason if agent.paused_at_ms else overlay.reason
        named = {text: status for status, text in REASONS.items()}
        return named.get(reason.casefold(), QueueStatus.NOT_READY)
    return QueueStatus.WRAP_UP if agent.occupancy is Occupancy.WRAP_UP else QueueStatus.READY


def lay(agent: Agent, queue: QueueId, overlay: Overlay | None) -> Agent:
    """The agent with this overlay in the queue, or with none."""
    others = {known: one for known, one in agent.overlays.items() if known != queue}
    return replace(agent, overlays=others if overlay is None else {**others, queue: overlay})


def pause_here(agent: Agent, queue: QueueId, reason: str, now_ms: int, pause_ms: int = 0) -> Agent:
    """Paused in this queue because a person asked; whoever was signed out of it is signed in."""
    paused_at_ms = agent.overlays.get(queue, Overlay()).paused_at_ms or now_ms
    until_ms = now_ms + pause_ms if pause_ms else 0
    return lay(agent, queue, Overlay(paused_at_ms, reason, until_ms))


def sign_out_here(agent: Agent, queue: QueueId, now_ms: int) -> Agent:
    """Signed out of this queue alone; a pause there is over."""
    signed_out_at_ms = agent.overlays.get(queue, Overlay()).signed_out_at_ms or now_ms
    return lay(agent, queue, Overlay(signed_out_at_ms=signed_out_at_ms))


def log_in(agent: Agent, queues: Iterable[Queue], now_ms: int) -> Agent:
    """A person who was logged out of all queues is there again."""
    return after_login(become(agent, Status.AVAILABLE, "", now_ms), queues, now_ms)


def sign_in_here(agent: Agent, queue: Queue, queues: Iterable[Queue], now_ms: int) -> Agent:
    """LOGGED_IN: ready if the queue's auto-ready is on, else not ready. Whoever is signed in
    already stays as it is: a pause that a person asked for is not ended."""
    here = QueueId(queue.id)
    if not agent.logged_in_at_ms:
        agent = log_in(agent, queues, now_ms)
    if not agent.overlays.get(here, Overlay()).signed_out_at_ms:
        return agent
    return by_rule(lay(agent, here, None), [queue], lambda _: True, now_ms)


def ready_here(agent: Agent, queue: QueueId, queues: Iterable[Queue], now_ms: int) -> Agent:
    """READY: logged in, signed in and not paused in this queue. A wrap-up is ended apart."""
    if not agent.logged_in_at_ms:
        agent = log_in(agent, queues, now_ms)
    return lay(agent, queue, None)


def pauses_over(agent: Agent, now_ms: int) -> Agent:
    """The agent without the pauses, of all queues and of one, whose time has come."""
    if agent.pause_until_ms and agent.pause_until_ms <= now_ms:
        agent = become(agent, Status.AVAILABLE, "", now_ms)
    left = {q: one for q, one in agent.overlays.items() if not 0 < one.until_ms <= now_ms}
    return replace(agent, overlays=left)


def by_rule(
    agent: Agent, queues: Iterable[Queue], keeps_out: Callable[[Queue], bool], now_ms: int
) -> Agent:
    """Auto-ready ends the overlays that a rule wrote; without it the rule may write one."""
    for queue in queues:
        here = QueueId(queue.id)
        overlay = agent.overlays.get(here)
        if queue.agent_auto_ready:
            if overlay is not None and overlay.is_automatic:
                agent = lay(agent, here, None)
        elif overlay is None and keeps_out(queue):
            agent = lay(agent, here, Overlay(paused_at_ms=now_ms, is_automatic=True))
    return agent


def after_login(agent: Agent, queues: Iterable[Queue], now_ms: int) -> Agent:
    """`queues` are all of the agent: where auto-ready is off, a log-in does not make ready."""
    return by_rule(agent, queues, lambda _: True, now_ms)


def after_queue_call(
    agent: Agent, queues: Iterable[Queue], of_call: QueueId | None, now_ms: int
) -> Agent:
    """At the end of the wrap-up (or of the call where there is none): not ready in the call's own
    queue if its auto-ready is off."""
    return by_rule(agent, queues, lambda queue: queue.id == of_call, now_ms)


def after_other_call(agent: Agent, queues: Iterable[Queue], now_ms: int) -> Agent:
    """After a call that no queue made: not ready where auto-not-ready is on and auto-ready off.

    A star code is no such call, and a call by which a caller was picked was a queue's.
    """
    if agent.is_desk_call:
        return replace(agent, is_desk_call=False)
    if not agent.logged_in_at_ms or agent.is_on_a_leg:
        return agent
    return by_rule(agent, queues, lambda queue: queue.agent_auto_not_ready, now_ms)
