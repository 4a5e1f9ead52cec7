"""Clears what Asterisk keeps for the applications of an edge that has died."""

from edge.ari.ids import command_app
from edge.ari.rest import Rest
from edge.domain.ids import RunId

SUBSCRIPTIONS_AT_ONCE = 20
ROUNDS = 100


async def forget_application(rest: Rest, run: RunId) -> None:
    """End the subscriptions of both of its applications: Asterisk keeps an application as long as
    it has one. Idempotent.

    Asterisk counts the subscriptions to a bridge: one of ours, and one for each leg that stood in
    it and was moved away (measured: `move` leaves that one with the old application). Each is
    ended by a request, or by one of several names in a request.
    """
    for app in (run, command_app(run)):
        await _forget(rest, app)


async def _forget(rest: Rest, app: str) -> None:
    for _ in range(ROUNDS):
        application = await rest.applications.get(app)
        if application is None:
            return
        phones = [f"deviceState:{device}" for device in application["device_names"]]
        phones += [f"endpoint:{endpoint}" for endpoint in application["endpoint_ids"]]
        requests = [
            [f"bridge:{bridge}"] * SUBSCRIPTIONS_AT_ONCE for bridge in application["bridge_ids"]
        ]
        requests += [
            phones[start : start + SUBSCRIPTIONS_AT_ONCE]
            for start in range(0, len(phones), SUBSCRIPTIONS_AT_ONCE)
        ]
        if not requests:
            return
        for sources in requests:
            await rest.applications.unsubscribe(app, sources)
