"""One baresip process: its configuration, its control socket, its end.

What baresip 1.0 does that surprises: it ends the call when the sound file it plays ends; it
names its recordings by the second; it refuses with 486 only.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

from lab.child import Child
from lab.ports import free_port

MODULES = ("g711.so", "g722.so", "aufile.so", "sndfile.so")
APPLICATIONS = ("account.so", "menu.so", "ctrl_tcp.so")

CONFIG = """\
poll_method epoll
sip_listen {address}:{sip_port}
net_interface {address}
call_local_timeout 120
call_max_calls {max_calls}
audio_source aufile,say.wav
ausrc_format s16
auplay_format s16
auenc_format s16
audec_format s16
rtp_ports {first_rtp_port}-{last_rtp_port}
jitter_buffer_delay 0-0
module_path /usr/lib/baresip/modules
{modules}
snd_path .
ctrl_tcp_listen 127.0.0.1:{control_port}
"""
# Relative paths: baresip cuts the names of recordings at 128 characters.
# No jitter buffer: it would delay what is heard by 100 ms and drop what comes late.


class BaresipFault(Exception):
    """baresip did not start, or refused a command."""


@dataclass(frozen=True, slots=True)
class Account:
    number: str
    password: str | None
    server: str
    """`address:port` of the PBX."""
    registers: bool = True
    codecs: str = "pcmu,pcma"
    """What it offers and takes, the preferred one first."""

    @property
    def address_of_record(self) -> str:
        return f"sip:{self.number}@{self.server}"

    def line(self) -> str:
        secret = f";auth_user={self.number};auth_pass={self.password}" if self.password else ""
        return (
            f"<{self.address_of_record}>{secret};regint={600 if self.registers else 0}"
            f";answermode=manual;audio_codecs={self.codecs};dtmfmode=rtpevent"
        )


class Baresip:
    """A running baresip. Everything it reports is handed to `on_report`, in order."""

    def __init__(self, folder: Path, on_report: Callable[[dict[str, object]], None]) -> None:
        self._folder = folder
        self._on_report = on_report
        self._child = Child("baresip", folder / "baresip.log")
        self._writer: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None
        self._answer: asyncio.Future[tuple[bool, str]] | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def is_running(self) -> bool:
        return self._child.is_running()

    async def start(
        self,
        account: Account,
        address: str,
        sip_port: int,
        max_calls: int,
        rtp_ports: tuple[int, int],
    ) -> None:
        """Returns when the control socket answers (about 50 ms). Raises BaresipFault."""
        port = free_port()
        modules = [f"module {name}" for name in MODULES]
        modules += [f"module_app {name}" for name in APPLICATIONS]
        config = CONFIG.format(
            address=address,
            sip_port=sip_port,
            max_calls=max_calls,
            first_rtp_port=rtp_ports[0],
            last_rtp_port=rtp_ports[1],
            modules="\n".join(modules),
            control_port=port,
        )
        (self._folder / "config").write_text(config)
        # No account yet: what it reports before the control socket is open would be lost.
        (self._folder / "accounts").write_text("\n")
        (self._folder / "contacts").write_text("")
        self._child.spawn(["baresip", "-f", "."], env={}, cwd=self._folder)
        reader, self._writer = await self._connect(port)
        self._listening = asyncio.create_task(self._listen(reader), name="baresip reports")
        await self.command("uanew", account.line())

    async def command(self, name: str, argument: str | None = None) -> str:
        """Give one command and return what baresip printed. Raises BaresipFault if refused."""
        async with self._turn:
            if self._writer is None or not self.is_running:
                raise BaresipFault(f"{name}: this phone no longer runs")
            self._answer = asyncio.get_running_loop().create_future()
            order = {"command": name} | ({"params": argument} if argument is not None else {})
            text = orjson.dumps(order)
            self._writer.write(b"%d:%s," % (len(text), text))
            try:
                ok, printed = await asyncio.wait_for(self._answer, 5.0)
            except TimeoutError:
                raise BaresipFault(f"{name}: no answer; {self._child.log_tail()}") from None
            finally:
                self._answer = None
        if not ok:
            raise BaresipFault(f"{name} {argument or ''}: refused: {printed}")
        return printed

    async def quit(self) -> None:
        """End calls, unregister, exit; killed when that takes over 3 s. Idempotent."""
        await self._child.stop(3.0)
        await self._close()

    async def kill(self) -> None:
        """kill -9: no BYE, no unregistration. Idempotent."""
        await self._child.kill()
        await self._close()

    async def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._listening is not None:
            await self._listening
            self._listening = None

    async def _connect(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for _ in range(250):
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                if not self.is_running:
                    break
                await asyncio.sleep(0.02)
        await self.kill()
        raise BaresipFault(f"baresip did not start; {self._child.log_tail()}")

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                length = await reader.readuntil(b":")
                text = (await reader.readexactly(int(length[:-1]) + 1))[:-1]
                self._take(orjson.loads(text))
        except (asyncio.IncompleteReadError, ConnectionError):
            if self._answer is not None and not self._answer.done():
                self._answer.set_result((False, "baresip went away"))

    def _take(self, message: dict[str, object]) -> None:
        if message.get("event"):
            self._on_report(message)
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result((bool(message["ok"]), str(message.get("data", ""))))
