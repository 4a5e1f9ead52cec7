"""Words under music are found with their times and loudness, and missed where they are not."""

from collections.abc import Sequence

import numpy as np
import pytest

from lab.audio import RATE, Samples, Sound
from lab.tune import aligned
from lab.under_music import Spoken, UnderMusic
from tests.unit.lab.test_audio import music_like, over_the_phone, speech_like

TUNE = over_the_phone(music_like(12.0, rms=0.06))
PROMPTS = {f"prompt-{seed}": over_the_phone(speech_like(seed, 1.5)) for seed in (1, 2, 3)}
FIRST = PROMPTS["prompt-1"].samples


def music(seconds: float, start: int = 3000) -> Samples:
    """The tune as a caller hears it who came into its middle; it goes round."""
    return TUNE.samples[(np.arange(round(seconds * RATE)) + start) % len(TUNE.samples)]


def waited(
    words: Sequence[tuple[float, Samples]], seconds: float = 20.0, lowered: float = 1.0
) -> UnderMusic:
    """Music with these words over it, lowered while they last, as G.711 brings it."""
    heard = music(seconds).copy()
    for start, what in words:
        span = slice(round(start * RATE), round(start * RATE) + len(what))
        heard[span] = heard[span] * lowered + what
    return UnderMusic(over_the_phone(heard), TUNE)


def the_one(found: list[Spoken]) -> Spoken:
    assert len(found) == 1, found
    return found[0]


def test_music_alone_is_taken_away_to_the_last_sample() -> None:
    alone = waited([])
    assert alone.words.dbfs() == -120
    assert alone.spoken(PROMPTS) == []
    assert alone.has_music(0, 20)
    assert alone.music_db(1, 3) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("lowered_db", [0, -6, -12])
def test_a_prompt_over_music_is_found_with_its_times_and_loudness(lowered_db: int) -> None:
    here = waited([(7.3, FIRST)], lowered=10 ** (lowered_db / 20))
    one = the_one(here.spoken(PROMPTS))
    assert one.prompt == "prompt-1"
    assert one.whole
    assert one.start == pytest.approx(7.3, abs=0.01)
    assert one.end == pytest.approx(7.3 + len(FIRST) / RATE, abs=0.06)
    assert one.gain_db == pytest.approx(0, abs=0.5)
    assert one.music_db == pytest.approx(lowered_db, abs=0.5)
    assert here.has_music(7.0, 9.5)
    level = 20 * np.log10(0.1 / 0.06) - lowered_db
    assert one.over_music_db == pytest.approx(level, abs=2.5)


def test_a_prompt_quieter_than_the_music_is_found_as_well() -> None:
    one = the_one(waited([(4.0, FIRST * 0.25)]).spoken(PROMPTS))
    assert one.gain_db == pytest.approx(-12, abs=0.7)
    assert one.over_music_db < -5


@pytest.mark.parametrize("heard_seconds", [0.45, 0.8, 1.2])
def test_a_prompt_that_was_cut_ends_where_it_was_cut(heard_seconds: float) -> None:
    here = waited([(5.0, FIRST[: round(heard_seconds * RATE)])])
    one = the_one(here.spoken(PROMPTS))
    assert not one.whole
    assert one.end == pytest.approx(5.0 + heard_seconds, abs=0.05)


def test_a_prompt_that_goes_on_longer_ends_later() -> None:
    """What a test of a cut must be able to fail on."""
    ends = [
        the_one(waited([(5.0, FIRST[: round(heard * RATE)])]).spoken(PROMPTS)).end
        for heard in (0.8, 0.95)
    ]
    assert ends[1] - ends[0] == pytest.approx(0.15, abs=0.04)


def test_a_host_that_stalled_as_a_prompt_began_has_not_hidden_it() -> None:
    stalled = np.concatenate([FIRST[:1200], np.zeros(900), FIRST[1200:]])
    one = the_one(waited([(5.0, stalled)], lowered=0.5).spoken(PROMPTS))
    assert one.whole
    assert one.start == pytest.approx(5.0, abs=0.15)


@pytest.mark.parametrize("stalled_seconds", [0.1, 0.25])
def test_a_host_that_stalled_in_the_middle_of_a_prompt_has_not_cut_it(
    stalled_seconds: float,
) -> None:
    stalled = np.concatenate([FIRST[:RATE], np.zeros(round(stalled_seconds * RATE)), FIRST[RATE:]])
    one = the_one(waited([(5.0, stalled)], lowered=0.5).spoken(PROMPTS))
    assert one.whole
    assert one.end == pytest.approx(5.0 + len(stalled) / RATE, abs=0.06)
    assert one.gain_db == pytest.approx(0, abs=0.5)


@pytest.mark.parametrize("left_seconds", [0.14, 0.17, 0.3])
def test_a_host_that_stalled_for_one_frame_at_the_end_of_a_prompt_has_not_cut_it(
    left_seconds: float,
) -> None:
    """Asterisk whispers a frame of nothing, and the rest of the words after it."""
    rest = round(left_seconds * RATE)
    stalled = np.concatenate([FIRST[:-rest], np.zeros(RATE // 50), FIRST[-rest:]])
    one = the_one(waited([(5.0, stalled)], lowered=0.25).spoken(PROMPTS))
    assert one.whole
    assert one.end == pytest.approx(5.0 + len(stalled) / RATE, abs=0.06)


def test_music_goes_on_after_a_hole_where_it_was_before() -> None:
    heard = np.concatenate([music(20)[: 6 * RATE], np.zeros(800), music(20)[6 * RATE :]])
    heard[6 * RATE - 4000 : 6 * RATE - 4000 + len(FIRST)] += FIRST
    here = UnderMusic(over_the_phone(heard), TUNE)
    assert the_one(here.spoken(PROMPTS)).music_db == pytest.approx(0, abs=1)
    assert here.has_music(0.0, 5.5)
    assert here.has_music(6.2, 20.0)


def test_other_words_are_not_taken_for_a_prompt() -> None:
    other = over_the_phone(speech_like(9, 1.5)).samples
    assert waited([(5.0, other)]).spoken(PROMPTS) == []


def test_each_prompt_of_a_sequence_and_each_time_is_told_in_order() -> None:
    second = PROMPTS["prompt-2"].samples
    both = np.concatenate([second, FIRST])
    found = waited([(3.0, both), (12.0, FIRST)], lowered=0.25).spoken(PROMPTS)
    assert [one.prompt for one in found] == ["prompt-2", "prompt-1", "prompt-1"]
    assert [round(one.start, 1) for one in found] == [3.0, 4.5, 12.0]


@pytest.mark.parametrize("samples_heard", [9_600, 9_640, 9_660, 9_679])
def test_words_that_cut_others_in_the_middle_of_a_frame_have_not_hidden_them(
    samples_heard: int,
) -> None:
    """Where words stop is known to 10 ms, where others begin to the sample."""
    cut, after = FIRST[:samples_heard], np.tile(PROMPTS["prompt-2"].samples, 2)
    prompts = {**PROMPTS, "prompt-2": Sound(after)}
    found = waited([(3.0, np.concatenate([cut, after]))], lowered=0.0).spoken(prompts)
    assert [one.prompt for one in found] == ["prompt-1", "prompt-2"]


def test_of_prompts_that_begin_alike_the_one_counts_that_was_heard_longest() -> None:
    begin = FIRST[: RATE // 2]
    prompts = {
        name: over_the_phone(np.concatenate([begin, speech_like(seed, 0.75)]))
        for name, seed in (("one-way", 21), ("another", 22))
    }
    one = the_one(waited([(6.0, prompts["another"].samples)]).spoken(prompts))
    assert (one.prompt, one.whole) == ("another", True)


def test_music_that_stood_still_under_a_prompt_was_not_heard() -> None:
    tune = music(20)
    heard = np.concatenate([tune[: 6 * RATE], FIRST, tune[6 * RATE :]])
    here = UnderMusic(over_the_phone(heard), TUNE)
    one = the_one(here.spoken(PROMPTS))
    assert (one.music_db, one.over_music_db) == (-120, 120)
    assert one.start == pytest.approx(6.0, abs=0.01)
    assert not here.has_music(5.5, 8.0)
    assert here.has_music(0.0, 5.5)
    assert here.has_music(8.3, 20.0)


def test_music_is_heard_under_words_that_are_ten_times_as_loud() -> None:
    here = waited([(3.0, FIRST * 2.5)], lowered=0.25)
    assert the_one(here.spoken(PROMPTS)).music_db == pytest.approx(-12, abs=1)
    assert here.has_music(0.0, 20.0)


def test_music_that_fell_silent_under_the_words_is_missed() -> None:
    here = waited([(6.0, FIRST)], lowered=0.0)
    assert not here.has_music(6.0, 7.5)
    assert the_one(here.spoken(PROMPTS)).music_db < -30


def test_a_prompt_at_the_very_end_of_the_call_is_found() -> None:
    """An agent answered in its middle, and another stream followed."""
    here = waited([(19.0, FIRST[:RATE])], lowered=0.25)
    one = the_one(here.spoken(PROMPTS))
    assert one.end == pytest.approx(20.0, abs=0.05)
    assert one.music_db == pytest.approx(-12, abs=0.5)


def test_what_is_no_tune_is_aligned_with_nothing() -> None:
    assert not np.any(aligned(speech_like(5, 3.0), TUNE.samples))
    assert UnderMusic(Sound(np.zeros(RATE)), TUNE).spoken(PROMPTS) == []
    assert UnderMusic(Sound(np.zeros(0)), TUNE).spoken(PROMPTS) == []
