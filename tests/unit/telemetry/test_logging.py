"""Logs: one line a fact, ids bound, personal data masked."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from edge.telemetry.logging import bound_to, configure, masked

log = structlog.get_logger()


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging is the process's: put it back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_json_object_a_line_with_ids_bound_for_the_call() -> None:
    stream = io.StringIO()
    configure(stream=stream)
    with bound_to(entry="ent_1", queue="qu_support"):
        log.info("entry_joined", position=2)
    log.info("edge_stopped")
    first, second = lines(stream)
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "event": "entry_joined",
        "level": "info",
        "position": 2,
        "entry": "ent_1",
        "queue": "qu_support",
    }
    assert "entry" not in second


def test_personal_data_is_masked_but_for_two_digits() -> None:
    stream = io.StringIO()
    configure(stream=stream)
    with bound_to(pii_caller="12025550199"):
        log.info("entry_joined", pii_name=None, queue="qu_1")
    (line,) = lines(stream)
    assert (line["pii_caller"], line["pii_name"], line["queue"]) == ("*********99", "*", "qu_1")


def test_personal_data_is_shown_where_the_site_says_so() -> None:
    stream = io.StringIO()
    configure(stream=stream, mask_personal_data=False)
    log.info("entry_joined", pii_caller="12025550199")
    assert lines(stream)[0]["pii_caller"] == "12025550199"


@pytest.mark.parametrize(
    ("value", "shown"), [("", ""), ("1", "*"), ("12", "**"), ("123", "*23"), (12345, "*")]
)
def test_masked(value: object, shown: str) -> None:
    assert masked(value) == shown


def test_lines_below_the_level_are_left_out() -> None:
    stream = io.StringIO()
    configure(level="warning", stream=stream)
    log.info("unheard")
    log.warning("heard")
    assert [line["event"] for line in lines(stream)] == ["heard"]


def test_a_library_speaks_in_a_field_of_a_static_event() -> None:
    stream = io.StringIO()
    configure(level="debug", stream=stream)
    logging.getLogger("asyncio").info("chatter")
    logging.getLogger("asyncio").error("Task %s was lost", 7)
    (line,) = lines(stream)
    assert line["event"] == "library_message"
    assert (line["library"], line["message"]) == ("asyncio", "Task 7 was lost")
    assert line["level"] == "error"


def test_a_fault_carries_its_traceback_as_json() -> None:
    stream = io.StringIO()
    configure(stream=stream)
    try:
        raise LookupError("gone")
    except LookupError:
        log.exception("step_failed")
    (line,) = lines(stream)
    assert line["exception"][0]["exc_type"] == "LookupError"


def test_text_is_readable_and_carries_tracebacks() -> None:
    stream = io.StringIO()
    configure(as_json=False, stream=stream)
    log.info("entry_joined", queue="qu_support")
    logging.getLogger("asyncio").warning("slow")
    assert "entry_joined" in stream.getvalue()
    assert "queue=qu_support" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()
    assert "message=slow" in stream.getvalue()


@pytest.mark.parametrize("as_json", [True, False])
def test_no_traceback_shows_local_variables(as_json: bool) -> None:
    stream = io.StringIO()
    configure(as_json=as_json, stream=stream)
    bearer = "".join(["t0p", "s3cret"])
    try:
        raise LookupError(f"gone after {len(bearer)}")
    except LookupError:
        log.exception("step_failed")
    assert "gone after 9" in stream.getvalue()
    assert "t0ps3cret" not in stream.getvalue()


def test_configured_again_the_last_call_holds() -> None:
    first, second = io.StringIO(), io.StringIO()
    configure(stream=first)
    configure(stream=second)
    log.info("once")
    logging.getLogger("asyncio").error("once")
    assert first.getvalue() == ""
    assert len(lines(second)) == 2
