"""What is posted when a waiting caller presses a key, and when it is tried again."""

import json
import re
from dataclasses import replace

import pytest

from edge.domain.ids import new_webhook_id
from edge.domain.webhook import Webhook, back_off_seconds, option_pressed
from tests.fakes.store_bench import MemoryBench, join
from tests.fakes.world import ACCOUNT_ID, ALPHA

PRESSED_AT_MS = 1_782_627_351_000
URL = "https://hooks.example/queue?token=t0ps3cret"


async def pressed_by(number: str) -> Webhook:
    bench = MemoryBench()
    await bench.open()
    entry = replace(await join(bench.store()), caller_number=number)
    return option_pressed(new_webhook_id(), URL, "kv:hook", ACCOUNT_ID, entry, "1", PRESSED_AT_MS)


async def test_the_body_is_that_of_sip_io() -> None:
    body = json.loads((await pressed_by("+12025550123")).body)
    call_id = body.pop("call_id")
    assert body == {
        "event": "in_queue_option",
        "account_id": ACCOUNT_ID,
        "queue_id": ALPHA,
        "digit": "1",
        "caller": "12025550123",
        "ts": PRESSED_AT_MS,
    }
    assert re.fullmatch(r"[A-Za-z0-9_-]+", call_id), "may stand in an address"


@pytest.mark.parametrize(
    ("number", "caller"), [("+1 (202) 555-0123", "12025550123"), ("anonymous", ""), ("", "")]
)
async def test_the_caller_is_digits_alone(number: str, caller: str) -> None:
    assert json.loads((await pressed_by(number)).body)["caller"] == caller


async def test_what_is_private_is_in_no_repr() -> None:
    shown = repr(await pressed_by("+12025550123"))
    assert "2025550123" not in shown
    assert "t0ps3cret" not in shown


@pytest.mark.parametrize("attempt", range(1, 10))
def test_each_attempt_waits_twice_as_long_more_or_less(attempt: int) -> None:
    least, most = back_off_seconds(attempt, 0.0), back_off_seconds(attempt, 1.0)
    assert (least, most) == (2**attempt * 0.75, 2**attempt * 1.25)
