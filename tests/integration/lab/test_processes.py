"""Programs of the lab: started, killed, started again, and never left behind."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from redis.asyncio import Redis

from lab.child import Child, ProgramFailed
from lab.ports import PortTaken, free_port
from lab.processes import RedisProcess
from lab.wait import wait_until


async def _place(redis: RedisProcess) -> object:
    async with Redis.from_url(redis.url) as client:
        return await client.get("place")


@pytest.mark.redis
@pytest.mark.parametrize("password", ["", "not-for-you"])
async def test_redis_keeps_what_it_was_told_through_restart_and_kill(
    tmp_path: Path, password: str
) -> None:
    async with RedisProcess(tmp_path, free_port(), password) as redis:
        async with Redis.from_url(redis.url) as client:
            await client.set("place", "7")
        await redis.restart()
        assert await _place(redis) == b"7"
        await redis.kill()
        assert not redis.child.is_running()
        await redis.start()
        assert await _place(redis) == b"7"
        assert list(redis.append_only_folder.iterdir())


@pytest.mark.redis
async def test_a_second_redis_on_the_port_is_told_so(tmp_path: Path) -> None:
    port = free_port()
    async with RedisProcess(tmp_path / "one", port):
        with pytest.raises(PortTaken, match="REDIS_PORT"):
            await RedisProcess(tmp_path / "two", port).start()


async def test_a_program_that_does_not_heed_is_ended_by_force(tmp_path: Path) -> None:
    child = Child("deaf", tmp_path / "deaf.log")
    child.spawn(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"], {})
    await wait_until(lambda: "ready" in child.log_tail(), "the program runs")
    await child.stop(limit_seconds=0.2)
    assert not child.is_running()


async def test_a_failure_shows_the_end_of_the_log(tmp_path: Path) -> None:
    child = Child("sad", tmp_path / "sad.log")
    child.spawn(["sh", "-c", "echo no such luck; exit 3"], {})
    await wait_until(lambda: not child.is_running(), "the program ended")
    with pytest.raises(ProgramFailed, match=r"sad: went wrong(.|\n)*no such luck"):
        raise child.failure("went wrong")


def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    story = (
        "import time; from pathlib import Path; from lab.child import Child; "
        f"child = Child('c', Path({str(tmp_path / 'c.log')!r})); "
        "child.spawn(['sleep', '60'], {}); print(child.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", story], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert _is_alive(pid)
        parent.send_signal(signal.SIGKILL)
    asyncio.run(wait_until(lambda: not _is_alive(pid), "the child is gone"))


def _is_alive(pid: int) -> bool:
    try:
        # A zombie whose new parent has not looked yet is dead all the same.
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
