"""Processes that choose ports at the same time never choose the same."""

import subprocess
import sys

from lab.ports import LISTENING_PORTS, SHARES, free_port, own_share


def test_two_processes_choose_from_shares_of_their_own() -> None:
    script = "from lab.ports import *; print(*own_share(LISTENING_PORTS))"
    ours = set(own_share(LISTENING_PORTS))
    asked = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    theirs = {int(port) for port in asked.stdout.split()}
    assert len(theirs) >= len(LISTENING_PORTS) // SHARES
    assert not ours & theirs


def test_a_port_is_not_chosen_twice_in_a_row() -> None:
    chosen = [free_port() for _ in range(20)]
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= set(own_share(LISTENING_PORTS))
