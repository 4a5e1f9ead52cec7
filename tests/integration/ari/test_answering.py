"""A caller's leg is answered once, whoever asks again."""

from edge.domain.ids import LegId
from edge.ports.phone_system import Done
from lab.wait import wait_until
from tests.integration.ari.conftest import OpenNode, channel

LEG = LegId("leg_1")


async def test_a_leg_that_is_up_is_not_answered_again(open_node: OpenNode) -> None:
    async with open_node() as node:
        await node.start_leg(LEG, "Ring")
        assert await node.phones.answer(LEG) is Done.DONE
        await node.event("ChannelStateChange", channel=channel(LEG, "Up"))
        await wait_until(lambda: node.phones._router.is_up(LEG), "up", every=0.001)
        assert await node.phones.answer(LEG) is Done.DONE
        assert len(node.asterisk.asked_for("POST /channels/leg_1/answer")) == 1
