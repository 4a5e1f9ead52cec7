"""The story of the demo: eight phones, five calls, and an edge that dies in the middle of them."""

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp

from edge.ports.prompts import Prompt
from edge.prompts.texts import read_texts
from lab.asterisk_conf import REPOSITORY
from lab.audio import SILENCE_DBFS, heard, tone_seconds
from lab.demo_cast import OUTSIDE_CALLER, Cast, Robot
from lab.demo_ears import PROMPTS, RECOGNISED, as_heard, recognise
from lab.demo_facts import FactFeed
from lab.demo_teller import Teller
from lab.demo_world import API_KEY, DemoWorld
from lab.phone_events import Happening
from lab.wait import wait_until

QUEUE = "500"
OUTSIDE_NUMBER = "12025550100"
RING_SECONDS = 20
READING_SECONDS = 0.7
"""A breath before each scene."""
STOPS_RINGING_WITHIN_SECONDS = 0.5


@dataclass(slots=True)
class Conversation:
    """Who talked with whom. `answered_at` is when the agent took the call: time.monotonic(), and
    wall time in seconds."""

    caller: Robot
    agent: Robot
    answered_at: float
    answered_wall_at: float


class Story:
    """Tell it once. What does not come true is kept in the teller; a wait in vain raises
    AssertionError."""

    def __init__(self, cast: Cast, feed: FactFeed, teller: Teller, world: DemoWorld) -> None:
        self._cast = cast
        self._feed = feed
        self._teller = teller
        self._world = world
        self._texts = {texts.language: texts for texts in read_texts(REPOSITORY / "sounds")}["en"]
        self.conversations: dict[str, Conversation] = {}

    async def tell(self) -> None:
        await self._three_callers_wait()
        await self._a_caller_presses_keys()
        await self._alice_logs_in_and_serves_the_first()
        await self._bob_does_not_hear_his_phone()
        await self._a_caller_gives_up()
        await self._the_call_from_outside()
        await self._the_edge_dies()
        await self._carol_serves_who_kept_the_place()
        await self._a_caller_hangs_up_while_the_phone_rings()
        await self._home_time()

    # --- scenes

    async def _three_callers_wait(self) -> None:
        await self._scene("Nobody is logged in. Two colleagues and a customer call Support.")
        for n, (number, dialled) in enumerate(
            [("301", QUEUE), ("302", QUEUE), (OUTSIDE_CALLER, OUTSIDE_NUMBER)], start=1
        ):
            await self._call(number, dialled)
            joined = await self._feed.wait("entry_joined", number)
            self._expect(joined.told["position"] == n, f"caller {number} is at position {n}")
        await self._tell_line(["301", "302", OUTSIDE_CALLER])

    async def _a_caller_presses_keys(self) -> None:
        await self._scene("Caller 304 calls Sales, where one is told the place and what to press.")
        caller = self._cast.callers["304"]
        self._teller.fact("caller 304 dials 501")
        await caller.dial("501", "keys")
        await self._feed.wait("entry_joined", "304")
        await self._hears_words(caller, "press-1", "to-get-a-callback")
        await caller.phone.press("1")
        await self._feed.wait("option_pressed", "304")
        await self._hears_words(caller, "callback-not-yet")
        entries = (await self._ask("/v1/queues/qu_sales/entries"))["data"]
        kept = [(entry["caller"], entry["position"]) for entry in entries]
        self._expect(kept == [("304", 1)], "caller 304 keeps the place")
        await caller.phone.press("9")
        left = await self._feed.wait("entry_left", "304")
        self._expect(left.told["disposition"] == "option_hangup", "caller 304 left by a key")
        await caller.phone.wait_for(Happening.CLOSED)

    async def _hears_words(self, caller: Robot, *prompts: str) -> None:
        """These prompts, over the music."""
        recording = caller.phone.recordings[-1]
        sounds = [as_heard(PROMPTS / f"{prompt}.ulaw") for prompt in prompts]

        def are_heard() -> bool:
            return all(heard(recording.sound(), sound) for sound in sounds)

        words = " … ".join(self._texts.prompts[prompt] for prompt in prompts)
        await wait_until(are_heard, f"{caller.name} hears “{words}”", seconds=20, every=0.2)
        self._teller.fact(f"{caller.name} hears, over the music: “{words}”")

    async def _alice_logs_in_and_serves_the_first(self) -> None:
        await self._scene("Alice logs in from her phone.")
        alice = self._cast.alice
        await self._dial_star_code(alice, "*45", Prompt.LOGGED_IN, "available")
        await self._ring_and_answer(alice, "301", after=1.0)
        await self._hear_each_other("301")

    async def _bob_does_not_hear_his_phone(self) -> None:
        await self._scene("Bob logs in, but has left his desk. His phone may ring for 20 s.")
        await self._dial_star_code(self._cast.bob, "*45", Prompt.LOGGED_IN, "available")
        rings = await self._cast.bob.phone.wait_for(Happening.INCOMING)
        self._expect(rings.peer == "302", "Bob's phone shows 302")
        await self._hang_up(self._cast.callers["301"])
        await self._over("301", "user_alice")
        await self._feed.wait("wrap_up_started", user="user_alice")

    async def _a_caller_gives_up(self) -> None:
        await self._scene("Meanwhile caller 303 has no patience.")
        await self._call("303", QUEUE)
        joined = await self._feed.wait("entry_joined", "303")
        self._expect(joined.told["position"] == 3, "caller 303 is at position 3")
        await asyncio.sleep(2)
        await self._hang_up(self._cast.callers["303"])
        left = await self._feed.wait("entry_left", "303")
        self._expect(left.told["disposition"] == "abandoned", "caller 303 has abandoned")

    async def _the_call_from_outside(self) -> None:
        await self._scene("Alice's wrap-up ends: the next one whom nobody rings for is hers.")
        alice = self._cast.alice
        await self._feed.wait("wrap_up_ended", user="user_alice")
        await self._ring_and_answer(alice, OUTSIDE_CALLER, after=1.0)
        await self._hear_each_other(OUTSIDE_CALLER)
        await asyncio.sleep(2)
        await self._hang_up(alice)
        await self._cast.callers[OUTSIDE_CALLER].phone.wait_for(Happening.CLOSED)
        await self._over(OUTSIDE_CALLER, "user_alice")

    async def _the_edge_dies(self) -> None:
        edge = self._world.edge
        await self._scene("The edge dies: kill -9. Caller 302 waits, Bob's phone rings.")
        await edge.kill()
        self._teller.fact("the edge is dead; Asterisk holds the calls, Redis knows the line")
        await asyncio.sleep(1)
        self._expect(self._hears_music("302"), "caller 302 hears music while no edge lives")
        self._expect(self._cast.bob.phone.in_call, "Bob's phone goes on ringing")
        self._teller.fact("caller 302 hears music, Bob's phone rings; the edge is started again")
        await edge.start()
        await self._feed.wait("entry_taken_over", "302")
        await self._tell_line(["302"])

    async def _carol_serves_who_kept_the_place(self) -> None:
        await self._scene("Carol logs in. Caller 302 still has Bob's phone ringing.")
        carol = self._cast.carol
        await self._dial_star_code(carol, "*45", Prompt.LOGGED_IN, "available")
        ended = await self._feed.wait("leg_ended", "302", "user_bob", seconds=RING_SECONDS + 2)
        self._expect(ended.told["reason"] == "no_answer", "Bob has missed the call")
        await self._ring_and_answer(carol, "302", after=1.0)
        await self._hear_each_other("302")
        await asyncio.sleep(2)
        await self._hang_up(self._cast.callers["302"])
        await self._over("302", "user_carol")

    async def _a_caller_hangs_up_while_the_phone_rings(self) -> None:
        await self._scene("Caller 304 hangs up while Bob's phone rings.")
        bob, caller = self._cast.bob, self._cast.callers["304"]
        await self._call("304", QUEUE)
        rings = await bob.phone.wait_for(Happening.INCOMING)
        self._expect(rings.peer == "304", "Bob, the longest without a call, is rung for 304")
        await asyncio.sleep(1)
        hung_up_at = await self._hang_up(caller)
        stopped = await bob.phone.wait_for(Happening.CLOSED)
        late = stopped.at - hung_up_at
        self._teller.fact(f"Bob's phone was quiet {late * 1000:.0f} ms after the hang-up")
        self._expect(late < STOPS_RINGING_WITHIN_SECONDS, "the ringing stops at once")
        await self._feed.wait("entry_left", "304", nth=2)

    async def _home_time(self) -> None:
        await self._scene("Bob takes a break, Alice goes home.")
        await self._dial_star_code(self._cast.bob, "*46", Prompt.PAUSED, "paused")
        await self._dial_star_code(self._cast.alice, "*45", Prompt.LOGGED_OUT, "logged_out")
        await self._tell_line([])

    # --- what people do

    async def _scene(self, title: str) -> None:
        await asyncio.sleep(READING_SECONDS)
        self._teller.scene(title)

    async def _call(self, number: str, dialled: str) -> None:
        caller = self._cast.callers[number]
        self._teller.fact(f"caller {number} dials {dialled}")
        await caller.dial(dialled, "call")
        await wait_until(lambda: self._hears_music(number), f"caller {number} hears music")
        self._teller.fact(f"caller {number} hears music")

    async def _dial_star_code(self, agent: Robot, code: str, prompt: Prompt, status: str) -> None:
        """The agent dials it, hears it out, and is what it says."""
        self._teller.fact(f"{agent.name} dials {code}")
        label = prompt.value
        call = await agent.dial(code, label)
        await self._closed(agent, call.call_id)
        recording = agent.recording(label)
        heard, score = ("", 0.0) if recording is None else await recognise(recording)
        text = self._texts.prompts.get(heard, "nothing that is known")
        self._teller.fact(f"{agent.name} hears: “{text}” (recognised, {score:.0%} alike)")
        is_right = heard == prompt and score > RECOGNISED
        self._expect(is_right, f"{agent.name} hears “{self._texts.prompts[prompt]}”")
        state = await self._ask(f"/v1/users/{agent.user}/queue-agent")
        self._expect(state["status"] == status, f"the API says that {agent.name} is {status}")

    async def _ring_and_answer(self, agent: Robot, number: str, after: float) -> None:
        rings = await agent.phone.wait_for(Happening.INCOMING)
        self._expect(rings.peer == number, f"{agent.name}'s phone shows {number}")
        await asyncio.sleep(max(0.0, rings.at + after - time.monotonic()))
        rang = time.monotonic() - rings.at
        self._teller.fact(f"{agent.name} answers after {rang:.1f} s of ringing")
        caller = self._cast.callers[number]
        talk = Conversation(caller, agent, time.monotonic(), time.time())
        self.conversations[number] = talk
        await agent.phone.answer()
        await agent.phone.wait_for(Happening.ANSWERED)
        await self._feed.wait("call_connected", number, agent.user)

    async def _hear_each_other(self, number: str) -> None:
        """Both phones must hear the other's tone, now."""
        talk = self.conversations[number]
        for listener, speaker in ((talk.caller, talk.agent), (talk.agent, talk.caller)):
            hears = partial(self._hears, listener, speaker)
            await wait_until(hears, f"{listener.name} hears {speaker.name}", every=0.1)
        self._teller.fact(f"{talk.agent.name} and {talk.caller.name} hear each other")

    @staticmethod
    def _hears(listener: Robot, speaker: Robot) -> bool:
        tone = speaker.phone.tone_hz
        sound = listener.phone.recording.sound()
        newest = sound.between(sound.seconds - 1)
        return tone is not None and tone_seconds(newest, tone) >= 0.5

    async def _hang_up(self, robot: Robot) -> float:
        """The time (monotonic) of it."""
        self._teller.fact(f"{robot.name} hangs up")
        at = time.monotonic()
        await robot.phone.hang_up()
        return at

    async def _over(self, number: str, user: str) -> None:
        """The conversation is over on both sides, and the account knows it."""
        talk = self.conversations[number]
        await self._feed.wait("call_completed", number, user)
        left = await self._feed.wait("entry_left", number)
        self._expect(left.told["disposition"] == "answered", f"caller {number} was answered")
        for robot in (talk.caller, talk.agent):
            await wait_until(partial(self._is_idle, robot), f"{robot.name}'s call is over")

    @staticmethod
    def _is_idle(robot: Robot) -> bool:
        return not robot.phone.in_call

    async def _closed(self, robot: Robot, call_id: str | None) -> None:
        def is_closed() -> bool:
            return robot.closed_at(call_id) is not None

        await wait_until(is_closed, f"{robot.name}'s call to a star code ends", 15)

    async def _tell_line(self, expected: list[str]) -> None:
        """Who stands in line, first in line first, as the API says it."""
        entries = (await self._ask("/v1/queues/qu_support/entries"))["data"]
        line = [entry["caller"] for entry in entries]
        self._teller.fact(f"the API lists the line: {', '.join(line) or 'nobody'}")
        self._expect(line == expected, f"in line: {', '.join(expected) or 'nobody'}")

    def _hears_music(self, number: str) -> bool:
        """Something is heard now, and nobody talks."""
        recordings = self._cast.callers[number].phone.recordings
        if not recordings:
            return False
        sound = recordings[-1].sound()
        return sound.between(sound.seconds - 0.1).dbfs() > SILENCE_DBFS

    async def _ask(self, path: str) -> Any:
        """GET a path of the HTTP API."""
        limit = aiohttp.ClientTimeout(total=5)
        headers = {"Authorization": f"Bearer {API_KEY}"}
        async with (
            aiohttp.ClientSession(headers=headers, timeout=limit) as web,
            web.get(self._world.http_url + path) as answer,
        ):
            answer.raise_for_status()
            return await answer.json()

    def _expect(self, came_true: bool, claim: str) -> None:
        self._teller.expect(came_true, claim)
