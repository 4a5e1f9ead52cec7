"""`make up`: the demo world without robots, ready for softphones, until Ctrl-C or `make down`."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from pathlib import Path

from edge.config import ConfigErrors, load_site
from edge.domain.settings import Account
from lab.asterisk_conf import REPOSITORY
from lab.asterisk_install import NoAsterisk
from lab.child import Process, ProgramFailed
from lab.demo_world import API_KEY, DemoWorld, WorldSettings
from lab.numbers import password_of
from lab.ports import PortTaken
from lab.up_file import RUN_DIR, AlreadyUp, marked_as_up

WATCH_SECONDS = 0.5


def main() -> int:
    """Exit status 1 when it could not start; says why on stderr."""
    try:
        with marked_as_up():
            return asyncio.run(_stay_up())
    except (AlreadyUp, PortTaken, ProgramFailed, NoAsterisk, ConfigErrors) as problem:
        print(problem, file=sys.stderr)
        return 1


async def _stay_up() -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(kind, stop.set)
    settings = WorldSettings.from_environment(RUN_DIR)
    print("starting Redis, Asterisk and the edge ...", flush=True)
    async with DemoWorld(settings) as world:
        accounts = load_site(settings.config, {**os.environ, **world.edge_environment()})[1]
        _write_env(REPOSITORY / ".env", world)
        print(what_is_up(world, accounts.accounts[0]), flush=True)
        await _watch(world, stop)
        print("stopping ...", flush=True)
    print("down; the logs are in .run/log", flush=True)
    return 0


async def _watch(world: DemoWorld, stop: asyncio.Event) -> None:
    """Until told to stop: a part that ended by itself is started again, as a service would be."""
    while not stop.is_set():
        for part in world.parts:
            if not part.child.is_running():
                await _start_again(part)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), WATCH_SECONDS)


async def _start_again(part: Process) -> None:
    now = time.strftime("%H:%M:%S")
    print(f"{now} {part.child.name} ended by itself; starting it again", flush=True)
    try:
        await part.start()
    except (ProgramFailed, PortTaken) as problem:
        print(problem, file=sys.stderr, flush=True)


def what_is_up(world: DemoWorld, account: Account) -> str:
    """What a person with a softphone wants to know: servers, logins, numbers, the API."""
    asterisk = world.settings.asterisk
    members = {member.user_id for queue in account.queues for member in queue.members}
    agents = [user for user in account.users if user.id in members]
    callers = [user for user in account.users if user.id not in members]
    lines = [
        "",
        "queue-edge is up.",
        "",
        f"SIP phones        server {world.asterisk.sip_address}, UDP, codecs G.711 and G.722",
        *(
            f"  {user.sip:<8}        password {password_of(user.sip)}  {user.name}"
            for user in agents
        ),
    ]
    if callers:
        first, last = callers[0].sip, callers[-1].sip
        lines.append(f"  {first}-{last}         password demo-<number>  callers")
    lines += ["", "Dial"]
    lines += [f"  {queue.extension:<8}        queue {queue.name}" for queue in account.queues]
    lines += [
        "  *45             agent logs in or out (new agents are logged out)",
        "  *46             agent pauses or goes on",
        "",
        f"From outside      INVITE from {asterisk.carrier_host} to",
        *(f"  {number.number}     leads to {number.queue_id}" for number in account.phone_numbers),
        f"  calls to the outside go to {asterisk.carrier_host}:{asterisk.carrier_port}",
        "",
        f"API               {world.http_url}  key {API_KEY}  (also in .env)",
        f"  curl -H 'Authorization: Bearer {API_KEY}' -H 'DialStack-Account: {account.id}' \\",
        f"    {world.http_url}/v1/queues/{account.queues[0].id}",
        "",
        "Watch: make logs. Stop: Ctrl-C, or make down.",
    ]
    return "\n".join(lines)


def _write_env(path: Path, world: DemoWorld) -> None:
    """For curl, scripts and further edges; readable by its owner only, for it has passwords."""
    values = {
        "API_URL": world.http_url,
        "API_KEY": API_KEY,
        "SIP_SERVER": world.asterisk.sip_address,
        **world.edge_environment(),
    }
    text = "".join(f"{name}={value}\n" for name, value in values.items())
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(path)


if __name__ == "__main__":
    sys.exit(main())
