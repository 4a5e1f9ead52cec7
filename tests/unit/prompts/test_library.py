"""Which sound is played for a prompt."""

from pathlib import Path

import pytest

from edge.ports.prompts import EVERY_PROMPT, Prompt, PromptMissing, Prompts
from edge.prompts.library import PACKAGED, PromptLibrary


def recorded(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_the_packaged_prompts_are_complete_and_absolute() -> None:
    library: Prompts = PromptLibrary()
    for language in ("en", "es"):
        for prompt in EVERY_PROMPT:
            [sound] = library.sounds(prompt, language)
            assert Path(sound).is_absolute()
            assert sound == f"{PACKAGED}/{language}/{prompt}"
            assert Path(f"{sound}.ulaw").is_file()


@pytest.mark.parametrize("language", ["en-GB", "en_gb", "EN-gb-oxford"])
def test_the_nearest_language_is_taken(tmp_path: Path, language: str) -> None:
    recorded(tmp_path, "en/paused.wav", "en-GB/paused.wav", "en/unpaused.wav")
    library = PromptLibrary([tmp_path])
    assert library.path("paused", language) == f"{tmp_path}/en-GB/paused"
    assert library.path("unpaused", language) == f"{tmp_path}/en/unpaused"


def test_another_language_falls_back_to_the_default(tmp_path: Path) -> None:
    recorded(tmp_path, "en/paused.wav", "es/paused.wav")
    assert PromptLibrary([tmp_path]).path("paused", "fr-CA") == f"{tmp_path}/en/paused"
    spanish = PromptLibrary([tmp_path], default_language="es-MX")
    assert spanish.path("paused", "") == f"{tmp_path}/es/paused"


def test_a_sites_own_recording_beats_ours_one_by_one(tmp_path: Path) -> None:
    own = recorded(tmp_path / "own", "en/paused.wav")
    library = PromptLibrary([own, PACKAGED])
    assert library.path("paused", "en") == f"{own}/en/paused"
    assert library.path("unpaused", "en") == f"{PACKAGED}/en/unpaused"
    assert library.path("paused", "es") == f"{PACKAGED}/es/paused"


def test_asterisk_may_see_the_folder_elsewhere(tmp_path: Path) -> None:
    recorded(tmp_path, "en/paused.ulaw")
    library = PromptLibrary([tmp_path], seen_by_asterisk=["/sounds/"])
    assert library.sounds("paused", "en") == ("/sounds/en/paused",)


def test_asterisks_own_sound_is_the_last_resort(tmp_path: Path) -> None:
    library = PromptLibrary([tmp_path])
    assert library.sounds("logged-in", "en") == ("agent-loginok",)
    assert library.path("logged-in", "en") is None


def test_a_missing_prompt_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(PromptMissing, match="no sound for prompt 'paused' in language 'en-GB'"):
        PromptLibrary([tmp_path]).sounds(Prompt.PAUSED, "en-GB")


def test_files_that_are_no_sounds_are_not_prompts(tmp_path: Path) -> None:
    recorded(tmp_path, "en/rendered.json", "en/.paused.ulaw.x1", "en/.paused.ulaw", "paused.wav")
    library = PromptLibrary([tmp_path])
    for name in ("rendered", "paused", ".paused", ".paused.ulaw"):
        assert library.path(name, "en") is None
