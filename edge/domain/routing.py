"""Where a call at the door goes: decided from the endpoint it came from and the number dialled."""

from dataclasses import dataclass
from enum import StrEnum

from edge.domain.ids import AccountId, EndpointName, QueueId, UserId
from edge.domain.settings import Account, Queue, User, World


class StarCode(StrEnum):
    TOGGLE_LOGIN = "*45"
    TOGGLE_PAUSE = "*46"


PICK = "*47"
MOST_DIGITS_OF_A_POSITION = 3

STAR_CODES = frozenset(code.value for code in StarCode)


@dataclass(frozen=True, slots=True)
class ToQueue:
    account: AccountId
    queue: Queue


@dataclass(frozen=True, slots=True)
class ToStarCode:
    account: AccountId
    language: str
    user: UserId
    code: StarCode


@dataclass(frozen=True, slots=True)
class ToPick:
    """The agent answers the caller at this position among those of the agent's queues."""

    account: AccountId
    language: str
    user: UserId
    position: int


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A number that nobody has; the call is refused at once."""


Route = ToQueue | ToStarCode | ToPick | Unassigned


class Directory:
    """Who is behind a phone, and what a number leads to. Built once from the configuration."""

    def __init__(self, world: World) -> None:
        self._accounts: dict[AccountId, Account] = {}
        self._by_phone: dict[EndpointName, tuple[Account, User]] = {}
        self._by_user: dict[tuple[AccountId, UserId], User] = {}
        self._queues: dict[tuple[AccountId, str], Queue] = {}
        self._by_number: dict[str, ToQueue] = {}
        for account in world.accounts:
            key = AccountId(account.id)
            self._accounts[key] = account
            for user in account.users:
                self._by_phone[EndpointName(user.sip)] = (account, user)
                self._by_user[key, UserId(user.id)] = user
            queues = {queue.id: queue for queue in account.queues}
            for queue in account.queues:
                self._queues[key, queue.id] = queue
            for number in account.phone_numbers:
                route = ToQueue(key, queues[number.queue_id])
                self._by_number[number.number.removeprefix("+")] = route

    @property
    def accounts(self) -> tuple[AccountId, ...]:
        return tuple(self._accounts)

    @property
    def phones(self) -> tuple[EndpointName, ...]:
        return tuple(self._by_phone)

    def account(self, account: AccountId) -> Account:
        return self._accounts[account]

    def user(self, account: AccountId, user: UserId) -> User:
        return self._by_user[account, user]

    def queues_of(self, account: AccountId, user: UserId) -> tuple[QueueId, ...]:
        """The queues that this user serves."""
        return tuple(
            QueueId(queue.id)
            for queue in self._accounts[account].queues
            if any(member.user_id == user for member in queue.members)
        )

    def named(self, account: AccountId, name: str) -> UserId | None:
        """The user with this id or extension; None where nobody has it."""
        for user in self._accounts[account].users if name else ():
            if name in (user.id, user.extension):
                return UserId(user.id)
        return None

    def queue(self, account: AccountId, queue: str) -> Queue:
        return self._queues[account, queue]

    def has_queue(self, account: AccountId, queue: str) -> bool:
        """Calls of one that was removed may be left."""
        return (account, queue) in self._queues

    def language(self, account: AccountId, queue: str | None = None) -> str:
        """Of what is said to the callers of a queue; without one, to the account's people."""
        known = None if queue is None else self._queues.get((account, queue))
        return (known and known.language) or self._accounts[account].language

    def user_of(self, phone: EndpointName) -> tuple[AccountId, UserId] | None:
        """Whose phone this is, or None for a trunk or a stranger."""
        found = self._by_phone.get(phone)
        return (AccountId(found[0].id), UserId(found[1].id)) if found else None

    def route(self, endpoint: EndpointName, dialled: str, inside: bool) -> Route:
        """Inside: the numbers of the phone's own account. Outside: the carrier's numbers."""
        if not inside:
            return self._by_number.get(dialled.removeprefix("+"), Unassigned())
        found = self._by_phone.get(endpoint)
        if found is None:
            return Unassigned()
        account, user = found
        key = AccountId(account.id)
        if dialled in STAR_CODES:
            return ToStarCode(key, account.language, UserId(user.id), StarCode(dialled))
        position = _position_picked(dialled)
        if position is not None:
            return ToPick(key, account.language, UserId(user.id), position)
        for queue in account.queues:
            if queue.extension == dialled:
                return ToQueue(key, queue)
        return Unassigned()


def _position_picked(dialled: str) -> int | None:
    """*47 is the head of the line, *473 the third; None for anything else."""
    digits = dialled.removeprefix(PICK)
    if digits == dialled or len(digits) > MOST_DIGITS_OF_A_POSITION:
        return None
    if digits == "":
        return 1
    return int(digits) if digits.isascii() and digits.isdecimal() and int(digits) else None
