"""A robot phone: a real baresip that registers, calls, answers, speaks a tone and listens."""

import asyncio
import contextlib
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Self
from urllib.parse import quote

from lab.audio import RATE, make_tone
from lab.baresip import Account, Baresip
from lab.phone_events import Happening, PhoneEvent, Recording
from lab.wait import wait_until

TONE_SECONDS = 170
"""How long a phone can speak: baresip hangs up when the file it plays is over."""

KEY_GAP_SECONDS = 0.12
"""Between two keys, so that Asterisk sees the end of the first before the second begins."""


class Phone:
    """One phone with one line. Make it with `start` or `phone`."""

    def __init__(self, account: Account, folder: Path, tone_hz: float | None) -> None:
        self.account = account
        self.folder = folder
        self.tone_hz = tone_hz
        """What this phone says, so that the other side can tell who is heard."""
        self.events: list[PhoneEvent] = []
        self.recordings: list[Recording] = []
        self.auto_answer_after: float | None = None
        """Seconds of ringing before the phone answers by itself; None: by hand."""
        self.on_event: Callable[[PhoneEvent], None] | None = None
        self._baresip = Baresip(folder, self._report)
        self._taken: dict[Happening, int] = defaultdict(int)
        self._story_from = 0
        self._answering: dict[str, asyncio.Task[None]] = {}

    @classmethod
    async def start(
        cls,
        number: str,
        *,
        server: str = "127.0.0.1:5060",
        password: str | None = None,
        registers: bool = True,
        address: str = "127.0.0.1",
        sip_port: int = 0,
        folder: Path | None = None,
        tone_hz: float | None = None,
        say: Path | None = None,
        auto_answer_after: float | None = None,
        max_calls: int = 1,
        codecs: str = "pcmu,pcma",
        rtp_ports: tuple[int, int] = (20000, 29998),
    ) -> Self:
        """Start a phone; returns before it is registered (see `wait_registered`).

        It speaks `tone_hz`, or the wav `say` (8 kHz mono 16 bit; the phone hangs up at its
        end), or silence. `address` is the loopback address of signalling and media; SIP port 0
        is the kernel's choice. `registers=False` and address 127.0.0.2 make a phone behind the
        carrier; INVITEs for other numbers than its own get 404. A call beyond `max_calls` gets
        486. `codecs` in order of preference; with "g722/16000/1" alone it speaks 16 kHz.
        `password` defaults to `demo-<number>`. Files go to `folder`, by default a fresh
        temporary one. Raises BaresipFault.
        """
        if folder is None:
            folder = Path(tempfile.mkdtemp(prefix=f"phone-{number}-"))
        folder.mkdir(parents=True, exist_ok=True)
        _lay_words(folder / "say.wav", say, tone_hz, 16_000 if codecs.startswith("g722") else RATE)
        account = Account(number, password or f"demo-{number}", server, registers, codecs)
        phone = cls(account, folder, tone_hz)
        phone.auto_answer_after = auto_answer_after
        await phone._baresip.start(account, address, sip_port, max_calls, rtp_ports)
        return phone

    @property
    def number(self) -> str:
        return self.account.number

    @property
    def pid(self) -> int:
        return self._baresip.pid

    @property
    def in_call(self) -> bool:
        """Is a call up or ringing?"""
        opened = {event.call_id for event in self.events if event.call_id}
        return bool(opened - {event.call_id for event in self.seen(Happening.CLOSED)})

    @property
    def recording(self) -> Recording:
        """What was heard in the newest call that had audio. Raises AssertionError if none."""
        if not self.recordings:
            raise AssertionError(f"phone {self.number} recorded no call")
        return self.recordings[-1]

    def seen(self, kind: Happening | str) -> list[PhoneEvent]:
        return [event for event in self.events if event.kind == kind]

    async def wait_for(self, kind: Happening | str, seconds: float = 10.0) -> PhoneEvent:
        """The next event of that kind that no earlier wait_for has returned, waiting for it.

        A new call begins a new story: `call`, and `incoming` once it is returned, put
        everything before them aside. Raises AssertionError with what happened instead.
        """
        kind = Happening(kind)
        first = max(self._story_from, self._taken[kind])

        def positions() -> list[int]:
            return [n for n, event in enumerate(self.events) if n >= first and event.kind is kind]

        try:
            await wait_until(positions, kind, seconds, every=0.01)
        except AssertionError:
            story = [f"{event.kind} {event.detail}".strip() for event in self.events]
            raise AssertionError(
                f"phone {self.number}: no {kind} within {seconds:g} s; it saw {story}"
            ) from None
        position = positions()[0]
        self._taken[kind] = position + 1
        if kind is Happening.INCOMING:
            self._story_from = position
        return self.events[position]

    async def wait_registered(self, seconds: float = 5.0) -> PhoneEvent:
        return await self.wait_for(Happening.REGISTERED, seconds)

    async def call(self, number: str) -> None:
        """Dial; returns when the INVITE is on its way. A full SIP URI is dialled as it is."""
        self._story_from = len(self.events)
        target = number if number.startswith("sip:") else f"sip:{number}@{self.account.server}"
        await self._baresip.command("dial", target)

    async def answer(self) -> None:
        """Answer what rings; wait for `answered` to know that it is up."""
        await self._baresip.command("accept")

    async def reject(self, status: int = 486) -> None:
        """Refuse what rings, with 486. baresip knows no other: 603 and 480 need lab.sipp."""
        if status != 486:
            raise ValueError(f"baresip refuses with 486 only, not {status}: use lab.sipp")
        await self._baresip.command("hangup")

    async def hang_up(self) -> None:
        """BYE, or CANCEL while the other side still rings; nothing when there is no call."""
        await self._baresip.command("hangup")

    async def press(self, keys: str) -> None:
        """Send keys as RFC 4733 events, one after the other; returns when the last is sent."""
        for key in keys:
            await self._baresip.command("sndcode", key)
            await asyncio.sleep(KEY_GAP_SECONDS)

    async def hold(self) -> None:
        """Put the call on hold (re-INVITE, sendonly)."""
        await self._baresip.command("hold")

    async def resume(self) -> None:
        await self._baresip.command("resume")

    async def transfer(self, number: str) -> None:
        """Blind transfer (REFER) of the call."""
        await self._baresip.command("transfer", f"sip:{number}@{self.account.server}")

    async def transfer_to_call(self, call_id: str, number: str, replaces: str) -> None:
        """Attended transfer: REFER in the call `call_id` to whoever talks in another call of ours,
        named by its dialog as the PBX sees it (`call-id;to-tag=…;from-tag=…`)."""
        await self._baresip.command("callfind", call_id)
        target = f"sip:{number}@{self.account.server}?Replaces={quote(replaces, safe='')}"
        await self._baresip.command("transfer", target)

    async def unregister(self) -> None:
        """Take the registration back; the phone's calls end and it takes no new ones."""
        await self._baresip.command("uadel", self.account.address_of_record)

    async def register(self) -> None:
        """Register again after `unregister`."""
        await self._baresip.command("uanew", self.account.line())

    async def stop(self) -> None:
        """Hang up, unregister, end; the recordings stay. Idempotent."""
        await self._end_answering()
        await self._baresip.quit()
        (self.folder / "say.wav").unlink(missing_ok=True)

    async def vanish(self) -> None:
        """The plug is pulled: no BYE, no unregistration."""
        await self._end_answering()
        await self._baresip.kill()

    def _report(self, message: dict[str, object]) -> None:
        event = PhoneEvent.of_report(message)
        if event is None:
            return
        self.events.append(event)
        self._keep_recording(event)
        if (
            event.call_id
            and event.kind is Happening.INCOMING
            and self.auto_answer_after is not None
        ):
            self._answering[event.call_id] = asyncio.create_task(
                self._answer_later(self.auto_answer_after), name=f"{self.number} answers"
            )
        if event.call_id and event.kind is Happening.CLOSED:
            answering = self._answering.pop(event.call_id, None)
            if answering is not None:
                answering.cancel()
        if self.on_event is not None:
            self.on_event(event)

    def _keep_recording(self, event: PhoneEvent) -> None:
        """Take baresip's dump out of its way: two calls in one second share its name."""
        if event.call_id is None:
            return
        for dump in self.folder.glob("dump-*-enc.wav"):
            dump.unlink()
        for dump in sorted(self.folder.glob("dump-*-dec.wav")):
            kept = self.folder / f"heard-{self.number}-{len(self.recordings) + 1}.wav"
            self.recordings.append(Recording(dump.rename(kept), event.call_id))
        if event.kind is Happening.HEARING:
            for recording in self.recordings:
                if recording.call_id == event.call_id and recording.started_at is None:
                    recording.started_at = event.at

    async def _answer_later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._baresip.command("accept")

    async def _end_answering(self) -> None:
        answering = list(self._answering.values())
        self._answering.clear()
        for task in answering:
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)


def _lay_words(words: Path, say: Path | None, tone_hz: float | None, rate: int) -> None:
    words.unlink(missing_ok=True)
    if say is not None:
        words.symlink_to(say.resolve())
    elif tone_hz is not None:
        make_tone(words, tone_hz, TONE_SECONDS, rate=rate)
    else:
        make_tone(words, 1000, TONE_SECONDS, dbfs=-120, rate=rate)


@contextlib.asynccontextmanager
async def phones(*started: Phone) -> AsyncIterator[tuple[Phone, ...]]:
    """Stop these phones at the end of the block, all at once."""
    try:
        yield started
    finally:
        await asyncio.gather(*(phone.stop() for phone in started))
