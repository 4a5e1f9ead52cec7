"""SIPp scripts: well-formed, every jump has its label, and the log tells the story."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from lab.sipp_calls import Fact, SippCall, calls_in
from lab.sipp_scenarios import Behaviour, CallPlan, answering, calling, registering

SCENARIOS = {
    "caller": calling(CallPlan("500")),
    "caller with password": calling(CallPlan("500", password="demo-{number}")),
    "registration": registering("201", "secret", "127.0.0.1:5099", 60),
    "answers": answering(Behaviour(), "201"),
    "busy": answering(Behaviour(486, rings=False), "201"),
    "declines": answering(Behaviour(603, after_ms=300), "201"),
    "silent": answering(Behaviour(None), "201"),
    "crosses": answering(Behaviour(None, answers_cancel_with_200=True), "201"),
    "talks": answering(Behaviour(200, talk_ms=500), "201"),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_jump_has_its_label(name: str) -> None:
    steps = list(ElementTree.fromstring(SCENARIOS[name]))
    labels = {step.get("id") for step in steps if step.tag == "label"}
    jumps = {step.get(way) for step in steps for way in ("next", "ontimeout")} - {None}
    assert jumps <= labels


@pytest.mark.parametrize("name", SCENARIOS)
def test_only_what_waits_for_an_answer_is_repeated(name: str) -> None:
    for step in ElementTree.fromstring(SCENARIOS[name]).iter("send"):
        first = (step.text or "").strip().splitlines()[0]
        is_final = re.match(r"SIP/2\.0 [2-6]", first) and "CSeq:[$cseq]" in (step.text or "")
        is_request = not first.startswith(("ACK", "SIP/2.0"))
        assert bool(step.get("retrans")) == bool(is_final or is_request), first


def test_the_log_is_read_call_by_call(tmp_path: Path) -> None:
    log = tmp_path / "facts.log"
    log.write_text(
        "fact dialled 1-7@h 301 2026-01-02\t10:00:00.000000\t1000.000000\n"
        "fact dialled 2-7@h 302 2026-01-02\t10:00:00.100000\t1000.100000\n"
        "something else\n"
        "fact answered 1-7@h 301 2026-01-02\t10:00:01.500000\t1001.500000\n"
        "fact hung_up_on 1-7@h 301 2026-01-02\t10:00:02.000000\t1002.000000\n"
        "fact status_486 2-7@h 302 2026-01-02\t10:00:02.000000\t1002.000000\n"
    )
    first, second = calls_in(log)
    assert (first.number, first.answered, first.is_over, first.status) == ("301", True, True, None)
    assert first.seconds("dialled", "answered") == 1.5
    assert (second.number, second.answered, second.is_over, second.status) == (
        "302",
        False,
        True,
        486,
    )
    assert calls_in(tmp_path / "none.log") == []


def test_a_fact_that_is_missing_is_named() -> None:
    call = SippCall("1", [Fact("dialled", 1.0, "301")])
    with pytest.raises(AssertionError, match="no answered among"):
        call.at("answered")
    assert not call.is_over
