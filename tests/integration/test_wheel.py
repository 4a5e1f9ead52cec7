"""The package as a newcomer gets it: built, installed elsewhere, run from an empty folder."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("edge", "pyproject.toml", "README.md", "LICENSE")
WORLD = "accounts:\n  - {id: acct_a, name: A}\n"
SITE = """\
nodes: [{id: pbx-1, url: "http://127.0.0.1:8088", user: edge, password: "${ARI_PASSWORD}"}]
worlds: [world.yaml]
"""


def run(*command: str | Path, at: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        command,
        cwd=at,
        env=kept | variables,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: building writes into the folder of the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            left_out = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, source / name, ignore=left_out)
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, source / name)
    built = run(
        sys.executable,
        *("-m", "build", "--wheel", "--no-isolation", "--skip-dependency-check"),
        *("--outdir", folder / "out", source),
        at=folder,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (made,) = (folder / "out").glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    done = run(
        sys.executable,
        *("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile"),
        *("--disable-pip-version-check", "--target", folder, wheel),
        at=folder,
    )
    assert done.returncode == 0, done.stderr
    return folder


def queue_edge(
    installed: Path, at: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    command = installed / "bin" / "queue-edge"
    return run(command, *arguments, at=at, PYTHONPATH=str(installed), **variables)


def test_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "edge").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside == package
    assert "edge/py.typed" in inside
    assert any(name.startswith("edge/store/lua/") and name.endswith(".lua") for name in inside)
    assert any(name.startswith("edge/prompts/audio/") for name in inside)


def test_console_script_runs_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    shown = queue_edge(installed, tmp_path, "--help")
    assert shown.returncode == 0, shown.stderr
    for command in ("serve", "check-config", "render-prompts"):
        assert command in shown.stdout
    assert queue_edge(installed, tmp_path, "--version").stdout == "queue-edge 0.1.0\n"
    assert list(tmp_path.iterdir()) == []


def test_python_m_edge_is_the_same_command(installed: Path, tmp_path: Path) -> None:
    script = queue_edge(installed, tmp_path, "check-config", "--help")
    module = run(
        sys.executable,
        *("-m", "edge", "check-config", "--help"),
        at=tmp_path,
        PYTHONPATH=str(installed),
    )
    assert script.stdout == module.stdout != ""


def test_installed_package_checks_a_configuration(installed: Path, tmp_path: Path) -> None:
    where = run(
        sys.executable,
        *("-c", "import edge; print(edge.__file__)"),
        at=tmp_path,
        PYTHONPATH=str(installed),
    )
    assert where.stdout.strip() == str(installed / "edge" / "__init__.py")
    (tmp_path / "edge.yaml").write_text(SITE)
    missing = queue_edge(installed, tmp_path, "check-config")
    assert missing.returncode == 1
    assert "edge.yaml: nodes[0].password: environment variable ARI_PASSWORD" in missing.stderr
    assert "world.yaml: cannot be read" in missing.stderr
    assert "Traceback" not in missing.stderr
    (tmp_path / "world.yaml").write_text(WORLD)
    good = queue_edge(installed, tmp_path, "check-config", ARI_PASSWORD="secret")
    assert good.returncode == 0, good.stderr
    assert good.stdout.startswith("edge.yaml: good: 1 node, 1 account, 0 queues")
