"""What an agent's phone is told with the call: who calls, for which queue, and how to take it."""

from edge.domain.entry import Entry
from edge.domain.ids import EndpointName, LegId
from edge.domain.settings import Queue, User
from edge.ports.phone_system import Dial, Identity


def shown_name(prefix: str, entry: Entry) -> str:
    """The prefix tells the queue at a glance; before the number where there is no name."""
    return prefix + (entry.caller_name or entry.caller_number) if prefix else entry.caller_name


def invitation(
    queue: Queue, user: User, entry: Entry, leg: LegId, variables: dict[str, str]
) -> Dial:
    """The dial of one agent for one caller, as the queue's settings want it."""
    itself = Identity(queue.name, queue.extension)
    return Dial(
        leg=leg,
        endpoint=EndpointName(user.sip),
        caller_number=entry.caller_number,
        caller_name=shown_name(queue.caller_name_prefix, entry),
        ring_seconds=queue.ring_seconds,
        variables=variables,
        to_user=user.extension if queue.extension_in_to_header else "",
        asserted=itself if queue.p_asserted_identity else None,
        remote_party=itself if queue.remote_party_id else None,
        answers_itself=queue.auto_answer,
        headers=queue.sip_headers,
    )
