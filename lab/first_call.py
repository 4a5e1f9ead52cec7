"""One call to the queue of a site that is up, and what its caller heard: does all of it work?

Used by `make test-compose`, and by hand after `make up`: `.venv/bin/python -m lab.first_call`.
"""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

from lab.audio import music_heard
from lab.phone import Phone, phones
from lab.phone_events import Happening

READY_SECONDS = 60.0
LISTEN_SECONDS = 4.0


async def main() -> int:
    """Exit status 0 when the caller was answered and heard music."""
    host = os.environ.get("BIND") or "127.0.0.1"
    server = f"{host}:{os.environ.get('SIP_PORT') or 5060}"
    web = f"http://{host}:{os.environ.get('HTTP_PORT') or 8080}"
    if not await _is_ready(f"{web}/readyz"):
        print(f"no edge is ready at {web} after {READY_SECONDS:.0f} s", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        caller = await Phone.start("301", server=server, address=host, folder=Path(folder))
        async with phones(caller):
            await caller.wait_registered()
            await caller.call("500")
            await caller.wait_for(Happening.ANSWERED)
            print(f"301 called 500 at {server} and was answered")
            await asyncio.sleep(LISTEN_SECONDS)
            await caller.hang_up()
            await caller.wait_for(Happening.CLOSED)
            heard_music = music_heard(caller.recording.sound(), 1.0, LISTEN_SECONDS - 0.5)
    print("the caller heard music" if heard_music else "the caller heard no music")
    return 0 if heard_music else 1


async def _is_ready(url: str) -> bool:
    limit = time.monotonic() + READY_SECONDS
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as web:
        while time.monotonic() < limit:
            try:
                async with web.get(url) as answer:
                    if answer.status == 200:
                        return True
            except (aiohttp.ClientError, TimeoutError):
                pass  # not up yet
            await asyncio.sleep(0.2)
    return False


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
