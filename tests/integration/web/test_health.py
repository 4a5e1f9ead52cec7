"""/healthz and /readyz, asked by those who hold no key."""

from edge.web import Missing, Readiness
from tests.integration.web.desk import api


async def test_health_says_alive_to_anyone_even_while_not_ready() -> None:
    async with api() as desk:
        desk.readiness.append(Readiness((Missing("redis", "not connected"),)))
        assert await desk.ask("GET", "/healthz", key=None) == {"status": "alive"}


async def test_ready_when_nothing_is_missing() -> None:
    async with api() as desk:
        shape = await desk.ask("GET", "/readyz", key=None)
        assert shape == {"status": "ready", "missing": []}


async def test_not_ready_names_every_missing_part() -> None:
    async with api() as desk:
        desk.readiness.append(
            Readiness(
                (Missing("redis", "not connected"), Missing("node:pbx-1", "not reconciled yet"))
            )
        )
        shape = await desk.ask("GET", "/readyz", key=None, status=503)
        assert shape == {
            "status": "not_ready",
            "missing": [
                {"part": "redis", "reason": "not connected"},
                {"part": "node:pbx-1", "reason": "not reconciled yet"},
            ],
        }
