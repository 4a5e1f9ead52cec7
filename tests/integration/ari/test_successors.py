"""Who comes in the place of somebody who stood in music, by a transfer."""

import pytest

from edge.ari.ids import holding_bridge
from edge.domain.ids import LegId
from edge.ports.phone_system import Done
from lab.wait import wait_until
from tests.integration.ari.conftest import Node, OpenNode, channel
from tests.integration.ari.fake_asterisk import Answer, Asked

BEFORE, AFTER = LegId("leg_1"), LegId("leg_2")
HOLD = holding_bridge("default")
ADD, REMOVE = f"POST /bridges/{HOLD}/addChannel", f"POST /bridges/{HOLD}/removeChannel"
TOO_EARLY_SECONDS = 0.2


async def test_music_is_given_only_when_the_one_who_comes_was_answered(
    open_node: OpenNode,
) -> None:
    """Asterisk answers it when it stands there already, and that ends its music for good."""
    async with open_node() as node:

        async def enters(asked: Asked) -> Answer:
            await _is_in_music(node, LegId(asked.query["channel"]))
            return 204, None

        node.asterisk.answers[ADD] = enters
        await node.start_leg(BEFORE, "Up")
        assert await node.phones.hold(BEFORE, "default") is Done.DONE
        await node.event(
            "StasisStart", channel=channel(AFTER), args=[], replace_channel=channel(BEFORE)
        )
        await _is_in_music(node, AFTER)
        with pytest.raises(AssertionError):
            await wait_until(lambda: node.asterisk.asked_for(REMOVE), "out", TOO_EARLY_SECONDS)
        await node.event("ChannelStateChange", channel=channel(AFTER, "Up"))
        await wait_until(lambda: len(node.asterisk.asked_for(ADD)) == 2, "in again", every=0.005)
        assert len(node.asterisk.asked_for(REMOVE)) == 1


async def _is_in_music(node: Node, leg: LegId) -> None:
    bridge = {"id": HOLD, "channels": [leg]}
    await node.event("ChannelEnteredBridge", channel=channel(leg), bridge=bridge)
