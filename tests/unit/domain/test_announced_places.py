"""What a waiting caller is told of place and waiting time, and when."""

from typing import Any

import pytest

from edge.domain.announcements import Facts
from tests.unit.domain.listener import (
    NEXT,
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
        (3_500.0, {"round_to_seconds": 420}, ("digits/60", "queue-minutes")),
        (
            3_500.0,
            {"round_to_seconds": 420, "as_range": True},
            ("between", "digits/50", "digits/6", "vm-and", "digits/60", "queue-minutes"),
        ),
        (
            5.0,
            {"round_to_seconds": 1_800, "most_minutes": 1},
            ("queue-less-than", "digits/1", "queue-minute"),
        ),
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
    grows = at({0: expecting(115), 50: expecting(170), 80: expecting(230), 110: expecting(100)})
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


def test_a_waiting_time_of_its_own_rhythm_is_told_beside_a_stuck_position() -> None:
    queue = queue_with(
        position_announcement=position(every_seconds=30, only_if_improved=True),
        waiting_time_announcement={"mode": "yes", "every_seconds": 45},
    )
    heard = [when for when, _ in listen(queue, 140, facts=lambda _: expecting(90))]
    assert heard == [30, 45, 90, 135]


def test_the_promise_is_the_estimate_that_was_told() -> None:
    queue = queue_with(**tells_time())
    [first, *_] = sequences(queue, 30, facts=lambda _: expecting(250.5))
    assert first.spoken.promised_seconds == 250.5
    [silent, *_] = sequences(queue, 30)
    assert silent.spoken.promised_seconds is None
