"""The sockets: filter, loss, return, replacement, and calls that meet a dying socket."""

import asyncio

import pytest
from structlog.testing import capture_logs

from edge.ari.connection import LONGEST_BACK_OFF_SECONDS, Access, back_off_seconds
from edge.ari.events import READERS
from edge.ari.ids import command_app
from edge.ari.wire import Lane, Wire
from edge.domain.ids import EndpointName, LegId, PlaybackId
from edge.ports.phone_system import (
    Arrival,
    DeviceChanged,
    DeviceState,
    Done,
    EndReason,
    FeedBroken,
    LegAnswered,
    LegEnded,
    NodeBack,
    NodeFault,
    NodeLost,
    PlaybackEnded,
)
from lab.wait import wait_until
from tests.integration.ari.conftest import APP, OpenNode, channel
from tests.integration.ari.fake_asterisk import PASSWORD, USER, Asked, fake_asterisk

COMMANDS = command_app(APP)
FILTER = f"PUT /applications/{APP}/eventFilter"
LEG = LegId("leg_1")


async def test_only_the_events_we_read_are_asked_for(open_node: OpenNode) -> None:
    async with open_node() as node:
        [ours] = node.asterisk.asked_for(FILTER)
        assert {wanted["type"] for wanted in ours.body["allowed"]} == set(READERS)
        [commands] = node.asterisk.asked_for(f"PUT /applications/{COMMANDS}/eventFilter")
        words = ["RESTResponse", "EndpointStateChange"]
        assert commands.body == {"allowed": [{"type": word} for word in words]}


async def test_a_lost_connection_comes_back_with_its_filter(open_node: OpenNode) -> None:
    async with open_node() as node:
        with node.phones.listen(LEG) as feed:
            await node.start_leg(LEG)
            node.asterisk.cut(APP)
            await wait_until(lambda: node.said.count(NodeBack()) == 2, "back", every=0.005)
            assert node.said == [NodeBack(), NodeLost(), NodeBack()]
            assert await feed.next() == FeedBroken()
        assert len(node.asterisk.asked_for(FILTER)) == 2


async def test_an_event_that_can_not_be_read_is_told_without_who_calls(
    open_node: OpenNode,
) -> None:
    async with open_node() as node:
        with capture_logs() as lines, node.phones.listen(LEG) as feed:
            caller = {"name": "Ann Example", "number": "12025550199"}
            await node.asterisk.send(APP, {"type": "StasisStart", "channel": {"caller": caller}})
            await node.start_leg(LEG)
            await node.event("ChannelStateChange", channel=channel(LEG, "Up"))
            assert await feed.next() == LegAnswered()
        [line] = [line for line in lines if line["event"] == "ari_event_unreadable"]
        assert (line["reason"], line["event_type"]) == ("KeyError('dialplan')", "StasisStart")
        assert "Example" not in str(line)
        assert "0199" not in str(line)


async def test_a_node_that_refuses_is_tried_again(open_node: OpenNode) -> None:
    async with open_node() as node:
        node.asterisk.accepts = False
        node.asterisk.cut(APP)
        await wait_until(lambda: NodeLost() in node.said, "lost", every=0.005)
        assert node.said.count(NodeBack()) == 1
        node.asterisk.accepts = True
        await wait_until(lambda: node.said.count(NodeBack()) == 2, "back", every=0.005)
        assert node.said.count(NodeLost()) == 1


async def test_a_node_that_takes_no_filter_is_not_back(open_node: OpenNode) -> None:
    async with open_node() as node:
        node.asterisk.answers[FILTER] = (500, {})
        node.asterisk.cut(APP)
        await wait_until(lambda: len(node.asterisk.asked_for(FILTER)) >= 3, "tries", every=0.005)
        assert node.said == [NodeBack(), NodeLost()]
        del node.asterisk.answers[FILTER]
        await wait_until(lambda: node.said.count(NodeBack()) == 2, "back", every=0.005)


async def test_who_is_replaced_stops_for_good(open_node: OpenNode) -> None:
    async with open_node() as node:
        connections = node.asterisk.connections
        await node.event("ApplicationReplaced")
        await node.running
        await node.ended.wait()
        assert node.said == [NodeBack(), NodeLost()]
        assert node.asterisk.connections == connections


async def test_a_frame_that_is_no_event_costs_nothing_but_a_log_line(open_node: OpenNode) -> None:
    async with open_node() as node:
        with node.phones.listen(LEG) as feed:
            await node.event("StasisStart", nonsense=1)
            await node.start_leg(LEG)
            await node.event("ChannelStateChange", channel=channel(LEG, "Up"))
            assert await feed.next() == LegAnswered()


async def test_an_answer_and_a_playback_missed_in_the_gap_are_told(open_node: OpenNode) -> None:
    async with open_node() as node:
        playback = PlaybackId("say_1")
        with node.phones.listen(LEG) as feed:
            await node.start_leg(LEG, "Ringing")
            await node.phones.play(LEG, playback, ["hello"])
            node.asterisk.answers["GET /channels"] = (200, [channel(LEG, "Up")])
            node.asterisk.answers[f"GET /applications/{APP}"] = (200, {"channel_ids": [LEG]})
            node.asterisk.cut(APP)
            await wait_until(lambda: node.said.count(NodeBack()) == 2, "back", every=0.005)
            heard = [await feed.next() for _ in range(feed.pending())]
            assert heard == [FeedBroken(), LegAnswered(), PlaybackEnded(playback)]


async def test_a_call_won_just_before_the_cut_still_arrives(open_node: OpenNode) -> None:
    async with open_node() as node:
        told = "500,^edge-.*,arrival,500,301,inside,1795216468123"
        node.asterisk.answers["GET /channels"] = (200, [channel("1795.1", "Ring", told)])
        node.asterisk.answers[f"GET /applications/{APP}"] = (200, {"channel_ids": ["1795.1"]})
        node.asterisk.cut(APP)
        await wait_until(lambda: node.said.count(NodeBack()) == 2, "back", every=0.005)
        node.asterisk.cut(APP)
        await wait_until(lambda: node.said.count(NodeBack()) == 3, "back", every=0.005)
        assert [event.leg for event in node.said if isinstance(event, Arrival)] == ["1795.1"]


async def test_phones_that_changed_in_the_gap_are_told(open_node: OpenNode) -> None:
    async with open_node() as node:
        alice, bob = EndpointName("201"), EndpointName("202")
        phones = [
            {"resource": "201", "state": "online"},
            {"resource": "202", "state": "offline"},
        ]
        node.asterisk.answers["GET /endpoints/PJSIP"] = (200, phones)
        found = await node.phones.watch([alice, bob, EndpointName("203")])
        assert list(found.values()) == [
            DeviceState.REACHABLE,
            DeviceState.UNREACHABLE,
            DeviceState.INVALID,
        ]
        phones[1]["state"] = "online"
        node.asterisk.cut(APP)
        await wait_until(lambda: node.said.count(NodeBack()) == 2, "back", every=0.005)
        assert node.said[2:] == [DeviceChanged(bob, DeviceState.REACHABLE), NodeBack()]
        subscriptions = node.asterisk.asked_for(f"POST /applications/{APP}/subscription")
        assert len(subscriptions) == 2
        gone = {"name": "PJSIP/201", "state": "UNAVAILABLE"}
        in_call = {"name": "PJSIP/202", "state": "INUSE"}
        for state in (in_call, gone, gone):
            await node.event("DeviceStateChanged", device_state=state)
        lost = DeviceChanged(alice, DeviceState.UNREACHABLE)
        await wait_until(lambda: node.said[4:] == [lost], "one change", every=0.005)


async def test_orders_go_over_http_while_the_command_socket_is_away(open_node: OpenNode) -> None:
    async with open_node() as node:
        await node.phones.stop(PlaybackId("say_1"))
        node.asterisk.accepts = False
        node.asterisk.cut(COMMANDS)
        await wait_until(lambda: not node.phones._wire._socket.is_up, "noticed", every=0.005)
        await node.phones.stop(PlaybackId("say_2"))
        lanes = [asked.lane for asked in node.asterisk.asked if "/playbacks/" in asked.path]
        assert lanes == ["socket", "http"]


async def test_a_delete_that_the_socket_lost_is_repeated(open_node: OpenNode) -> None:
    async with open_node() as node:

        def cut_then_answer(asked: Asked) -> tuple[int, None]:
            if asked.lane == "socket":
                node.asterisk.cut(COMMANDS)
            return 204, None

        node.asterisk.answers["DELETE /channels/leg_1"] = cut_then_answer
        await node.phones.hang_up(LEG)
        lanes = [asked.lane for asked in node.asterisk.asked_for("DELETE /channels/leg_1")]
        assert lanes == ["socket", "http"]


async def test_a_post_that_the_socket_lost_is_a_fault(open_node: OpenNode) -> None:
    async with open_node() as node:

        def cut(_: Asked) -> tuple[int, None]:
            node.asterisk.cut(COMMANDS)
            return 201, None

        node.asterisk.answers["POST /channels/leg_1/play/say_1"] = cut
        with pytest.raises(NodeFault):
            await node.phones.play(LEG, PlaybackId("say_1"), ["hello"])
        assert len(node.asterisk.asked_for("POST /channels/leg_1/play/say_1")) == 1


async def test_an_unexpected_status_is_a_fault(open_node: OpenNode) -> None:
    async with open_node() as node:
        node.asterisk.answers["POST /channels/leg_1/answer"] = (503, {"message": "no"})
        with pytest.raises(NodeFault, match=r"channels\.answer: 503"):
            await node.phones.answer(LEG)


@pytest.mark.parametrize("status", [404, 409, 412])
async def test_a_leg_that_is_gone_is_an_outcome(open_node: OpenNode, status: int) -> None:
    async with open_node() as node:
        node.asterisk.answers["POST /channels/leg_1/answer"] = (status, {"message": "gone"})
        assert await node.phones.answer(LEG) is Done.GONE


@pytest.mark.parametrize("lane", list(Lane))
async def test_a_silent_node_is_a_fault_after_the_limit(lane: Lane) -> None:
    async with fake_asterisk() as asterisk:
        never = asyncio.Event()

        async def silence(_: Asked) -> tuple[int, None]:
            await never.wait()
            return 204, None

        asterisk.answers["GET /channels"] = silence
        wire = Wire(Access(asterisk.url, USER, PASSWORD), APP)
        running = asyncio.create_task(wire.run())
        await wait_until(lambda: wire._socket.is_up, "connected", every=0.005)
        with pytest.raises(NodeFault, match="GET /channels"):
            await wire.call(lane, "GET", "/channels", {}, None, 0.05)
        never.set()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await wire.close()


async def test_a_message_too_long_for_the_socket_goes_over_http(open_node: OpenNode) -> None:
    async with open_node() as node:
        await node.phones.play(LEG, PlaybackId("say_1"), ["x" * 1000] * 70)
        [asked] = node.asterisk.asked_for("POST /channels/leg_1/play/say_1")
        assert asked.lane == "http"
        assert len(asked.body["media"]) == 70


async def test_a_node_that_is_not_there_is_a_fault() -> None:
    wire = Wire(Access("http://127.0.0.1:9/ari", USER, PASSWORD), APP)
    with pytest.raises(NodeFault):
        await wire.call(Lane.SOCKET, "GET", "/channels", {}, None, 1)
    await wire.close()


async def test_a_node_that_speaks_no_http_does_not_bring_our_password_into_the_log() -> None:
    """The words of the library repeat the request with all its headers."""

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"garbage\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        access = Access(f"http://127.0.0.1:{port}/ari", USER, PASSWORD)
        wire = Wire(access, APP)
        with pytest.raises(NodeFault, match="GET /channels") as fault:
            await wire.call(Lane.HTTP, "GET", "/channels", {}, None, 1)
        await wire.close()
    token = access.headers()["Authorization"].removeprefix("Basic ")
    assert token not in str(fault.value)
    assert PASSWORD not in repr(access)


def test_back_off_grows_to_its_limit() -> None:
    waits = [back_off_seconds(failures, lambda: 1.0) for failures in range(12)]
    assert waits == sorted(waits)
    assert waits[0] == 0.1
    assert waits[-1] == LONGEST_BACK_OFF_SECONDS
    assert back_off_seconds(3, lambda: 0.0) == 0


def test_credentials_stand_in_the_header_only() -> None:
    access = Access("https://pbx:8089/ari/", "edge", "secret")
    assert access.socket_url("edge-1") == "wss://pbx:8089/ari/events?app=edge-1&subscribeAll=false"
    assert access.headers() == {"Authorization": "Basic ZWRnZTpzZWNyZXQ="}


async def test_ended_legs_stay_ended_over_a_gap(open_node: OpenNode) -> None:
    async with open_node() as node:
        with node.phones.listen(LEG) as feed:
            await node.start_leg(LEG)
            await node.event("StasisEnd", channel=channel(LEG))
            assert await feed.next() == LegEnded(EndReason.NORMAL)
