"""A site's own recordings: a folder that is not there, or holds none, would never be missed."""

from pathlib import Path

from edge.config.documents import Document, inside
from edge.config.errors import Findings

SECTION, FOLDERS = "prompts", "folders"


def check(site: Document, findings: Findings) -> None:
    part = site.content.get(SECTION)
    folders = part.get(FOLDERS) if isinstance(part, dict) else None
    for index, folder in enumerate(folders if isinstance(folders, list) else ()):
        if isinstance(folder, str) and folder.startswith("/") and (said := _fault(Path(folder))):
            place = inside(inside(SECTION, FOLDERS), index)
            findings.add(site.file, place, said, site.line(place))


def _fault(folder: Path) -> str:
    """Empty where it can be used."""
    try:
        if not folder.is_dir():
            return "there is no such folder on this machine"
        if not any(one.is_file() for one in folder.glob("*/*")):
            return "there is nothing in it like en/queue-full.wav"
    except OSError as fault:
        return f"can not be read: {fault.strerror}"
    return ""
