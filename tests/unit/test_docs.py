"""The documents made from the code are up to date, and the links in all of them lead somewhere."""

import re
from pathlib import Path

import pytest

from edge.domain.entry import ENTRY_MOVES
from tools.docs import REPOSITORY, outdated, pages

WRITTEN = sorted(
    path
    for folder in (REPOSITORY, REPOSITORY / "docs", REPOSITORY / "docs" / "adr")
    for path in folder.glob("*.md")
)


def test_made_documents_are_what_the_code_says() -> None:
    stale = [str(path.relative_to(REPOSITORY)) for path in outdated()]
    assert stale == [], "run `.venv/bin/python -m tools.docs` and commit"


def test_every_move_of_an_entry_is_drawn() -> None:
    drawn = pages()[REPOSITORY / "docs" / "state-machines.md"]
    for state, allowed in ENTRY_MOVES.items():
        for move, following in allowed.items():
            assert f"{state.value} --> {following.value}: {move.value}" in drawn


@pytest.mark.parametrize("document", WRITTEN, ids=lambda path: path.name)
def test_links_lead_to_files_that_exist(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
    inside = [link for link in links if "://" not in link]
    assert [link for link in inside if not (document.parent / link).exists()] == []
