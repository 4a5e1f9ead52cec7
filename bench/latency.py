"""How long a caller and an agent wait for us, in real calls, read from a packet capture.

INVITE → music: the caller's INVITE to the first RTP packet at the caller. Free → rung: the end
of an agent's call (the 200 OK to its BYE) to the next INVITE at that agent while callers wait.
Answer → bridged: the agent's 200 OK to the first RTP packet at the agent. Beside them stand how
late a 1 ms sleep wakes on this machine, and how late the edge's own event loop does.
"""

import asyncio
import bisect
import json
import tempfile
from pathlib import Path

from bench import report
from lab.asterisk_conf import REPOSITORY
from lab.capture import Capture, Trace
from lab.numbers import TEST_PHONES, Slot
from lab.ports import free_port
from lab.processes import AsteriskProcess, AsteriskSettings
from lab.sipp import SippCallers, SippPhone
from lab.sipp_scenarios import Behaviour, CallPlan
from lab.timing import HostJitter, Latency
from tests.asterisk.office import Pbx, opened_office

AGENTS = 2
TALK_MS = 300
RING_MS = 100
RTP_PORTS = (30000, 32766)
SPEECH = REPOSITORY / "sounds" / "moh" / "default" / "tune.ulaw"
LONGEST_CALL_SECONDS = 60.0
SETTLED_SECONDS = 0.3


async def measure(calls: int, calls_a_second: float) -> dict[str, Latency]:
    """Place the calls on an Asterisk of our own and read the times from the capture."""
    with tempfile.TemporaryDirectory(prefix="latency-") as name:
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
                run_dir=str(folder),
            )
            return await _measure_on(pbx, folder, calls, calls_a_second)


async def _measure_on(
    pbx: Pbx, folder: Path, calls: int, calls_a_second: float
) -> dict[str, Latency]:
    slot = Slot(0)
    (folder / "office").mkdir()
    jitter = HostJitter(folder)
    capture = Capture(folder / "calls.pcap", pbx.sip_port, pbx.rtp_ports)
    async with opened_office(pbx, slot, folder / "office", agents=AGENTS, callers=0) as here:
        phones = [
            await SippPhone.start(
                slot.agent(n),
                Behaviour(after_ms=RING_MS, talk_ms=TALK_MS),
                server=pbx.sip_address,
                folder=folder / f"agent-{n}",
            )
            for n in range(1, AGENTS + 1)
        ]
        try:
            for n in range(1, AGENTS + 1):
                await here.set_agent(n, "available")
            async with jitter, capture:
                callers = await SippCallers.start(
                    [f"1303555{number:04d}" for number in range(calls)],
                    CallPlan(
                        to=slot.outside_number(),
                        talk_ms=int(LONGEST_CALL_SECONDS * 1000),
                        says=SPEECH,
                    ),
                    server=pbx.sip_address,
                    address=slot.carrier_host,
                    calls_a_second=calls_a_second,
                    folder=folder / "callers",
                )
                await callers.finished(calls / calls_a_second * 2 + LONGEST_CALL_SECONDS)
        finally:
            for phone in phones:
                await phone.stop()
    trace = capture.trace()
    measured = read(trace, slot.carrier_host)
    measured["the edge's event loop, late by"] = loop_lag(folder / "office" / "log" / "edge.log")
    if jitter.stalls is not None:
        measured["a 1 ms sleep on this host, late by"] = jitter.stalls
    return measured


def read(trace: Trace, carrier_host: str) -> dict[str, Latency]:
    """The three times, from what passed on the wire."""
    answers = {message.call_id: message.at for message in trace.sip("INVITE", 200)}
    arrived: list[float] = []
    rung: list[float] = []
    rung_at_phone: dict[int, list[float]] = {}
    music, bridged = [], []
    for invite in trace.sip("INVITE"):
        first = min((s.started_at for s in trace.heard_by_phone(invite.call_id)), default=None)
        if invite.source.host == carrier_host:
            arrived.append(invite.at)
            if first is not None:
                music.append(first - invite.at)
        elif invite.source.port == trace.pbx_sip_port:
            rung.append(invite.at)
            rung_at_phone.setdefault(invite.destination.port, []).append(invite.at)
            if first is not None:
                bridged.append(first - answers[invite.call_id])
    free = []
    for bye in trace.sip("BYE"):
        again = rung_at_phone.get(bye.source.port, [])
        position = bisect.bisect_right(again, bye.at)
        # Every caller is rung for once: who arrived and was not rung for yet waits.
        waiting = bisect.bisect_left(arrived, bye.at - SETTLED_SECONDS) - bisect.bisect(
            rung, bye.at
        )
        if waiting > 0 and position < len(again):
            free.append(again[position] - bye.at)
    return {
        "INVITE to music at the caller": Latency.of(music),
        "agent free to agent's INVITE": Latency.of(free),
        "agent's 200 OK to bridged": Latency.of(bridged),
    }


def loop_lag(log: Path) -> Latency:
    """What the edge said of its own event loop when it stopped."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    said = next(line for line in reversed(lines) if line["event"] == "loop_lag")
    return Latency(said["count"], said["median_ms"], said["p99_ms"], said["worst_ms"])


def main() -> None:
    parser = report.arguments("Times a caller and an agent wait for us, from a packet capture.")
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--calls-a-second", type=float, default=6.0)
    asked = parser.parse_args()
    measured = asyncio.run(measure(asked.calls, asked.calls_a_second))
    rows: list[list[object]] = [["milliseconds", "count", "median", "p99", "worst"]]
    for name, one in measured.items():
        figures = (one.median_ms, one.p99_ms, one.worst_ms)
        rows.append([name, one.count, *(f"{figure:.1f}" for figure in figures)])
    print(report.table(rows))
    report.write(asked.json, {name: one.as_json() for name, one in measured.items()})


if __name__ == "__main__":
    main()
