"""One Asterisk for the whole session, shared by all workers; each test has its own office on it.

The process that runs pytest starts it (with xdist: the controller) and tells its workers where.
"""

import asyncio
import itertools
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from lab.numbers import SLOTS, TEST_PHONES, Slot
from lab.ports import free_port
from lab.processes import AsteriskProcess, AsteriskSettings
from tests.asterisk.office import Office, Pbx, opened_office

OpenOffice = Callable[..., AbstractAsyncContextManager[Office]]
MOST_WORKERS = 8
RTP_PORTS = (30000, 32766)

_slots = itertools.count()
AFTER_HOURS = """[after-hours]
exten => _X.,1,Dial(PJSIP/${EXTEN},30)
 same => n,Hangup(${HANGUPCAUSE})
"""
"""A dialplan of the site's own: it rings the phone of the number."""


class SharedAsterisk:
    """Started at the first need, stopped at the end of the session."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._folder = Path(tempfile.mkdtemp(prefix="pbx-"))
        settings = AsteriskSettings(
            sip_port=free_port(),
            ari_port=free_port(),
            rtp_start=RTP_PORTS[0],
            rtp_end=RTP_PORTS[1],
        )
        self._asterisk = AsteriskProcess(
            self._folder, settings, extra_pjsip=TEST_PHONES, extra_extensions=AFTER_HOURS
        )
        self._runner.run(self._asterisk.start())
        self.pbx = Pbx(
            ari_url=self._asterisk.ari_url,
            ari_user=self._asterisk.ari_user,
            ari_password=self._asterisk.ari_password,
            sip_address=self._asterisk.sip_address,
            sip_port=settings.sip_port,
            rtp_ports=RTP_PORTS,
            run_dir=str(self._folder),
        )

    def stop(self) -> None:
        self._runner.run(self._asterisk.stop())
        self._runner.close()
        shutil.rmtree(self._folder, ignore_errors=True)


_shared: list[SharedAsterisk] = []


def _start() -> Pbx:
    if not _shared:
        _shared.append(SharedAsterisk())
    return _shared[0].pbx


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist asks this in the controller before each worker starts."""
    node.workerinput["pbx"] = json.dumps(asdict(_start()))


def pytest_unconfigure() -> None:
    while _shared:
        _shared.pop().stop()


@pytest.fixture(scope="session")
def pbx(request: pytest.FixtureRequest) -> Iterator[Pbx]:
    """Where the session's Asterisk is."""
    told = getattr(request.config, "workerinput", {}).get("pbx")
    if told is None:
        yield _start()
        return
    known = json.loads(told)
    known["rtp_ports"] = tuple(known["rtp_ports"])
    yield Pbx(**known)


@pytest.fixture
def slot(request: pytest.FixtureRequest) -> Slot:
    """Numbers that no other test uses at the same time."""
    worker = str(getattr(request.config, "workerinput", {}).get("workerid", "gw0"))
    share = SLOTS // MOST_WORKERS
    return Slot(int(worker.removeprefix("gw")) * share + next(_slots) % share)


@pytest.fixture
def office(pbx: Pbx, slot: Slot, tmp_path: Path) -> OpenOffice:
    """`async with office(agents=2, callers=1, ring_seconds=5) as here: …`"""

    def opened(**wanted: Any) -> AbstractAsyncContextManager[Office]:
        return opened_office(pbx, slot, tmp_path, **wanted)

    return opened
