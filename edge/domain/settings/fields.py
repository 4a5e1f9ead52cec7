"""Field types shared by the settings: telephone fields are strict text, ids are checked."""

import re
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from edge.domain.strategies import STRATEGIES


def _quoted(value: Any) -> Any:
    """Refuse what YAML made of an unquoted number: `0100` is 64 there, `+1555` an integer."""
    if isinstance(value, (int, float, date)):
        raise PydanticCustomError(
            "unquoted", "write it in quotes, as text: {written}", {"written": str(value)}
        )
    return value


def _quoted_unseen(value: Any) -> Any:
    """The same of a secret: what was written is not repeated."""
    if isinstance(value, (int, float, date)):
        raise ValueError("write it in quotes, as text")
    return value


def _no_truth(value: Any) -> Any:
    """True is 1 to Python, and no port."""
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "must be a whole number")
    return value


def like(pattern: str, words: str) -> AfterValidator:
    """The whole text has this form; otherwise the error says `words`."""
    compiled = re.compile(pattern)

    def checked(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(f"must be {words}")
        return value

    return AfterValidator(checked)


def _id_of(prefix: str) -> AfterValidator:
    return like(rf"{prefix}_[A-Za-z0-9]{{1,64}}", f"{prefix}_ and then 1 to 64 letters or digits")


def _known_strategy(name: str) -> str:
    if name not in STRATEGIES:
        raise ValueError(f'there is no strategy "{name}"; there is {", ".join(STRATEGIES)}')
    return name


def _with_host_and_port(url: str) -> str:
    """Brackets that stand open, a port beyond 65535: no call could ever be made."""
    try:
        parts = urlsplit(url)
        is_right = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right:
        raise ValueError("must name a host, or an IPv6 address in brackets, and a port up to 65535")
    return url


def _no_variable(secret: str) -> str:
    """Sent as it stands, no receiver would take it, and nobody would know why."""
    if re.fullmatch(r"\$\{.*\}", secret):
        raise ValueError("is sent as it stands: variables are filled in in edge.yaml alone")
    return secret


Text = Annotated[str, StringConstraints(strict=True), BeforeValidator(_quoted)]
Name = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=128), BeforeValidator(_quoted)
]
Extension = Annotated[Text, like("[0-9]{3,64}", "3 to 64 digits")]
TelephoneNumber = Annotated[Text, like(r"\+?[0-9]{3,32}", "3 to 32 digits, with or without a +")]
SipName = Annotated[
    Text, like("[A-Za-z0-9_.-]{1,64}", "1 to 64 letters, digits, dots, dashes or underscores")
]
SipDomain = Annotated[
    Text, like(r"[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]+\]", "a host name or an address")
]
KeyDigest = Annotated[Text, like("[0-9a-f]{64}", "a SHA-256: 64 hexadecimal digits in lower case")]
StrategyName = Annotated[Text, AfterValidator(_known_strategy)]

SecretRef = Annotated[
    Text,
    like("[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}", "letters, digits and :._- like kv:hook:bearer"),
]
Password = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=128),
    BeforeValidator(_quoted_unseen),
]
Secret = Annotated[
    str,
    StringConstraints(strict=True),
    like(r"[!-~]{8,512}", "8 to 512 printable characters without blanks"),
    AfterValidator(_no_variable),
    BeforeValidator(_quoted_unseen),
]
SigningSecret = Annotated[
    Text,
    like(
        "whsec_([A-Za-z0-9+/]{4}){8,21}([A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)?",
        "whsec_ and then 24 to 64 bytes in base64",
    ),
]

AccountKey = Annotated[Text, _id_of("acct")]
QueueKey = Annotated[Text, _id_of("qu")]
UserKey = Annotated[Text, _id_of("user")]
MemberKey = Annotated[Text, _id_of("qum")]
MediaKey = Annotated[Text, _id_of("media")]

NodeName = Annotated[Text, like("[a-z0-9-]{1,32}", "1 to 32 small letters, digits or dashes")]
HttpUrl = Annotated[
    Text, like(r"https?://[^/?#@\s]+(/[^?#\s]*)?", "an address like http://127.0.0.1:8088")
]
WebhookUrl = Annotated[
    Text,
    like(
        r"https?://[^/?#@\s\x00-\x1f\x7f\\]+([/?][^#\s\x00-\x1f\x7f]*)?",
        "an address like https://example.com/hooks/callback",
    ),
    AfterValidator(_with_host_and_port),
]
FolderPath = Annotated[Text, like(r"/[^\x00-\x1f\x7f]*", "an absolute path, like /srv/sounds")]
RedisUrl = Annotated[
    Text,
    like(
        r"(rediss?://[^/\s]+(/\S*)?|unix://\S+)",
        "an address like redis://127.0.0.1:6380/0 or unix:///run/redis.sock",
    ),
]
Port = Annotated[int, Field(ge=1, le=65535), BeforeValidator(_no_truth)]
"""A number; text of digits too, because a variable of the environment is text."""
