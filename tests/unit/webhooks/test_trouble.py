"""What an operator reads of receivers that fail."""

from typing import Any

import pytest
import structlog

from edge.domain.ids import WebhookId
from edge.domain.webhook import GivenUp, LostWebhook
from edge.webhooks.trouble import IS_WELL_MS, TOLD_AGAIN_MS, TOO_SLOW, Trouble
from tests.fakes.world import ACCOUNT_ID

TO = (ACCOUNT_ID, "hooks.example")
OTHER = (ACCOUNT_ID, "other.example")
FAILING, WORKS, GIVEN_UP = (
    "webhook_receiver_failing",
    "webhook_receiver_works",
    "webhook_given_up",
)


@pytest.fixture
def logs() -> Any:
    with structlog.testing.capture_logs() as found:
        yield found


def lost(number: int = 1, reason: GivenUp = GivenUp.ATTEMPTS_SPENT) -> LostWebhook:
    return LostWebhook(ACCOUNT_ID, WebhookId(f"hook_{number}"), reason, 3, TO[1])


def events(logs: list[dict[str, Any]]) -> list[str]:
    return [one["event"] for one in logs]


def test_who_fails_is_told_at_once_then_counted_and_told_again(logs: Any) -> None:
    trouble = Trouble()
    for now_ms in range(0, TOLD_AGAIN_MS + 1_000, 1_000):
        trouble.failed(TO, "500", now_ms)
        trouble.look(now_ms)
    assert events(logs) == [FAILING, FAILING]
    assert [one["failed_attempts"] for one in logs] == [1, 601]
    assert (logs[1]["reason"], logs[1]["failing_seconds"]) == ("500", 600)
    assert (logs[1]["account"], logs[1]["host"], logs[1]["log_level"]) == (*TO, "warning")


def test_it_works_again_when_it_took_one_and_nothing_failed_for_a_minute(logs: Any) -> None:
    """One that takes every other webhook has not recovered each time."""
    trouble = Trouble()
    for now_ms in range(0, 100_000, 10_000):
        trouble.failed(TO, "503", now_ms)
        trouble.delivered(TO, now_ms + 5_000)
        trouble.look(now_ms + 5_000)
    assert events(logs) == [FAILING]
    trouble.look(90_000 + IS_WELL_MS - 1)
    assert events(logs) == [FAILING]
    trouble.look(90_000 + IS_WELL_MS)
    assert events(logs) == [FAILING, WORKS]
    assert (logs[-1]["failing_seconds"], logs[-1]["failed_attempts"]) == (90, 10)
    assert logs[-1]["log_level"] == "info"
    trouble.failed(TO, "503", 200_000)
    assert events(logs)[2:] == [FAILING], "the next time is told at once"


def test_of_one_to_whom_nothing_is_posted_any_more_nothing_is_known(logs: Any) -> None:
    trouble = Trouble()
    trouble.failed(TO, "500", 0)
    trouble.look(10 * TOLD_AGAIN_MS)
    assert events(logs) == [FAILING]


def test_each_receiver_by_itself(logs: Any) -> None:
    trouble = Trouble()
    trouble.failed(TO, "500", 0)
    trouble.failed(OTHER, "404", 0)
    trouble.delivered(OTHER, 1)
    trouble.delivered((ACCOUNT_ID, "good.example"), 1)
    trouble.look(IS_WELL_MS)
    assert [(one["event"], one["host"]) for one in logs] == [
        (FAILING, TO[1]),
        (FAILING, OTHER[1]),
        (WORKS, OTHER[1]),
    ]


def test_one_that_is_too_slow_for_all_that_waits(logs: Any) -> None:
    trouble = Trouble()
    for _ in range(500):
        trouble.put_back(TO, 0)
    trouble.delivered(TO, 1_000)
    trouble.look(IS_WELL_MS)
    assert events(logs) == [FAILING, WORKS]
    assert (logs[0]["reason"], logs[1]["put_back"]) == (TOO_SLOW, 500)


def test_what_is_lost_is_an_error_at_once_then_counted_and_told_again(logs: Any) -> None:
    trouble = Trouble()
    trouble.failed(TO, "500", 0)
    for number in range(5):
        trouble.lost(lost(number), number)
    trouble.lost(lost(5, GivenUp.OUTBOX_FULL), 5)
    trouble.look(TOLD_AGAIN_MS)
    trouble.look(3 * TOLD_AGAIN_MS)
    told = [one for one in logs if one["event"] == GIVEN_UP]
    assert [(one["reason"], one["webhooks"], one["last_webhook"]) for one in told] == [
        ("attempts_spent", 1, "hook_0"),
        ("outbox_full", 1, "hook_5"),
        ("attempts_spent", 4, "hook_4"),
    ]
    assert {one["log_level"] for one in told} == {"error"}
    trouble.lost(lost(6), 3 * TOLD_AGAIN_MS + 1)
    assert logs[-1]["last_webhook"] == "hook_6"


def test_what_was_only_counted_is_told_before_it_is_over_and_at_the_end(logs: Any) -> None:
    trouble = Trouble()
    trouble.failed(TO, "500", 0)
    for number in range(3):
        trouble.lost(lost(number), 0)
    trouble.delivered(TO, 1)
    trouble.look(IS_WELL_MS)
    assert events(logs) == [FAILING, GIVEN_UP, GIVEN_UP, WORKS]
    assert (logs[2]["webhooks"], logs[3]["given_up"]) == (2, 3)
    trouble.lost(lost(3), IS_WELL_MS)
    trouble.lost(lost(4), IS_WELL_MS)
    trouble.close()
    trouble.close()
    assert events(logs)[4:] == [GIVEN_UP, GIVEN_UP]
