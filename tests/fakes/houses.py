"""What a house asks of its agents: auto-ready, own wrap-ups, a pause after missed calls."""

from collections.abc import Callable
from dataclasses import replace

from edge.domain.settings import Account
from tests.fakes.world import ALPHA, ANN

House = Callable[[Account], Account]


def with_queues(
    account: Account,
    *queues: str,
    auto_ready: bool = True,
    auto_not_ready: bool = True,
    misses: int = 0,
) -> Account:
    """The account with these flags in the queues named, in all where none is named."""
    return replace(
        account,
        queues=tuple(
            replace(
                queue,
                agent_auto_ready=auto_ready,
                agent_auto_not_ready=auto_not_ready,
                auto_pause_after_misses=misses,
            )
            if not queues or queue.id in queues
            else queue
            for queue in account.queues
        ),
    )


def with_own_settings(account: Account, wrap_up_seconds: int, misses: int | None) -> Account:
    """Ann's own: her wrap-up after calls of Alpha, and her misses before a pause."""
    users = tuple(
        replace(user, auto_pause_after_misses=misses) if user.id == ANN else user
        for user in account.users
    )
    queues = tuple(
        replace(
            queue,
            members=tuple(
                replace(member, wrap_up_seconds=wrap_up_seconds)
                if member.user_id == ANN and queue.id == ALPHA
                else member
                for member in queue.members
            ),
        )
        for queue in account.queues
    )
    return replace(account, users=users, queues=queues)


def usual(account: Account) -> Account:
    return account


def by_hand(account: Account) -> Account:
    """Nobody is ready who does not say so, and two missed calls are a pause."""
    return with_own_settings(with_queues(account, auto_ready=False, misses=2), 30, 1)


def by_hand_in_alpha(account: Account) -> Account:
    """One queue with, one without auto-ready; other calls change nothing."""
    changed = with_queues(account, ALPHA, auto_ready=False, auto_not_ready=False, misses=1)
    return with_own_settings(changed, 0, 0)


HOUSES: tuple[House, ...] = (usual, by_hand, by_hand_in_alpha)
