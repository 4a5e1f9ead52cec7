"""A small world for tests: one account, two queues that share agents, three edges."""

from dataclasses import replace

from edge.domain.entry import Joining
from edge.domain.ids import (
    AccountId,
    EndpointName,
    EntryId,
    LegId,
    NodeId,
    QueueId,
    RunId,
    UserId,
    WebhookId,
    new_entry_id,
    new_leg_id,
)
from edge.domain.settings import Account, Member, PenaltyRule, PhoneNumber, Queue, User
from edge.domain.webhook import Webhook

ACCOUNT_ID = AccountId("acct_test")
ALPHA, BETA = QueueId("qu_alpha"), QueueId("qu_beta")
QUEUES = (ALPHA, BETA)
ANN, BOB, CAT, DAN = (UserId(f"user_{name}") for name in ("ann", "bob", "cat", "dan"))
USERS = (ANN, BOB, CAT, DAN)
EDGES = tuple(RunId(f"edge-{n}{'0' * 25}") for n in (1, 2, 3))
ONE, TWO, THREE = EDGES
NODE = NodeId("node1")

_EXTENSIONS = {ANN: "201", BOB: "202", CAT: "203", DAN: "204"}
_MEMBERS = {ALPHA: (ANN, BOB, CAT), BETA: (DAN, CAT, ANN)}


def phone_of(user: UserId) -> EndpointName:
    return EndpointName(_EXTENSIONS[user])


def queue_of(queue: QueueId, members: tuple[UserId, ...], strategy: str = "leastrecent") -> Queue:
    """Alpha has 5 s of wrap-up and 1 s between rounds, Beta none and 2 s. The last member is of
    a lower tier."""
    name = queue.removeprefix("qu_")
    return Queue(
        id=queue,
        name=name.capitalize(),
        extension="500" if queue == ALPHA else "501",
        strategy=strategy,
        ring_seconds=20,
        wrap_up_seconds=5 if queue == ALPHA else 0,
        retry_seconds=1 if queue == ALPHA else 2,
        members=tuple(
            Member(
                id=f"qum_{name}{user.removeprefix('user_')}",
                user_id=user,
                position=position,
                penalty=position // 2,
                skill_level=1 + position // 2,
            )
            for position, user in enumerate(members)
        ),
    )


def account(
    members: dict[QueueId, tuple[UserId, ...]] | None = None, strategy: str = "leastrecent"
) -> Account:
    return Account(
        id=ACCOUNT_ID,
        name="Test",
        users=tuple(
            User(id=user, name=user.removeprefix("user_"), extension=number, sip=number)
            for user, number in _EXTENSIONS.items()
        ),
        queues=tuple(
            queue_of(queue, who, strategy) for queue, who in (_MEMBERS | (members or {})).items()
        ),
        phone_numbers=(PhoneNumber(number="12025550100", queue_id=ALPHA),),
    )


def with_rules(account: Account) -> Account:
    """The account with everything that decides who may serve whom and when: Alpha begins with the
    first tier alone, Beta leaves it out after five seconds; whoever spoke with a caller is tried
    first in Alpha; Beta weighs more; two phones ring at most; a window of calls is a minute."""
    alpha, beta = account.queues
    return replace(
        account,
        calls_window_minutes=1,
        queues=(
            replace(
                alpha,
                penalty_rules=(PenaltyRule(0, 0, 0), PenaltyRule(3, 0, None)),
                sticky_agent=True,
                ring_max=2,
                ring_step_seconds=2,
            ),
            replace(beta, penalty_rules=(PenaltyRule(5, 1, None),), weight=1, ring_max=2),
        ),
    )


def joining(
    queue: QueueId = ALPHA,
    arrived_at_ms: int = 2**41,
    entry: EntryId | None = None,
    priority: int = 0,
    position: int = 0,
    preferred: UserId | None = None,
    prefer_ms: int = 0,
    intro_ms: int = 0,
    is_closed: bool = False,
    leaves: EntryId | None = None,
    pressed: str = "",
    music: str = "",
) -> Joining:
    """A caller; by default one who has only just arrived, whatever the clock says."""
    entry = entry or new_entry_id()
    return Joining(
        entry=entry,
        queue=queue,
        leg=new_leg_id(),
        node=NODE,
        endpoint=EndpointName("carrier"),
        dialled="12025550100",
        inside=False,
        caller_number="12025550111",
        caller_name="Zoë \"Q\" 'quoted'",
        arrived_at_ms=arrived_at_ms,
        priority=priority,
        position=position,
        preferred=preferred,
        prefer_ms=prefer_ms,
        intro_ms=intro_ms,
        is_closed=is_closed,
        leaves=leaves,
        pressed=pressed,
        music=music,
    )


def webhook_named(number: int) -> Webhook:
    """The same webhook id in every run of a test."""
    webhook = WebhookId(f"hook_{number:026d}")
    return Webhook(webhook, "https://hooks.example/queue", "kv:hook", f'{{"press":{number}}}')


def leg_named(number: int) -> LegId:
    """The same leg id in every run of a test."""
    return LegId(f"leg_{number:026d}")


def entry_named(number: int) -> EntryId:
    return EntryId(f"ent_{number:026d}")
