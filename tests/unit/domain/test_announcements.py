"""What is said to a caller who waits, and when."""

from typing import Any

import pytest

from edge.domain.announcements import Facts, Part, Told, begin, due, ended, next_at_ms, spoken
from tests.unit.domain.listener import (
    JOINED_MS,
    SECOND,
    THIRD,
    at,
    expecting,
    listen,
    position,
    queue_with,
    sequences,
    tells_time,
)

CALLBACK = {"digit": "1", "action": "callback"}
PRESS_1 = ("press-1", "to-get-a-callback")


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


def test_what_falls_due_a_whole_gap_later_is_not_said_early() -> None:
    queue = queue_with(
        hold_messages={"sounds": [["busy"]], "first_after_seconds": 45, "every_seconds": 60},
        position_announcement=position(every_seconds=30),
        min_gap_seconds=15,
    )
    assert listen(queue, 60) == [(30, THIRD), (45, ("busy",)), (60, THIRD)]


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


def test_messages_in_order_begin_anew_after_the_last() -> None:
    told = messages(sounds=[["one"], ["two"], ["three"]], every_seconds=20)
    heard = listen(queue_with(hold_messages=told), 80)
    assert [sounds for _, sounds in heard] == [("one",), ("two",), ("three",), ("one",)]


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


def test_after_a_takeover_the_gap_is_kept_from_the_last_of_all_and_messages_go_on_in_order() -> (
    None
):
    queue = queue_with(
        position_announcement=position(every_seconds=30),
        hold_messages={
            "sounds": [["busy"], ["web"], ["site"]],
            "first_after_seconds": 40,
            "every_seconds": 40,
        },
    )
    told = begin(queue, JOINED_MS, JOINED_MS + 83_000, is_new=False)
    # The second message was told at 80 s: what was due at 90 s waits until 95 s.
    assert listen(queue, 120, told=told) == [(95, THIRD), (120, ("site", *THIRD))]


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
