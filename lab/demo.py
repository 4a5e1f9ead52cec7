"""`make demo`: a real Asterisk, Redis and edge, real phones, and the story of their calls, live.

Exit status: 0 when all that was expected came true, 1 when not or when it could not start, 130
after Ctrl-C, 143 after SIGTERM. Everything that it starts is stopped again, by its pid.
"""

import asyncio
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import aiohttp

from edge.config import ConfigErrors, load_site
from edge.domain.settings import Account
from lab.asterisk_conf import REPOSITORY
from lab.asterisk_install import NoAsterisk
from lab.baresip import BaresipFault
from lab.child import ProgramFailed
from lab.demo_cast import on_stage
from lab.demo_facts import FactFeed
from lab.demo_report import keep_recordings, report
from lab.demo_story import Story
from lab.demo_teller import GREEN, RED, Teller
from lab.demo_world import DemoWorld, WorldSettings
from lab.ports import PortTaken, require_free_port
from lab.up_file import RUN_DIR, AlreadyUp, marked_as_up

FOLDER = RUN_DIR / "demo"
DONE, NOT_SO, INTERRUPTED, TERMINATED = 0, 1, 130, 143


def main() -> int:
    """Tell the story; the exit status."""
    try:
        with marked_as_up(FOLDER):
            return asyncio.run(_demo(Teller()))
    except AlreadyUp:
        print(f"a demo is running in {FOLDER} already", file=sys.stderr)
    except (PortTaken, ProgramFailed, NoAsterisk, ConfigErrors, BaresipFault) as problem:
        print(problem, file=sys.stderr)
    except KeyboardInterrupt:
        print("\nstopped; nothing is left running", file=sys.stderr)
        return INTERRUPTED
    except asyncio.CancelledError:
        print("\nstopped; nothing is left running", file=sys.stderr)
        return TERMINATED
    return NOT_SO


async def _demo(teller: Teller) -> int:
    _end_by_signal()
    started_at = time.monotonic()
    settings = WorldSettings.from_environment(FOLDER)
    _clear(settings)
    teller.say("starting Redis, Asterisk, the edge and eight phones ...")
    async with DemoWorld(settings) as world:
        account = _account(settings.config, world)
        feed = FactFeed(world.redis.url, account, teller)
        async with feed.following():
            async with on_stage(world, teller, FOLDER / "phones") as cast:
                teller.say(f"ready after {time.monotonic() - started_at:.1f} s")
                story = Story(cast, feed, teller, world)
                await _tell(story, teller)
            wavs = keep_recordings(cast, FOLDER)
            await report(cast, feed, teller, story.conversations, wavs)
        story_seconds = time.monotonic() - started_at
    return _sum_up(teller, story_seconds)


def _sum_up(teller: Teller, seconds: float) -> int:
    teller.say()
    shown = FOLDER.relative_to(REPOSITORY)
    teller.say(f"Listen yourself: {shown}/*.wav    Logs: {shown}/log    ({seconds:.0f} s in all)")
    total = teller.kept + len(teller.failures)
    if not teller.failures:
        teller.say(f"All {total} expectations came true. Everything is stopped.", GREEN)
        return DONE
    teller.say(f"{len(teller.failures)} of {total} expectations did not come true:", RED)
    for claim in teller.failures:
        teller.say(f"  {claim}", RED)
    teller.say("Everything is stopped.")
    return NOT_SO


def _clear(settings: WorldSettings) -> None:
    """An empty folder for this run; raises PortTaken before anything is touched."""
    http = (settings.http_host, settings.http_port)
    require_free_port(*http, "tcp", "the edge (HTTP)", "HTTP_PORT")
    require_free_port("127.0.0.1", settings.redis_port, "tcp", "Redis", "REDIS_PORT")
    for name in ("redis", "phones", "log"):
        shutil.rmtree(FOLDER / name, ignore_errors=True)
    for wav in FOLDER.glob("*.wav"):
        wav.unlink()


def _account(config: Path, world: DemoWorld) -> Account:
    _, accounts = load_site(config, {**os.environ, **world.edge_environment()})
    return accounts.accounts[0]


async def _tell(story: Story, teller: Teller) -> None:
    teller.begin()
    try:
        await story.tell()
    except (AssertionError, ProgramFailed, BaresipFault) as in_vain:
        teller.fail(str(in_vain))
    except (aiohttp.ClientError, TimeoutError) as no_answer:
        teller.fail(f"the API answers (it did not: {no_answer!r})")
    teller.end()


def _end_by_signal() -> None:
    """SIGTERM and a closed terminal end it in order, as Ctrl-C does."""
    task = asyncio.current_task()
    if task is not None:
        for kind in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(kind, task.cancel)


if __name__ == "__main__":
    sys.exit(main())
