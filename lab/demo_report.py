"""The end of the demo: what was heard, measured; how fast it was; where the recordings are."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from lab.demo_cast import Cast, Robot
from lab.demo_ears import LONGEST_SILENCE_MS, Heard, caller_heard, rings
from lab.demo_facts import FactFeed
from lab.demo_story import Conversation
from lab.demo_teller import Teller

MUSIC_WITHIN_SECONDS = 0.3
MISSING_MS, MISSING_SHARE = 100, 0.01
"""So much of a call, and of each of its seconds, may not arrive: a busy machine skips packets."""
TALKS_AT_LEAST_SECONDS = 1.5
ENABLING = ("agent_changed", "wrap_up_ended", "entry_joined", "leg_ended")
"""What makes a match possible."""
COLUMNS = (
    "caller",
    "waited",
    "agent",
    "talked",
    "music after",
    "longest silence",
    "missing",
    "agent heard",
)


def keep_recordings(cast: Cast, folder: Path) -> dict[tuple[str, str], Path]:
    """Copy every recording to the folder; by robot's number and the call's label."""
    kept = {}
    for robot in cast.all:
        for recording in robot.phone.recordings:
            label = robot.labels.get(recording.call_id, "call")
            name = robot.name.lower().replace(" ", "-")
            wav = folder / (f"{name}.wav" if label == "call" else f"{name}-{label}.wav")
            shutil.copyfile(recording.path, wav)
            kept[robot.number, label] = wav
    return kept


async def report(
    cast: Cast,
    feed: FactFeed,
    teller: Teller,
    conversations: dict[str, Conversation],
    wavs: dict[tuple[str, str], Path],
) -> None:
    """Measure and print; what was promised and not kept is told to the teller."""
    teller.scene("What the callers heard, measured in their recordings")
    rows: list[tuple[str, ...]] = [COLUMNS]
    for number, caller in cast.callers.items():
        talk = conversations.get(number)
        heard = await _heard(cast, caller, talk, wavs)
        if heard is None:
            continue
        rows.append(
            (
                number,
                _seconds(feed, "entry_left", number, "waited_ms"),
                talk.agent.name if talk else "-",
                _seconds(feed, "call_completed", number, "talked_ms") if talk else "-",
                f"{heard.music_after * 1000:.0f} ms",
                f"{heard.longest_silence_ms} ms",
                f"{heard.missing_ms} ms",
                f"{heard.agent_seconds:.1f} s" if talk else "-",
            )
        )
        _judge(teller, number, heard, talk)
    _table(teller, rows)
    _tell_speed(cast, feed, teller, conversations)


async def _heard(
    cast: Cast, caller: Robot, talk: Conversation | None, wavs: dict[tuple[str, str], Path]
) -> Heard | None:
    recording = caller.recording("call")
    if recording is None:
        return None
    others = [agent for agent in cast.agents.values() if not talk or agent is not talk.agent]
    return await caller_heard(
        wavs[caller.number, "call"],
        recording,
        caller.dialled_at,
        talk.answered_at if talk else None,
        caller.closed_at(recording.call_id),
        talk.agent.phone if talk else None,
        [agent.phone for agent in others],
    )


def _judge(teller: Teller, number: str, heard: Heard, talk: Conversation | None) -> None:
    who = f"caller {number}"
    teller.expect(heard.music_after <= MUSIC_WITHIN_SECONDS, f"{who} hears music within 300 ms")
    teller.expect(heard.is_music, f"{who} hears the music all the time of waiting")
    teller.expect(
        heard.longest_silence_ms <= LONGEST_SILENCE_MS,
        f"{who} hears no silence over {LONGEST_SILENCE_MS} ms "
        f"(the longest was {heard.longest_silence_ms} ms)",
    )
    teller.expect(
        heard.missing_ms <= MISSING_MS + MISSING_SHARE * 1000 * heard.seconds,
        f"{who} misses nothing of the call ({heard.missing_ms} ms did not arrive)",
    )
    teller.expect(heard.other_agents_seconds == 0, f"{who} hears no agent but the own one")
    if talk:
        teller.expect(
            heard.agent_seconds >= TALKS_AT_LEAST_SECONDS, f"{who} hears {talk.agent.name}"
        )


def _tell_speed(
    cast: Cast, feed: FactFeed, teller: Teller, conversations: dict[str, Conversation]
) -> None:
    """From the fact that made a match possible to the agent's phone; from answer to bridge."""
    teller.scene("How fast")
    enabling = [fact.at for name in ENABLING for fact in feed.all(name)]
    waits = []
    for agent in cast.agents.values():
        for at, _ in rings(agent.phone):
            before = [one for one in enabling if one <= at]
            if before:
                waits.append(at - max(before))
    bridged = [
        connected.at - conversations[connected.caller].answered_wall_at
        for connected in feed.all("call_connected")
    ]
    _spread(teller, "agent free (or caller there) to agent's phone rings", waits)
    _spread(teller, "agent's answer to both in one bridge", bridged)


def _spread(teller: Teller, what: str, seconds: list[float]) -> None:
    listed = ", ".join(f"{max(0.0, one) * 1000:.0f}" for one in seconds)
    teller.say(f"  {what}: {listed} ms")


def _seconds(feed: FactFeed, event: str, number: str, name: str) -> str:
    facts = feed.all(event, number)
    return f"{facts[-1].told[name] / 1000:.1f} s" if facts else "-"


def _table(teller: Teller, rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        teller.say(f"  {'  '.join(cells)}".rstrip())
