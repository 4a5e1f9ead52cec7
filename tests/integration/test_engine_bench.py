"""The bench of the engine runs, and tells of every size and every move."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.engine import QUICK
from bench.engine_figures import MOVES
from lab.asterisk_conf import REPOSITORY

pytestmark = pytest.mark.redis

SIZES = len(QUICK.layouts) * len(QUICK.agents) * len(QUICK.waiting) + 1
CYCLES = len(QUICK.layouts) * len(QUICK.agents) + 1


def test_the_bench_of_the_engine_has_a_row_for_every_size(tmp_path: Path) -> None:
    figures = tmp_path / "engine.json"
    ran = subprocess.run(
        [sys.executable, "-m", "bench.engine", "--quick", "--json", str(figures)],
        cwd=REPOSITORY,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    told: dict[str, Any] = json.loads(figures.read_text())
    assert told["commit"]
    assert told["machine"]["cores"]
    assert (len(told["moves"]), len(told["cycles"])) == (SIZES, CYCLES)
    for size in told["moves"]:
        for name in MOVES:
            assert size[name]["ops_per_second"] > 0
            assert size[name]["round_trips"] == 1.0, f"{name} takes more than one round trip"
    assert 0 < told["bytes_per_waiting"] < 4_096
    printed = ran.stdout
    for target in told["targets"]:
        assert target["name"] in printed
    assert all(f"{name} µs" in printed for name in MOVES)
