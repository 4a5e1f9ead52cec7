"""Every key in Redis: its name, type, owner and lifetime. Lua builds the same from the tag.

All keys of an account carry its id as hash tag, so that one move never spans slots of a cluster.
"""

from dataclasses import dataclass

from edge.domain.ids import AccountId, RunId

SITE = "{site}"


def account_tag(account: AccountId) -> str:
    return "{" + account + "}"


def account_of(tag: str) -> AccountId:
    return AccountId(tag.removeprefix("{").removesuffix("}"))


def asserted_run(account: AccountId) -> str:
    return f"{account_tag(account)}:asserted_run"


def entry(account: AccountId, entry_id: str) -> str:
    return f"{account_tag(account)}:entry:{entry_id}"


def agent(account: AccountId, user: str) -> str:
    return f"{account_tag(account)}:agent:{user}"


def line(account: AccountId, queue: str) -> str:
    return f"{account_tag(account)}:queue:{queue}:line"


def due(account: AccountId) -> str:
    return f"{account_tag(account)}:due"


def given_up(account: AccountId) -> str:
    return f"{account_tag(account)}:given_up"


def media(account: AccountId) -> str:
    return f"{account_tag(account)}:media"


def media_nodes(account: AccountId) -> str:
    return f"{account_tag(account)}:media_nodes"


def media_file(account: AccountId, piece: str, extension: str) -> str:
    return f"{account_tag(account)}:media:{piece}:{extension}"


MEDIA_CHANNEL = f"{SITE}:media"


def asserted(redis_run: str) -> str:
    return f"{SITE}:asserted:{redis_run}"


def summons_channel(run: RunId) -> str:
    return f"edge:{run}"


@dataclass(frozen=True, slots=True)
class KeyKind:
    """One row of the key table. `lifetime` is "permanent", or how the key goes away."""

    pattern: str
    type: str
    holds: str
    lifetime: str


KEYS: tuple[KeyKind, ...] = (
    KeyKind("{account}:clock", "string", "the last `now` of a move, ms", "permanent"),
    KeyKind("{account}:events", "stream", "every fact, in order", "permanent, trimmed to 100,000"),
    KeyKind(
        "{account}:due",
        "zset",
        "what happens later: agent:, entry:, queue:, rerank:, empty:",
        "permanent",
    ),
    KeyKind(
        "{account}:asserted_run", "string", "the Redis run that may be claimed in", "permanent"
    ),
    KeyKind("{account}:owned:<run>", "set", "entries of one edge", "empty when all have ended"),
    KeyKind("{account}:entry:<id>", "hash", "one entry", "an hour after it ended"),
    KeyKind("{account}:agent:<user>", "hash", "one agent", "permanent"),
    KeyKind("{account}:agent:<user>:ranks", "hash", "queue → member and fields", "permanent"),
    KeyKind("{account}:agent:<user>:standing", "hash", "queue → place while ready", "while ready"),
    KeyKind("{account}:agent:<user>:at_work", "set", "queues that count who works", "while any"),
    KeyKind("{account}:queue:<id>", "hash", "what the moves need of a queue", "permanent"),
    KeyKind("{account}:queue:<id>:members", "hash", "user → member and fields", "permanent"),
    KeyKind("{account}:queue:<id>:census", "hash", "condition → members in it", "permanent"),
    KeyKind("{account}:queue:<id>:serving", "hash", "team → members who serve now", "permanent"),
    KeyKind("{account}:queue:<id>:team_of", "hash", "user → team, but the first", "permanent"),
    KeyKind("{account}:queue:<id>:line", "zset", "entries that wait or are offered", "while any"),
    KeyKind("{account}:queue:<id>:offerable", "zset", "entries to be offered", "while any"),
    KeyKind(
        "{account}:queue:<id>:heads", "hash", "what a match needs of each of them", "while any"
    ),
    KeyKind(
        "{account}:queue:<id>:connecting", "zset", "entries between answer and bridge", "while any"
    ),
    KeyKind("{account}:queue:<id>:learnt", "string", "handling time and patience", "permanent"),
    KeyKind("{account}:queue:<id>:errors", "list", "of the last 100 promises, s", "permanent"),
    KeyKind("{account}:queue:<id>:ready", "zset", "ready agents by strategy", "while any"),
    KeyKind(
        "{account}:spoke:<caller>", "string", "who spoke with this caller last, when", "sticky days"
    ),
    KeyKind("{account}:pressed:<press>", "string", "a key press that is done", "ten minutes"),
    KeyKind("{account}:outbox", "zset", "webhook → when it may be taken, ms", "while any, 30 days"),
    KeyKind(
        "{account}:outbox:<webhook>", "hash", "one webhook", "until delivered or given up, 30 days"
    ),
    KeyKind(
        "{account}:pending:<sender>",
        "set",
        "webhooks on their way of a call, of a number",
        "while any, 30 days",
    ),
    KeyKind(
        "{account}:crowding:<sender>",
        "string",
        "when it was told that it has too many, ms",
        "an hour",
    ),
    KeyKind(
        "{account}:given_up", "stream", "webhooks delivered no more, the last 1,000", "30 days"
    ),
    KeyKind("{account}:media", "hash", "uploaded piece → what is known of it", "permanent"),
    KeyKind("{account}:media_nodes", "hash", "piece and node → since when, ms", "permanent"),
    KeyKind(
        "{account}:media:<id>:<extension>",
        "string",
        "a file of an uploaded piece",
        "permanent; an hour until all of the piece is there",
    ),
    KeyKind("{site}:edges", "zset", "run → end of lease, ms", "permanent"),
    KeyKind("{site}:dead", "zset", "runs whose calls are being taken over", "while any"),
    KeyKind("{site}:takers", "hash", "dead run → the run that takes it over", "while any"),
    KeyKind("{site}:redis_run", "string", "the Redis run last seen", "permanent"),
    KeyKind("{site}:asserted:<redis run>", "set", "edges that have asserted", "a day"),
)
