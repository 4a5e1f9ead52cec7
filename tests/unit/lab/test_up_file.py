"""Only one `make up` a folder, and `make down` never stops a stranger."""

import os
from pathlib import Path

import pytest

from lab.up_file import AlreadyUp, marked_as_up, pid_of_up


def test_the_mark_is_seen_while_it_is_held(tmp_path: Path) -> None:
    assert pid_of_up(tmp_path) is None
    with marked_as_up(tmp_path):
        assert pid_of_up(tmp_path) == os.getpid()
        with pytest.raises(AlreadyUp, match=str(os.getpid())), marked_as_up(tmp_path):
            pass
    assert pid_of_up(tmp_path) is None


def test_a_mark_left_by_a_killed_run_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "up.pid").write_text("1")
    assert pid_of_up(tmp_path) is None
    with marked_as_up(tmp_path):
        assert pid_of_up(tmp_path) == os.getpid()
