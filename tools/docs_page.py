"""What a made document looks like."""

from collections.abc import Sequence

MADE = "<!-- Made by `python -m tools.docs` from the code; do not edit. -->"


def page(title: str, *lines: str) -> str:
    return "\n".join([f"# {title}", "", MADE, "", *lines, ""])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table in Markdown."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in rows:
        cells = [cell.replace("|", r"\|") for cell in row]
        lines.append(f"| {' | '.join(cells)} |")
    return lines
