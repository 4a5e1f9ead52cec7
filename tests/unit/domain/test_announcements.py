"""What is said to a caller who waits, and when."""

from typing import Any

import pytest

from edge.domain.announcements import Facts, Part, Told, begin, due, ended, next_at_ms, spoken
from tests.unit.domain.listener import JOINED_MS, at, listen, queue_with, sequences

THIRD = ("queue-thereare", "digits/3", "queue-callswaiting")
SECOND = ("queue-thereare", "digits/2", "queue-callswaiting")
NEXT = ("queue-youarenext",)
CALLBACK = {"digit": "1", "action": "callback"}
PRESS_1 = ("press-1", "to-get-a-callback")


def position(**settings: Any) -> dict[str, Any]:
    return {"mode": "PERIODICALLY", **settings}


def test_a_queue_without_announcements_says_nothing() -> None:
    queue = queue_with()
    told = begin(queue, JOINED_MS, JOINED_MS, is_new=True)
    assert next_at_ms(queue, told) == 0
    assert due(queue, told, JOINED_MS + 3_600_000) == ()


def test_a_queue_that_answers_with_the_agent_says_nothing_before() -> None:
    queue = queue_with(
        answer_on="agent", join_announcement=["welcome"], position_announcement=position()
    )
    assert listen(queue, 600) == []


# --- entry


def test_a_new_caller_hears_the_introduction_then_the_joining_words_then_the_position() -> None:
    queue = queue_with(
        introduction={"mode": "FULL", "sounds": ["our-terms"]},
        join_announcement=["welcome"],
        position_announcement={"mode": "ON_CONNECTED", "every_seconds": 30},
    )
    assert listen(queue, 65, speech_seconds=4) == [
        (0, ("our-terms",)),
        (4, ("welcome", *THIRD)),
        (34, THIRD),
        (64, THIRD),
    ]


def test_words_of_entry_do_not_put_off_what_is_due_soon_after() -> None:
    queue = queue_with(
        join_announcement=["welcome"],
        options=[CALLBACK],
        options_announcement={"first_after_seconds": 10},
    )
    assert listen(queue, 10, speech_seconds=2) == [(0, ("welcome",)), (10, PRESS_1)]


def test_what_fell_due_during_a_long_introduction_follows_it() -> None:
    queue = queue_with(
        introduction={"mode": "NORMAL", "sounds": ["our-terms"]},
        options=[CALLBACK],
        options_announcement={"first_after_seconds": 10, "every_seconds": 30},
    )
    assert listen(queue, 60, speech_seconds=20) == [
        (0, ("our-terms",)),
        (20, PRESS_1),
        (50, PRESS_1),
    ]


@pytest.mark.parametrize(
    "introduction", [{"mode": "DISABLE", "sounds": ["our-terms"]}, {"mode": "FULL", "sounds": []}]
)
def test_no_introduction(introduction: dict[str, Any]) -> None:
    assert listen(queue_with(introduction=introduction), 600) == []


# --- position


def test_the_position_is_told_periodically() -> None:
    queue = queue_with(position_announcement=position(every_seconds=30))
    assert listen(queue, 60) == [(30, THIRD), (60, THIRD)]


def test_the_next_in_line_hears_other_words() -> None:
    queue = queue_with(position_announcement=position(every_seconds=30))
    moves = at({0: Facts(2, 2, None), 40: Facts(1, 1, None)})
    assert listen(queue, 60, facts=moves) == [(30, SECOND), (60, NEXT)]


def test_a_position_is_told_again_only_when_it_has_improved() -> None:
    queue = queue_with(position_announcement=position(every_seconds=30, only_if_improved=True))
    moves = at({0: Facts(3, 5, None), 80: Facts(4, 6, None), 110: Facts(2, 5, None)})
    assert listen(queue, 150, facts=moves) == [(30, THIRD), (120, SECOND)]


def test_beyond_the_limit_it_is_more_than_the_limit() -> None:
    queue = queue_with(position_announcement=position(limit=5))
    assert listen(queue, 30, facts=lambda _: Facts(9, 9, None)) == [
        (30, ("queue-quantity1", "digits/5", "queue-quantity2"))
    ]
    assert listen(queue, 30, facts=lambda _: Facts(5, 9, None)) == [
        (30, ("queue-thereare", "digits/5", "queue-callswaiting"))
    ]


def test_beyond_the_limit_nothing_is_told_where_the_queue_wants_that() -> None:
    queue = queue_with(position_announcement=position(limit=2, says_more_than=False))
    moves = at({0: Facts(3, 3, None), 50: Facts(2, 2, None)})
    assert listen(queue, 60, facts=moves) == [(60, SECOND)]


def test_more_than_the_limit_is_no_improvement_on_more_than_the_limit() -> None:
    queue = queue_with(position_announcement=position(limit=2, only_if_improved=True))
    moves = at({0: Facts(9, 9, None), 40: Facts(5, 5, None), 70: Facts(2, 2, None)})
    heard = listen(queue, 120, facts=moves)
    assert heard == [(30, ("queue-quantity1", "digits/2", "queue-quantity2")), (90, SECOND)]


def test_every_part_of_the_position_may_be_the_sites_own() -> None:
    own = position(
        next_in_line=["you-now"],
        before_number=["ahead"],
        after_number=["people"],
        before_limit=["over"],
        after_limit=["many"],
        limit=5,
        thank_you=["queue-thankyou"],
    )
    queue = queue_with(position_announcement=own)

    def told(place: int) -> tuple[str, ...]:
        return listen(queue, 30, facts=lambda _: Facts(place, place, None))[0][1]

    assert told(1) == ("you-now", "queue-thankyou")
    assert told(2) == ("ahead", "digits/2", "people", "queue-thankyou")
    assert told(6) == ("over", "digits/5", "many", "queue-thankyou")


def test_every_part_of_the_position_may_be_blank() -> None:
    blank = position(
        next_in_line=[], before_number=[], after_number=[], before_limit=[], after_limit=[], limit=5
    )
    queue = queue_with(position_announcement=blank)
    assert listen(queue, 60, facts=lambda _: Facts(1, 1, None)) == []
    assert listen(queue, 30, facts=lambda _: Facts(2, 2, None)) == [(30, ("digits/2",))]
    assert listen(queue, 30, facts=lambda _: Facts(7, 7, None)) == [(30, ("digits/5",))]


# --- waiting time


def tells_time(**settings: Any) -> dict[str, Any]:
    return {
        "position_announcement": position(every_seconds=30),
        "waiting_time_announcement": {"mode": "yes", **settings},
    }


def expecting(seconds: float | None) -> Facts:
    return Facts(3, 5, seconds)


def time_told(expected: float, **settings: Any) -> tuple[str, ...]:
    [(_, sounds)] = listen(
        queue_with(**tells_time(**settings)), 30, facts=lambda _: expecting(expected)
    )
    assert sounds[:3] == THIRD
    return sounds[3:]


def test_the_waiting_time_follows_the_position_and_comes_before_the_thanks() -> None:
    settings = tells_time()
    settings["position_announcement"]["thank_you"] = ["queue-thankyou"]
    assert listen(queue_with(**settings), 30, facts=lambda _: expecting(250)) == [
        (30, (*THIRD, "queue-holdtime", "digits/5", "queue-minutes", "queue-thankyou"))
    ]


@pytest.mark.parametrize(
    ("expected", "settings", "told"),
    [
        (0.0, {}, ("queue-less-than", "digits/1", "queue-minute")),
        (60.0, {}, ("queue-less-than", "digits/1", "queue-minute")),
        (60.1, {}, ("digits/2", "queue-minutes")),
        (120.0, {}, ("digits/2", "queue-minutes")),
        (100.0, {"round_to_seconds": 30}, ("digits/2", "queue-minutes")),
        (
            75.0,
            {"round_to_seconds": 30},
            ("digits/1", "queue-minute", "digits/30", "queue-seconds"),
        ),
        (400.0, {"round_to_seconds": 300}, ("digits/10", "queue-minutes")),
        (
            400.0,
            {"round_to_seconds": 300, "as_range": True},
            ("between", "digits/5", "vm-and", "digits/10", "queue-minutes"),
        ),
        (
            200.0,
            {"round_to_seconds": 300, "as_range": True},
            ("queue-less-than", "digits/5", "queue-minutes"),
        ),
        (3_600.0, {}, ("digits/60", "queue-minutes")),
        (3_601.0, {}, ("more-than", "digits/60", "queue-minutes")),
        (
            1_000_000.0,
            {"most_minutes": 10, "as_range": True},
            ("more-than", "digits/10", "queue-minutes"),
        ),
    ],
)
def test_a_waiting_time_as_it_is_told(
    expected: float, settings: dict[str, Any], told: tuple[str, ...]
) -> None:
    assert time_told(expected, **settings) == ("queue-holdtime", *told)


def test_an_unknown_waiting_time_is_silence() -> None:
    assert listen(queue_with(**tells_time()), 30) == [(30, THIRD)]
    queue = queue_with(waiting_time_announcement={"mode": "yes", "every_seconds": 20})
    assert listen(queue, 600) == []


def test_the_waiting_time_has_a_rhythm_of_its_own_where_it_is_given_one() -> None:
    queue = queue_with(waiting_time_announcement={"mode": "yes", "every_seconds": 45})
    heard = listen(queue, 90, facts=lambda _: expecting(290))
    assert [at_seconds for at_seconds, _ in heard] == [45, 90]


def test_without_a_position_the_waiting_time_comes_as_often_as_the_position_would() -> None:
    queue = queue_with(
        position_announcement={"mode": "DISABLE", "every_seconds": 40},
        waiting_time_announcement={"mode": "yes"},
    )
    assert [at_seconds for at_seconds, _ in listen(queue, 90, facts=lambda _: expecting(9))] == [
        40,
        80,
    ]


def test_told_once_means_once_it_is_known() -> None:
    queue = queue_with(**tells_time(mode="once"))
    knows = at({0: expecting(None), 50: expecting(70)})
    assert listen(queue, 120, facts=knows) == [
        (30, THIRD),
        (60, (*THIRD, "queue-holdtime", "digits/2", "queue-minutes")),
        (90, THIRD),
        (120, THIRD),
    ]


def test_a_wait_that_has_grown_by_a_step_is_explained() -> None:
    queue = queue_with(
        waiting_time_announcement={"mode": "yes", "every_seconds": 30, "tells_rise": True}
    )
    grows = at({0: expecting(115), 50: expecting(170), 80: expecting(231), 110: expecting(100)})
    told = [sounds for _, sounds in listen(queue, 120, facts=grows)]
    assert told == [
        ("queue-holdtime", "digits/2", "queue-minutes"),
        ("queue-holdtime", "digits/3", "queue-minutes"),
        ("call-volume-risen", "queue-holdtime", "digits/4", "queue-minutes"),
        ("queue-holdtime", "digits/2", "queue-minutes"),
    ]


def test_where_a_stuck_position_is_not_repeated_its_waiting_time_is_not_either() -> None:
    settings = tells_time()
    settings["position_announcement"]["only_if_improved"] = True
    assert [
        when for when, _ in listen(queue_with(**settings), 120, facts=lambda _: expecting(90))
    ] == [30]


def test_the_promise_is_the_estimate_that_was_told() -> None:
    queue = queue_with(**tells_time())
    [first, *_] = sequences(queue, 30, facts=lambda _: expecting(250.5))
    assert first.spoken.promised_seconds == 250.5
    [silent, *_] = sequences(queue, 30)
    assert silent.spoken.promised_seconds is None


# --- hold messages


def messages(**settings: Any) -> dict[str, Any]:
    return {
        "sounds": [["busy"], ["web", "site"]],
        "first_after_seconds": 20,
        "every_seconds": 60,
        **settings,
    }


def test_hold_messages_come_in_order_and_begin_again() -> None:
    assert listen(queue_with(hold_messages=messages()), 140) == [
        (20, ("busy",)),
        (80, ("web", "site")),
        (140, ("busy",)),
    ]


def test_hold_messages_by_chance_are_never_the_same_twice_in_a_row() -> None:
    three = messages(order="random", sounds=[["a"], ["b"], ["c"]])
    seeds = iter([0.5, 0.0, 0.99, 0.99, 0.0])
    heard = listen(queue_with(hold_messages=three), 260, seeds=seeds)
    assert [sounds for _, sounds in heard] == [("b",), ("a",), ("c",), ("b",), ("a",)]


def test_a_lone_hold_message_by_chance_is_repeated() -> None:
    one = messages(order="random", sounds=[["a"]])
    assert len(listen(queue_with(hold_messages=one), 140)) == 3


def test_the_next_hold_message_may_be_measured_from_the_end() -> None:
    queue = queue_with(hold_messages=messages(measured_from="end"))
    assert [when for when, _ in listen(queue, 200, speech_seconds=10)] == [20, 90, 160]
    queue = queue_with(hold_messages=messages(measured_from="start"))
    assert [when for when, _ in listen(queue, 200, speech_seconds=10)] == [20, 80, 140, 200]


def test_the_end_of_something_else_moves_no_hold_message() -> None:
    queue = queue_with(
        hold_messages=messages(measured_from="end", every_seconds=600),
        options=[CALLBACK],
        options_announcement={"first_after_seconds": 60, "every_seconds": 60},
    )
    heard = listen(queue, 700, speech_seconds=5)
    assert [when for when, sounds in heard if "web" in sounds] == [625]


def test_the_end_told_twice_is_one_end() -> None:
    queue = queue_with(hold_messages=messages(measured_from="end"))
    [first] = sequences(queue, 30)
    once = ended(queue, first.spoken.told_after, JOINED_MS + 25_000)
    assert ended(queue, once, JOINED_MS + 25_000) == once
    assert next_at_ms(queue, once) == JOINED_MS + 85_000


def test_hold_messages_that_are_taken_out_of_the_queue_meanwhile_are_said_no_more() -> None:
    told = begin(queue_with(hold_messages=messages()), JOINED_MS, JOINED_MS, is_new=True)
    assert listen(queue_with(), 300, told=told) == []


# --- options


def test_options_are_first_told_at_t_and_then_every_n_seconds() -> None:
    queue = queue_with(
        options=[CALLBACK], options_announcement={"first_after_seconds": 7, "every_seconds": 40}
    )
    assert listen(queue, 90) == [(7, PRESS_1), (47, PRESS_1), (87, PRESS_1)]


def test_options_without_an_interval_are_told_once() -> None:
    queue = queue_with(
        options=[CALLBACK], options_announcement={"first_after_seconds": 7, "every_seconds": 0}
    )
    assert listen(queue, 600) == [(7, PRESS_1)]


def test_options_are_made_of_the_rows() -> None:
    queue = queue_with(
        options=[
            {"digit": "*", "action": "route", "dest_kind": "external", "dest_id": "12025550100"},
            CALLBACK,
            {"digit": "2", "action": "route", "dest_kind": "voicemail", "dest_id": "500"},
            {"digit": "3", "action": "deflect", "webhook_url": "https://a.example/"},
            {"digit": "4", "action": "hangup", "announcement": []},
            {"digit": "5", "action": "hangup", "announcement": ["to-give-up"]},
            {"digit": "#", "action": "hangup"},
        ]
    )
    [(_, sounds)] = listen(queue, 10)
    assert sounds == (
        *("press-star", "to-be-connected-elsewhere"),
        *PRESS_1,
        *("press-2", "to-leave-a-message"),
        *("press-3", "for-another-service"),
        *("press-5", "to-give-up"),
        *("press-hash", "to-end-this-call"),
    )


def test_options_in_the_sites_own_words_or_not_at_all() -> None:
    own = {"sounds": ["menu"]}
    assert listen(queue_with(options=[CALLBACK], options_announcement=own), 10) == [(10, ("menu",))]
    silent: list[dict[str, Any]] = [{"enabled": False}, {"sounds": []}]
    for off in silent:
        assert listen(queue_with(options=[CALLBACK], options_announcement=off), 600) == []


# --- together


def test_the_sequence_of_request_callback_every_30_seconds() -> None:
    queue = queue_with(
        hold_messages={"sounds": [["busy"]], "first_after_seconds": 30, "every_seconds": 30},
        position_announcement=position(every_seconds=30),
        waiting_time_announcement={"mode": "yes"},
        options=[CALLBACK],
        options_announcement={"first_after_seconds": 30, "every_seconds": 30},
    )
    heard = listen(queue, 60, facts=lambda _: expecting(90), speech_seconds=12)
    words = ("busy", *THIRD, "queue-holdtime", "digits/2", "queue-minutes", *PRESS_1)
    assert heard == [(30, words), (60, words)]


def test_what_falls_due_within_the_gap_is_said_together_and_keeps_its_rhythm() -> None:
    queue = queue_with(
        hold_messages={"sounds": [["busy"]], "first_after_seconds": 40, "every_seconds": 40},
        position_announcement=position(every_seconds=30),
        min_gap_seconds=15,
    )
    assert listen(queue, 120) == [
        (30, ("busy", *THIRD)),
        (60, THIRD),
        (80, ("busy", *THIRD)),
        (120, ("busy", *THIRD)),
    ]


def test_without_a_gap_each_is_said_in_its_own_second() -> None:
    queue = queue_with(
        hold_messages={"sounds": [["busy"]], "first_after_seconds": 40, "every_seconds": 40},
        position_announcement=position(every_seconds=30),
        min_gap_seconds=0,
    )
    assert [when for when, _ in listen(queue, 90)] == [30, 40, 60, 80, 90]


def test_the_gap_counts_from_start_to_start() -> None:
    queue = queue_with(position_announcement=position(every_seconds=5), min_gap_seconds=15)
    assert [when for when, _ in listen(queue, 40, speech_seconds=10)] == [5, 20, 35]


def test_a_sequence_longer_than_the_gap_is_never_spoken_over() -> None:
    queue = queue_with(position_announcement=position(every_seconds=5), min_gap_seconds=5)
    assert [when for when, _ in listen(queue, 40, speech_seconds=12)] == [5, 17, 29]


# --- the head of the line


def test_the_head_hears_no_announcements_where_the_queue_wants_that() -> None:
    queue = queue_with(
        announce_to_head=False,
        join_announcement=["welcome"],
        position_announcement={"mode": "ON_CONNECTED"},
        hold_messages=messages(),
        options=[CALLBACK],
    )
    alone = listen(queue, 300, facts=lambda _: Facts(1, 1, None))
    assert alone == [(0, ("welcome",))]


def test_the_head_hears_them_again_when_somebody_is_put_before() -> None:
    queue = queue_with(announce_to_head=False, position_announcement=position(every_seconds=30))
    moves = at({0: Facts(2, 2, None), 40: Facts(1, 1, None), 70: Facts(2, 2, None)})
    assert listen(queue, 90, facts=moves) == [(30, SECOND), (90, SECOND)]


def test_a_hold_message_that_the_head_did_not_hear_is_not_skipped() -> None:
    queue = queue_with(announce_to_head=False, hold_messages=messages())
    moves = at({0: Facts(2, 2, None), 30: Facts(1, 1, None), 90: Facts(2, 2, None)})
    assert listen(queue, 140, facts=moves) == [(20, ("busy",)), (140, ("web", "site"))]


# --- taken over


def test_after_a_takeover_the_words_of_entry_are_not_repeated_and_the_rhythm_goes_on() -> None:
    queue = queue_with(
        introduction={"mode": "FULL", "sounds": ["our-terms"]},
        join_announcement=["welcome"],
        position_announcement={"mode": "ON_CONNECTED", "every_seconds": 30},
        hold_messages=messages(),
    )
    taken_over_at = JOINED_MS + 65_000
    told = begin(queue, JOINED_MS, taken_over_at, is_new=False)
    assert Part.INTRODUCTION not in told.at_ms
    assert Part.JOIN not in told.at_ms
    # At 60 s the other edge began to tell the position: 75 s is the earliest for more.
    assert listen(queue, 140, told=told) == [
        (80, ("web", "site", *THIRD)),
        (120, THIRD),
        (140, ("busy", *THIRD)),
    ]


def test_after_a_takeover_what_is_said_once_and_was_due_is_not_repeated() -> None:
    queue = queue_with(
        **tells_time(mode="once"),
        options=[CALLBACK],
        options_announcement={"first_after_seconds": 10, "every_seconds": 0},
    )
    told = begin(queue, JOINED_MS, JOINED_MS + 35_000, is_new=False)
    assert set(told.at_ms) == {Part.POSITION}
    told = begin(queue, JOINED_MS, JOINED_MS + 5_000, is_new=False)
    assert set(told.at_ms) == {Part.POSITION, Part.WAITING_TIME, Part.OPTIONS}
    assert told.started_at_ms is None


def test_nothing_is_due_to_somebody_who_was_told_everything() -> None:
    queue = queue_with()
    said = spoken(queue, Told(), (), Facts(1, 1, None), now_ms=JOINED_MS, seed=0.0, language="en")
    assert said.sounds == ()
    assert said.told_after == Told()
