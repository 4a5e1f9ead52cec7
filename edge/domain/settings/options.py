"""What a caller may press while waiting: a row for each key, as sip-io has them."""

from dataclasses import field
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from edge.domain.settings.fields import Name, Text, WebhookUrl, like
from edge.domain.settings.offering import SoundName

KEYS = 'one of "0" to "9", "*" and "#", in quotes'


def _not_a_comment(value: Any) -> Any:
    """A plain # begins a comment: nothing is left of the value."""
    if value is None:
        raise ValueError(f"must be {KEYS}")
    return value


Digit = Annotated[Text, like("[0-9*#]", KEYS), BeforeValidator(_not_a_comment)]


class OptionAction(StrEnum):
    ROUTE = "route"
    WEBHOOK = "webhook"
    DEFLECT = "deflect"
    CALLBACK = "callback"
    HANGUP = "hangup"


class DestinationKind(StrEnum):
    QUEUE = "queue"
    EXTENSION = "extension"
    USER = "user"
    RING_GROUP = "ring_group"
    VOICEMAIL = "voicemail"
    EXTERNAL = "external"
    DIALPLAN = "dialplan"
    FLOW = "flow"


def _zero_or_one(value: Any) -> Any:
    if value is not None and value not in (0, 1):
        raise ValueError("must be 0 or 1, false or true")
    return value if value is None else bool(value)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Option:
    """A key of a queue. `stay_in_queue` None is what the action means by itself: deflect and
    callback stay, the others leave. `announcement` takes the place of the usual words in
    "press 1 for …"; `prompt_media_id` is what confirms the press.
    """

    digit: Digit
    action: OptionAction
    dest_kind: DestinationKind | None = None
    dest_id: Name | None = None
    webhook_url: WebhookUrl | None = field(default=None, repr=False)
    webhook_secret_ref: Name | None = None
    stay_in_queue: Annotated[
        Annotated[bool, Field(strict=True)] | None, BeforeValidator(_zero_or_one)
    ] = None
    prompt_media_id: SoundName | None = None
    announcement: tuple[SoundName, ...] | None = None
    label: Name | None = None

    @property
    def stays(self) -> bool:
        """Whether the caller goes on waiting after this key."""
        if self.stay_in_queue is not None:
            return self.stay_in_queue
        return self.action in (OptionAction.DEFLECT, OptionAction.CALLBACK)
