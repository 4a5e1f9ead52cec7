"""Latencies: the right percentile, pairs in order, and a witness of the machine's own stalls."""

from pathlib import Path

import pytest

from lab.timing import HostJitter, Latency, next_after
from lab.wait import wait_until


def test_the_worst_and_the_99th_of_a_hundred_differ() -> None:
    latency = Latency.of(n / 1000 for n in range(100, 0, -1))
    assert latency == Latency(count=100, median_ms=50.5, p99_ms=99.0, worst_ms=100.0)
    assert str(latency) == "median 50.5 ms, p99 99.0 ms, worst 100.0 ms of 100"
    assert latency.as_json()["p99_ms"] == 99.0


def test_one_measurement_is_its_own_worst_and_none_is_an_error() -> None:
    assert Latency.of([0.002]) == Latency(1, 2.0, 2.0, 2.0)
    with pytest.raises(ValueError, match="nothing was measured"):
        Latency.of([])


def test_each_start_is_paired_with_the_next_end() -> None:
    assert next_after([3.0, 1.0, 9.0], [0.5, 3.5, 2.0]) == [1.0, 0.5]


async def test_the_host_is_watched_by_a_process_of_its_own(tmp_path: Path) -> None:
    async with HostJitter(tmp_path) as host:
        await wait_until(lambda: host.is_sampling, "the sampler runs")
    assert host.stalls is not None
    assert host.stalls.worst_ms >= host.stalls.median_ms >= 0
