"""What an account has: users with phones, queues with members, phone numbers.

Seconds are whole seconds. A world is all accounts of one file.
"""

from dataclasses import field
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from edge.domain.settings.fields import (
    AccountKey,
    Extension,
    KeyDigest,
    MemberKey,
    Name,
    QueueKey,
    SipName,
    StrategyName,
    TelephoneNumber,
    UserKey,
)
from edge.domain.strategies import Rank, Strategy, rank_of

STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=STRICT)
class User:
    """A person with a phone. `sip` is the PJSIP endpoint, unique on the site."""

    id: UserKey
    name: Name
    extension: Extension
    sip: SipName


@dataclass(frozen=True, config=STRICT)
class Member:
    """A user in a queue. Lower position is rung earlier where the strategy ties."""

    id: MemberKey
    user_id: UserKey
    position: Annotated[int, Field(strict=True, ge=0, le=99_999)] = 0
    penalty: Annotated[int, Field(strict=True, ge=0, le=999)] = 0
    skill_level: Annotated[int, Field(strict=True, ge=1, le=999)] = 1

    def rank(self, strategy: Strategy) -> Rank:
        """Where this member stands by configuration alone."""
        return rank_of(
            strategy,
            penalty=self.penalty,
            skill_level=self.skill_level,
            position=self.position,
        )


@dataclass(frozen=True, config=STRICT)
class Queue:
    """A queue of the account, reached by its extension from inside."""

    id: QueueKey
    name: Name
    extension: Extension
    strategy: StrategyName = "leastrecent"
    ring_seconds: Annotated[int, Field(strict=True, ge=1, le=600)] = 20
    wrap_up_seconds: Annotated[int, Field(strict=True, ge=0, le=600)] = 0
    retry_seconds: Annotated[int, Field(strict=True, ge=1, le=600)] = 1
    music_class: Name = "default"
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, config=STRICT)
class PhoneNumber:
    """A number that the carrier delivers to us, and the queue it leads to."""

    number: TelephoneNumber
    queue_id: QueueKey


@dataclass(frozen=True, config=STRICT)
class Account:
    """One tenant. Nothing of it is seen by another. `api_key_sha256` are hex digests."""

    id: AccountKey
    name: Name
    api_key_sha256: tuple[KeyDigest, ...] = ()
    language: Name = "en"
    users: tuple[User, ...] = ()
    queues: tuple[Queue, ...] = ()
    phone_numbers: tuple[PhoneNumber, ...] = ()


@dataclass(frozen=True, config=STRICT)
class World:
    """All accounts, with the cross-checks already done by `edge.config`."""

    accounts: tuple[Account, ...] = field(default_factory=tuple)
