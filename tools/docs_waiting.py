"""The meanings of the settings about those who wait: what they hear, what they may press."""

_QUEUE = "accounts[].queues[]."
_SOUNDS = "prompt ids, sounds of Asterisk, ids of uploaded media, or absolute paths"

_WAITING = {
    "language": "of what is said to its callers, like `en` or `en-GB`; without it the account's",
    "answer_on": (
        "`entry`: the call is answered when it joins; `agent`: when an agent answers, ringback "
        "until then (no announcements, no options)"
    ),
    "hold_sound": "`music`, or `ringback` in its place",
    "announce_mode": (
        "`over_music`: words are mixed over the music; `interrupt`: they play in its place, and "
        "it comes back by itself"
    ),
    "introduction.mode": (
        "`DISABLE`, `NORMAL` (ends when an agent answers) or `FULL` (heard out; nobody is rung "
        "before)"
    ),
    "introduction.sounds[]": f"said once, on entry: {_SOUNDS}",
    "join_announcement[]": "said once, after the introduction",
    "min_gap_seconds": (
        "from one announcement's start to the next; what falls due in it is said together"
    ),
    "announce_to_head": "whether the first in line hears announcements too",
    "position_announcement.mode": (
        "`DISABLE`, `PERIODICALLY`, or `ON_CONNECTED`: on entry and then periodically"
    ),
    "position_announcement.every_seconds": "how often",
    "position_announcement.only_if_improved": "not when it is as it was told last, or worse",
    "position_announcement.limit": "a position beyond is told as more than this; 0: all are told",
    "position_announcement.says_more_than": "else a position beyond the limit is not told at all",
    "position_announcement.next_in_line": "in place of the usual words; `[]`: none",
    "position_announcement.before_number": "in place of the usual words; `[]`: none",
    "position_announcement.after_number": "in place of the usual words; `[]`: none",
    "position_announcement.before_limit": 'in place of "there are more than"; `[]`: none',
    "position_announcement.after_limit": "what then follows the limit; `[]`: none",
    "position_announcement.thank_you[]": "at the end, usually nothing",
    "waiting_time_announcement.mode": "`no`, `yes` or `once`; silent while it is unknown",
    "waiting_time_announcement.every_seconds": "by itself so often; 0: with each position",
    "waiting_time_announcement.round_to_seconds": "told in steps of so much, up to the next",
    "waiting_time_announcement.as_range": "between this step and the one before",
    "waiting_time_announcement.most_minutes": "a longer time is told as more than this",
    "waiting_time_announcement.tells_rise": "then, when it has risen: that more callers came",
    "hold_messages.sounds[]": f"one list a message: {_SOUNDS}",
    "hold_messages.order": "`in_order` or `random`",
    "hold_messages.first_after_seconds": "from joining",
    "hold_messages.every_seconds": "from one to the next",
    "hold_messages.measured_from": "the `start` or the `end` of the one before",
    "options[].digit": '`"0"` to `"9"`, `"*"` or `"#"`; one row a key',
    "options[].action": (
        "`route` (on to a destination), `webhook` (told, then as `stay_in_queue` says), `deflect` "
        "(told, and stays), `callback` or `hangup`"
    ),
    "options[].dest_kind": (
        "for `route`: `queue`, `extension`, `user`, `external`, `dialplan` (`ring_group`, "
        "`voicemail` and `flow` do not exist yet)"
    ),
    "options[].dest_id": (
        "its id, extension or number; for `dialplan` context,extension,priority of Asterisk, "
        "not in one of the contexts that we bring"
    ),
    "options[].webhook_url": "for `webhook` and `deflect`: where the key press is posted",
    "options[].webhook_secret_ref": "its bearer token, by its name among the account's `secrets`",
    "options[].stay_in_queue": "whether the caller goes on waiting; else as the action means",
    "options[].prompt_media_id": (
        "said when the key was pressed, at most 60 s; the end of the call, or the way into the "
        "dialplan, waits for it; a phone rings meanwhile"
    ),
    "options[].announcement": "what the key is for, in place of the usual words; `[]`: not told",
    "options[].label": "for people",
    "options_announcement.enabled": "whether callers are told what they may press",
    "options_announcement.first_after_seconds": "from joining",
    "options_announcement.every_seconds": "how often then; 0: once",
    "options_announcement.sounds": "in place of what is made of the rows",
    "unknown_key": "a key without a row is to `ignore`, or is answered with a `hint`",
    "divert_wait_seconds": "who would have to wait longer is turned away; 0 is never",
}

WAITING_MEANINGS = {
    **{f"{_QUEUE}{name}": meaning for name, meaning in _WAITING.items()},
    "accounts[].secrets": (
        "bearer tokens for webhooks by name, like `kv:hook:bearer`; never shown again"
    ),
    "accounts[].webhook_signing_secret": (
        "`whsec_…`; with it webhooks are signed as Standard Webhooks say"
    ),
}
