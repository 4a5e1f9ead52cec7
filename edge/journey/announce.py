"""Between answer and bridge: a word to the agent, a pause, a word to the caller.

The caller hears music until the caller's own word. Whoever hangs up ends it at once.
"""

from edge.domain.entry import Entry
from edge.domain.ids import AccountId
from edge.domain.settings import Queue
from edge.journey.floor import Floor
from edge.journey.leg import Gone, Leg, while_all_present
from edge.journey.speech import LISTENING_SECONDS, hush, say, sounds_of
from edge.ports.prompts import SPOKEN_NUMBERS, Prompt, number

ANNOUNCED_WITHIN_SECONDS = 20.0
"""Each of the two announcements; a longer one is cut, for somebody waits on the other side."""


def hold_time(seconds: float) -> list[str]:
    """The prompts that tell how long a caller has waited, in whole minutes; over 20 in tens."""
    minutes = int(seconds // 60)
    if minutes == 0:
        return [Prompt.HOLD_TIME, Prompt.LESS_THAN_A_MINUTE]
    if minutes == 1:
        return [Prompt.HOLD_TIME, Prompt.ONE_MINUTE]
    spoken = max(one for one in SPOKEN_NUMBERS if one <= minutes)
    more = [Prompt.MORE_THAN] if spoken < minutes else []
    return [Prompt.HOLD_TIME, *more, number(spoken), Prompt.MINUTES]


async def announce(
    floor: Floor, account: AccountId, entry: Entry, queue: Queue, caller: Leg, answered: Leg
) -> None:
    """All that is said before the bridge; returns when both may be connected, or one is gone."""
    to_agent = list(queue.agent_announcement)
    if queue.report_hold_time:
        to_agent += hold_time((floor.clock.now_ms() - entry.joined_at_ms) / 1000)
    if not (to_agent or queue.member_delay_seconds or queue.caller_announcement):
        return

    async def speak() -> None:
        if to_agent:
            await floor.clock.sleep(LISTENING_SECONDS)
            language = floor.directory.language(account)
            words = sounds_of(floor, account, to_agent, language)
            await say(answered, words, ANNOUNCED_WITHIN_SECONDS, language)
        if queue.member_delay_seconds:
            await floor.clock.sleep(queue.member_delay_seconds)
        if queue.caller_announcement:
            language = floor.directory.language(account, queue.id)
            words = sounds_of(floor, account, queue.caller_announcement, language)
            await say(caller, words, ANNOUNCED_WITHIN_SECONDS, language)

    gone = await while_all_present((caller, answered), speak())
    if isinstance(gone, Gone) and not caller.has_ended:
        # Back to music at once: what was being said is not true any more.
        await hush(caller)
