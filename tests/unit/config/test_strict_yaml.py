"""What YAML would quietly change or drop is said instead."""

from pathlib import Path

import pytest

from tests.unit.config.files import WORLD, load, mistakes, one_mistake


@pytest.mark.parametrize(
    "written", ["500", "0500", "+500", "0x1f4", "5_00", "1:30", "500.0", "2024-01-01"]
)
def test_unquoted_telephone_fields_are_quoted_back_as_written(tmp_path: Path, written: str) -> None:
    error = one_mistake(tmp_path, WORLD.replace('"500"', written))
    assert error.path == "accounts[0].queues[0].extension"
    assert error.line == 10
    assert error.message.startswith(f'write it in quotes, as text: "{written}"')


def test_the_other_telephone_fields_are_as_strict(tmp_path: Path) -> None:
    world = WORLD.replace('sip: "201"', "sip: 201").replace('"12025550100"', "+12025550100")
    assert mistakes(tmp_path, world) == [
        'w0.yaml: accounts[0].users[0].sip: write it in quotes, as text: "201" (line 5)',
        "w0.yaml: accounts[0].phone_numbers[0].number: write it in quotes, as text: "
        '"+12025550100", or as a plain decimal number (line 14)',
    ]


@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "y"])
def test_words_that_yaml_calls_truth_are_words(tmp_path: Path, word: str) -> None:
    _, world = load(tmp_path, WORLD.replace("name: Support", f"name: {word}"))
    assert world.accounts[0].queues[0].name == word


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("true", 'write it in quotes, as text: "true"'),
        ("~", "must be text"),
        ("", "must be text"),
        ('""', "must not be empty"),
        ("[a]", "must be text"),
        ("!!binary YQ==", "must be text"),
        ("12", 'write it in quotes, as text: "12"'),
    ],
)
def test_a_name_is_text(tmp_path: Path, written: str, said: str) -> None:
    error = one_mistake(tmp_path, WORLD.replace("name: Support", f"name: {written}"))
    assert (error.path, error.message) == ("accounts[0].queues[0].name", said)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("020", 'write it in quotes, as text: "020", or as a plain decimal number'),
        ('"20"', "must be a whole number"),
        ("20.5", "must be a whole number"),
        ("true", "must be a whole number"),
        ("0", "must be at least 1"),
        ("-5", "must be at least 1"),
        ("601", "must be at most 600"),
    ],
)
def test_seconds_are_plain_whole_numbers(tmp_path: Path, written: str, said: str) -> None:
    world = WORLD.replace("name: Support", f"name: Support\n        ring_seconds: {written}")
    error = one_mistake(tmp_path, world)
    assert (error.path, error.message) == ("accounts[0].queues[0].ring_seconds", said)


def test_a_key_given_twice_is_a_mistake_with_both_lines(tmp_path: Path) -> None:
    world = WORLD.replace("name: Support", "name: Support\n        name: Sales")
    assert mistakes(tmp_path, world) == [
        "w0.yaml: accounts[0].queues[0].name: is given twice, first on line 9 (line 10)"
    ]


def test_duplicate_keys_do_not_hide_other_mistakes(tmp_path: Path) -> None:
    world = "accounts:\n  - {id: acct_a, id: acct_b, name: A, users: 5}\naccounts: []\n"
    assert mistakes(tmp_path, world) == [
        "w0.yaml: accounts[0].id: is given twice, first on line 2 (line 2)",
        "w0.yaml: accounts: is given twice, first on line 1 (line 3)",
    ]


def test_keys_are_text(tmp_path: Path) -> None:
    world = WORLD.replace("name: Support", "name: Support\n        500: x")
    assert mistakes(tmp_path, world) == [
        "w0.yaml: accounts[0].queues[0].500: write the key in quotes, as text (line 10)"
    ]
    assert "w0.yaml: accounts[0]: every key must be text (line 2)" in mistakes(
        tmp_path, "accounts:\n  - {[a]: b}\n"
    )


def test_anchors_and_merges_may_save_writing(tmp_path: Path) -> None:
    world = WORLD.replace(
        "    queues:\n      - id", "    queues:\n      - <<: {ring_seconds: 33}\n        id"
    )
    _, loaded = load(tmp_path, world)
    assert loaded.accounts[0].queues[0].ring_seconds == 33
