"""Explanations on the wire: each part with a code that does not change, and a sentence."""

from edge.domain.explain import (
    AgentExplained,
    Candidate,
    EntryExplained,
    LeftOutAgent,
    QueueExplained,
    Wait,
)
from edge.web.schemas import Shape, moment


def entry_explanation_shape(explained: EntryExplained) -> Shape:
    return {
        "object": "queue_entry_explanation",
        "entry_id": explained.entry.id,
        "queue_id": explained.entry.queue,
        "at": moment(explained.now_ms),
        "position": explained.position or None,
        "stage": explained.entry.stage.value,
        "words": "; ".join(wait.words for wait in explained.waits_for),
        "waits_for": [_wait_shape(wait) for wait in explained.waits_for],
        "candidates": [_candidate_shape(candidate) for candidate in explained.candidates],
        "left_out": [_left_out_shape(agent) for agent in explained.left_out],
        "members_in_all": explained.members_in_all,
        "ready_in_all": explained.ready_in_all,
    }


def _wait_shape(wait: Wait) -> Shape:
    return {"code": wait.code.value, "words": wait.words, "until": moment(wait.until_ms)}


def _candidate_shape(candidate: Candidate) -> Shape:
    return {
        "user_id": candidate.user,
        "chosen": candidate.is_chosen,
        "chance": None if candidate.chance is None else round(candidate.chance, 4),
        "tier": candidate.tier,
        "fields": [
            {"field": value.field.value, "value": value.value, "words": value.words}
            for value in candidate.values
        ],
        "words": candidate.words,
    }


def _left_out_shape(agent: LeftOutAgent) -> Shape:
    return {
        "user_id": agent.user,
        "code": agent.code.value,
        "words": agent.words,
        "until": moment(agent.until_ms),
    }


def agent_explanation_shape(explained: AgentExplained) -> Shape:
    reason = explained.reason
    return {
        "object": "queue_agent_explanation",
        "user_id": explained.agent.id,
        "at": moment(explained.now_ms),
        "code": reason.code.value if reason is not None else None,
        "words": explained.words,
        "until": moment(reason.until_ms) if reason is not None else None,
        "queues": [_queue_shape(queue) for queue in explained.queues],
    }


def _queue_shape(queue: QueueExplained) -> Shape:
    facts, first, reason = queue.facts, queue.first, queue.reason
    return {
        "queue_id": facts.queue,
        "code": queue.code.value,
        "not_ready": reason.code.value if reason is not None else None,
        "words": queue.words,
        "until": moment(reason.until_ms) if reason is not None else None,
        "tier": facts.tier,
        "standing": facts.standing or None,
        "ready_in_all": facts.ready_in_all,
        "waiting": facts.waiting,
        "offerable": facts.offerable,
        "urgency": round(facts.urgency, 3),
        "first": {"entry_id": first.head.id, "position": first.position} if first else None,
        "skipped": [
            {
                "entry_id": one.entry,
                "position": one.position,
                "code": one.code.value,
                "words": one.words,
            }
            for one in queue.skipped
        ],
    }
