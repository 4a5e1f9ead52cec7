"""Numbers and times as they are spoken in each language, in sounds that Asterisk really has."""

from pathlib import Path

import pytest

from edge.domain.prompts import EVERY_PROMPT
from edge.domain.wording import (
    WORDINGS,
    Exactly,
    LessThan,
    MoreThan,
    Range,
    Wait,
    Wording,
    wording_of,
)

LISTED = Path(__file__).parent / "asterisk_sounds.txt"
"""Of Debian's packages asterisk-core-sounds-*: what a sentence with a number may use."""


def sounds_of_asterisk(language: str) -> set[str]:
    lines = (line.split() for line in LISTED.read_text().splitlines())
    return {name for listed, name in lines if listed == language}


def short(names: tuple[str, ...]) -> str:
    return " ".join(name.removeprefix("digits/").removeprefix("queue-") for name in names)


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("es_MX", "es"),
        ("FR-ca", "fr"),
        ("it", "it"),
        ("ru-RU", "ru"),
        ("de", "en"),
        ("eng", "en"),
    ],
)
def test_the_nearest_language_words_it(tag: str, language: str) -> None:
    assert wording_of(tag) is WORDINGS[language]


@pytest.mark.parametrize("language", WORDINGS)
def test_every_name_that_can_ever_be_spoken_exists(language: str) -> None:
    wording = WORDINGS[language]
    exists = sounds_of_asterisk(language) | set(EVERY_PROMPT)
    said: set[str] = set()
    for place in range(wording.highest_number + 1):
        said.update(wording.number(place))
    said.update(wording.next_in_line, wording.before_position, wording.after_position)
    said.update(wording.before_limit, wording.after_limit)
    most = 999 * 60
    steps = (*range(1, 3_660), *range(3_660, most + 60, 60), most + 60, 10 * most)
    for seconds in steps:
        for wait in (Exactly(seconds), LessThan(seconds), MoreThan(seconds)):
            said.update(wording.waiting_time(wait))
        for step in (1, 30, 60, 90, 1_800):
            if seconds > step:
                said.update(wording.waiting_time(Range(seconds - step, seconds)))
    assert said - exists == set()


@pytest.mark.parametrize("language", WORDINGS)
def test_no_two_numbers_sound_alike(language: str) -> None:
    wording = WORDINGS[language]
    numbers = range(wording.highest_number + 1)
    assert len({wording.number(number) for number in numbers}) == len(numbers)


@pytest.mark.parametrize("language", WORDINGS)
def test_positions_up_to_the_highest_are_told_and_russian_ends_at_199(language: str) -> None:
    assert WORDINGS[language].highest_number == (199 if language == "ru" else 999)


@pytest.mark.parametrize(
    ("language", "number", "spoken"),
    [
        ("en", 0, "0"),
        ("en", 20, "20"),
        ("en", 21, "20 1"),
        ("en", 100, "1 hundred"),
        ("en", 101, "1 hundred 1"),
        ("en", 999, "9 hundred 90 9"),
        ("es", 1, "1"),
        ("es", 21, "21"),
        ("es", 30, "30"),
        ("es", 31, "30 and 1"),
        ("es", 100, "hundred"),
        ("es", 101, "100-and 1"),
        ("es", 200, "200"),
        ("es", 999, "900 90 and 9"),
        ("fr", 21, "20 et 1"),
        ("fr", 22, "20 2"),
        ("fr", 70, "70"),
        ("fr", 71, "60 et 11"),
        ("fr", 72, "60 12"),
        ("fr", 80, "80"),
        ("fr", 81, "80 1"),
        ("fr", 90, "90"),
        ("fr", 91, "80 11"),
        ("fr", 99, "80 19"),
        ("fr", 100, "hundred"),
        ("fr", 271, "2 hundred 60 et 11"),
        ("it", 21, "21"),
        ("it", 22, "20 2"),
        ("it", 28, "28"),
        ("it", 100, "hundred"),
        ("it", 200, "2 hundred"),
        ("it", 191, "hundred 91"),
        ("ru", 21, "20 1"),
        ("ru", 40, "40"),
        ("ru", 100, "hundred"),
        ("ru", 199, "hundred 90 9"),
    ],
)
def test_a_number(language: str, number: int, spoken: str) -> None:
    assert short(WORDINGS[language].number(number)) == spoken


@pytest.mark.parametrize(
    ("language", "wait", "spoken"),
    [
        ("en", Exactly(60), "holdtime 1 minute"),
        ("en", Exactly(120), "holdtime 2 minutes"),
        ("en", Exactly(45), "holdtime 40 5 seconds"),
        ("en", Exactly(150), "holdtime 2 minutes 30 seconds"),
        ("en", LessThan(60), "holdtime less-than 1 minute"),
        ("en", MoreThan(3_600), "holdtime more-than 60 minutes"),
        ("en", Range(300, 600), "holdtime between 5 vm-and 10 minutes"),
        ("en", Range(15, 30), "holdtime between 15 vm-and 30 seconds"),
        ("en", Range(30, 60), "holdtime between 30 seconds vm-and 1 minute"),
        ("en", Range(90, 120), "holdtime between 1 minute 30 seconds vm-and 2 minutes"),
        ("en", Exactly(1_000 * 60), "holdtime more-than 9 hundred 90 9 minutes"),
        ("en", Range(990 * 60, 1_020 * 60), "holdtime more-than 9 hundred 90 minutes"),
        ("es", Exactly(60), "holdtime 1M minute"),
        ("es", Exactly(21 * 60), "holdtime 20-and 1M minutes"),
        ("es", Exactly(31 * 60), "holdtime 30 and 1M minutes"),
        ("es", Exactly(11 * 60), "holdtime 11 minutes"),
        ("es", Exactly(121 * 60), "holdtime 100-and 20-and 1M minutes"),
        ("es", Exactly(101 * 60), "holdtime 100-and 1M minutes"),
        ("es", LessThan(60), "holdtime less-than 1M minute"),
        ("es", Range(300, 600), "holdtime between 5 vm-and 10 minutes"),
        ("fr", Exactly(60), "holdtime 60 seconds"),
        ("fr", Exactly(90), "holdtime 90 seconds"),
        ("fr", LessThan(60), "holdtime less-than 60 seconds"),
        ("fr", Exactly(120), "holdtime 2 minutes"),
        ("fr", Range(60, 120), "holdtime between 1 vm-and 2 minutes"),
        ("it", Exactly(60), "holdtime un minute"),
        ("it", LessThan(60), "holdtime less-than un minute"),
        ("it", Exactly(21 * 60), "holdtime 21 minutes"),
        ("ru", Exactly(60), "reporthold minute"),
        ("ru", LessThan(60), "reporthold minute"),
        ("ru", Exactly(120), "holdtime minutes 2"),
        ("ru", Exactly(300), "holdtime 5 minutes"),
        ("ru", LessThan(300), "holdtime 5 minutes"),
        ("ru", Exactly(11 * 60), "holdtime 11 minutes"),
        ("ru", Exactly(21 * 60), "holdtime minutes 20 1"),
        ("ru", Exactly(112 * 60), "holdtime hundred 12 minutes"),
        ("ru", Exactly(30), "holdtime 30 seconds"),
        ("ru", MoreThan(3_600), "holdtime more-than 60 minutes"),
        ("ru", Exactly(200 * 60), "holdtime more-than hundred 90 9 minutes"),
        ("ru", Range(300, 600), "holdtime minutes 5 10"),
        ("ru", Range(15, 30), "holdtime seconds 15 30"),
        ("ru", Range(30, 90), "holdtime 30 seconds minutes 1 30 seconds"),
    ],
)
def test_a_waiting_time(language: str, wait: Wait, spoken: str) -> None:
    assert short(WORDINGS[language].waiting_time(wait)) == spoken


def test_every_wording_is_complete() -> None:
    assert all(isinstance(wording, Wording) for wording in WORDINGS.values())
