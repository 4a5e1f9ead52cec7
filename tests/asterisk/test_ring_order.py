"""Who is served first and by whom: penalties, queues that share an agent, priority, wishes."""

from lab.sipp import SippCallers
from lab.sipp_scenarios import CallPlan
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears_music
from tests.asterisk.hunting import BRIEF, CHATTY, SILENT, one_call, robots, rung
from tests.asterisk.office import Office

LINEAR = {"strategy": "linear", "ring_seconds": 2, "wrap_up_seconds": 0}


async def test_a_higher_penalty_rings_only_when_the_lower_one_is_busy_or_silent(
    office: OpenOffice,
) -> None:
    members = {1: {"penalty": 1}, 2: {"penalty": 0}}
    async with office(agents=2, callers=2, of_members=members, **LINEAR) as here:
        phones = await robots(here, {1: CHATTY, 2: CHATTY})
        first = await here.waiting_caller(1)
        await here.agent_becomes(2, "talking")
        assert rung(phones) == [2]
        second = await here.caller(2)
        await second.call(here.slot.queue())
        await here.agent_becomes(1, "talking")
        assert rung(phones) == [2, 1]
        await first.hang_up()
        await second.hang_up()


async def test_the_limit_of_penalties_widens_while_the_caller_waits(office: OpenOffice) -> None:
    rules = [{"after_seconds": 0, "max_penalty": 0}, {"after_seconds": 2, "max_penalty": 5}]
    members = {1: {"penalty": 5}}
    async with office(
        agents=1, callers=1, of_members=members, penalty_rules=rules, **LINEAR
    ) as here:
        phones = await robots(here, {1: BRIEF})
        caller = await here.waiting_caller()
        await hears_music(caller)
        await caller.wait_for("closed")
        (offered,) = await here.events("entry_offered")
        assert 2_000 <= offered["at"] - await joined_at(here, offered["entry"]) < 3_500
        assert rung(phones) == [1]


async def test_of_two_queues_that_share_an_agent_the_heavier_is_served_first(
    office: OpenOffice,
) -> None:
    queues = {1: {"weight": 0}, 2: {"weight": 3}}
    async with office(agents=1, callers=2, queues=2, of_queues=queues, **LINEAR) as here:
        early, late = await here.waiting_caller(1), await here.caller(2)
        await late.call(here.slot.queue(1))
        await late.wait_for("answered")
        await wait_until(lambda: has_joined(here, 2), "both wait")
        phones = await robots(here, {1: BRIEF})
        await late.wait_for("closed")
        await early.wait_for("closed")
        calls = phones[1].calls()
        assert [call.number for call in calls] == [late.number, early.number]


async def joined_at(here: Office, entry: str) -> int:
    """When the caller came, which is a little before the line knew."""
    return int(str(await here.redis.hget(f"{{{here.account}}}:entry:{entry}", "joined_at")))


async def has_joined(here: Office, count: int) -> bool:
    return len(await here.events("entry_joined")) == count


async def test_a_more_urgent_caller_and_one_who_enters_at_the_head_are_served_first(
    office: OpenOffice,
) -> None:
    """What the dialplan says of a call: QE_PRIORITY and QE_POSITION."""
    async with office(agents=1, callers=9, **LINEAR) as here:
        plain = await here.waiting_caller(1)
        at_the_head = await here.waiting_caller(8)
        urgent = await here.waiting_caller(9)
        in_order = [urgent.number, at_the_head.number, plain.number]
        assert await here.callers_in_line() == in_order
        phones = await robots(here, {1: BRIEF})
        await plain.wait_for("closed")
        assert [call.number for call in phones[1].calls()] == in_order


async def test_a_preferred_agent_alone_rings_until_the_limit(office: OpenOffice) -> None:
    """QE_PREFERRED: the first agent is ready all the while, the second one wanted."""
    async with office(agents=2, callers=7, **LINEAR) as here:
        phones = await robots(here, {1: BRIEF})
        caller = await here.caller(7)
        await caller.call(here.slot.queue())
        await caller.wait_for("closed")
        (joined,) = await here.events("entry_joined")
        (offered,) = await here.events("entry_offered")
        assert 3_000 <= offered["at"] - joined["at"] < 4_500
        phones = {**phones, **await robots(here, {2: BRIEF})}
        await one_call(here, phones, caller)
        assert rung(phones) == [1, 2]


async def test_the_agent_who_spoke_with_a_caller_last_rings_first(office: OpenOffice) -> None:
    async with office(agents=2, callers=2, sticky_agent=True, **LINEAR) as here:
        phones = await robots(here, {1: BRIEF, 2: BRIEF})
        known, unknown = await here.caller(1), await here.caller(2)
        await here.set_agent(1, "paused")
        await one_call(here, phones, known)
        await here.set_agent(1, "available")
        await one_call(here, phones, unknown)
        await one_call(here, phones, known)
        assert rung(phones) == [2, 1, 2]
        chosen = [one["chosen"] for one in await here.events("entry_offered")]
        assert chosen == ["strategy", "strategy", "sticky"]


async def test_if_the_sticky_agent_does_not_answer_the_others_ring(office: OpenOffice) -> None:
    async with office(agents=2, callers=1, sticky_agent=True, **LINEAR) as here:
        phones = await robots(here, {1: BRIEF})
        caller = await here.caller()
        await one_call(here, phones, caller)
        await phones[1].stop()
        phones = await robots(here, {1: SILENT, 2: BRIEF})
        await one_call(here, phones, caller)
        assert rung(phones) == [1, 2]


async def test_many_callers_are_served_in_parallel(office: OpenOffice) -> None:
    """Nine callers within a second, six agents: six talk at once, the others as soon as one is
    free, all in the order in which they came."""
    async with office(agents=6, callers=1, **LINEAR) as here:
        phones = await robots(here, dict.fromkeys(range(1, 7), CHATTY))
        plan = CallPlan(to=here.slot.outside_number(), talk_ms=2_500)
        numbers = [f"1202555900{n}" for n in range(9)]
        callers = await SippCallers.start(
            numbers,
            plan,
            server=here.pbx.sip_address,
            address=here.slot.carrier_host,
            folder=here.folder / "callers",
        )
        calls = await callers.finished()
        assert all(call.answered for call in calls)
        answered = await here.events("call_answered")
        joined = await here.events("entry_joined")
        assert [one["entry"] for one in joined] == [
            one["entry"] for one in await here.events("entry_offered")
        ], "offered in the order in which they came"
        completed = await here.events("call_completed")
        before = [one for one in answered if one["at"] < completed[0]["at"]]
        assert len(before) == 6, "six talked at once"
        assert len(rung(phones)) == 9
