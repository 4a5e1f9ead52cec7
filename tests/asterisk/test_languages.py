"""Asterisk's voices of five languages: what the wording names is there, and a phone hears it."""

from pathlib import Path

import pytest

from edge.domain.wording import WORDINGS, Exactly, wording_of
from edge.ports.phone_system import Done, PlaybackEnded
from edge.prompts.library import PACKAGED
from lab.audio import Sound, find_prompt
from lab.numbers import Slot
from lab.wait import wait_until
from tests.asterisk.ari_bench import bench, heard_seconds, hears_music, new_playback_id, until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import played
from tests.asterisk.office import Pbx
from tests.unit.domain.test_wording import sounds_of_asterisk

CLEAR = 0.8


def assert_in_this_order(heard: Sound, words: dict[str, Path | Sound]) -> None:
    """Each word is heard clearly, one after the other."""
    found = {name: find_prompt(heard, word) for name, word in words.items()}
    assert {name: at.score for name, at in found.items() if at.score < CLEAR} == {}
    offsets = [at.offset for at in found.values()]
    assert offsets == sorted(offsets)


def voice(pbx: Pbx, language: str) -> Path:
    return Path(pbx.run_dir, "share", "sounds", language)


@pytest.mark.parametrize("language", WORDINGS)
def test_the_sounds_we_count_on_are_installed(pbx: Pbx, language: str) -> None:
    listed = sounds_of_asterisk(language)
    assert {name for name in listed if not (voice(pbx, language) / f"{name}.wav").exists()} == set()


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("en-GB", "en"),
        ("es-ES", "es"),
        ("fr", "fr"),
        ("it-IT", "it"),
        ("ru-RU", "ru"),
        ("de-AT", "en"),
    ],
)
async def test_a_sentence_is_heard_word_for_word_in_the_language_asked_for(
    pbx: Pbx, slot: Slot, tmp_path: Path, tag: str, language: str
) -> None:
    wording = wording_of(tag)
    sentence = [*wording.before_position, *wording.number(42), *wording.waiting_time(Exactly(360))]
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        phone, leg = await here.held_caller(edge)
        await hears_music(phone)
        begun = heard_seconds(phone)
        with edge.phones.listen(leg) as feed:
            playback = new_playback_id()
            assert await edge.phones.play(leg, playback, sentence, tag) is Done.DONE
            assert (await until(feed, PlaybackEnded, 30))[-1] == PlaybackEnded(playback)
        ended = heard_seconds(phone)
        await wait_until(lambda: heard_seconds(phone) > ended + 0.5, "all of it is recorded")
        heard = phone.recording.sound().between(begun)
    assert_in_this_order(heard, {word: voice(pbx, language) / f"{word}.wav" for word in sentence})


async def test_a_queue_speaks_its_own_language_with_asterisks_voice_and_ours(
    pbx: Pbx, office: OpenOffice
) -> None:
    async with office(
        agents=0,
        language="fr-CA",
        announce_mode="interrupt",
        position_announcement={"mode": "ON_CONNECTED"},
        options=[{"digit": "1", "action": "callback"}],
    ) as here:
        phone = await here.waiting_caller()
        begun = heard_seconds(phone)
        await wait_until(lambda: heard_seconds(phone) > begun + 10, "it is said", 30)
        heard = phone.recording.sound()
    words = {"queue-youarenext": voice(pbx, "fr") / "queue-youarenext.wav"}
    ours = ("press-1", "to-get-a-callback")
    assert_in_this_order(
        heard, {**words, **{word: played(PACKAGED / "fr" / f"{word}.ulaw") for word in ours}}
    )
