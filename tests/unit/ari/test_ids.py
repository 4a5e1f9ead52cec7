"""The ids we choose and the call that the dialplan describes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.ari.events import Channel
from edge.ari.ids import command_app, holding_bridge, in_path, read_arrival
from edge.domain.ids import EndpointName, LegId, NodeId, RunId
from edge.ports.phone_system import Arrival, Wishes

NODE = NodeId("pbx-1")


def channel(app_data: str, app_name: str = "StasisBroadcast") -> Channel:
    return Channel("1795.1", "Ring", "12025550123", "Ann", app_name, app_data)


@pytest.mark.parametrize(("side", "inside"), [("inside", True), ("outside", False)])
def test_a_broadcast_call_is_read_from_its_application_data(side: str, inside: bool) -> None:
    told = channel(f"500,^edge-.*,arrival,12025550100,carrier,{side},1795216468123")
    assert read_arrival(NODE, told) == Arrival(
        leg=LegId("1795.1"),
        node=NODE,
        dialled="12025550100",
        endpoint=EndpointName("carrier"),
        inside=inside,
        caller_number="12025550123",
        caller_name="Ann",
        arrived_at_ms=1795216468123,
    )


@pytest.mark.parametrize(
    "told",
    [
        channel("500,^edge-.*,arrival,500,301,inside,1795", app_name="Stasis"),
        channel("500,^edge-.*"),
        channel("500,^edge-.*,arrival,500,301,inside"),
        channel("500,^edge-.*,arrival,500,301,inside,soon"),
        channel(""),
    ],
)
def test_what_is_not_an_arrival_is_none(told: Channel) -> None:
    assert read_arrival(NODE, told) is None


def test_wishes_of_the_dialplan_are_read() -> None:
    told = read_arrival(NODE, channel("arrival,500,301,inside,1795,7,1,201,60,jazz"))
    assert told is not None
    assert told.wishes == Wishes(
        priority=7, position=1, preferred="201", prefer_seconds=60, music="jazz"
    )


@pytest.mark.parametrize(
    "words", [",,,,", "-1,x,,999999999999,a b", "2048,100001,,3601,../x", "٣,²,,1.5,jazz!"]
)
def test_wishes_that_make_no_sense_ask_for_nothing(words: str) -> None:
    told = read_arrival(NODE, channel(f"arrival,500,301,inside,1795,{words}"))
    assert told is not None
    assert told.wishes == Wishes()


@given(st.text(), st.text())
def test_holding_bridges_of_two_classes_are_no_prefix_of_each_other(one: str, other: str) -> None:
    first, second = holding_bridge(one), holding_bridge(other)
    assert len(first) == len(second) == len("hold_") + 26
    assert (first == second) == (one == other)


def test_the_holding_bridge_of_a_class_never_changes() -> None:
    """Edges of different versions on one node must agree."""
    assert holding_bridge("default") == "hold_gqvbvd9a8annagyqrpjjx4yq1m"


def test_calls_are_not_broadcast_to_the_command_application() -> None:
    assert not command_app(RunId("edge-1")).startswith("edge-")


def test_ids_are_encoded_in_paths() -> None:
    assert in_path("a/b c?;2") == "a%2Fb%20c%3F%3B2"
