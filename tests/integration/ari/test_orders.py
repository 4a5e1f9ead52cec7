"""Orders about legs and bridges: what is asked of Asterisk, in which order, and what comes back."""

import asyncio

import pytest

from edge.ari.ids import command_app, holding_bridge
from edge.domain.ids import BridgeId, EndpointName, LegId, PlaybackId, RunId
from edge.ports.phone_system import (
    Arrival,
    Dial,
    Dialled,
    Done,
    EndReason,
    LegEnded,
    NodeFault,
    NotDialled,
)
from lab.wait import wait_until
from tests.integration.ari.conftest import APP, Node, OpenNode, channel
from tests.integration.ari.fake_asterisk import Answer, Answerer, Asked

LEG = LegId("leg_1")
AGENT = LegId("leg_2")
CONVERSATION = BridgeId("conv_1")
HOLD = holding_bridge("default")
TOLD = "500,^edge-.*,arrival,500,301,inside,1795216468123"
CALL = "1795.1"
DIAL = Dial(AGENT, EndpointName("201"), "301", "Ann", 20, {"QE_ENTRY": "ent_1"})


def whats(node: Node) -> list[str]:
    """What was asked for after the connection was made."""
    return [
        asked.what
        for asked in node.asterisk.asked
        if not asked.path.endswith(("/eventFilter", "/subscription"))
        and asked.what not in ("GET /channels", f"GET /applications/{APP}")
    ]


def enters(node: Node, bridge: BridgeId, status: int = 204) -> Answerer:
    """addChannel as Asterisk does it: the answer, then each channel enters."""

    async def add(asked: Asked) -> Answer:
        for leg in asked.query["channel"].split(","):
            fields = {"channel": channel(leg, "Up"), "bridge": {"id": bridge}}
            await node.event("ChannelEnteredBridge", **fields)
        return status, None

    return add


# --- a call at the door


async def test_a_broadcast_call_is_claimed_and_arrives_when_it_is_ours(open_node: OpenNode) -> None:
    async with open_node() as node:
        await node.event("CallBroadcast", channel=channel(CALL, "Ring", TOLD))
        claim = "POST /events/claim"
        await wait_until(lambda: node.asterisk.asked_for(claim), "claim", every=0.005)
        assert node.asterisk.asked_for(claim)[0].query == {"channelId": CALL, "application": APP}
        assert len(node.said) == 1
        # After a claim StasisStart repeats only the first argument.
        await node.event("StasisStart", channel=channel(CALL, "Ring", TOLD), args=["arrival"])
        await wait_until(lambda: len(node.said) == 2, "arrival", every=0.005)
        arrival = node.said[1]
        assert isinstance(arrival, Arrival)
        assert (arrival.leg, arrival.dialled, arrival.endpoint) == (CALL, "500", "301")
        await node.event("StasisEnd", channel=channel(CALL))
        with node.phones.listen(arrival.leg) as feed:
            assert await feed.next() == LegEnded(EndReason.NORMAL)


async def test_a_call_that_is_not_served_here_is_not_claimed(open_node: OpenNode) -> None:
    offered: list[Arrival] = []

    def refuse(arrival: Arrival) -> bool:
        offered.append(arrival)
        return False

    async with open_node(refuse) as node:
        await node.event("CallBroadcast", channel=channel(CALL, "Ring", TOLD))
        await wait_until(lambda: offered, "offered", every=0.005)
        assert whats(node) == []


@pytest.mark.parametrize("status", [404, 409, 500])
async def test_a_claim_that_is_lost_or_fails_harms_nobody(open_node: OpenNode, status: int) -> None:
    async with open_node() as node:
        node.asterisk.answers["POST /events/claim"] = (status, {"message": "late"})
        await node.event("CallBroadcast", channel=channel(CALL, "Ring", TOLD))
        await wait_until(lambda: whats(node), "claim", every=0.005)
        assert await node.phones.answer(LEG) is Done.DONE
        assert len(node.said) == 1
        assert not node.running.done()


async def test_our_own_legs_are_no_arrivals(open_node: OpenNode) -> None:
    async with open_node() as node:
        with node.phones.listen(LEG) as feed:
            for args in (["ours", LEG], ["adopted"], []):
                started = channel(LEG, "Down", TOLD)
                await node.event("StasisStart", channel=started, args=args)
            await node.event("StasisEnd", channel=channel(LEG))
            await feed.next()
        assert len(node.said) == 1


async def test_a_call_is_recalled_from_its_channel(open_node: OpenNode) -> None:
    async with open_node() as node:
        assert await node.phones.recall_arrival(LEG) is None
        node.asterisk.answers["GET /channels/leg_1"] = (200, channel(LEG, "Up"))
        assert await node.phones.recall_arrival(LEG) is None
        node.asterisk.answers["GET /channels/leg_1"] = (200, channel(LEG, "Up", TOLD))
        arrival = await node.phones.recall_arrival(LEG)
        assert arrival is not None
        assert arrival.arrived_at_ms == 1795216468123


# --- a phone is rung


async def test_a_leg_is_dialled_only_when_it_is_in_our_application(open_node: OpenNode) -> None:
    """The answer to create can come before the channel has entered, and dial is refused then."""
    async with open_node() as node:
        node.asterisk.answers["POST /channels/create"] = (200, {})
        with node.phones.listen(AGENT):
            dialling = asyncio.create_task(node.phones.dial(DIAL))
            await wait_until(lambda: whats(node), "created", every=0.005)
            assert whats(node) == ["POST /channels/create"]
            await node.start_leg(AGENT)
            assert await dialling == Dialled()
        create, dial = node.asterisk.asked[-2:]
        assert create.query == {
            "endpoint": "PJSIP/201",
            "app": APP,
            "appArgs": f"ours,{AGENT}",
            "channelId": AGENT,
        }
        assert create.body["variables"]["CONNECTEDLINE(num,i)"] == "301"
        assert create.body["variables"]["QE_ENTRY"] == "ent_1"
        assert dial.what == f"POST /channels/{AGENT}/dial"
        assert dial.query == {"timeout": "20"}


@pytest.mark.parametrize(
    ("status", "reason"),
    [(500, EndReason.UNREACHABLE), (400, EndReason.UNREACHABLE), (409, EndReason.FAILED)],
)
async def test_a_phone_that_cannot_be_dialled(
    open_node: OpenNode, status: int, reason: EndReason
) -> None:
    async with open_node() as node:
        node.asterisk.answers["POST /channels/create"] = (status, {"error": "Allocation failed"})
        with node.phones.listen(AGENT):
            assert await node.phones.dial(DIAL) == NotDialled(reason)
        assert node.phones._router.legs == {}


async def test_a_leg_that_cannot_be_dialled_is_not_left_behind(open_node: OpenNode) -> None:
    async with open_node() as node:

        async def create(_: Asked) -> Answer:
            await node.start_leg(AGENT)
            return 200, {}

        node.asterisk.answers["POST /channels/create"] = create
        node.asterisk.answers[f"POST /channels/{AGENT}/dial"] = (409, {"message": "no"})
        with node.phones.listen(AGENT):
            assert await node.phones.dial(DIAL) == NotDialled(EndReason.FAILED)
        assert whats(node)[-1] == f"DELETE /channels/{AGENT}"


async def test_a_dial_cancelled_while_asterisk_creates_leaves_no_leg(open_node: OpenNode) -> None:
    """The caller hangs up that very moment: the hang-up waits until there is a leg to end."""
    async with open_node() as node:
        go_on = asyncio.Event()

        async def create(_: Asked) -> Answer:
            await go_on.wait()
            return 200, {}

        node.asterisk.answers["POST /channels/create"] = create
        with node.phones.listen(AGENT):
            dialling = asyncio.create_task(node.phones.dial(DIAL))
            await wait_until(lambda: whats(node), "asked", every=0.005)
            dialling.cancel()
            await asyncio.gather(dialling, return_exceptions=True)
            ending = asyncio.create_task(node.phones.hang_up(AGENT))
            go_on.set()
            await ending
        assert whats(node) == ["POST /channels/create", f"DELETE /channels/{AGENT}"]


@pytest.mark.parametrize(
    ("reason", "cause"),
    [(EndReason.NORMAL, "16"), (EndReason.BUSY, "17"), (EndReason.ANSWERED_ELSEWHERE, "26")],
)
async def test_a_hang_up_tells_why(open_node: OpenNode, reason: EndReason, cause: str) -> None:
    async with open_node() as node:
        await node.phones.hang_up(LEG, reason)
        assert node.asterisk.asked[-1].query == {"reason_code": cause}


async def test_hanging_up_a_leg_that_is_gone_is_success(open_node: OpenNode) -> None:
    async with open_node() as node:
        node.asterisk.answers["DELETE /channels/leg_1"] = (404, {"message": "gone"})
        await node.phones.hang_up(LEG)


# --- standing in bridges


async def test_a_held_leg_is_added_once(open_node: OpenNode) -> None:
    """A second addChannel would stop the music for good."""
    async with open_node() as node:
        await node.start_leg(LEG, "Up")
        add = f"POST /bridges/{HOLD}/addChannel"
        node.asterisk.answers[add] = enters(node, HOLD)
        node.asterisk.answers[f"GET /bridges/{HOLD}"] = (200, {"id": HOLD, "channels": []})
        both = [node.phones.hold(LEG, "default") for _ in range(2)]
        assert await asyncio.gather(*both) == [Done.DONE, Done.DONE]
        assert await node.phones.hold(LEG, "default") is Done.DONE
        [added] = node.asterisk.asked_for(add)
        assert added.query == {"channel": LEG, "role": "holding_participant"}
        [music] = node.asterisk.asked_for("POST /channels/leg_1/variables")
        assert music.body == {"variables": {"CHANNEL(musicclass)": "default"}}
        assert len(node.asterisk.asked_for(f"POST /bridges/{HOLD}")) == 1


async def test_an_adopted_leg_that_stands_there_is_left_alone(open_node: OpenNode) -> None:
    async with open_node() as node:
        node.asterisk.answers[f"POST /bridges/{HOLD}"] = (409, {"message": "exists"})
        node.asterisk.answers[f"GET /bridges/{HOLD}"] = (200, {"id": HOLD, "channels": [LEG]})

        async def move(asked: Asked) -> Answer:
            assert asked.query == {"app": APP, "appArgs": "adopted"}
            await node.start_leg(LEG, "Up")
            return 204, None

        node.asterisk.answers["POST /channels/leg_1/move"] = move
        assert await node.phones.adopt(LEG) is Done.DONE
        assert await node.phones.hold(LEG, "default") is Done.DONE
        assert not node.asterisk.asked_for(f"POST /bridges/{HOLD}/addChannel")
        [subscription] = node.asterisk.asked_for(f"POST /applications/{APP}/subscription")
        assert subscription.query == {"eventSource": f"bridge:{HOLD}"}


async def test_a_leg_that_took_anothers_place_there_goes_out_and_in_again(
    open_node: OpenNode,
) -> None:
    """Asterisk put it there without a role: it would hear nothing."""
    async with open_node() as node:
        await node.start_leg(AGENT, "Up")
        add, remove = f"POST /bridges/{HOLD}/addChannel", f"POST /bridges/{HOLD}/removeChannel"
        node.asterisk.answers[add] = enters(node, HOLD)
        await node.event(
            "StasisStart", channel=channel(LEG, "Up"), args=[], replace_channel=channel(AGENT)
        )
        bridge = {"id": HOLD, "channels": [LEG]}
        await node.event("ChannelEnteredBridge", channel=channel(LEG), bridge=bridge)
        await wait_until(lambda: LEG in node.phones._router.bridge_of, "stands", every=0.001)
        assert await node.phones.hold(LEG, "default") is Done.DONE
        assert await node.phones.hold(LEG, "default") is Done.DONE
        orders = [asked.what for asked in node.asterisk.asked if asked.what in (add, remove)]
        assert orders == [remove, add]


@pytest.mark.parametrize("status", [404, 409])
async def test_adopting_a_leg_that_is_gone(open_node: OpenNode, status: int) -> None:
    async with open_node() as node:
        node.asterisk.answers["POST /channels/leg_1/move"] = (status, {"message": "gone"})
        assert await node.phones.adopt(LEG) is Done.GONE


async def test_a_leg_that_ends_while_it_is_adopted_is_gone(
    open_node: OpenNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.ari.phone_system.ADOPTION_SECONDS", 0.05)
    async with open_node() as node:
        assert await node.phones.adopt(LEG) is Done.GONE
        node.asterisk.answers["GET /channels/leg_1"] = (200, channel(LEG, "Up"))
        with pytest.raises(NodeFault):
            await node.phones.adopt(LEG)


async def test_another_music_is_another_bridge(open_node: OpenNode) -> None:
    async with open_node() as node:
        jazz = holding_bridge("jazz")
        await node.start_leg(LEG, "Up")
        for bridge in (HOLD, jazz):
            node.asterisk.answers[f"POST /bridges/{bridge}/addChannel"] = enters(node, bridge)
        await node.phones.hold(LEG, "default")
        await node.phones.hold(LEG, "jazz")
        assert len(node.asterisk.asked_for(f"POST /bridges/{jazz}/addChannel")) == 1
        bodies = [a.body for a in node.asterisk.asked_for("POST /channels/leg_1/variables")]
        assert bodies[-1] == {"variables": {"CHANNEL(musicclass)": "jazz"}}


async def test_a_holding_bridge_that_vanished_is_made_again(open_node: OpenNode) -> None:
    async with open_node() as node:
        await node.start_leg(LEG, "Up")
        add = f"POST /bridges/{HOLD}/addChannel"
        node.asterisk.answers[f"GET /bridges/{HOLD}"] = (200, {"id": HOLD, "channels": []})

        def vanished(_: Asked) -> Answer:
            node.asterisk.answers[add] = enters(node, HOLD)
            return 404, {"message": "Bridge not found"}

        node.asterisk.answers[add] = vanished
        assert await node.phones.hold(LEG, "default") is Done.DONE
        assert len(node.asterisk.asked_for(f"POST /bridges/{HOLD}")) == 2


async def test_a_bridge_that_never_stays_is_a_fault(open_node: OpenNode) -> None:
    async with open_node() as node:
        for bridge in (HOLD, CONVERSATION):
            node.asterisk.answers[f"POST /bridges/{bridge}/addChannel"] = (404, {"message": "no"})
        with pytest.raises(NodeFault):
            await node.phones.hold(LEG, "default")
        with pytest.raises(NodeFault):
            await node.phones.connect(CONVERSATION, [LEG])


@pytest.mark.parametrize("status", [400, 409, 422])
async def test_holding_a_leg_that_is_gone(open_node: OpenNode, status: int) -> None:
    async with open_node() as node:
        await node.start_leg(LEG, "Up")
        add = f"POST /bridges/{HOLD}/addChannel"
        node.asterisk.answers[add] = (status, {"message": "Channel not found"})
        assert await node.phones.hold(LEG, "default") is Done.GONE


async def test_two_legs_are_connected_in_one_request(open_node: OpenNode) -> None:
    async with open_node() as node:
        for leg in (LEG, AGENT):
            await node.start_leg(leg, "Up")
        add = f"POST /bridges/{CONVERSATION}/addChannel"
        node.asterisk.answers[add] = enters(node, CONVERSATION)
        await node.phones.prepare_bridge(CONVERSATION)
        await node.phones.prepare_bridge(CONVERSATION)
        assert await node.phones.connect(CONVERSATION, [LEG, AGENT]) is None
        assert await node.phones.connect(CONVERSATION, [LEG, AGENT]) is None
        assert whats(node) == [f"POST /bridges/{CONVERSATION}", add]
        assert node.asterisk.asked[-1].query == {"channel": f"{LEG},{AGENT}"}


async def test_a_prompt_is_stopped_before_the_legs_are_connected(open_node: OpenNode) -> None:
    """The channel's thread takes no order until its prompt is over."""
    async with open_node() as node:
        await node.start_leg(LEG, "Up")
        add = f"POST /bridges/{CONVERSATION}/addChannel"
        node.asterisk.answers[add] = enters(node, CONVERSATION)
        with node.phones.listen(LEG):
            await node.phones.play(LEG, PlaybackId("say_1"), ["/sounds/thanks"])
            assert await node.phones.connect(CONVERSATION, [LEG]) is None
        assert whats(node)[-2:] == ["DELETE /playbacks/say_1", add]
        play = node.asterisk.asked_for("POST /channels/leg_1/play/say_1")[0]
        assert play.body == {"media": ["sound:/sounds/thanks"]}


async def test_the_leg_that_was_gone_is_named(open_node: OpenNode) -> None:
    async with open_node() as node:
        for leg in (LEG, AGENT):
            await node.start_leg(leg, "Up")
        add = f"POST /bridges/{CONVERSATION}/addChannel"
        node.asterisk.answers[add] = (400, {"message": "Channel not found"})
        node.asterisk.answers[f"GET /channels/{LEG}"] = (200, channel(LEG, "Up"))
        with node.phones.listen(LEG), node.phones.listen(AGENT):
            assert await node.phones.connect(CONVERSATION, [LEG, AGENT]) == AGENT


async def test_a_leg_that_ends_on_its_way_into_the_bridge_is_named(open_node: OpenNode) -> None:
    async with open_node() as node:
        for leg in (LEG, AGENT):
            await node.start_leg(leg, "Up")
        node.asterisk.answers[f"GET /channels/{LEG}"] = (200, channel(LEG, "Up"))

        async def one_hangs_up(_: Asked) -> Answer:
            fields = {"channel": channel(LEG, "Up"), "bridge": {"id": CONVERSATION}}
            await node.event("ChannelEnteredBridge", **fields)
            await node.event("StasisEnd", channel=channel(AGENT, "Up"))
            return 204, None

        node.asterisk.answers[f"POST /bridges/{CONVERSATION}/addChannel"] = one_hangs_up
        with node.phones.listen(LEG), node.phones.listen(AGENT):
            assert await node.phones.connect(CONVERSATION, [LEG, AGENT]) == AGENT


async def test_legs_of_a_conversation_taken_over_are_left_where_they_are(
    open_node: OpenNode,
) -> None:
    async with open_node() as node:
        node.asterisk.answers[f"POST /bridges/{CONVERSATION}"] = (409, {"message": "exists"})
        members = {"id": CONVERSATION, "channels": [LEG, AGENT]}
        node.asterisk.answers[f"GET /bridges/{CONVERSATION}"] = (200, members)
        assert await node.phones.connect(CONVERSATION, [LEG, AGENT]) is None
        assert not node.asterisk.asked_for(f"POST /bridges/{CONVERSATION}/addChannel")


async def test_an_entry_whose_event_was_lost_is_found_by_asking(
    open_node: OpenNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.ari.stage.ENTRY_SECONDS", 0.05)
    async with open_node() as node:
        for leg in (LEG, AGENT):
            await node.start_leg(leg, "Up")
        snapshot = {"id": CONVERSATION, "channels": [LEG, AGENT]}
        node.asterisk.answers[f"GET /bridges/{CONVERSATION}"] = (200, snapshot)
        assert await node.phones.connect(CONVERSATION, [LEG, AGENT]) is None


# --- variables, playbacks, the whole node


async def test_variables_are_written_and_read(open_node: OpenNode) -> None:
    async with open_node() as node:
        assert await node.phones.set_variables(LEG, {"QE_PLACE": "12"}) is Done.DONE
        assert await node.phones.variable(LEG, "QE_PLACE") is None
        node.asterisk.answers["GET /channels/leg_1/variable"] = (200, {"value": "12"})
        assert await node.phones.variable(LEG, "QE_PLACE") == "12"


async def test_stopping_what_has_ended_is_success(open_node: OpenNode) -> None:
    async with open_node() as node:
        node.asterisk.answers["DELETE /playbacks/say_1"] = (404, {"message": "gone"})
        await node.phones.stop(PlaybackId("say_1"))


async def test_a_survey_shows_legs_bridges_and_applications(open_node: OpenNode) -> None:
    async with open_node() as node:
        node.asterisk.answers |= {
            "GET /channels": (200, [channel(LEG, "Up"), channel(AGENT, "Ringing")]),
            "GET /asterisk/info": (
                200,
                {"status": {"startup_time": "2026-11-20T23:12:11.250+0000"}},
            ),
            "GET /bridges": (200, [{"id": HOLD, "channels": [LEG]}]),
            "GET /applications": (
                200,
                [
                    {"name": "edge-1", "channel_ids": [LEG]},
                    {"name": "cmd-edge-1", "channel_ids": []},
                ],
            ),
        }
        survey = await node.phones.survey()
        assert {leg: (s.state, s.bridge) for leg, s in survey.legs.items()} == {
            LEG: ("up", HOLD),
            AGENT: ("ringing", None),
        }
        assert survey.bridges == {HOLD: frozenset({LEG})}
        assert survey.started_at_ms == 1795216331250
        assert survey.waiting_in_app == {RunId("edge-1"): frozenset({LEG})}


async def test_a_dead_application_is_freed_of_its_subscriptions(open_node: OpenNode) -> None:
    """However many it has to one bridge: one for each leg that was moved away stays with it."""
    async with open_node() as node:
        dead = RunId("edge-dead")
        await node.phones.forget_application(dead)
        kept = {f"bridge:{HOLD}": 50, "deviceState:PJSIP/201": 1}
        kept_by_commands = {f"endpoint:PJSIP/{number}": 2 for number in range(200, 250)}

        def describe(_: Asked) -> Answer:
            bridges = [HOLD] if kept[f"bridge:{HOLD}"] > 0 else []
            devices = ["PJSIP/201"] if kept["deviceState:PJSIP/201"] > 0 else []
            return 200, {"bridge_ids": bridges, "device_names": devices, "endpoint_ids": []}

        def describe_commands(_: Asked) -> Answer:
            left = [name.partition(":")[2] for name, count in kept_by_commands.items() if count > 0]
            return 200, {"bridge_ids": [], "device_names": [], "endpoint_ids": left}

        def end_commands(asked: Asked) -> Answer:
            for source in asked.query["eventSource"].split(","):
                kept_by_commands[source] -= 1
            return 200, {}

        def end(asked: Asked) -> Answer:
            for source in asked.query["eventSource"].split(","):
                kept[source] -= 1
            return 200, {}

        node.asterisk.answers[f"GET /applications/{dead}"] = describe
        node.asterisk.answers[f"DELETE /applications/{dead}/subscription"] = end
        commands = command_app(dead)
        node.asterisk.answers[f"GET /applications/{commands}"] = describe_commands
        node.asterisk.answers[f"DELETE /applications/{commands}/subscription"] = end_commands
        await node.phones.forget_application(dead)
        assert max(kept.values()) <= 0
        assert max(kept_by_commands.values()) <= 0
