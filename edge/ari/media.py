"""Uploaded pieces on one node: fetched by its dialplan into a folder of its own, then played from
there like any file. No call ever waits for a download."""

import asyncio
from collections.abc import Sequence

import structlog

from edge.ari.ids import command_app, in_path
from edge.ari.operations import Outcome
from edge.ari.rest import Rest
from edge.ari.wire import Wire
from edge.domain.ids import NodeId, RunId, new_suffix
from edge.domain.media import FORMATS, ON_NODES
from edge.ports.phone_system import NodeFault

log = structlog.get_logger()

FETCHER = "Local/fetch@queue-edge-media/n"
FORGETTER = "Local/forget@queue-edge-media/n"
AS_RECORDING = "media/"
"""Before a piece's name among the recordings of ARI, whose folder holds that of the pieces."""
FOLDER_VARIABLE = "MEDIA_DIR"
FETCHED_WITHIN_SECONDS = 100.0
"""Three files, each within the time limit of the dialplan."""
LOOK_AGAIN_SECONDS = 0.02
NORMAL_CLEARING = 16
MUSIC_MODULE = "res_musiconhold.so"
NEW_CLASS = "written"


class NodeMedia:
    """Implements `MediaNode`."""

    def __init__(self, node: NodeId, run: RunId, rest: Rest, wire: Wire) -> None:
        self.node = node
        self._app = command_app(run)
        self._rest = rest
        self._wire = wire
        self._folder = ""
        self._names: set[str] = set()
        self._left_out: set[str] = set()
        self._log = log.bind(node=node)

    @property
    def is_up(self) -> bool:
        return self._wire.takes_events

    @property
    def connection(self) -> int:
        return self._wire.connections

    def has(self, name: str) -> None:
        self._names.add(name)
        self._left_out.discard(name)

    def lacks(self, name: str) -> None:
        self._names.discard(name)

    def playable(self, sounds: Sequence[str]) -> list[str]:
        """The sounds with the node's own paths for uploaded pieces; what it has not is left out,
        and logged once."""
        found = []
        for sound in sounds:
            if not sound.startswith(ON_NODES):
                found.append(sound)
                continue
            name = sound.removeprefix(ON_NODES)
            if name in self._names and self._folder:
                found.append(f"{self._folder}/{name}")
            elif name not in self._left_out:
                self._left_out.add(name)
                self._log.warning("media_left_out", media=name)
        return found

    async def find_folder(self) -> None:
        """Ask where the node keeps pieces. Raises NodeFault."""
        self._folder = await self._rest.asterisk.getGlobalVar(FOLDER_VARIABLE)

    async def fetch(self, name: str, url: str, size: int, *, is_music: bool) -> bool:
        """Raises NodeFault."""
        await self.find_folder()
        if not self._folder:
            return False
        variables = {"QE_MEDIA": name, "QE_URL": url, "QE_BYTES": str(size)}
        if is_music:
            variables["QE_CLASS"] = name
        if not await self._done(FETCHER, variables):
            return False
        if is_music:
            await self._read_classes(name)
        return True

    async def forget(self, name: str) -> None:
        """Raises NodeFault. Who hears the music of it at this moment hears it to its end."""
        if await self._done(FORGETTER, {"QE_MEDIA": name}):
            await self._read_classes(name)
        for _ in FORMATS:
            await self._rest.recordings.deleteStored(AS_RECORDING + name)

    async def _read_classes(self, name: str) -> None:
        """Where the node has written that of this piece; what plays goes on."""
        if await self._rest.asterisk.getGlobalVar(name) == NEW_CLASS:
            await self._rest.asterisk.reloadModule(MUSIC_MODULE)
            await self._rest.asterisk.setGlobalVar(name, "")

    async def _done(self, extension: str, variables: dict[str, str]) -> bool:
        """A Local channel does it, and is answered when it is done."""
        channel = f"med_{new_suffix()}"
        channels = self._rest.channels
        created = await channels.create(channel, extension, self._app, "media", variables)
        if created is not Outcome.OK:
            return False
        try:
            async with asyncio.timeout(FETCHED_WITHIN_SECONDS):
                is_dialled = False
                while (snapshot := await channels.get(channel)) is not None:
                    if snapshot["state"] == "Up":
                        return True
                    if not is_dialled:
                        # Refused while the channel is not yet in our application.
                        dialled = await channels.dial(channel, round(FETCHED_WITHIN_SECONDS))
                        is_dialled = dialled is Outcome.OK
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
                return False
        except TimeoutError:
            raise NodeFault(f"{in_path(variables['QE_MEDIA'])} was not fetched in time") from None
        finally:
            await channels.hangup(channel, NORMAL_CLEARING)
