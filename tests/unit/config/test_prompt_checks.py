"""A site's own recordings: folders that are there and hold some."""

from pathlib import Path

import pytest

from tests.unit.config.files import NODE, load, mistakes


def site_with(*folders: object) -> str:
    """The folders stand on line 3."""
    return f"{NODE}worlds: [w0.yaml]\nprompts: {{folders: [{', '.join(map(str, folders))}]}}\n"


def test_a_folder_of_recordings(tmp_path: Path) -> None:
    (tmp_path / "own" / "en").mkdir(parents=True)
    (tmp_path / "own" / "en" / "queue-full.wav").touch()
    site, _ = load(tmp_path, site=site_with(tmp_path / "own"))
    assert site.prompts.folders == (f"{tmp_path}/own",)


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("own", "must be an absolute path, like /srv/sounds"),
        ("5", 'write it in quotes, as text: "5"'),
        ("/no/such/folder", "there is no such folder on this machine"),
        (f"/{'a' * 300}", "can not be read: File name too long"),
    ],
)
def test_a_folder_that_is_not_there(tmp_path: Path, folder: str, said: str) -> None:
    assert mistakes(tmp_path, site=site_with(folder)) == [
        f"edge.yaml: prompts.folders[0]: {said} (line 3)"
    ]


def test_a_folder_without_languages_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "queue-full.wav").touch()
    (found,) = mistakes(tmp_path, site=site_with(tmp_path / "own"))
    assert found.startswith("edge.yaml: prompts.folders[0]: there is nothing in it like")
