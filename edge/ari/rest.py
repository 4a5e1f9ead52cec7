"""ARI's REST resources, typed and in ari-py's words: channels.create, bridges.addChannel, ….

Here and nowhere else an unexpected status becomes a fault; expected ones are outcomes (404, 409
and their like, by the table in `operations`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from edge.ari.ids import in_path
from edge.ari.operations import OPERATIONS, Outcome
from edge.ari.wire import Reply, Wire
from edge.ports.phone_system import NodeFault

Snapshot = Mapping[str, Any]
"""A resource as Asterisk describes it, JSON."""

LIMIT_SECONDS = 5.0
PROMPT_LIMIT_SECONDS = 120.0
"""For orders that a channel carries out only when its prompt is over."""


class Resource:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def _call(
        self,
        method: str,
        *in_the_path: str,
        body: Mapping[str, Any] | None = None,
        limit_seconds: float = LIMIT_SECONDS,
        **query: str,
    ) -> tuple[Outcome, Reply]:
        operation = OPERATIONS[method]
        first, *later = operation.path.split("{")
        path = first + "".join(
            in_path(given) + part.split("}", 1)[1]
            for given, part in zip(in_the_path, later, strict=True)
        )
        reply = await self._wire.call(
            operation.lane, operation.verb, path, query, body, limit_seconds
        )
        if 200 <= reply.status < 300:
            return Outcome.OK, reply
        outcome = operation.outcomes.get(reply.status)
        if outcome is None:
            raise NodeFault(f"{method}: {reply.status} {reply.body!r}")
        return outcome, reply

    async def _outcome(
        self,
        method: str,
        *in_the_path: str,
        body: Mapping[str, Any] | None = None,
        limit_seconds: float = LIMIT_SECONDS,
        **query: str,
    ) -> Outcome:
        return (
            await self._call(method, *in_the_path, body=body, limit_seconds=limit_seconds, **query)
        )[0]

    async def _snapshots(self, method: str, *in_the_path: str) -> Sequence[Snapshot]:
        found: Sequence[Snapshot] = (await self._call(method, *in_the_path))[1].json()
        return found

    async def _snapshot(self, method: str, an_id: str) -> Snapshot | None:
        outcome, reply = await self._call(method, an_id)
        if outcome is not Outcome.OK:
            return None
        found: Snapshot = reply.json()
        return found


class Channels(Resource):
    async def list(self) -> Sequence[Snapshot]:
        return await self._snapshots("channels.list")

    async def get(self, channel_id: str) -> Snapshot | None:
        return await self._snapshot("channels.get", channel_id)

    async def create(
        self, channel_id: str, endpoint: str, app: str, app_args: str, variables: Mapping[str, str]
    ) -> Outcome:
        """A channel in state Down, in the application at once. OK, EXISTS or REFUSED."""
        return await self._outcome(
            "channels.create",
            body={"variables": dict(variables)},
            channelId=channel_id,
            endpoint=endpoint,
            app=app,
            appArgs=app_args,
        )

    async def dial(self, channel_id: str, timeout_seconds: int) -> Outcome:
        """Send the INVITE of a created channel; unanswered after the time it is hung up."""
        return await self._outcome("channels.dial", channel_id, timeout=str(timeout_seconds))

    async def answer(self, channel_id: str) -> Outcome:
        return await self._outcome("channels.answer", channel_id)

    async def hangup(self, channel_id: str, q850_cause: int) -> Outcome:
        return await self._outcome("channels.hangup", channel_id, reason_code=str(q850_cause))

    async def move(self, channel_id: str, app: str, app_args: str) -> Outcome:
        return await self._outcome("channels.move", channel_id, app=app, appArgs=app_args)

    async def play(
        self, channel_id: str, playback_id: str, media: Sequence[str], language: str | None = None
    ) -> Outcome:
        """`language` is a tag of Asterisk's (`en_GB`); None: that of the channel."""
        body: dict[str, Any] = {"media": list(media)}
        if language is not None:
            body["lang"] = language
        return await self._outcome("channels.play", channel_id, playback_id, body=body)

    async def snoop(self, channel_id: str, snoop_id: str, app: str, app_args: str) -> Outcome:
        """A channel whose sound is mixed into what the other hears. REFUSED: the id is taken."""
        return await self._outcome(
            "channels.snoop",
            channel_id,
            snoop_id,
            app=app,
            appArgs=app_args,
            whisper="out",
            spy="none",
        )

    async def ring(self, channel_id: str) -> Outcome:
        """180 to a call that was not answered."""
        return await self._outcome("channels.ring", channel_id)

    async def continueInDialplan(
        self, channel_id: str, context: str, extension: str, priority: int
    ) -> Outcome:
        """Out of the application and out of its bridge. Waits for the channel's prompt to end."""
        return await self._outcome(
            "channels.continue",
            channel_id,
            context=context,
            extension=extension,
            priority=str(priority),
        )

    async def getVariable(self, channel_id: str, name: str) -> str | None:
        """None for a channel that is gone and for a variable that is not set."""
        outcome, reply = await self._call("channels.getVariable", channel_id, variable=name)
        return str(reply.json()["value"]) if outcome is Outcome.OK else None

    async def setVariables(self, channel_id: str, variables: Mapping[str, str]) -> Outcome:
        """Waits for the channel's prompt to end."""
        return await self._outcome(
            "channels.setVariables",
            channel_id,
            body={"variables": dict(variables)},
            limit_seconds=PROMPT_LIMIT_SECONDS,
        )


class Bridges(Resource):
    async def list(self) -> Sequence[Snapshot]:
        return await self._snapshots("bridges.list")

    async def get(self, bridge_id: str) -> Snapshot | None:
        return await self._snapshot("bridges.get", bridge_id)

    async def create(self, bridge_id: str, kind: str, name: str) -> Outcome:
        """OK, or EXISTS when it was there before."""
        return await self._outcome("bridges.create", bridge_id, type=kind, name=name)

    async def destroy(self, bridge_id: str) -> Outcome:
        return await self._outcome("bridges.destroy", bridge_id)

    async def addChannel(
        self, bridge_id: str, channel_ids: Iterable[str], role: str | None = None
    ) -> Outcome:
        """OK is no proof that they are in: wait for ChannelEnteredBridge. GONE: one of them is."""
        channels = ",".join(channel_ids)
        if role is None:
            return await self._outcome("bridges.addChannel", bridge_id, channel=channels)
        return await self._outcome("bridges.addChannel", bridge_id, channel=channels, role=role)

    async def removeChannel(self, bridge_id: str, channel_id: str) -> Outcome:
        """GONE: it does not stand there."""
        return await self._outcome("bridges.removeChannel", bridge_id, channel=channel_id)


class Playbacks(Resource):
    async def get(self, playback_id: str) -> Snapshot | None:
        return await self._snapshot("playbacks.get", playback_id)

    async def stop(self, playback_id: str) -> Outcome:
        return await self._outcome("playbacks.stop", playback_id)


class Applications(Resource):
    async def list(self) -> Sequence[Snapshot]:
        return await self._snapshots("applications.list")

    async def get(self, app: str) -> Snapshot | None:
        return await self._snapshot("applications.get", app)

    async def subscribe(self, app: str, event_sources: Sequence[str]) -> Outcome:
        """`bridge:ID`, `deviceState:PJSIP/name`. GONE: no such application or source."""
        return await self._outcome(
            "applications.subscribe", app, eventSource=",".join(event_sources)
        )

    async def unsubscribe(self, app: str, event_sources: Sequence[str]) -> Outcome:
        return await self._outcome(
            "applications.unsubscribe", app, eventSource=",".join(event_sources)
        )

    async def filter(self, app: str, allowed: Iterable[str]) -> None:
        """Only events of these types from now on; forgotten with the application."""
        await self._call(
            "applications.filter", app, body={"allowed": [{"type": word} for word in allowed]}
        )


class Events(Resource):
    async def claimChannel(self, channel_id: str, application: str) -> Outcome:
        """Take a broadcast call. EXISTS: another was first; GONE: it waits no longer."""
        return await self._outcome(
            "events.claimChannel", channelId=channel_id, application=application
        )


class Endpoints(Resource):
    async def listByTech(self, tech: str) -> Sequence[Snapshot]:
        return await self._snapshots("endpoints.listByTech", tech)


class Recordings(Resource):
    async def deleteStored(self, name: str) -> Outcome:
        """One file of the recording: one that lies there in three formats is there three times."""
        return await self._outcome("recordings.deleteStored", name)


class Asterisk(Resource):
    async def startedAt(self) -> str:
        """ISO 8601, to the millisecond."""
        _, reply = await self._call("asterisk.getInfo", only="status")
        return str(reply.json()["status"]["startup_time"])

    async def getGlobalVar(self, name: str) -> str:
        """Empty when it is not set."""
        _, reply = await self._call("asterisk.getGlobalVar", variable=name)
        return str(reply.json()["value"])

    async def setGlobalVar(self, name: str, value: str) -> None:
        await self._call("asterisk.setGlobalVar", variable=name, value=value)

    async def reloadModule(self, name: str) -> None:
        """The module reads its configuration again."""
        await self._call("asterisk.reloadModule", name)


class Rest:
    """Every REST method we use. Each raises NodeFault when the node fails or stays silent."""

    def __init__(self, wire: Wire) -> None:
        self.channels = Channels(wire)
        self.bridges = Bridges(wire)
        self.playbacks = Playbacks(wire)
        self.applications = Applications(wire)
        self.asterisk = Asterisk(wire)
        self.recordings = Recordings(wire)
        self.events = Events(wire)
        self.endpoints = Endpoints(wire)
