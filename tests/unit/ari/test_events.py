"""Events as Asterisk 22.10 sends them, and what we read from them."""

from typing import Any

import orjson
import pytest

from edge.ari import events as ari

CHANNEL = {
    "id": "1795216468.12",
    "name": "PJSIP/301-0000000c",
    "state": "Ring",
    "caller": {"name": "Cal Ler", "number": "301"},
    "connected": {"name": "", "number": ""},
    "dialplan": {
        "context": "queue-edge",
        "exten": "500",
        "priority": 3,
        "app_name": "StasisBroadcast",
        "app_data": "500,^edge-.*,arrival,500,301,inside,1795216468000",
    },
}
READ = ari.Channel(
    id="1795216468.12",
    state="Ring",
    caller_number="301",
    caller_name="Cal Ler",
    app_name="StasisBroadcast",
    app_data="500,^edge-.*,arrival,500,301,inside,1795216468000",
)
BRIDGE = {"id": "hold_1", "channels": ["1795216468.12"]}
CASES: list[tuple[dict[str, Any], ari.Event]] = [
    ({"type": "CallBroadcast", "channel": CHANNEL, "called": "500"}, ari.CallBroadcast(READ)),
    (
        {"type": "StasisStart", "channel": CHANNEL, "args": ["arrival"]},
        ari.StasisStart(READ, ("arrival",)),
    ),
    (
        {
            "type": "StasisStart",
            "channel": CHANNEL,
            "args": [],
            "replace_channel": {**CHANNEL, "id": "leg_1"},
        },
        ari.StasisStart(READ, (), replaces="leg_1"),
    ),
    ({"type": "StasisEnd", "channel": CHANNEL}, ari.StasisEnd(READ)),
    ({"type": "ChannelStateChange", "channel": CHANNEL}, ari.ChannelStateChange(READ)),
    (
        {"type": "ChannelHangupRequest", "channel": CHANNEL, "cause": 17, "tech_cause": 486},
        ari.ChannelHangupRequest(READ, 17, 486, soft=False),
    ),
    (
        {"type": "ChannelHangupRequest", "channel": CHANNEL, "cause": 32, "soft": True},
        ari.ChannelHangupRequest(READ, 32, 0, soft=True),
    ),
    (
        {"type": "ChannelDestroyed", "channel": CHANNEL, "cause": 16, "cause_txt": "Normal"},
        ari.ChannelDestroyed(READ, 16, 0),
    ),
    ({"type": "Dial", "peer": CHANNEL, "dialstatus": "PROGRESS"}, ari.Dial(READ, "PROGRESS")),
    (
        {"type": "ChannelDtmfReceived", "channel": CHANNEL, "digit": "5", "duration_ms": 100},
        ari.ChannelDtmfReceived(READ, "5"),
    ),
    (
        {"type": "PlaybackFinished", "playback": {"id": "say_1", "target_uri": "channel:c1"}},
        ari.PlaybackFinished("say_1", "channel:c1"),
    ),
    (
        {"type": "ChannelEnteredBridge", "channel": CHANNEL, "bridge": BRIDGE},
        ari.ChannelEnteredBridge("1795216468.12", "hold_1"),
    ),
    (
        {"type": "ChannelLeftBridge", "channel": CHANNEL, "bridge": BRIDGE},
        ari.ChannelLeftBridge("1795216468.12", "hold_1"),
    ),
    ({"type": "BridgeDestroyed", "bridge": BRIDGE}, ari.BridgeDestroyed("hold_1")),
    (
        {"type": "DeviceStateChanged", "device_state": {"name": "PJSIP/201", "state": "INUSE"}},
        ari.DeviceStateChanged("PJSIP/201", "INUSE"),
    ),
    ({"type": "ApplicationReplaced", "application": "edge-1"}, ari.ApplicationReplaced()),
]


@pytest.mark.parametrize(("sent", "read"), CASES, ids=lambda case: type(case).__name__)
def test_each_event_is_read(sent: dict[str, Any], read: ari.Event) -> None:
    assert ari.parse(orjson.dumps(sent)) == read


def test_every_reader_has_a_case() -> None:
    assert {sent["type"] for sent, _ in CASES} == set(ari.READERS)


def test_an_event_of_another_type_is_left_out() -> None:
    assert ari.parse(b'{"type": "ChannelVarset", "variable": "A", "value": "1"}') is None


@pytest.mark.parametrize("broken", ["{", '{"type": "StasisEnd"}', '{"kind": "StasisEnd"}'])
def test_a_broken_frame_is_an_error(broken: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        ari.parse(broken)
