"""Words and music that nobody would ever hear are named, not silently left out."""

from pathlib import Path

import pytest

from tests.unit.config.files import WORLD, load, mistakes


def world_with(setting: str) -> str:
    """The setting stands on line 11."""
    return WORLD.replace("        members:\n", f"        {setting}\n        members:\n")


@pytest.mark.parametrize(
    "setting",
    [
        "introduction: {mode: FULL, sounds: [welcome]}",
        "introduction: {mode: DISABLE, sounds: [welcome]}",
        "introduction: {}",
        "position_announcement: {mode: DISABLE, every_seconds: 60}",
        'waiting_time_announcement: {mode: "no", as_range: true}',
        "hold_messages: {sounds: [], order: random}",
        "music_class: jazz",
        "hold_sound: ringback",
        "unknown_key: hint",
    ],
)
def test_what_is_heard_or_meant_to_be_silent(tmp_path: Path, setting: str) -> None:
    load(tmp_path, world_with(setting))


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("introduction: {mode: NORMAL}", "introduction.sounds: is missing: NORMAL has nothing"),
        ("introduction: {mode: FULL, sounds: []}", "introduction.sounds: is missing: FULL has"),
        ("introduction: {sounds: [a]}", "introduction.mode: is missing: nothing is said without"),
        (
            "position_announcement: {every_seconds: 60}",
            "position_announcement.mode: is missing: nothing is told without PERIODICALLY",
        ),
        (
            "waiting_time_announcement: {as_range: true}",
            'waiting_time_announcement.mode: is missing: nothing is told without "yes" or "once"',
        ),
        (
            "hold_messages: {every_seconds: 60}",
            "hold_messages.sounds: is missing: nothing is to be said",
        ),
        (
            "{hold_sound: ringback, music_class: jazz}",
            "music_class: is not heard with hold_sound: ringback",
        ),
        (
            "{hold_sound: ringback, music_media: media_1}",
            "music_media: is not heard with hold_sound: ringback",
        ),
        (
            "{answer_on: agent, unknown_key: hint}",
            "unknown_key: with answer_on: agent the caller's keys are not heard",
        ),
    ],
)
def test_what_nobody_would_hear(tmp_path: Path, setting: str, said: str) -> None:
    if setting.startswith("{"):
        setting = setting.strip("{}").replace(", ", "\n        ")
    (found,) = mistakes(tmp_path, world_with(setting))
    assert found.removeprefix("w0.yaml: accounts[0].queues[0].").startswith(said)


def test_they_come_together_and_what_has_the_wrong_type_is_said_once(tmp_path: Path) -> None:
    wrong = "introduction: [welcome]\n        hold_messages: {every_seconds: 0}"
    assert mistakes(tmp_path, world_with(wrong)) == [
        "w0.yaml: accounts[0].queues[0].introduction: must be a mapping (key: value) (line 11)",
        "w0.yaml: accounts[0].queues[0].hold_messages.every_seconds: must be at least 1 (line 12)",
        "w0.yaml: accounts[0].queues[0].hold_messages.sounds: is missing: nothing is to be said"
        " (line 12)",
    ]
