"""What is said, when and in which language: introduction, position, waiting time, options."""

import pytest

from edge.domain.wording import LessThan, wording_of
from lab.audio import tones_heard
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import heard_in_this_call, hears, hears_music, talk
from tests.asterisk.overheard import hears_words, overheard, words
from tests.asterisk.restarts import hears_on, listening

INTRODUCTION = "queue-closed"
AT_ONCE_SECONDS = 1.0


@pytest.mark.parametrize("mode", ["NORMAL", "FULL"])
async def test_an_introduction_is_heard_out_only_where_the_queue_wants_it(
    office: OpenOffice, mode: str
) -> None:
    settings = {"introduction": {"mode": mode, "sounds": [INTRODUCTION]}}
    async with office(agents=1, callers=1, **settings) as here:
        agent = await here.agent(1, auto_answer_after=1.5)
        known = words(here.pbx, [INTRODUCTION])
        async with listening(here) as listened:
            caller = await here.waiting_caller()
            await hears(caller, agent, 1.0)
        heard = overheard(listened, caller, known)
        (introduction,) = heard.spoken
        late = AT_ONCE_SECONDS + listened.stalled_ms / 1000
        if mode == "FULL":
            assert introduction.whole
            over_at = heard.ended_at(introduction)
            assert over_at < heard.rung_at(agent) < over_at + late
        else:
            assert not introduction.whole
            assert heard.rung_at(agent) < heard.begun_at(introduction) + late


@pytest.mark.parametrize("language", ["en", "es"])
async def test_position_time_and_options_are_told_in_order_in_the_queues_language(
    office: OpenOffice, language: str
) -> None:
    """The second in line, after one call from which the queue has learnt how long a call takes."""
    settings = {
        "language": language,
        "position_announcement": {
            "mode": "ON_CONNECTED",
            "every_seconds": 300,
            "thank_you": ["thank-you-for-waiting"],
        },
        "waiting_time_announcement": {"mode": "yes"},
        "hold_messages": {"sounds": [["lines-busy"]], "first_after_seconds": 3},
        "options": [{"digit": "1", "action": "hangup"}],
        "options_announcement": {"first_after_seconds": 5},
    }
    wording = wording_of(language)
    number = wording.before_position + wording.number(2) + wording.after_position
    told = (
        "lines-busy",
        *number,
        *wording.waiting_time(LessThan(60)),
        "thank-you-for-waiting",
        "press-1",
        "to-end-this-call",
    )
    async with office(agents=1, callers=4, wrap_up_seconds=0, **settings) as here:
        agent = await here.agent(1)
        served = await here.waiting_caller(1)
        await talk(served, agent)
        await served.hang_up()
        await here.agent_becomes(1, "idle")
        talking = await here.waiting_caller(2)
        await talk(talking, agent)
        await here.waiting_caller(3)
        async with listening(here) as listened:
            caller = await here.waiting_caller(4)
            known = words(here.pbx, dict.fromkeys(told), language)
            last = {"to-end-this-call": known["to-end-this-call"]}
            await hears_words(caller, last, seconds=0.6)
            await hears_on(caller, seconds=2.0)
            await talking.hang_up()
        heard = overheard(listened, caller, known)
        assert heard.prompts == list(told)
        # None is cut: the next begins where it ends.
        for before, after in zip(heard.spoken, heard.spoken[1:], strict=False):
            assert -0.05 < after.start - before.end < 0.6
        assert all(one.whole for one in heard.spoken)


async def test_who_moves_up_is_told_the_new_position(office: OpenOffice) -> None:
    settings = {"position_announcement": {"mode": "ON_CONNECTED", "every_seconds": 6}}
    async with office(agents=1, callers=2, min_gap_seconds=2, **settings) as here:
        first = await here.waiting_caller(1)
        known = words(here.pbx, ["digits/2", "queue-youarenext"])
        async with listening(here) as listened:
            caller = await here.waiting_caller(2)
            await hears_words(caller, {"digits/2": known["digits/2"]}, seconds=0.2)
            await first.hang_up()
            await hears_words(caller, {"queue-youarenext": known["queue-youarenext"]}, seconds=3)
        first_told, then, *_ = overheard(listened, caller, known).prompts
        assert (first_told, then) == ("digits/2", "queue-youarenext")


async def test_a_caller_hears_the_phone_ring_until_an_agent_answers(office: OpenOffice) -> None:
    """Answered on the agent's answer: until then nobody pays, and nothing is said."""
    async with office(
        agents=1, callers=1, answer_on="agent", join_announcement=["lines-busy"]
    ) as here:
        agent = await here.agent(1)
        async with listening(here) as listened:
            caller = await here.caller(1)
            await caller.call(here.slot.queue())
            await caller.wait_for("ringing")
            await agent.wait_for("incoming")
            assert not caller.seen("answered")
            await agent.answer()
            await caller.wait_for("answered")
            await hears(caller, agent, 1.0)
            await hears(agent, caller, 0.5)
        heard = overheard(listened, caller, words(here.pbx, ["lines-busy"]))
        assert heard.spoken == []
        assert heard.streams[0].stream.started_at >= heard.answered_at(agent) - 0.1


async def test_a_queue_may_let_its_callers_hear_ringing_instead_of_music(
    office: OpenOffice,
) -> None:
    settings = {"hold_sound": "ringback", "join_announcement": ["lines-busy"]}
    async with office(agents=1, callers=1, **settings) as here:
        caller = await here.waiting_caller()

        def rings() -> bool:
            heard = tones_heard(heard_in_this_call(caller), [440.0, 480.0])
            return all(sum(span.seconds for span in heard[hz]) >= 1 for hz in heard)

        await wait_until(rings, "the tone of a ringing phone", 15, every=0.2)


async def test_words_in_the_place_of_the_music_give_it_back(office: OpenOffice) -> None:
    settings = {
        "announce_mode": "interrupt",
        "hold_messages": {"sounds": [["lines-busy"]], "first_after_seconds": 3},
    }
    async with office(agents=1, callers=1, **settings) as here:
        async with listening(here) as listened:
            caller = await here.waiting_caller()
            await hears_words(caller, words(here.pbx, ["lines-busy"]), seconds=4)
            await hears_music(caller, 2)
        heard = overheard(listened, caller, words(here.pbx, ["lines-busy"]))
        (message,) = heard.spoken
        assert message.whole
        assert message.music_db < -40
        assert heard.under.has_music(0.3, message.start)
        assert heard.under.has_music(message.end + 0.3, heard.wait.seconds)
        most_ms = 60 + listened.stalled_ms
        assert heard.wait.longest_silence_ms(0.1, message.start) <= most_ms
        assert heard.wait.longest_silence_ms(message.end) <= most_ms
