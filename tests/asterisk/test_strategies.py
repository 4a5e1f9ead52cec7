"""Every strategy on phones: whose phone rings, in which order, call after call.

The second agent never picks up: when the ring time is over the next one rings.
"""

import pytest

from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hunting import BRIEF, SILENT, one_call, robots, rung

FAST = {"ring_seconds": 2, "wrap_up_seconds": 0}


@pytest.mark.parametrize(
    ("strategy", "order"),
    [
        pytest.param("linear", [1, 1, 1, 2, 3], id="linear"),
        pytest.param("PRIORITIZED_HUNT", [1, 1, 1, 2, 3], id="PRIORITIZED_HUNT"),
        pytest.param("rrmemory", [1, 2, 3, 1, 2, 3], id="rrmemory"),
        pytest.param("leastrecent", [1, 2, 3, 2, 1, 2, 3], id="leastrecent"),
        pytest.param("CYCLIC_HUNT", [1, 2, 3, 1, 2, 3], id="CYCLIC_HUNT"),
        pytest.param("LEAST_WORKED_HUNT", [1, 2, 3, 2, 1, 2, 3], id="LEAST_WORKED_HUNT"),
    ],
)
async def test_phones_ring_in_the_order_of_the_strategy(
    office: OpenOffice, strategy: str, order: list[int]
) -> None:
    """Three calls, and one while the first agent has a break."""
    async with office(agents=3, callers=1, strategy=strategy, **FAST) as here:
        phones = await robots(here, {1: BRIEF, 2: SILENT, 3: BRIEF})
        caller = await here.caller()
        for _ in range(3):
            await one_call(here, phones, caller)
        await here.set_agent(1, "paused")
        await one_call(here, phones, caller)
        assert rung(phones) == order


async def test_the_phone_of_whoever_took_fewest_calls_rings(office: OpenOffice) -> None:
    async with office(agents=3, callers=1, strategy="fewestcalls", **FAST) as here:
        phones = await robots(here, {1: BRIEF, 2: BRIEF, 3: BRIEF})
        await here.set_agent(3, "paused")
        caller = await here.caller()
        for _ in range(4):
            await one_call(here, phones, caller)
        await here.set_agent(3, "available")
        for _ in range(2):
            await one_call(here, phones, caller)
        # The third has taken one call by then, the others two: the least recent would be the first.
        assert rung(phones) == [1, 2, 1, 2, 3, 3]


@pytest.mark.parametrize("strategy", ["random", "wrandom"])
async def test_some_phone_rings_and_then_another_until_one_answers(
    office: OpenOffice, strategy: str
) -> None:
    async with office(agents=3, callers=1, strategy=strategy, **FAST) as here:
        phones = await robots(here, {1: SILENT, 2: SILENT, 3: BRIEF})
        await one_call(here, phones, await here.caller())
        tried = rung(phones)
        assert tried[-1] == 3
        assert len(set(tried)) == len(tried), "nobody twice before all were tried"


@pytest.mark.parametrize(
    ("inner", "order"),
    [
        pytest.param("PRIORITIZED", [1, 1, 1, 2, 4], id="prioritized"),
        pytest.param("CYCLIC", [1, 2, 3, 1, 2, 4], id="cyclic"),
        pytest.param("LEAST_WORKED", [1, 2, 3, 2, 1, 2, 4], id="least-worked"),
    ],
)
async def test_the_first_skill_level_rings_by_the_inner_order_and_then_the_second(
    office: OpenOffice, inner: str, order: list[int]
) -> None:
    """Three calls; the fourth while of the first level only the silent one is there."""
    async with office(
        agents=4,
        callers=1,
        strategy=f"SKILL_BASED_ROUTING_{inner}_HUNT",
        of_members={4: {"skill_level": 2, "position": 0}},
        **FAST,
    ) as here:
        phones = await robots(here, {1: BRIEF, 2: SILENT, 3: BRIEF, 4: BRIEF})
        caller = await here.caller()
        for _ in range(3):
            await one_call(here, phones, caller)
        for n in (1, 3):
            await here.set_agent(n, "paused")
        await one_call(here, phones, caller)
        assert rung(phones) == order
