"""The facts we publish, past tense, each from the move that made it true."""

from enum import StrEnum


class EventName(StrEnum):
    ENTRY_JOINED = "entry_joined"
    ENTRY_REJECTED = "entry_rejected"
    ENTRY_OFFERED = "entry_offered"
    ENTRY_REARRANGED = "entry_rearranged"
    ENTRY_LEFT = "entry_left"
    ENTRY_ASSERTED = "entry_asserted"
    ENTRY_TAKEN_OVER = "entry_taken_over"
    AGENT_ASSERTED = "agent_asserted"
    OPTION_PRESSED = "option_pressed"
    WEBHOOK_DELIVERED = "webhook_delivered"
    WEBHOOK_GIVEN_UP = "webhook_given_up"
    LEG_RINGING = "leg_ringing"
    LEG_ENDED = "leg_ended"
    CALL_ANSWERED = "call_answered"
    CALL_CONNECTED = "call_connected"
    CALL_COMPLETED = "call_completed"
    CALLER_TRANSFERRED = "caller_transferred"
    AGENT_CHANGED = "agent_changed"
    WAIT_PROMISED = "wait_promised"
    WRAP_UP_STARTED = "wrap_up_started"
    WRAP_UP_CHANGED = "wrap_up_changed"
    WRAP_UP_ENDED = "wrap_up_ended"
