"""Words to a hundred callers at once: how late they are heard, and what holding a caller costs.

Callers come one after the other and are told 10 s of words every 30 s, so that a third of them is
spoken to at any moment. How late: from the moment at which the words are due (the time of joining
and the queue's rhythm) to the packet with their first sample, as a capture has it. CPU: what the
processes used while all callers were there, in per cent of one core, also without any words.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench import report
from lab.audio import make_tone, tones_heard
from lab.capture import Capture, Trace
from lab.numbers import TEST_PHONES, Slot
from lab.playout import Playout
from lab.ports import free_port
from lab.processes import AsteriskProcess, AsteriskSettings
from lab.sipp import SippCallers
from lab.sipp_scenarios import CallPlan
from lab.timing import HostJitter, Latency
from lab.wait import wait_until
from tests.asterisk.office import Office, Pbx, opened_office

WORDS_HZ = 1700.0
"""Words that are told from the music at a glance, by their pitch."""
WORDS_SECONDS, FIRST_AFTER_SECONDS, EVERY_SECONDS = 10.0, 10, 30
LATE_SECONDS = 0.5
CALLS_A_SECOND = 4
RTP_PORTS = (30000, 32766)
WINDOW_MS = 20
PAUSE_SECONDS = 2.0
"""Between two times that the words are heard lies more than this."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU in per cent of one core, for all callers together."""

    asterisk: float
    edge: float
    redis: float
    machine_busy: float


@dataclass(frozen=True, slots=True)
class Told:
    """How late the words were heard, and how often they were not heard at all."""

    lateness: Latency
    late: int
    missing: int


async def measure(callers: int, seconds: float) -> tuple[Mapping[str, Cost], Told, Latency | None]:
    """On an Asterisk of our own: first without words, then with them."""
    with tempfile.TemporaryDirectory(prefix="announcements-") as name:
        folder = Path(name)
        settings = AsteriskSettings(
            sip_port=free_port(), ari_port=free_port(), rtp_start=RTP_PORTS[0], rtp_end=RTP_PORTS[1]
        )
        async with AsteriskProcess(folder / "pbx", settings, extra_pjsip=TEST_PHONES) as asterisk:
            pbx = Pbx(
                ari_url=asterisk.ari_url,
                ari_user=asterisk.ari_user,
                ari_password=asterisk.ari_password,
                sip_address=asterisk.sip_address,
                sip_port=settings.sip_port,
                rtp_ports=RTP_PORTS,
                run_dir=str(asterisk.run_dir),
            )
            words = make_tone(folder / "words.wav", WORDS_HZ, WORDS_SECONDS, dbfs=-20)
            announced = {
                "hold_messages": {
                    "sounds": [[str(words.with_suffix(""))]],
                    "first_after_seconds": FIRST_AFTER_SECONDS,
                    "every_seconds": EVERY_SECONDS,
                }
            }
            costs = {}
            capture = Capture(folder / "calls.pcap", pbx.sip_port, pbx.rtp_ports)
            jitter = HostJitter(folder)
            run = _Run(pbx, asterisk.child.pid, callers, folder)
            costs["music alone"], _ = await run.hold({}, min(seconds, 40.0))
            async with jitter, capture:
                costs["music and words"], joined = await run.hold(announced, seconds)
            told = read(capture.trace(), joined)
            return costs, told, jitter.stalls


class _Run:
    """Callers on one Asterisk, as often as asked."""

    def __init__(self, pbx: Pbx, asterisk: int, callers: int, folder: Path) -> None:
        self._pbx = pbx
        self._asterisk = asterisk
        self._callers = callers
        self._folder = folder
        self._slot = 0

    async def hold(self, queue: dict[str, Any], seconds: float) -> tuple[Cost, dict[str, float]]:
        """Hold them all for so long; when each had joined, in seconds since 1970, by number."""
        slot = Slot(self._slot)
        self._slot += 1
        folder = self._folder / f"office-{slot.slot}"
        folder.mkdir()
        arriving = self._callers / CALLS_A_SECOND
        async with opened_office(self._pbx, slot, folder, agents=1, callers=0, **queue) as here:
            calls = await SippCallers.start(
                [f"1303555{number:04d}" for number in range(self._callers)],
                CallPlan(to=slot.outside_number(), talk_ms=round((arriving + seconds + 5) * 1000)),
                server=self._pbx.sip_address,
                address=slot.carrier_host,
                calls_a_second=CALLS_A_SECOND,
                folder=folder / "callers",
            )
            try:
                await wait_until(
                    lambda: self._all_joined(here), "all callers wait", arriving + 20, every=0.5
                )
                cost = await self._cost(here, seconds)
                entries = await here.get(f"/v1/queues/{here.queue}/entries?top=1000")
                joined = {
                    one["caller"]: datetime.fromisoformat(one["joined_at"]).timestamp()
                    for one in entries["data"]
                }
                await calls.finished(2 * arriving + 30)
            finally:
                await calls.stop()
        return cost, joined

    async def _all_joined(self, here: Office) -> bool:
        return len(await here.events("entry_joined")) >= self._callers

    async def _cost(self, here: Office, seconds: float) -> Cost:
        pids = (self._asterisk, here.edge.child.pid, here.redis_process.child.pid)
        before, began = [_cpu_seconds(pid) for pid in pids], time.monotonic()
        idle, whole = _machine()
        await asyncio.sleep(seconds)
        took = time.monotonic() - began
        used = [_cpu_seconds(pid) - then for pid, then in zip(pids, before, strict=True)]
        idle_now, whole_now = _machine()
        busy = 1 - (idle_now - idle) / max(1, whole_now - whole)
        asterisk, edge, redis = (round(100 * one / took, 1) for one in used)
        return Cost(asterisk, edge, redis, round(100 * busy, 1))


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _machine() -> tuple[int, int]:
    """Idle and all ticks of all cores."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def read(trace: Trace, joined: Mapping[str, float]) -> Told:
    """Each time the words were due while the caller was there, and when they were heard."""
    lateness: list[float] = []
    missing = 0
    for invite in trace.sip("INVITE"):
        joined_at = joined.get(invite.number("From"))
        streams = trace.heard_by_phone(invite.call_id)
        if joined_at is None or not streams:
            continue
        playout = Playout(max(streams, key=lambda stream: len(stream.payloads)))
        heard = _words_heard_at(playout)
        due = joined_at + FIRST_AFTER_SECONDS
        ends = playout.played_at(playout.seconds - 0.02)
        while due < ends - LATE_SECONDS:
            later = [at for at in heard if -1.0 < at - due < EVERY_SECONDS / 2]
            if later:
                lateness.append(max(0.0, later[0] - due))
            else:
                missing += 1
            due += EVERY_SECONDS
    late = sum(one > LATE_SECONDS for one in lateness)
    return Told(Latency.of(lateness), late, missing)


def _words_heard_at(playout: Playout) -> list[float]:
    """When the words began, each time, in seconds since 1970; to 20 ms."""
    spans = tones_heard(playout.sound, [WORDS_HZ], window_ms=WINDOW_MS)[WORDS_HZ]
    begun, last_end = [], -PAUSE_SECONDS
    for span in spans:
        if span.start - last_end >= PAUSE_SECONDS:
            begun.append(playout.played_at(span.start))
        last_end = span.end
    return begun


def main() -> int:
    """Exit status 1 when words came late or not at all."""
    parser = report.arguments("How late words to waiting callers are heard, and what they cost.")
    parser.add_argument("--callers", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=120.0)
    asked = parser.parse_args()
    costs, told, stalls = asyncio.run(measure(asked.callers, min(asked.seconds, 180.0)))
    rows: list[list[object]] = [
        [f"% of a core, {asked.callers} callers", "Asterisk", "edge", "Redis", "machine busy"]
    ]
    for name, cost in costs.items():
        rows.append([name, cost.asterisk, cost.edge, cost.redis, f"{cost.machine_busy} %"])
    print(report.table(rows))
    print(f"\nwords heard after they were due: {told.lateness}")
    print(f"over {LATE_SECONDS * 1000:.0f} ms late: {told.late}, not heard: {told.missing}")
    print(f"a 1 ms sleep on this host, late by: {stalls}")
    figures: dict[str, object] = {
        "callers": asked.callers,
        "cpu_percent": {name: asdict(cost) for name, cost in costs.items()},
        "lateness": told.lateness.as_json(),
        "late": told.late,
        "missing": told.missing,
        "host": stalls.as_json() if stalls else None,
    }
    report.write(asked.json, figures)
    return 1 if told.late or told.missing else 0


if __name__ == "__main__":
    sys.exit(main())
