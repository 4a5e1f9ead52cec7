"""The shapes of dialstack-call-queues: what records look like on the wire."""

from collections.abc import Iterable
from datetime import UTC, datetime

from edge.domain.addresses import shown
from edge.domain.agent import Agent, Overlay, Pending
from edge.domain.entry import Entry, Party
from edge.domain.estimate import Prospect, error_of
from edge.domain.ids import QueueId
from edge.domain.overlays import status_in
from edge.domain.settings import Member, Queue
from edge.domain.settings.options import Option

Shape = dict[str, object]
MEMBERS_INLINE = 10


def moment(at_ms: int) -> str | None:
    """ISO 8601 in UTC with milliseconds; None for 0, which is "not"."""
    if not at_ms:
        return None
    at = datetime.fromtimestamp(at_ms // 1000, UTC).replace(microsecond=at_ms % 1000 * 1000)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def digits(number: str) -> str | None:
    """A caller's number as digits without +, None where there is none (withheld, a name)."""
    bare = number.removeprefix("+")
    return bare if bare.isascii() and bare.isdigit() else None


def seconds_expected(prospect: Prospect | None) -> int | None:
    """Whole seconds; None of one who waits no more, and where it is unknown."""
    expected = prospect.expected_seconds if prospect is not None else None
    return None if expected is None else round(expected)


def entry_shape(
    entry: Entry, position: int, now_ms: int, prospect: Prospect | None = None
) -> Shape:
    """`position` is 1-based, null for 0: not in the line. Agents are named by their user's id:
    who rings for it, who was rung in this round, who took it."""
    return {
        "id": entry.id,
        "object": "queue_entry",
        "queue_id": entry.queue,
        "position": position or None,
        "caller": digits(entry.caller_number),
        "joined_at": moment(entry.joined_at_ms),
        "wait_seconds": max(0, (entry.ended_at_ms or now_ms) - entry.joined_at_ms) // 1000,
        "expected_wait_seconds": seconds_expected(prospect),
        "promised_seconds": entry.promised_ms // 1000 if entry.promised_at_ms else None,
        "promised_at": moment(entry.promised_at_ms),
        "stage": entry.stage.value,
        "priority": entry.priority,
        "virtual": entry.party is not Party.LIVE,
        "preferred_agent": entry.preferred,
        "preferred_until": moment(entry.prefer_until_ms),
        "ringing": sorted(entry.ringing),
        "tried": sorted(entry.tried),
        "agent": entry.agent,
        "disposition": entry.disposition.value if entry.disposition else None,
    }


def member_shape(queue: Queue, member: Member) -> Shape:
    return {
        "id": member.id,
        "object": "queue_member",
        "queue_id": queue.id,
        "user_id": member.user_id,
        "penalty": member.penalty,
        "position": member.position,
    }


def option_shape(queue: Queue, row: Option) -> Shape:
    """A key of the queue, as sip-io has it: `stay_in_queue` is 0 or 1, a secret only its name,
    an address without what may hold a token."""
    return {
        "object": "in_queue_option",
        "queue_id": queue.id,
        "digit": row.digit,
        "action": row.action.value,
        "dest_kind": row.dest_kind.value if row.dest_kind else None,
        "dest_id": row.dest_id,
        "webhook_url": shown(row.webhook_url) if row.webhook_url else None,
        "webhook_secret_ref": row.webhook_secret_ref,
        "stay_in_queue": int(row.stays),
        "prompt_media_id": row.prompt_media_id,
        "label": row.label,
    }


def queue_shape(queue: Queue, members: Shape, waiting: Shape) -> Shape:
    return {
        "id": queue.id,
        "object": "queue",
        "name": queue.name,
        "extension": queue.extension,
        "strategy": queue.strategy,
        "ring_seconds": queue.ring_seconds,
        "retry_seconds": queue.retry_seconds,
        "wrap_up_seconds": queue.wrap_up_seconds,
        "music_class": queue.music_class,
        "members": members,
        "waiting": waiting,
    }


def queue_now_shape(queue: Queue, newcomer: Prospect) -> Shape:
    """`newcomer` is what one who joins now can expect. `agents` are those who serve, the shared
    ones as the share that comes to this queue."""
    standing, history = newcomer.standing, newcomer.history
    handling = history.handling
    error = error_of(history)
    return {
        "object": "queue_status",
        "queue_id": queue.id,
        "at": moment(newcomer.now_ms),
        "waiting": standing.position - 1,
        "agents": round(standing.agents, 2),
        "ready": standing.idle,
        "longest_wait_seconds": round(standing.head_waited_seconds),
        "expected_wait_seconds": seconds_expected(newcomer),
        "handling_seconds": round(handling.mean_seconds, 1) if handling.is_known else None,
        "promises": error.promises if error else 0,
        "median_absolute_error_seconds": round(error.median_absolute_seconds, 1) if error else None,
        "bias_seconds": round(error.bias_seconds, 1) if error else None,
    }


def pending_shape(pending: Pending | None) -> Shape | None:
    if pending is None:
        return None
    return {
        "status": pending.status.value,
        "reason": pending.reason or None,
        "pause_seconds": pending.pause_ms // 1000 or None,
    }


def queue_status_shape(agent: Agent, queue: Queue) -> Shape:
    """The agent in one queue: the state in portsip's words, and the overlay behind it."""
    overlay = agent.overlays.get(QueueId(queue.id), Overlay())
    return {
        "object": "queue_agent_status",
        "queue_id": queue.id,
        "user_id": agent.id,
        "status": status_in(agent, QueueId(queue.id)).value,
        "paused_at": moment(overlay.paused_at_ms),
        "pause_reason": overlay.reason or None,
        "paused_until": moment(overlay.until_ms),
        "signed_out_at": moment(overlay.signed_out_at_ms),
        "occupancy": agent.occupancy.value,
        "wrap_up_until": moment(agent.wrap_up_until_ms),
    }


def agent_shape(agent: Agent, queues: Iterable[Queue]) -> Shape:
    """`queues` are those that the user is a member of."""
    return {
        "object": "queue_agent",
        "user_id": agent.id,
        "status": agent.status.value,
        "logged_in_at": moment(agent.logged_in_at_ms),
        "paused_at": moment(agent.paused_at_ms),
        "pause_reason": agent.pause_reason or None,
        "paused_until": moment(agent.pause_until_ms),
        "pending": pending_shape(agent.pending),
        "occupancy": agent.occupancy.value,
        "wrap_up_until": moment(agent.wrap_up_until_ms),
        "device": agent.device.value,
        "missed_calls": agent.misses,
        "queues": [queue_status_shape(agent, queue) for queue in queues],
    }
