"""Writes the configuration of one run of Asterisk from the templates in asterisk-conf/."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from lab.asterisk_install import AsteriskInstall, cache_folder

REPOSITORY = Path(__file__).resolve().parent.parent
TEMPLATES = REPOSITORY / "asterisk-conf"

LONGEST_SOCKET_PATH = 107
"""Linux takes no longer path for a unix socket."""

_PLACE = re.compile(r"\$\{([A-Z_]+)\}")


def write_conf(
    run_dir: Path,
    install: AsteriskInstall,
    values: Mapping[str, str],
    extra_pjsip: str = "",
    extra_extensions: str = "",
) -> Path:
    """Fill run_dir with folders and configuration; returns the path of asterisk.conf.

    `${NAME}` is replaced only where `values` has the name: the dialplan writes its own variables
    the same way.
    """
    etc = run_dir / "etc"
    for folder in (etc, etc / "pjsip.d", etc / "extensions.d", *_own_folders(run_dir).values()):
        folder.mkdir(parents=True, exist_ok=True)
    if "MEDIA_DIR" in values:
        Path(values["MEDIA_DIR"]).mkdir(parents=True, exist_ok=True)
    for template in sorted(TEMPLATES.glob("*.conf")):
        text = _PLACE.sub(lambda place: values.get(place[1], place[0]), template.read_text())
        (etc / template.name).write_text(text)
    (etc / "pjsip.d" / "lab.conf").write_text(extra_pjsip)
    (etc / "extensions.d" / "lab.conf").write_text(extra_extensions)
    share = _share_folder(run_dir, install)
    conf = etc / "asterisk.conf"
    conf.write_text(_asterisk_conf(run_dir, etc, install.modules, share))
    return conf


def _own_folders(run_dir: Path) -> dict[str, Path]:
    return {
        "astvarlibdir": run_dir / "lib",
        "astdbdir": run_dir / "db",
        "astkeydir": run_dir / "lib",
        "astspooldir": run_dir / "spool",
        "astrundir": _socket_folder(run_dir),
        "astlogdir": run_dir / "log",
    }


def _socket_folder(run_dir: Path) -> Path:
    """Where the console socket lies: in the run folder, unless its path would be too long."""
    inside = run_dir / "run"
    if len(str(inside / "asterisk.ctl")) <= LONGEST_SOCKET_PATH:
        return inside
    return cache_folder() / "run" / hashlib.sha256(str(run_dir).encode()).hexdigest()[:12]


def _share_folder(run_dir: Path, install: AsteriskInstall) -> Path:
    """Asterisk's own files by links, with each language's voice where Asterisk looks for it.

    Debian's `sounds/en` is a link into /etc/alternatives, which a root file system has only inside.
    """
    share = run_dir / "share"
    (share / "sounds").mkdir(parents=True, exist_ok=True)
    for source in install.share.iterdir():
        if source.name != "sounds":
            _link(share / source.name, source)
    for voice in sorted(path for path in (install.share / "sounds").iterdir() if path.is_dir()):
        _link(share / "sounds" / voice.name, voice)
        # Named like en_US_f_Allison; the first of a language is its voice.
        language = re.match("[a-z]{2,3}(?=_|$)", voice.name)
        if language is not None:
            _link(share / "sounds" / language[0], voice.resolve())
    return share


def _link(link: Path, target: Path) -> None:
    if not link.is_symlink():
        link.symlink_to(target)


def _asterisk_conf(run_dir: Path, etc: Path, modules: Path, share: Path) -> str:
    folders = {"astetcdir": etc, "astmoddir": modules, "astdatadir": share, **_own_folders(run_dir)}
    lines = [f"{name} => {path}" for name, path in folders.items()]
    options = ["nocolor = yes", "systemname = queue-edge", "defaultlanguage = en"]
    return "\n".join(["[directories]", *lines, "", "[options]", *options, ""])
