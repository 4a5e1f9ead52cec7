"""Asterisk, Redis and the edge as processes of this machine, for `make up`, the demo and tests."""

import asyncio
import base64
import contextlib
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import aiohttp

from lab.asterisk_conf import REPOSITORY, write_conf
from lab.asterisk_install import AsteriskInstall, cache_folder, find_asterisk
from lab.child import Process, ProgramFailed
from lab.numbers import TEST_PHONES
from lab.ports import PortTaken, free_port, require_free_port

__all__ = [
    "TEST_PHONES",
    "AsteriskProcess",
    "AsteriskSettings",
    "EdgeProcess",
    "PortTaken",
    "ProgramFailed",
    "RedisProcess",
    "cache_folder",
    "free_port",
]

COMMAND_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class AsteriskSettings:
    """What differs from one Asterisk to the next; each has its environment variable."""

    bind: str = "127.0.0.1"
    sip_port: int = 5060
    ari_host: str = "127.0.0.1"
    ari_port: int = 8088
    ari_password: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    rtp_start: int = 10000
    rtp_end: int = 19999
    carrier_host: str = "127.0.0.2"
    carrier_port: int = 5070
    qualify_seconds: int = 10
    patience_seconds: int = 60
    music: Path | None = None
    sorry_prompt: str | None = None
    media: Path | None = None

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> Self:
        """BIND, SIP_PORT, ARI_PORT, ARI_PASSWORD, RTP_START, RTP_END; the rest by default."""
        given: dict[str, str | int] = {}
        for name in ("BIND", "ARI_PASSWORD"):
            if env.get(name):
                given[name.lower()] = env[name]
        for name in ("SIP_PORT", "ARI_PORT", "RTP_START", "RTP_END"):
            if env.get(name):
                given[name.lower()] = int(env[name])
        return cls(**given)  # type: ignore[arg-type]

    def values(self, install: AsteriskInstall, run_dir: Path) -> dict[str, str]:
        """The words that stand for these values in asterisk-conf/."""
        return {
            "BIND": self.bind,
            "SIP_PORT": str(self.sip_port),
            "ARI_HOST": self.ari_host,
            "ARI_PORT": str(self.ari_port),
            "ARI_PASSWORD": self.ari_password,
            "RTP_START": str(self.rtp_start),
            "RTP_END": str(self.rtp_end),
            "CARRIER_HOST": self.carrier_host,
            "CARRIER_PORT": str(self.carrier_port),
            "QUALIFY_SECONDS": str(self.qualify_seconds),
            "PATIENCE_SECONDS": str(self.patience_seconds),
            "MOH_DIR": str(self.music or _hold_music(install)),
            "RINGBACK_DIR": str(REPOSITORY / "sounds" / "moh" / "ringback"),
            "SORRY_PROMPT": self.sorry_prompt or _sorry_prompt(),
            "MEDIA_DIR": str(self.media or run_dir / "spool" / "recording" / "media"),
        }


def _hold_music(install: AsteriskInstall) -> Path:
    ours = REPOSITORY / "sounds" / "moh" / "default"
    return ours if any(ours.glob("*.ulaw")) else install.music()


def _sorry_prompt() -> str:
    ours = REPOSITORY / "edge" / "prompts" / "audio" / "en" / "sorry-no-edge"
    return str(ours) if any(ours.parent.glob("sorry-no-edge.*")) else "sorry&please-try-call-later"


def _priority() -> list[str]:
    """Before all that computes, as Debian's service starts it: a busy machine is not to be heard.
    Nothing where the system does not let us."""
    asked = subprocess.run(["chrt", "--rr", "10", "true"], capture_output=True, check=False)
    return ["-p"] if asked.returncode == 0 else []


class AsteriskProcess(Process):
    """One Asterisk with our configuration, its own folders and ports."""

    def __init__(
        self,
        run_dir: Path,
        settings: AsteriskSettings | None = None,
        *,
        extra_pjsip: str = "",
        extra_extensions: str = "",
    ) -> None:
        super().__init__("asterisk", run_dir)
        self.settings = settings or AsteriskSettings()
        self.install = find_asterisk()
        self.ari_url = f"http://{self.settings.ari_host}:{self.settings.ari_port}/ari"
        self.ari_user = "edge"
        self.ari_password = self.settings.ari_password
        self.sip_address = f"{self.settings.bind}:{self.settings.sip_port}"
        self._extra = (extra_pjsip, extra_extensions)
        self._conf = self.run_dir / "etc" / "asterisk.conf"

    async def start(self) -> None:
        """Write the configuration, start, and wait until ARI answers and all is loaded."""
        self.require_free_ports()
        values = self.settings.values(self.install, self.run_dir)
        write_conf(self.run_dir, self.install, values, *self._extra)
        self.child.spawn(self._command("-f", *_priority()), self._env(), self.run_dir)
        await self._until_it_serves()
        await self.cli("core waitfullybooted")

    def require_free_ports(self) -> None:
        """Raise PortTaken when another program has the SIP or the ARI port."""
        ours = self.settings
        if ours.bind in ("0.0.0.0", "::"):
            raise PortTaken(
                f"BIND={ours.bind} names no place that phones could send audio to; "
                f"give an address of this machine"
            )
        require_free_port(ours.bind, ours.sip_port, "udp", "Asterisk (SIP)", "SIP_PORT")
        require_free_port(ours.ari_host, ours.ari_port, "tcp", "Asterisk (ARI)", "ARI_PORT")

    async def cli(self, command: str) -> str:
        """One command of Asterisk's console, and what it prints; raises ProgramFailed."""
        asking = await asyncio.create_subprocess_exec(
            *self._command("-rx", command),
            env={**os.environ, **self._env()},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(asking.communicate(), COMMAND_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                asking.kill()
            await asking.wait()
            raise self.child.failure(f"no answer to `{command}`") from None
        text = output.decode(errors="replace")
        if asking.returncode != 0:
            raise self.child.failure(f"`{command}` failed: {text.strip()}")
        return text

    def complaints(self) -> list[str]:
        """The warnings and errors Asterisk has logged so far (for a test that there are none)."""
        log = self.run_dir / "log" / "messages.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        return re.findall(r"^.*\b(?:WARNING|ERROR)\[.*$", text, re.MULTILINE)

    async def _serves(self) -> bool:
        login = base64.b64encode(f"{self.ari_user}:{self.ari_password}".encode()).decode()
        headers = {"Authorization": f"Basic {login}"}
        return await _answers(f"{self.ari_url}/asterisk/ping", headers)

    def _command(self, *arguments: str) -> list[str]:
        return [*self.install.command, "-C", str(self._conf), *arguments]

    def _env(self) -> dict[str, str]:
        # Asterisk looks its own host name up; a slow name server must not stall its SIP threads.
        return {"RES_OPTIONS": "attempts:1 timeout:1"}


class RedisProcess(Process):
    """A Redis of our own: append-only file on, written to disk each second."""

    def __init__(self, run_dir: Path, port: int = 6380, password: str = "") -> None:
        super().__init__("redis", run_dir)
        self.port = port
        self.password = password
        login = f":{password}@" if password else ""
        self.url = f"redis://{login}127.0.0.1:{port}/0"

    @property
    def append_only_folder(self) -> Path:
        """Where the append-only file lies (appendonlydir/, base and increments)."""
        return self.run_dir / "redis" / "appendonlydir"

    async def start(self) -> None:
        """Start (with what is on disk) and wait for PONG."""
        require_free_port("127.0.0.1", self.port, "tcp", "Redis", "REDIS_PORT")
        folder = self.run_dir / "redis"
        folder.mkdir(parents=True, exist_ok=True)
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "daemonize": "no",
        }
        if self.password:
            options["requirepass"] = self.password
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        self.child.spawn(["redis-server", *arguments], {}, folder)
        await self._until_it_serves()

    async def _serves(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        login = f"AUTH {self.password}\r\n" if self.password else ""
        writer.write(f"{login}PING\r\n".encode())
        try:
            answer = b""
            async with asyncio.timeout(1):
                while b"PONG" not in answer and (more := await reader.read(100)):
                    answer += more
        except (TimeoutError, OSError):
            return False
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        return b"PONG" in answer


class EdgeProcess(Process):
    """One edge: `python -m edge serve --config FILE`."""

    def __init__(
        self,
        run_dir: Path,
        config: Path,
        http_url: str,
        *,
        name: str = "edge",
        env: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(name, run_dir)
        self.config = config
        self.http_url = http_url.rstrip("/")
        self._env = dict(env or {})

    async def start(self) -> None:
        """Start and wait until `/readyz` answers 200."""
        command = [sys.executable, "-m", "edge", "serve", "--config", str(self.config)]
        self.child.spawn(command, {"PYTHONUNBUFFERED": "1", **self._env}, REPOSITORY)
        await self._until_it_serves()

    async def _serves(self) -> bool:
        return await _answers(f"{self.http_url}/readyz", {})


async def _answers(url: str, headers: Mapping[str, str]) -> bool:
    """Whether the address answers 200 within a second."""
    limit = aiohttp.ClientTimeout(total=1)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as web,
            web.get(url, headers=headers) as answer,
        ):
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
