"""Clears what Asterisk keeps for an application whose edge has died."""

from edge.ari.rest import Rest
from edge.domain.ids import RunId

SUBSCRIPTIONS_AT_ONCE = 20
ROUNDS = 100


async def forget_application(rest: Rest, run: RunId) -> None:
    """End the application's subscriptions: Asterisk keeps it as long as it has one. Idempotent.

    Asterisk counts the subscriptions to a bridge: one of ours, and one for each leg that stood in
    it and was moved away (measured: `move` leaves that one with the old application). Each is
    ended by a request, or by one of several names in a request.
    """
    for _ in range(ROUNDS):
        application = await rest.applications.get(run)
        if application is None:
            return
        sources = [f"bridge:{bridge}" for bridge in application["bridge_ids"]]
        sources += [f"deviceState:{device}" for device in application["device_names"]]
        if not sources:
            return
        for source in sources:
            await rest.applications.unsubscribe(run, [source] * SUBSCRIPTIONS_AT_ONCE)
