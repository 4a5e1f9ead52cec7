"""What a node has at one moment: legs, bridges, and which application each leg stands in."""

import asyncio
from datetime import datetime

from edge.ari.events import Channel, read_channel
from edge.ari.ids import EDGE_PREFIX
from edge.ari.legs import LEG_STATES
from edge.ari.rest import Rest
from edge.domain.ids import BridgeId, LegId, RunId
from edge.ports.phone_system import LegState, Survey, SurveyedLeg


async def take_survey(rest: Rest) -> Survey:
    """Lists asked for at once; a leg that comes or goes meanwhile may be in one only."""
    channels, bridges, applications, started_at = await asyncio.gather(
        rest.channels.list(),
        rest.bridges.list(),
        rest.applications.list(),
        rest.asterisk.startedAt(),
    )
    members = {
        BridgeId(bridge["id"]): frozenset(LegId(leg) for leg in bridge["channels"])
        for bridge in bridges
    }
    stands_in = {leg: bridge for bridge, legs in members.items() for leg in legs}
    legs = {}
    for snapshot in channels:
        channel = read_channel(snapshot)
        leg = LegId(channel.id)
        state = LEG_STATES.get(channel.state, LegState.DOWN)
        legs[leg] = SurveyedLeg(leg, state, stands_in.get(leg))
    return Survey(
        legs=legs,
        bridges=members,
        waiting_in_app={
            RunId(app["name"]): frozenset(LegId(leg) for leg in app["channel_ids"])
            for app in applications
            if app["name"].startswith(EDGE_PREFIX)
        },
        started_at_ms=round(datetime.fromisoformat(started_at).timestamp() * 1000),
    )


async def legs_of(rest: Rest, app: RunId) -> dict[LegId, Channel]:
    """The channels that stand in one application now."""
    application, channels = await asyncio.gather(rest.applications.get(app), rest.channels.list())
    inside = frozenset() if application is None else frozenset(application["channel_ids"])
    return {LegId(c["id"]): read_channel(c) for c in channels if c["id"] in inside}
