"""Reading sounds/<language>.yaml strictly."""

from pathlib import Path

import pytest

from edge.domain.prompts import CALLERS_HEAR
from edge.domain.wording import WORDINGS
from edge.ports.prompts import EVERY_PROMPT
from edge.prompts.render import TEXTS
from edge.prompts.texts import BadTexts, Voice, read_texts

GOOD = """\
language: en
voice: en-us+f3
words_per_minute: 150
prompts:
  logged-in: You are now logged in.
"""


def write(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content, encoding="utf-8")


def test_the_texts_of_the_product_cover_every_prompt_in_every_language() -> None:
    languages = read_texts(TEXTS)
    assert [texts.language for texts in languages] == ["en", "es", "fr", "it", "ru"]
    for texts in languages:
        has_agents_too = texts.language in ("en", "es")
        assert set(texts.prompts) == set(EVERY_PROMPT if has_agents_too else CALLERS_HEAR)


def test_whatever_language_a_queue_is_worded_in_has_prompts_of_ours() -> None:
    assert {texts.language for texts in read_texts(TEXTS)} == set(WORDINGS)


def test_a_good_file(tmp_path: Path) -> None:
    write(tmp_path, "en.yaml", GOOD)
    [texts] = read_texts(tmp_path)
    assert texts.voice == Voice("en-us+f3", 150)
    assert texts.prompts == {"logged-in": "You are now logged in."}


@pytest.mark.parametrize(
    ("was", "becomes", "complaint"),
    [
        ("language: en", "language: de", "language must be the file's name"),
        ("voice: en-us+f3", "voice: --version", "voice must be"),
        ("voice: en-us+f3", "voice: 7", "voice must be"),
        ("minute: 150", "minute: fast", "from 80 to 400"),
        ("minute: 150", "minute: true", "from 80 to 400"),
        ("minute: 150", "minute: 1000", "from 80 to 400"),
        ("voice:", "speaker:", "unknown: speaker"),
        ("logged-in: You", "Logged_In: You", "'Logged_In' must be lower-case words"),
        ("logged-in: You", "../up: You", "'../up' must be lower-case words"),
        ("You are now logged in.", "on", "the text must be words"),
        ("You are now logged in.", "'  '", "the text must be words"),
        (GOOD[GOOD.index("prompts") :], "prompts: []\n", "prompts must be a mapping"),
        (GOOD, "- en\n", "must be a mapping with"),
        (GOOD, "language: [\n", "en.yaml"),
        (GOOD, GOOD + "  logged-in: Again.\n", "given twice: logged-in"),
    ],
)
def test_a_fault_is_named_with_its_file(
    tmp_path: Path, was: str, becomes: str, complaint: str
) -> None:
    write(tmp_path, "en.yaml", GOOD.replace(was, becomes))
    with pytest.raises(BadTexts, match=complaint) as refused:
        read_texts(tmp_path)
    assert str(tmp_path / "en.yaml") in str(refused.value)


def test_all_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    write(tmp_path, "en.yaml", GOOD.replace("150", "5").replace("en-us+f3", "'?'"))
    write(tmp_path, "es.yaml", GOOD)
    (tmp_path / "fr.yaml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(BadTexts) as refused:
        read_texts(tmp_path)
    assert len(str(refused.value).splitlines()) >= 4
    assert "fr.yaml" in str(refused.value)


def test_no_folder_and_an_empty_one_say_what_belongs_there(tmp_path: Path) -> None:
    with pytest.raises(BadTexts, match=r"no such folder; it holds one <language>\.yaml"):
        read_texts(tmp_path / "nowhere")
    with pytest.raises(BadTexts, match="no texts here"):
        read_texts(tmp_path)
