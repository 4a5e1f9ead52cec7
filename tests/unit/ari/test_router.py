"""Each leg's events reach its listeners, all of them, in order, ended by one LegEnded."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.ari import events as ari
from edge.ari.router import REMEMBERED_ENDS, Router
from edge.domain.ids import BridgeId, LegId, PlaybackId
from edge.ports.phone_system import (
    DigitPressed,
    EndReason,
    FeedBroken,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegFeed,
    LegReplaced,
    LegRinging,
    PlaybackEnded,
)

LEG = LegId("leg_1")
OTHER = LegId("leg_2")
BRIDGE = BridgeId("conv_1")


def channel(state: str = "Down", leg: LegId = LEG) -> ari.Channel:
    return ari.Channel(leg, state, "301", "", "Stasis", "")


def start(state: str = "Down", leg: LegId = LEG) -> ari.StasisStart:
    return ari.StasisStart(channel(state, leg), ())


def request(cause: int, status: int = 0, soft: bool = False) -> ari.ChannelHangupRequest:
    return ari.ChannelHangupRequest(channel(), cause, status, soft)


RINGING = ari.ChannelStateChange(channel("Ringing"))
UP = ari.ChannelStateChange(channel("Up"))
END = ari.StasisEnd(channel())


async def read(feed: LegFeed) -> list[LegEvent]:
    return [await feed.next() for _ in range(feed.pending())]


async def heard(*events: ari.Event) -> list[LegEvent]:
    router = Router()
    with router.listen(LEG) as feed:
        for event in events:
            router.route(event)
        return await read(feed)


async def test_a_phone_rings_is_answered_and_hangs_up() -> None:
    assert await heard(start(), RINGING, UP, request(16), END) == [
        LegRinging(),
        LegAnswered(),
        LegEnded(EndReason.NORMAL),
    ]


async def test_our_answer_to_a_caller_is_no_news() -> None:
    assert await heard(start("Ring"), UP) == []


async def test_early_media_rings_once() -> None:
    progress = ari.Dial(channel(), "PROGRESS")
    assert await heard(start(), progress, RINGING, progress) == [LegRinging()]


@pytest.mark.parametrize(
    ("before_the_end", "reason"),
    [
        ([request(17, 486)], EndReason.BUSY),
        ([RINGING, request(17, 486)], EndReason.REFUSED),
        ([RINGING, request(19, 480)], EndReason.REFUSED),
        ([RINGING, request(32, soft=True)], EndReason.NO_ANSWER),
        ([request(32, soft=True)], EndReason.NO_ANSWER),
        ([UP, request(32, soft=True)], EndReason.NORMAL),
        ([UP], EndReason.NORMAL),  # moved to another application
    ],
)
async def test_why_a_dialled_leg_ended(before_the_end: list[ari.Event], reason: EndReason) -> None:
    assert (await heard(start(), *before_the_end, END))[-1] == LegEnded(reason)


@pytest.mark.parametrize("hang_up", [request(0), request(127), request(16, 487)])
async def test_a_caller_who_gives_up_before_the_answer_ends_normally(
    hang_up: ari.ChannelHangupRequest,
) -> None:
    assert await heard(start("Ring"), hang_up, END) == [LegEnded(EndReason.NORMAL)]


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([ari.ChannelDestroyed(channel(), 17, 486)], EndReason.BUSY),
        ([request(32, soft=True), ari.ChannelDestroyed(channel(), 19, 480)], EndReason.NO_ANSWER),
    ],
)
async def test_a_leg_may_be_destroyed_without_leaving_first(
    events: list[ari.Event], reason: EndReason
) -> None:
    assert await heard(start(), *events) == [LegEnded(reason)]


async def test_a_hang_up_that_we_ordered_has_our_reason() -> None:
    router = Router()
    with router.listen(LEG) as feed:
        router.route(start())
        router.order_end(LEG, EndReason.ANSWERED_ELSEWHERE)
        router.order_end(LEG, EndReason.NORMAL)
        router.route(request(32, soft=True))
        router.route(END)
        assert await read(feed) == [LegEnded(EndReason.ANSWERED_ELSEWHERE)]


async def test_a_leg_ends_once_and_the_end_is_told_to_whoever_asks_again() -> None:
    router = Router()
    with router.listen(LEG) as feed:
        for event in (start(), END, END, ari.ChannelDestroyed(channel(), 16, 0)):
            router.route(event)
        assert feed.pending() == 1
        assert await feed.next() == await feed.next() == LegEnded(EndReason.NORMAL)


async def test_a_listener_who_comes_after_the_end_is_told_at_once() -> None:
    router = Router()
    router.route(start())
    router.route(END)
    with router.listen(LEG) as feed:
        assert await feed.next() == LegEnded(EndReason.NORMAL)


async def test_ends_are_not_remembered_for_ever() -> None:
    router = Router()
    for n in range(REMEMBERED_ENDS + 5):
        leg = LegId(f"leg_{n}")
        router.route(start(leg=leg))
        router.route(ari.StasisEnd(channel(leg=leg)))
    assert not router.has_ended(LegId("leg_4"))
    assert router.has_ended(LegId("leg_5"))


async def test_an_arrival_keeps_its_events_until_someone_listens() -> None:
    router = Router()
    router.route(start("Ring"))
    router.route(ari.ChannelDtmfReceived(channel("Up"), "1"))
    with router.listen(LEG) as feed:
        router.route(ari.ChannelDtmfReceived(channel("Up"), "2"))
        assert await read(feed) == [DigitPressed("1"), DigitPressed("2")]


async def test_two_listeners_hear_the_same() -> None:
    router = Router()
    with router.listen(LEG) as one, router.listen(LEG) as other:
        router.route(start())
        router.route(RINGING)
        assert await read(one) == await read(other) == [LegRinging()]


async def test_a_finished_playback_is_told_and_forgotten() -> None:
    router = Router()
    playback = PlaybackId("say_1")
    with router.listen(LEG) as feed:
        router.route(start())
        router.legs[LEG].playbacks.add(playback)
        router.route(ari.PlaybackFinished(playback, f"channel:{LEG}"))
        assert await read(feed) == [PlaybackEnded(playback)]
        assert not router.legs[LEG].playbacks


async def test_events_of_strangers_are_counted_not_kept() -> None:
    router = Router()
    router.route(ari.ChannelDtmfReceived(channel("Up"), "1"))
    router.route(UP)
    assert router.unclaimed == 2
    assert not router.legs


async def test_a_leg_that_never_came_to_be_is_forgotten() -> None:
    router = Router()
    with router.listen(LEG), router.expect_start(LEG):
        assert LEG in router.legs
    assert not router.legs


async def test_bridges_are_followed() -> None:
    router = Router()
    router.route(start())
    with router.expect_entry(LEG, BRIDGE) as entry:
        router.route(ari.ChannelEnteredBridge(LEG, BridgeId("conv_0")))
        assert not entry.done()
        router.route(ari.ChannelEnteredBridge(LEG, BRIDGE))
        assert await entry is True
    router.route(ari.ChannelLeftBridge(LEG, BridgeId("conv_0")))
    assert router.bridge_of == {LEG: BRIDGE}
    router.route(ari.ChannelLeftBridge(LEG, BRIDGE))
    assert router.bridge_of == {}


async def test_who_waits_for_an_entry_or_a_start_learns_of_the_end() -> None:
    router = Router()
    router.route(start())
    with router.expect_entry(LEG, BRIDGE) as entry, router.expect_start(LEG) as started:
        router.route(END)
        assert list(await asyncio.gather(entry, started)) == [False, False]


async def test_a_broken_feed_is_told_and_heals_by_a_snapshot() -> None:
    router = Router()
    with router.listen(LEG) as feed, router.listen(OTHER) as other:
        router.route(start())
        router.route(start("Ringing", OTHER))
        router.break_feeds()
        router.heal([LEG, OTHER], {LEG: "Up", OTHER: "Ringing"})
        assert await read(feed) == [FeedBroken(), LegAnswered()]
        assert await read(other) == [FeedBroken()]


async def test_a_leg_that_vanished_in_the_gap_is_left_to_the_survey() -> None:
    router = Router()
    with router.listen(LEG) as feed:
        router.route(start())
        with router.expect_entry(LEG, BRIDGE) as entry:
            router.heal([LEG], {})
            assert await entry is False
        assert feed.pending() == 0
    assert not router.legs


async def test_a_leg_that_came_after_the_snapshot_is_not_judged_by_it() -> None:
    router = Router()
    router.route(start())
    router.heal([], {})
    assert router.legs[LEG].present


async def test_a_snapshot_older_than_an_event_takes_nothing_back() -> None:
    router = Router()
    with router.listen(LEG) as feed:
        router.route(start())
        router.route(UP)
        router.heal([LEG], {LEG: "Ringing"})
        assert await read(feed) == [LegAnswered()]


@given(st.lists(st.tuples(st.sampled_from([LEG, OTHER]), st.sampled_from("0123456789*#"))))
def test_no_digit_is_lost_and_each_leg_keeps_its_order(pressed: list[tuple[LegId, str]]) -> None:
    async def story() -> None:
        router = Router()
        with router.listen(LEG) as feed, router.listen(OTHER) as other:
            router.route(start("Up"))
            router.route(start("Up", OTHER))
            for leg, digit in pressed:
                router.route(ari.ChannelDtmfReceived(channel("Up", leg), digit))
            for leg, its_feed in ((LEG, feed), (OTHER, other)):
                expected = [DigitPressed(digit) for of, digit in pressed if of == leg]
                assert await read(its_feed) == expected

    asyncio.run(story())


async def test_who_takes_the_place_of_a_leg_is_told_and_has_a_feed_of_its_own() -> None:
    """A transfer: Asterisk tells the successor first, the end of the replaced leg later."""
    router = Router()
    with router.listen(LEG) as feed:
        router.route(start("Up"))
        router.entered(LEG, BRIDGE)
        router.route(ari.StasisStart(channel("Down", OTHER), (), replaces=LEG))
        router.route(ari.ChannelLeftBridge(LEG, BRIDGE))
        router.route(ari.ChannelEnteredBridge(OTHER, BRIDGE))
        router.route(request(16))
        router.route(END)
        assert await read(feed) == [LegReplaced(OTHER), LegEnded(EndReason.NORMAL)]
    router.route(ari.ChannelStateChange(channel("Up", OTHER)))
    router.route(ari.ChannelDestroyed(channel("Up", OTHER), 16, 0))
    with router.listen(OTHER) as feed:
        assert await read(feed) == [LegEnded(EndReason.NORMAL)]


async def test_a_transfer_that_nobody_listens_to_is_told_to_who_listens_next() -> None:
    """While a new conductor is on its way; the replaced leg has ended by then."""
    router = Router()
    router.route(start("Up"))
    with router.listen(LEG) as feed:
        pass
    router.route(ari.StasisStart(channel("Up", OTHER), (), replaces=LEG))
    router.route(request(16))
    router.route(END)
    with router.listen(LEG) as feed:
        assert await read(feed) == [LegReplaced(OTHER)]
    with router.listen(LEG) as feed:
        assert await read(feed) == [LegEnded(EndReason.NORMAL)]


async def test_a_transfer_of_a_leg_that_is_not_ours_concerns_nobody() -> None:
    router = Router()
    router.route(ari.StasisStart(channel("Up", OTHER), (), replaces=LEG))
    assert router.unclaimed == 1
