"""What the processes are: Asterisk nodes, Redis, HTTP, logging. `edge.yaml` fills it."""

import re
from dataclasses import field
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from edge.domain.addresses import host_of, is_loopback
from edge.domain.settings.fields import (
    FolderPath,
    HttpUrl,
    Name,
    NodeName,
    Password,
    Port,
    RedisUrl,
    SipDomain,
    SipName,
)

STRICT = ConfigDict(extra="forbid")
HOST_OF_URL = re.compile(r"^https?://(?:[^@/]*@)?(\[[^\]]*\]|[^:/]*).*$")


@dataclass(frozen=True, config=STRICT)
class AsteriskNode:
    """One Asterisk and its ARI user. `url` is like http://127.0.0.1:8088.

    `sip_domain` stands behind the @ where a phone is told one of our own numbers; without it the
    host of `url`.

    Secrets are left out of `repr`, so that no log line shows them.
    """

    id: NodeName
    url: HttpUrl
    user: Name
    password: Password = field(repr=False)
    sip_domain: SipDomain | None = None

    @property
    def own_domain(self) -> str:
        """What our numbers are named with. An IPv6 address keeps its brackets."""
        return self.sip_domain or HOST_OF_URL.sub(r"\1", self.url)


@dataclass(frozen=True, config=STRICT)
class RedisServer:
    """`url` is like redis://127.0.0.1:6380/0 or unix:///run/redis.sock."""

    url: RedisUrl = field(default="redis://127.0.0.1:6380/0", repr=False)


@dataclass(frozen=True, config=STRICT)
class Http:
    host: Name = "127.0.0.1"
    port: Port = 8080


@dataclass(frozen=True, config=STRICT)
class MediaLimits:
    """What may be uploaded, and where the nodes fetch it. `url` is how they reach this edge;
    without it `http://<http.host>:<http.port>`, on all addresses 127.0.0.1."""

    url: HttpUrl | None = None
    most_megabytes: Annotated[int, Field(strict=True, ge=1, le=100)] = 10
    most_seconds: Annotated[int, Field(strict=True, ge=1, le=3_600)] = 600
    account_megabytes: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 200


@dataclass(frozen=True, config=STRICT)
class OwnPrompts:
    """A site's own recordings, `<language>/<prompt>.<extension>`, in place of ours one by one. The
    nodes have the folders at the same paths; the first that has a prompt decides."""

    folders: tuple[FolderPath, ...] = ()


@dataclass(frozen=True, config=STRICT)
class Logging:
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "json"
    mask_personal_data: bool = True


@dataclass(frozen=True, config=STRICT)
class Webhooks:
    """How webhooks are delivered. After a failed attempt the next one waits 2, 4, 8 … seconds, more
    or less; an address in our own network is refused unless `allow_private_addresses`.
    """

    attempts: Annotated[int, Field(strict=True, ge=1, le=15)] = 10
    timeout_seconds: Annotated[int, Field(strict=True, ge=1, le=20)] = 10
    allow_private_addresses: Annotated[bool, Field(strict=True)] = False


@dataclass(frozen=True, config=STRICT)
class Site:
    """One edge process. `worlds` are files of accounts, relative to the file that names them.

    `trunks` are the PJSIP endpoints of the site's carriers; a call from them to a number that
    nobody has is refused at once.
    """

    nodes: Annotated[tuple[AsteriskNode, ...], Field(min_length=1)]
    worlds: Annotated[tuple[Name, ...], Field(min_length=1)]
    trunks: tuple[SipName, ...] = ("carrier",)
    redis: RedisServer = RedisServer()
    http: Http = Http()
    media: MediaLimits = MediaLimits()
    prompts: OwnPrompts = OwnPrompts()
    logging: Logging = Logging()
    webhooks: Webhooks = Webhooks()

    @property
    def media_url(self) -> str:
        """Where the nodes reach this edge."""
        own = "127.0.0.1" if self.http.host in ("0.0.0.0", "::") else self.http.host
        host = f"[{own}]" if ":" in own else own
        return (self.media.url or f"http://{host}:{self.http.port}").rstrip("/")

    @property
    def nodes_told_of_loopback(self) -> list[str]:
        """Nodes on other machines that are to fetch media from their own loopback, and can not."""
        if not is_loopback(host_of(self.media_url)):
            return []
        return [node.id for node in self.nodes if not is_loopback(host_of(node.url))]
