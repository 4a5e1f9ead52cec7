"""The reference of the settings: names and defaults from the types, the meaning from here.

A setting without a meaning, or a meaning without a setting, is an error: whoever adds one says here
what it does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from edge.domain.admission import PRESETS, USUAL, Factor
from edge.domain.settings import Site, World
from edge.domain.strategies import STRATEGIES
from tools.docs_page import page, table
from tools.docs_waiting import WAITING_MEANINGS

MEANINGS = {
    "nodes[].id": "a name of your own for this Asterisk",
    "nodes[].url": "where its HTTP server is, like `http://127.0.0.1:8088`",
    "nodes[].user": "the user in its `ari.conf`",
    "nodes[].password": "that user's password",
    "nodes[].sip_domain": (
        "stands behind the @ where a phone is told one of our own numbers; without it the host of "
        "`url`"
    ),
    "worlds[]": "files of accounts, relative to this one",
    "trunks[]": "the PJSIP endpoints of your carriers; every other endpoint is a phone",
    "redis.url": "like `redis://127.0.0.1:6380/0`, `rediss://…` or `unix:///run/redis.sock`",
    "http.host": "the address of the HTTP API",
    "http.port": "its port",
    "media.url": (
        "how the nodes reach this edge; without it `http://<http.host>:<http.port>`, with "
        "127.0.0.1 where the host is `0.0.0.0`"
    ),
    "media.most_megabytes": "of one upload, 1 to 100",
    "media.most_seconds": "of one upload's sound, 1 to 3600",
    "media.account_megabytes": "in Redis for all uploads of an account: 24 kB a second of sound",
    "prompts.folders[]": (
        "absolute paths of your own recordings, `<language>/<prompt>.<extension>`, in place of "
        "ours one by one ([sounds/README.md](../sounds/README.md))"
    ),
    "logging.level": "`debug`, `info`, `warning` or `error`",
    "logging.format": "`json`, or `text` for people",
    "logging.mask_personal_data": "hide callers' numbers in the log",
    "webhooks.attempts": (
        "so often a webhook is tried, 1 to 15; after a failed attempt the next one waits 2, 4, "
        "8 … seconds, more or less"
    ),
    "webhooks.timeout_seconds": "how long a receiver has for its answer, 1 to 20",
    "webhooks.allow_private_addresses": (
        "whether a webhook may go to an address in our own network; else such a connection is not "
        "made, whatever name leads to it"
    ),
    "accounts[].id": "`acct_` and letters or digits",
    "accounts[].name": "for people",
    "accounts[].api_key_sha256[]": "SHA-256 of a bearer key: `printf %s sk_mine | sha256sum`",
    "accounts[].language": "of what is spoken, like `en` or `en-GB`",
    "accounts[].aging_seconds": "waiting so long makes up for one of weight; 0: never",
    "accounts[].calls_window_minutes": "the window of fewestcalls, from midnight UTC",
    "accounts[].users[].id": "`user_` and letters or digits",
    "accounts[].users[].name": "for people",
    "accounts[].users[].extension": "3 to 64 digits, in quotes",
    "accounts[].users[].sip": "the PJSIP endpoint of the phone, unique on the site",
    "accounts[].users[].auto_pause_after_misses": (
        "in place of that of the queue; the person is then paused in all queues"
    ),
    "accounts[].queues[].id": "`qu_` and letters or digits",
    "accounts[].queues[].name": "for people",
    "accounts[].queues[].extension": "what phones dial, 3 to 64 digits, in quotes",
    "accounts[].queues[].strategy": "who is rung first (see below)",
    "accounts[].queues[].ring_seconds": "how long an agent's phone rings, 1 to 600",
    "accounts[].queues[].wrap_up_seconds": "pause for the agent after a conversation, 0 to 600",
    "accounts[].queues[].retry_seconds": "pause before the next round for a caller, 1 to 600",
    "accounts[].queues[].ring_max": "phones that ring for one caller at most, 1 to 100",
    "accounts[].queues[].ring_step_seconds": "for ring-progressively: one phone more after each",
    "accounts[].queues[].weight": "of queues that share agents the heavier goes first",
    "accounts[].queues[].sticky_agent": "who spoke with this caller last is tried first, if ready",
    "accounts[].queues[].sticky_days": "for how many days, 1 to 366",
    "accounts[].queues[].penalty_rules[].after_seconds": "from so much waiting on this rule holds",
    "accounts[].queues[].penalty_rules[].min_penalty": "members below are not rung",
    "accounts[].queues[].penalty_rules[].max_penalty": "members above are not rung",
    "accounts[].queues[].music_class": "a section of Asterisk's `musiconhold.conf`",
    "accounts[].queues[].music_media": "an uploaded piece (`media_…`) in place of the class",
    "accounts[].queues[].agent_announcement[]": (
        "said to the agent between answer and bridge, at most 20 s: prompt ids, sounds of "
        "Asterisk, or absolute paths on its machine, without extension"
    ),
    "accounts[].queues[].report_hold_time": (
        "then the agent is told how long the caller has waited, in minutes"
    ),
    "accounts[].queues[].agent_confirm": (
        "the agent hears a question and has the call only after pressing 1 (2 refuses); "
        "until then other phones ring on"
    ),
    "accounts[].queues[].confirm_seconds": "nothing pressed for so long is no answer, 1 to 60",
    "accounts[].queues[].member_delay_seconds": (
        "a pause before the bridge, music for the caller, 0 to 60"
    ),
    "accounts[].queues[].caller_announcement[]": (
        "said to the caller right before the bridge, at most 20 s; as `agent_announcement`"
    ),
    "accounts[].queues[].caller_name_prefix": (
        "before the caller's name on the agent's phone, like `\"Support: \"`; before the "
        "number where there is no name"
    ),
    "accounts[].queues[].p_asserted_identity": (
        "name and extension of the queue in P-Asserted-Identity (the phone's endpoint "
        "needs `send_pai = no`)"
    ),
    "accounts[].queues[].remote_party_id": "the same in Remote-Party-ID (`send_rpid = no`)",
    "accounts[].queues[].extension_in_to_header": (
        "the agent's extension as user in To and in the request URI, instead of what the "
        "phone registered"
    ),
    "accounts[].queues[].auto_answer": (
        "asks the phone to pick up by itself: Call-Info with answer-after=0 and "
        "Alert-Info with info=alert-autoanswer"
    ),
    "accounts[].queues[].sip_headers": (
        "more headers of the INVITE, name and value; none that belong to the call itself"
    ),
    "accounts[].queues[].max_queue_length": (
        "who comes when so many wait is turned away; 0 is without limit"
    ),
    "accounts[].queues[].join_when_empty": (
        "may one wait when no member counts: `true`, or what makes a member not count (below)"
    ),
    "accounts[].queues[].leave_when_empty": (
        "must all leave when no member counts any more: `false`, or what makes a member not count"
        " (below)"
    ),
    "accounts[].queues[].divert_ratio": (
        "who would make it more callers than this for each agent who is logged in is turned away;"
        " 0 is never"
    ),
    "accounts[].queues[].hours.time_zone": "like `America/New_York`; without hours: always open",
    "accounts[].queues[].hours.weekly[].opens": 'like `"09:00"`',
    "accounts[].queues[].hours.weekly[].closes": (
        'like `"17:30"`, at most `"24:00"`; not later than it opens: on the next day'
    ),
    "accounts[].queues[].hours.weekly[].days[]": "of `mon`, `tue`, …",
    "accounts[].queues[].hours.exceptions[].date": (
        'a day with times of its own, like `"2026-12-25"`'
    ),
    "accounts[].queues[].hours.exceptions[].open[].opens": "as above; no row: closed",
    "accounts[].queues[].hours.exceptions[].open[].closes": "as above",
    "accounts[].queues[].timeout_seconds": "the longest wait, from joining; 0 is without end",
    "accounts[].queues[].timeout_lets_ring": (
        "when the wait is over while a phone rings, the phone may ring to its end"
    ),
    "accounts[].queues[].short_abandon_seconds": (
        "who hangs up sooner is written down as a short abandon; 0 is nobody"
    ),
    "accounts[].queues[].agent_auto_ready": (
        "ready by itself after log-in and after each call; else an agent says so"
    ),
    "accounts[].queues[].agent_auto_not_ready": (
        "not ready after a call that no queue made; ignored where `agent_auto_ready` is on"
    ),
    "accounts[].queues[].auto_pause_after_misses": (
        "an agent is paused after so many missed calls in a row, 0 to 99; 0 is never"
    ),
    "accounts[].queues[].members[].id": "`qum_` and letters or digits",
    "accounts[].queues[].members[].user_id": "a user of the account",
    "accounts[].queues[].members[].position": "the lower is rung earlier where the strategy ties",
    "accounts[].queues[].members[].penalty": (
        "0 to 999; a higher one is rung only when no lower one is ready"
    ),
    "accounts[].queues[].members[].skill_level": (
        "1 to 999, for the `SKILL_BASED_ROUTING_…` strategies: 1 first, the next when unanswered"
    ),
    "accounts[].queues[].members[].wrap_up_seconds": "in place of that of the queue",
    "accounts[].phone_numbers[].number": "as the carrier sends it, with or without +, in quotes",
    "accounts[].phone_numbers[].queue_id": "the queue that its callers join",
    **WAITING_MEANINGS,
}


def settings() -> str:
    """The page. Raises ValueError when a meaning is missing or belongs to no setting."""
    site, world = list(_rows(Site, "")), list(_rows(World, ""))
    found = {path for path, _ in (*site, *world)}
    if found != set(MEANINGS):
        raise ValueError(f"settings and meanings differ in {sorted(found ^ set(MEANINGS))}")
    return page(
        "Settings",
        "`edge.yaml` says where the programs are. A world (`demo.yaml`) says who has which phones,",
        "queues and numbers. `queue-edge check-config` names every mistake with its file and line.",
        "",
        "- In `edge.yaml`, `${NAME}` and `${NAME:-default}` are taken from the environment.",
        "- Telephone numbers and extensions are text: keep them in quotes.",
        "- An unknown name is an error, so that a misspelt setting is not silently ignored.",
        "",
        "## edge.yaml",
        "",
        *_described(site),
        "",
        "## A world",
        "",
        *_described(world),
        "",
        "## When a queue is empty",
        "",
        "`join_when_empty` and `leave_when_empty` are `true`, `false`, a preset or a list of",
        "factors, as in app_queue: a member to whom one of them applies does not count.",
        "Who is logged out never counts. A queue is empty when nobody counts.",
        "",
        *table(
            ("written", "do not count"),
            [
                ("`join_when_empty: false`, `leave_when_empty: true`", _words(USUAL)),
                *((f"`{preset.value}`", _words(factors)) for preset, factors in PRESETS.items()),
            ],
        ),
        "",
        "All factors: " + _words(Factor) + ". A member `inuse` talks for a queue,",
        "`ringing` is being rung by one, `wrapup` is in the pause after a conversation;",
        "`penalty` is one whom no penalty rule of the queue ever lets be rung;",
        "`unavailable` is a phone that is not registered, `invalid` one that Asterisk does not",
        "know, `unknown` one of which Asterisk cannot tell.",
        "",
        "## Strategies",
        "",
        *table(
            ("name", "the lowest is rung first, field by field", "source"),
            [
                (f"`{one.name}`", ", ".join(f"`{part.value}`" for part in one.fields), one.source)
                for one in STRATEGIES.values()
            ],
        ),
    )


def _words(factors: Iterable[Factor]) -> str:
    return ", ".join(f"`{factor.value}`" for factor in Factor if factor in set(factors))


def _described(rows: list[tuple[str, str]]) -> list[str]:
    described = [(f"`{path}`", MEANINGS[path], default) for path, default in rows]
    return table(("name", "meaning", "default"), described)


def _rows(shape: type, around: str) -> Iterator[tuple[str, str]]:
    """Path and default of every setting; `[]` stands for a list."""
    hints = get_type_hints(shape, include_extras=True)
    for one in fields(shape):
        hint = hints[one.name]
        path = f"{around}{one.name}{'[]' if _is_list(hint) else ''}"
        inner = _dataclass_in(hint)
        if inner is None:
            yield path, _default_words(one)
        else:
            yield from _rows(inner, f"{path}.")


def _is_list(hint: Any) -> bool:
    """Of rows; a setting that may be a list among other things is written as one."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    return get_origin(hint) is tuple


def _dataclass_in(hint: Any) -> type | None:
    if is_dataclass(hint) and isinstance(hint, type):
        return hint
    return next((found for part in get_args(hint) if (found := _dataclass_in(part))), None)


def _default_words(one: "Field[Any]") -> str:
    value = one.default
    if value is MISSING:
        return "**needed**" if one.default_factory is MISSING else "none"
    # pydantic's own Field carries the default of a field with options of its own
    value = getattr(value, "default", value)
    if value in ((), "", None):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{', '.join(value) if isinstance(value, tuple) else value}`"
