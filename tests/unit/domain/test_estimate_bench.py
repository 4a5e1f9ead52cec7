"""The bench of the waiting time runs, and the estimator errs as little on it as it did."""

import json
import subprocess
import sys
from typing import Any

import pytest

from bench.call_days import Floor
from bench.estimate import PATTERNS, AppQueue, Observer, median_absolute
from lab.asterisk_conf import REPOSITORY

OF_APP_QUEUE = 0.58
"""What is reached. The target, a half, is missed even by who knows the laws of talk and patience
but not the future (`best_ratio` of the whole bench): where the load is steady, the last callers'
waits, which app_queue averages, are a fair guess."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("bench") / "estimate.json"
    ran = subprocess.run(
        [sys.executable, "-m", "bench.estimate", "--quick", "--json", str(path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert all(pattern.name in ran.stdout for pattern in PATTERNS)
    figures: dict[str, Any] = json.loads(path.read_text())
    return figures


@pytest.mark.parametrize("moment", ["at joining", "each minute"])
def test_promises_err_far_less_than_those_of_app_queue(told: dict[str, Any], moment: str) -> None:
    rows = {row["pattern"]: row for row in told[moment]}
    assert set(rows) == {pattern.name for pattern in PATTERNS} | {"all"}
    assert rows["all"]["ratio"] <= OF_APP_QUEUE
    assert rows["outage, 15 agents"]["ratio"] <= 0.3
    for row in rows.values():
        assert row["promises"] > 300
        assert row["bound"] <= row["ours"] < 0.75 * row["app_queue"]


def test_it_says_whether_the_target_is_met(told: dict[str, Any]) -> None:
    reached = [told[moment][-1]["ratio"] for moment in ("at joining", "each minute")]
    assert told["met"] == all(ratio <= told["target"] for ratio in reached)


def test_the_bound_is_exact_while_nobody_comes_to_work_or_leaves() -> None:
    pattern = next(one for one in PATTERNS if len(one.agents) == 1 and one.shared_agents)
    observer = Observer()
    Floor(pattern, 0, observer).run()
    assert len(observer.kept) > 300
    assert max(abs(one.bound - one.real) for one in observer.kept) < 0.001


def test_app_queue_tells_how_far_the_average_is_from_what_was_waited() -> None:
    formula = AppQueue()
    assert formula.told(10.0) is None
    for waited in (100.0, 20.9):
        formula.answered(waited)
        assert formula.holdtime == int(waited), "no call has ended"
    formula.has_ended_any = True
    for waited in (100.0, 300.2):
        formula.answered(waited)
    assert formula.holdtime == (40 * 3 + 300) // 4 == 105
    assert [formula.told(waited) for waited in (0.0, 50.0, 100.0)] == [105.0, 55.0, 5.0]


def test_a_group_weighs_the_same_whatever_its_size() -> None:
    assert median_absolute([[-5.0]]) == 5.0
    assert median_absolute([[1.0, -1.0, 1.0, 1.0, 1.0, 8.0], [9.0], [9.5]]) == 9.0
