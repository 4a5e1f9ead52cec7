"""The frame of every measurement: a table on the screen, the same figures as JSON."""

import argparse
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path


def arguments(description: str) -> argparse.ArgumentParser:
    """A parser with the option that every bench has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    return parser


def table(rows: Sequence[Sequence[object]]) -> str:
    """Columns set right, the first one left."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in texts) for column in range(len(texts[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in texts
    )


def write(path: Path | None, figures: Mapping[str, object]) -> None:
    """The figures, with the machine and the commit they were measured on."""
    if path is None:
        return
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    machine = {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "kernel": platform.release(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {
        "measured_at": datetime.now(UTC).isoformat(),
        "commit": commit,
        "machine": machine,
        **figures,
    }
    path.write_text(json.dumps(whole, indent=2) + "\n")
