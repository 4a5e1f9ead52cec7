"""SIPp for what a softphone cannot do: carriers, refusals of every kind, crossings, load."""

import contextlib
import itertools
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from lab.child import Child, ProgramFailed
from lab.ports import free_port, own_share
from lab.sipp_calls import SippCall, calls_in
from lab.sipp_scenarios import (
    Behaviour,
    CallPlan,
    answering,
    calling,
    registering,
)
from lab.wait import wait_until

LONGEST_RUN_SECONDS = 300
"""SIPp ends itself after this, whatever happens."""


class _Sipp:
    """One SIPp process with its scenario, log and end."""

    def __init__(self, name: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.name = name
        self._facts = folder / f"{name}-facts.log"
        self.child = Child(f"sipp {name}", folder / f"{name}.log")

    def spawn(self, scenario: str, server: str, address: str, sip_port: int, *more: str) -> None:
        script = self.folder / f"{self.name}.xml"
        script.write_text(scenario)
        for old in (self._facts, self.folder / f"{self.name}-errors.log"):
            old.unlink(missing_ok=True)
        self.child.spawn(
            [
                *("sipp", server, "-sf", str(script), "-i", address, "-p", str(sip_port)),
                *("-mi", address, "-mp", str(_free_media_port(address)), "-rtp_echo"),
                *("-cp", str(free_port(address)), "-nostdin", "-aa"),
                *("-timeout", f"{LONGEST_RUN_SECONDS}s", "-fd", "60"),
                *("-trace_logs", "-log_file", str(self._facts)),
                *("-trace_err", "-error_file", str(self.folder / f"{self.name}-errors.log")),
                *more,
            ],
            env={"TERM": "dumb"},
            cwd=self.folder,
        )

    def calls(self) -> list[SippCall]:
        return calls_in(self._facts)

    def listens(self, address: str, port: int) -> bool:
        """Raises ProgramFailed when it ended instead."""
        if not self.child.is_running():
            raise self.child.failure("it did not start")
        return _listens(address, port)

    def complaints(self) -> str:
        """What SIPp itself found wrong: unexpected messages, time-outs."""
        errors = self.folder / f"{self.name}-errors.log"
        return errors.read_text(errors="replace") if errors.exists() else ""


_serial = itertools.count(1)


def _folder(folder: Path | None) -> Path:
    return folder if folder is not None else Path(tempfile.mkdtemp(prefix="sipp-"))


class SippCallers:
    """Callers on their way: as many calls as numbers, a fixed rate, each by the same plan."""

    def __init__(self, sipp: _Sipp, expected: int) -> None:
        self._sipp = sipp
        self._expected = expected

    @classmethod
    async def start(
        cls,
        numbers: Sequence[str],
        plan: CallPlan,
        *,
        server: str = "127.0.0.1:5060",
        address: str = "127.0.0.2",
        calls_a_second: float = 10.0,
        folder: Path | None = None,
    ) -> Self:
        """Start calling; returns at once. Address 127.0.0.2 is the carrier.

        Calls on one number are made one by one in the order given.
        """
        sipp = _Sipp(f"callers-{next(_serial)}", _folder(folder))
        injected = sipp.folder / f"{sipp.name}.csv"
        logins = [
            f"{number};[authentication username={number} "
            f"password={(plan.password or '').format(number=number)}]"
            for number in numbers
        ]
        injected.write_text("SEQUENTIAL\n" + "\n".join(logins) + "\n")
        rate_ms = 1000 if calls_a_second >= 1 else round(1000 / calls_a_second)
        sipp.spawn(
            calling(plan),
            server,
            address,
            free_port(address),
            *("-inf", str(injected), "-m", str(len(numbers))),
            *("-r", str(max(1, round(calls_a_second))), "-rp", str(rate_ms)),
            *("-l", str(len(numbers))),
        )
        return cls(sipp, len(numbers))

    def calls(self) -> list[SippCall]:
        """The calls so far; may be asked at any time."""
        return self._sipp.calls()

    async def finished(self, seconds: float = 60.0) -> list[SippCall]:
        """Wait until every call is over. Raises AssertionError with SIPp's complaints if not."""
        if not await self._sipp.child.ended(seconds):
            await self.stop()
            raise AssertionError(f"calls not over in {seconds:g} s: {self._story()}")
        over = [call for call in self.calls() if call.is_over]
        if len(over) != self._expected:
            raise AssertionError(f"{len(over)} of {self._expected} calls ended: {self._story()}")
        return over

    async def stop(self) -> None:
        """End SIPp at once; calls still up are left to the other side. Idempotent."""
        await self._sipp.child.kill()

    def _story(self) -> str:
        return f"{[call.words for call in self.calls()]} {self._sipp.complaints()[-1500:]}"


class SippPhone:
    """A phone (or the outside, behind the carrier) that treats calls as its behaviour says."""

    def __init__(self, sipp: _Sipp, number: str, password: str | None, server: str) -> None:
        self._sipp = sipp
        self.number = number
        self._password = password
        self._server = server
        self._contact = ""

    @classmethod
    async def start(
        cls,
        number: str,
        behaviour: Behaviour,
        *,
        server: str = "127.0.0.1:5060",
        password: str | None = None,
        registers: bool = True,
        address: str = "127.0.0.1",
        sip_port: int = 0,
        folder: Path | None = None,
    ) -> Self:
        """Returns when it is registered and listens. Port 0: any free one.

        For the outside: `registers=False, address="127.0.0.2", sip_port=5070`; it then takes
        calls to any number. Raises ProgramFailed.
        """
        sipp = _Sipp(f"phone-{number}-{next(_serial)}", _folder(folder))
        port = sip_port or free_port(address)
        login = (password or f"demo-{number}") if registers else None
        phone = cls(sipp, number, login, server)
        phone._contact = f"{address}:{port}"
        # First and from the same port: a PBX that rewrites contacts calls where REGISTER came from.
        await phone._register(600)
        sipp.spawn(answering(behaviour, number), server, address, port)
        try:
            await wait_until(lambda: sipp.listens(address, port), f"{sipp.name} listens", 10.0)
        except (AssertionError, ProgramFailed):
            await sipp.child.kill()
            raise
        return phone

    def calls(self) -> list[SippCall]:
        """The calls that reached it, so far."""
        return self._sipp.calls()

    async def wait_for(self, word: str, count: int = 1, seconds: float = 10.0) -> SippCall:
        """The `count`-th call in which that happened. Raises AssertionError."""

        def found() -> list[SippCall]:
            return [call for call in self.calls() if word in call.words]

        try:
            await wait_until(lambda: len(found()) >= count, word, seconds)
        except AssertionError:
            raise AssertionError(
                f"phone {self.number}: no {word} (x{count}) within {seconds:g} s; it saw "
                f"{[call.words for call in self.calls()]} {self._sipp.complaints()[-1500:]}"
            ) from None
        return found()[count - 1]

    async def stop(self) -> None:
        """Unregister and end at once; a call still up is left to the other side."""
        was_running = self._sipp.child.is_running()
        await self.vanish()
        if was_running:
            await self._register(0)

    async def vanish(self) -> None:
        """The plug is pulled: it answers nothing any more, its registration stays."""
        await self._sipp.child.kill()

    async def _register(self, expires: int) -> None:
        if self._password is None:
            return
        registrar = _Sipp(f"register-{self.number}-{next(_serial)}", self._sipp.folder)
        scenario = registering(self.number, self._password, self._contact, expires)
        address, port = self._contact.split(":")
        more = ("-m", "1", "-recv_timeout", "3000")
        registrar.spawn(scenario, self._server, address, int(port), *more)
        ended = await registrar.child.ended(5.0)
        if not ended:
            await registrar.child.kill()
        if not any("registered" in call.words for call in registrar.calls()):
            raise ProgramFailed(
                f"{self.number} could not register at {self._server}: {registrar.complaints()}"
            )


MEDIA_PORTS = range(10000, 19996, 4)
_turn = itertools.count()


def _free_media_port(address: str) -> int:
    """A port free together with the second after it: SIPp takes both, or ends.

    Below what the kernel gives out by itself and what phones and the PBX use (20000 and up). One
    after the other: phones that start at the same time have found theirs before they take them.
    """
    share = own_share(MEDIA_PORTS)
    for _ in range(100):
        first = share[next(_turn) % len(share)]
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as audio,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as video,
            contextlib.suppress(OSError),
        ):
            audio.bind((address, first))
            video.bind((address, first + 2))
            return first
    raise ProgramFailed(f"no pair of free media ports on {address}")


def _listens(address: str, port: int) -> bool:
    """Is that UDP port taken, as the kernel lists it?"""
    packed = "".join(f"{int(part):02X}" for part in reversed(address.split(".")))
    local = f"{packed}:{port:04X}"
    return any(
        line.split()[1:2] == [local] for line in Path("/proc/net/udp").read_text().splitlines()
    )
