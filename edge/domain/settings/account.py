"""What an account has: users with phones, queues with members, phone numbers.

Seconds are whole seconds. A world is all accounts of one file.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from edge.domain.admission import (
    OF_THE_WORK,
    Admission,
    Factor,
    factors_to_join,
    factors_to_leave,
)
from edge.domain.settings.admission import QueueLength, Ratio, Seconds, WhenEmpty
from edge.domain.settings.fields import (
    AccountKey,
    Extension,
    KeyDigest,
    MediaKey,
    MemberKey,
    Name,
    QueueKey,
    Secret,
    SecretRef,
    SigningSecret,
    SipName,
    StrategyName,
    TelephoneNumber,
    UserKey,
)
from edge.domain.settings.hours import Hours
from edge.domain.settings.offering import Offering
from edge.domain.settings.waiting import LanguageTag, Waiting
from edge.domain.strategies import STRATEGIES, Rank, Strategy, rank_of

STRICT = ConfigDict(extra="forbid")
Misses = Annotated[int, Field(strict=True, ge=0, le=99)]
"""So many missed calls in a row; 0 is never."""
WrapUpSeconds = Annotated[int, Field(strict=True, ge=0, le=600)]


@dataclass(frozen=True, config=STRICT)
class User:
    """A person with a phone. `sip` is the PJSIP endpoint, unique on the site.

    `auto_pause_after_misses` is the person's own, None where that of the queue counts.
    """

    id: UserKey
    name: Name
    extension: Extension
    sip: SipName
    auto_pause_after_misses: Misses | None = None


@dataclass(frozen=True, config=STRICT)
class Member:
    """A user in a queue. Lower position is rung earlier where the strategy ties.

    `wrap_up_seconds` is the member's own, None where that of the queue counts.
    """

    id: MemberKey
    user_id: UserKey
    position: Annotated[int, Field(strict=True, ge=0, le=99_999)] = 0
    penalty: Annotated[int, Field(strict=True, ge=0, le=999)] = 0
    skill_level: Annotated[int, Field(strict=True, ge=1, le=999)] = 1
    wrap_up_seconds: WrapUpSeconds | None = None

    def rank(self, strategy: Strategy) -> Rank:
        """Where this member stands by configuration alone."""
        return rank_of(
            strategy,
            penalty=self.penalty,
            skill_level=self.skill_level,
            position=self.position,
        )


HIGHEST_TIER = 2**31


@dataclass(frozen=True, config=STRICT)
class PenaltyRule:
    """From so many seconds of waiting on, only members with a penalty within these limits are
    rung for a caller; the rule of the longest time that has passed holds (queuerules of
    app_queue). Without a limit every penalty will do."""

    after_seconds: Annotated[int, Field(strict=True, ge=0, le=86_400)] = 0
    min_penalty: Annotated[int, Field(strict=True, ge=0, le=999)] = 0
    max_penalty: Annotated[int, Field(strict=True, ge=0, le=999)] | None = None

    @property
    def highest(self) -> int:
        return HIGHEST_TIER if self.max_penalty is None else self.max_penalty


@dataclass(frozen=True, config=STRICT)
class Queue(Offering, Waiting):
    """A queue of the account, reached by its extension from inside.

    `ring_max` is how many phones at most ring for one caller where the strategy rings several,
    `ring_step_seconds` after how long ring-progressively adds one. Of two queues that have work
    for the same agent the one with the higher `weight` is served first; waiting makes up for
    weight (see the account's `aging_seconds`). With `sticky_agent` whoever spoke with this caller
    in the last `sticky_days` is tried first, if ready. `music_media` is an uploaded piece,
    played in place of the class `music_class` on every node that has it.
    """

    id: QueueKey
    name: Name
    extension: Extension
    strategy: StrategyName = "leastrecent"
    ring_seconds: Annotated[int, Field(strict=True, ge=1, le=600)] = 20
    wrap_up_seconds: WrapUpSeconds = 0
    retry_seconds: Annotated[int, Field(strict=True, ge=1, le=600)] = 1
    ring_max: Annotated[int, Field(strict=True, ge=1, le=100)] = 30
    ring_step_seconds: Annotated[int, Field(strict=True, ge=1, le=600)] = 5
    weight: Annotated[int, Field(strict=True, ge=0, le=1_000)] = 0
    sticky_agent: bool = False
    sticky_days: Annotated[int, Field(strict=True, ge=1, le=366)] = 30
    penalty_rules: tuple[PenaltyRule, ...] = ()
    music_class: Name = "default"
    music_media: MediaKey | None = None
    max_queue_length: QueueLength = 0
    join_when_empty: WhenEmpty = True
    leave_when_empty: WhenEmpty = False
    divert_ratio: Ratio = 0
    hours: Hours | None = None
    timeout_seconds: Seconds = 0
    timeout_lets_ring: bool = True
    short_abandon_seconds: Seconds = 0
    agent_auto_ready: Annotated[bool, Field(strict=True)] = True
    agent_auto_not_ready: Annotated[bool, Field(strict=True)] = True
    auto_pause_after_misses: Misses = 0
    members: tuple[Member, ...] = ()

    @property
    def unreached(self) -> frozenset[str]:
        """The users whose penalty is beyond the limits of every rule; without a rule from the
        first second on nobody's is."""
        if all(rule.after_seconds for rule in self.penalty_rules):
            return frozenset()
        strategy = STRATEGIES[self.strategy]
        tiers = {member.user_id: member.rank(strategy).tier for member in self.members}
        return frozenset(
            user
            for user, tier in tiers.items()
            if not any(rule.min_penalty <= tier <= rule.highest for rule in self.penalty_rules)
        )

    @property
    def admission(self) -> Admission:
        """Who may join."""
        return Admission(
            self.max_queue_length,
            factors_to_join(self.join_when_empty),
            self.divert_ratio,
            self.divert_wait_seconds,
        )

    @property
    def factors_to_leave(self) -> frozenset[Factor]:
        """Whom those who wait do not count on; none: nobody has to leave."""
        return factors_to_leave(self.leave_when_empty)

    @property
    def counts_work(self) -> bool:
        """Whether who rings, talks or wraps up changes who counts here."""
        return not OF_THE_WORK.isdisjoint(
            factors_to_join(self.join_when_empty) | self.factors_to_leave
        )


@dataclass(frozen=True, config=STRICT)
class PhoneNumber:
    """A number that the carrier delivers to us, and the queue it leads to."""

    number: TelephoneNumber
    queue_id: QueueKey


@dataclass(frozen=True, config=STRICT)
class Account:
    """One tenant. Nothing of it is seen by another. `api_key_sha256` are hex digests.

    After each `aging_seconds` of waiting a caller counts as if the queue's weight were one higher
    (0: never), so that no queue starves. `calls_window_minutes` is the window of fewestcalls,
    counted from midnight UTC. `secrets` are bearer tokens by the reference that names them; with
    `webhook_signing_secret` every webhook is signed (Standard Webhooks).
    """

    id: AccountKey
    name: Name
    api_key_sha256: tuple[KeyDigest, ...] = ()
    language: LanguageTag = "en"
    aging_seconds: Annotated[int, Field(strict=True, ge=0, le=86_400)] = 60
    calls_window_minutes: Annotated[int, Field(strict=True, ge=1, le=10_080)] = 1_440
    users: tuple[User, ...] = ()
    queues: tuple[Queue, ...] = ()
    phone_numbers: tuple[PhoneNumber, ...] = ()
    secrets: Mapping[SecretRef, Secret] = field(default_factory=dict, repr=False)
    webhook_signing_secret: SigningSecret | None = field(default=None, repr=False)


@dataclass(frozen=True, config=STRICT)
class World:
    """All accounts, with the cross-checks already done by `edge.config`."""

    accounts: tuple[Account, ...] = field(default_factory=tuple)
