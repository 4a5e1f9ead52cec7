"""Phones in calls that we did not dial: told by the command socket, and looked up after gaps."""

from typing import Any

from edge.ari.ids import command_app
from edge.domain.ids import EndpointName, new_leg_id
from edge.ports.phone_system import DeviceChanged, DeviceState
from lab.wait import wait_until
from tests.integration.ari.conftest import APP, Node, OpenNode
from tests.integration.ari.fake_asterisk import Answer, Asked

COMMANDS = command_app(APP)
ALICE, BOB = EndpointName("201"), EndpointName("202")
OWN = "queue-edge-1795249522.2"
OURS = new_leg_id()


def phone(number: str, *channels: str, state: str = "online") -> dict[str, Any]:
    return {
        "technology": "PJSIP",
        "resource": number,
        "state": state,
        "channel_ids": list(channels),
    }


async def endpoint_changed(node: Node, number: str, *channels: str) -> None:
    """As Asterisk tells it to the command socket's application."""
    event = {
        "type": "EndpointStateChange",
        "application": COMMANDS,
        "endpoint": phone(number, *channels),
    }
    await node.asterisk.send(COMMANDS, event)


def said(node: Node) -> list[DeviceChanged]:
    return [event for event in node.said if isinstance(event, DeviceChanged)]


async def says(node: Node, *wanted: DeviceChanged) -> None:
    await wait_until(lambda: said(node) == list(wanted), f"{wanted}", every=0.005)


async def test_a_call_of_the_phones_own_makes_it_in_use_and_our_leg_does_not(
    open_node: OpenNode,
) -> None:
    async with open_node() as node:
        phones = (200, [phone("201"), phone("202")])
        node.asterisk.answers["GET /endpoints/PJSIP"] = phones
        await node.phones.watch([ALICE, BOB])
        (told,) = node.asterisk.asked_for(f"POST /applications/{COMMANDS}/subscription")
        assert told.query["eventSource"] == "endpoint:PJSIP/201,endpoint:PJSIP/202"
        await endpoint_changed(node, "201", OURS)
        await endpoint_changed(node, "201")
        await endpoint_changed(node, "202", OURS, OWN)
        in_use = DeviceChanged(BOB, DeviceState.IN_USE)
        await says(node, in_use)
        assert node.phones.device(BOB) is DeviceState.IN_USE
        # Our leg ends, the consultation goes on; then that is over too.
        await endpoint_changed(node, "202", OWN)
        await endpoint_changed(node, "202")
        await says(node, in_use, DeviceChanged(BOB, DeviceState.REACHABLE))


async def test_who_is_in_a_call_is_known_at_the_first_look(open_node: OpenNode) -> None:
    async with open_node() as node:
        phones = (200, [phone("201", OWN), phone("202", OURS)])
        node.asterisk.answers["GET /endpoints/PJSIP"] = phones
        found = await node.phones.watch([ALICE, BOB])
        assert found == {ALICE: DeviceState.IN_USE, BOB: DeviceState.REACHABLE}


async def test_calls_that_began_and_ended_without_a_command_socket_are_made_up_for(
    open_node: OpenNode,
) -> None:
    async with open_node() as node:
        listed = [phone("201", OWN), phone("202")]
        node.asterisk.answers["GET /endpoints/PJSIP"] = (200, listed)
        await node.phones.watch([ALICE, BOB])
        listed[:] = [phone("201"), phone("202", OWN)]
        node.asterisk.cut(COMMANDS)
        await says(
            node,
            DeviceChanged(ALICE, DeviceState.REACHABLE),
            DeviceChanged(BOB, DeviceState.IN_USE),
        )
        asked = node.asterisk.asked_for(f"POST /applications/{COMMANDS}/subscription")
        assert len(asked) == 2, "the new application is told again"


async def test_a_phone_that_vanished_in_its_call_is_unreachable(open_node: OpenNode) -> None:
    async with open_node() as node:
        node.asterisk.answers["GET /endpoints/PJSIP"] = (200, [phone("201", OWN)])
        await node.phones.watch([ALICE])
        gone = {"name": "PJSIP/201", "state": "UNAVAILABLE"}
        await node.event("DeviceStateChanged", device_state=gone)
        await says(node, DeviceChanged(ALICE, DeviceState.UNREACHABLE))


async def test_a_phone_that_is_new_to_asterisk_is_followed_from_its_first_word(
    open_node: OpenNode,
) -> None:
    async with open_node() as node:
        node.asterisk.answers["GET /endpoints/PJSIP"] = (200, [phone("201")])
        found = await node.phones.watch([ALICE, BOB])
        assert found[BOB] is DeviceState.INVALID
        node.asterisk.answers["GET /endpoints/PJSIP"] = (200, [phone("201"), phone("202")])
        here = {"name": "PJSIP/202", "state": "NOT_INUSE"}
        await node.event("DeviceStateChanged", device_state=here)
        await says(node, DeviceChanged(BOB, DeviceState.REACHABLE))
        path = f"POST /applications/{COMMANDS}/subscription"
        await wait_until(lambda: len(node.asterisk.asked_for(path)) == 2, "followed", every=0.005)
        await endpoint_changed(node, "202", OWN)
        await says(
            node,
            DeviceChanged(BOB, DeviceState.REACHABLE),
            DeviceChanged(BOB, DeviceState.IN_USE),
        )


async def test_a_node_that_does_not_tell_of_a_new_phone_is_asked_again_at_its_next_word(
    open_node: OpenNode,
) -> None:
    async with open_node() as node:
        node.asterisk.answers["GET /endpoints/PJSIP"] = (200, [])
        await node.phones.watch([ALICE])
        node.asterisk.answers["GET /endpoints/PJSIP"] = (500, {"error": "busy"})
        here = {"name": "PJSIP/201", "state": "NOT_INUSE"}
        await node.event("DeviceStateChanged", device_state=here)
        await says(node, DeviceChanged(ALICE, DeviceState.REACHABLE))
        node.asterisk.answers["GET /endpoints/PJSIP"] = (200, [phone("201", OWN)])
        await node.event("DeviceStateChanged", device_state={**here, "state": "INUSE"})
        await says(
            node,
            DeviceChanged(ALICE, DeviceState.REACHABLE),
            DeviceChanged(ALICE, DeviceState.IN_USE),
        )
        assert not node.running.done()


async def test_a_look_that_is_older_than_what_was_told_does_not_overrule_it(
    open_node: OpenNode,
) -> None:
    """Looks are answered over HTTP, events come over a socket: either may be the quicker."""
    async with open_node() as node:
        looks = 0

        async def look(_: Asked) -> Answer:
            nonlocal looks
            looks += 1
            if looks == 2:
                # The state is from before; the phones' words overtake the answer.
                await endpoint_changed(node, "201", OWN)
                here = {"name": "PJSIP/202", "state": "INUSE"}
                await node.event("DeviceStateChanged", device_state=here)
                known = node.phones._devices
                await wait_until(lambda: known._calls_told, "a word of the call", every=0.001)
                await wait_until(lambda: known._reach_told, "a word of the phone", every=0.001)
            return 200, [phone("201"), phone("202", OWN, state="offline")]

        node.asterisk.answers["GET /endpoints/PJSIP"] = look
        found = await node.phones.watch([ALICE, BOB])
        # What no event told is taken from the look: the call that the second phone is in.
        assert found == {ALICE: DeviceState.IN_USE, BOB: DeviceState.IN_USE}


async def test_many_phones_are_followed_in_parts(open_node: OpenNode) -> None:
    async with open_node() as node:
        numbers = [str(number) for number in range(200, 320)]
        listed = [phone(number) for number in numbers]
        node.asterisk.answers["GET /endpoints/PJSIP"] = (200, listed)
        await node.phones.watch([EndpointName(number) for number in numbers])
        asked = node.asterisk.asked_for(f"POST /applications/{COMMANDS}/subscription")
        sources = [source for one in asked for source in one.query["eventSource"].split(",")]
        assert len(asked) == 3
        assert sources == [f"endpoint:PJSIP/{number}" for number in numbers]
