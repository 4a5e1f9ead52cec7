"""How a queue's call comes to an agent: what the phone shows, what is said before the bridge."""

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic.dataclasses import dataclass

from edge.domain.settings.fields import Text

TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{2,64}")
"""RFC 3261's token, two characters at least: one letter is the short form of another header."""
_NAMES = (
    "accept accept-encoding accept-language allow allow-events authentication-info authorization "
    "call-id contact content-disposition content-encoding content-language content-length "
    "content-type cseq date error-info event expires from history-info identity in-reply-to "
    "max-forwards mime-version min-expires min-se p-asserted-identity p-preferred-identity path "
    "privacy proxy-authenticate proxy-authorization proxy-require rack reason record-route "
    "refer-to referred-by remote-party-id replaces require retry-after route rseq server "
    "service-route session-expires subscription-state supported timestamp to unsupported "
    "user-agent via warning www-authenticate "
)
DIALOGS_OWN = frozenset(_NAMES.split())
"""Headers that Asterisk writes, or that a setting of its own is for."""
SOUND = re.compile(r"/?[A-Za-z0-9_-][A-Za-z0-9_./-]{0,254}")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _a_header_of_the_sites(name: str) -> str:
    if not TOKEN.fullmatch(name):
        raise ValueError("must be a SIP header's name: 2 to 64 letters, digits or -.!%*_+`'~")
    if name.lower() in DIALOGS_OWN:
        raise ValueError(f'"{name}" belongs to the call itself and can not be set')
    return name


def _a_sound(name: str) -> str:
    if not SOUND.fullmatch(name) or ".." in name.split("/"):
        raise ValueError("must be a prompt, an upload, a sound of Asterisk or an absolute path")
    return name


def _printable(text: str) -> str:
    if UNPRINTABLE.search(text):
        raise ValueError("must be one line without control characters")
    return text


Switch = Annotated[bool, Field(strict=True)]
Printable = Annotated[Text, AfterValidator(_printable)]
HeaderName = Annotated[Text, AfterValidator(_a_header_of_the_sites)]
HeaderValue = Annotated[Printable, StringConstraints(min_length=1, max_length=256)]
NamePrefix = Annotated[Printable, StringConstraints(max_length=64)]
SoundName = Annotated[
    Text,
    AfterValidator(_a_sound),
]
"""A prompt's id, a sound of Asterisk (`queue-callswaiting`), or an absolute path on its machine,
without the extension."""


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Offering:
    """The part of a queue's settings that is about its offers, beside how long they ring."""

    agent_announcement: tuple[SoundName, ...] = ()
    report_hold_time: Switch = False
    agent_confirm: Switch = False
    confirm_seconds: Annotated[int, Field(strict=True, ge=1, le=60)] = 10
    member_delay_seconds: Annotated[int, Field(strict=True, ge=0, le=60)] = 0
    caller_announcement: tuple[SoundName, ...] = ()
    caller_name_prefix: NamePrefix = ""
    p_asserted_identity: Switch = False
    remote_party_id: Switch = False
    extension_in_to_header: Switch = False
    auto_answer: Switch = False
    sip_headers: Mapping[HeaderName, HeaderValue] = field(default_factory=dict)

    @property
    def longest_confirm_seconds(self) -> int:
        """How long an answered leg may go on before it is accepted."""
        return self.confirm_seconds if self.agent_confirm else 0
