"""Where Asterisk is: installed on the machine, or in the root file system of the user's cache."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OLDEST = (22, 10)
"""StasisBroadcast, by which calls reach the edges, came with this version."""

# A new name for new contents (tools/setup-asterisk.sh): what runs from the old one goes on.
ROOTFS_NAME = "asterisk-22.10-forky-r2"


class NoAsterisk(RuntimeError):
    """There is no usable Asterisk; the message says what was looked at and what to do."""


@dataclass(frozen=True, slots=True)
class AsteriskInstall:
    """A program to run and the folders it needs. `command` is put before the arguments."""

    command: tuple[str, ...]
    modules: Path
    share: Path
    version: str

    def music(self) -> Path:
        return self.share / "moh"

    def rest_api(self) -> Path:
        """The folder of the ARI resource descriptions (*.json) of this very build."""
        return self.share / "rest-api"


def cache_folder() -> Path:
    """The user's cache folder of this product, shared by all clones."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "queue-edge"


def find_asterisk() -> AsteriskInstall:
    """An installed Asterisk that is new enough, else the cached one; raises NoAsterisk."""
    installed = _installed()
    if installed is not None and version_number(installed.version) >= OLDEST:
        return installed
    root = Path(os.environ.get("QUEUE_EDGE_ROOTFS") or cache_folder() / ROOTFS_NAME)
    cached = _in_root(root)
    if cached is None:
        seen = f"Asterisk {installed.version} is installed, but " if installed else ""
        raise NoAsterisk(
            f"{seen}no Asterisk >= {OLDEST[0]}.{OLDEST[1]} was found in {root}; "
            f"`make setup` builds it there"
        )
    if version_number(cached.version) < OLDEST:
        raise NoAsterisk(
            f"Asterisk {cached.version} in {root} is too old: "
            f">= {OLDEST[0]}.{OLDEST[1]} is needed (for StasisBroadcast). "
            f"Remove that folder and run `make setup`"
        )
    return cached


def version_number(text: str) -> tuple[int, int]:
    """(22, 10) of "22.10.1~dfsg"; (0, 0) where there is no version in the text."""
    found = re.search(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _installed() -> AsteriskInstall | None:
    program = shutil.which("asterisk", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        return None
    for folder in ("/usr/lib/asterisk/modules", *map(str, Path("/usr/lib").glob("*/asterisk"))):
        modules = Path(folder) if folder.endswith("modules") else Path(folder) / "modules"
        shares = (Path("/usr/share/asterisk"), Path("/var/lib/asterisk"))
        share = next((path for path in shares if (path / "rest-api").is_dir()), None)
        if modules.is_dir() and share is not None:
            return AsteriskInstall((program,), modules, share, _version((program,)))
    return None


def _in_root(root: Path) -> AsteriskInstall | None:
    """The Asterisk of a root file system, run by that file system's own loader and libraries."""
    program = root / "usr/sbin/asterisk"
    modules = next(iter(sorted((root / "usr/lib").glob("*/asterisk/modules"))), None)
    loader = next(
        (path for path in (root / "usr/lib64", root / "usr/lib", root / "lib64") if path.is_dir()),
        root,
    )
    loaders = sorted(loader.glob("ld-linux*"))
    if modules is None or not loaders or not program.exists():
        return None
    libraries = modules.parents[1]
    command = (
        str(loaders[0]),
        "--library-path",
        f"{libraries}:{libraries / 'asterisk'}",
        str(program),
    )
    return AsteriskInstall(command, modules, root / "usr/share/asterisk", _version(command))


def _version(command: tuple[str, ...]) -> str:
    answer = subprocess.run(
        [*command, "-V"], capture_output=True, text=True, timeout=20, check=False
    )
    return answer.stdout.strip().removeprefix("Asterisk ")
