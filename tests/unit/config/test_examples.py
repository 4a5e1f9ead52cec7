"""What the documents show of a queue's settings is what the configuration takes."""

import re
import textwrap
from pathlib import Path

import pytest

from edge.domain.settings import Queue
from tests.unit.config.files import WORLD, load

ROOT = Path(__file__).parents[3]
DOCUMENTS = {"README.md": 3, "docs/announcements.md": 2}
"""How many each shows."""
BLOCK = re.compile(r"^ *```yaml\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SETTINGS = set(Queue.__dataclass_fields__)


def settings_shown(document: str) -> list[str]:
    """The blocks that are settings of a queue and nothing else."""
    blocks = [textwrap.dedent(one) for one in BLOCK.findall((ROOT / document).read_text())]
    return [one for one in blocks if set(re.findall(r"^(\w+):", one, re.MULTILINE)) <= SETTINGS]


@pytest.mark.parametrize(("document", "count"), DOCUMENTS.items())
def test_there_are_examples(document: str, count: int) -> None:
    assert len(settings_shown(document)) == count


@pytest.mark.parametrize(
    "shown", [one for document in DOCUMENTS for one in settings_shown(document)]
)
def test_an_example_is_taken(tmp_path: Path, shown: str) -> None:
    inside = textwrap.indent(shown, " " * 8)
    load(tmp_path, WORLD.replace("        members:\n", f"{inside}        members:\n"))
