"""The command line, up to the point where an edge would run."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from edge.__main__ import main
from edge.domain.settings import Http, Site, World
from edge.web import PortTaken
from tests.unit.config.files import NODE, WORLD


@pytest.fixture
def own_logging() -> Iterator[None]:
    """Serving sets up the logging of the process: put it back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def write(folder: Path, world: str = WORLD) -> str:
    (folder / "edge.yaml").write_text(f"{NODE}worlds: [world.yaml]\n")
    (folder / "world.yaml").write_text(world)
    return str(folder / "edge.yaml")


def test_check_config_says_what_it_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path)
    assert main(["check-config", "--config", path]) == 0
    said = capsys.readouterr()
    assert said.out == f"{path}: good: 1 node, 1 account, 1 queue, 2 users, 1 phone number\n"
    assert said.err == ""


@pytest.mark.parametrize(
    ("node", "settings", "is_noted"),
    [
        ("http://10.0.0.5:8088", "", True),
        ("http://pbx-1.example.com:8088", "http: {host: 0.0.0.0}", True),
        ("http://10.0.0.5:8088", 'media: {url: "http://10.0.0.9:8080"}', False),
        ("http://10.0.0.5:8088", "http: {host: 10.0.0.9}", False),
        ("http://[::1]:8088", "", False),
        ("http://localhost:8088", "http: {host: 0.0.0.0}", False),
    ],
)
def test_a_node_that_can_not_fetch_media_is_noted(
    node: str,
    settings: str,
    is_noted: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = Path(write(tmp_path))
    path.write_text(path.read_text().replace("http://127.0.0.1:8088", node) + settings)
    assert main(["check-config", "--config", str(path)]) == 0
    noted = "note: no uploaded media comes to pbx-1: http://127.0.0.1:8080 is not this machine"
    assert (noted in capsys.readouterr().err) is is_noted


@pytest.mark.parametrize("command", ["check-config", "serve"])
def test_mistakes_go_to_stderr_one_a_line(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, WORLD.replace('"500"', "500").replace("user_id: user_a", "user_id: u"))
    assert main([command, "--config", path]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.splitlines()
    world = tmp_path / "world.yaml"
    assert lines[0] == (
        f'{world}: accounts[0].queues[0].extension: write it in quotes, as text: "500" (line 10)'
    )
    assert lines[1].startswith(f"{world}: accounts[0].queues[0].members[0].user_id: ")
    assert lines[2:] == ["2 errors; nothing was used"]


def test_edge_yaml_of_the_working_folder_is_the_default(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["check-config"]) == 0
    assert capsys.readouterr().out.startswith("edge.yaml: good:")


@pytest.mark.parametrize(
    "arguments",
    [[], ["dance"], ["serve", "--conf", "x"], ["check-config", "x"], ["serve", "--config"]],
)
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: queue-edge" in capsys.readouterr().err


def test_render_prompts_has_its_own_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render-prompts", "--help"]) == 0
    assert "--sounds" in capsys.readouterr().out


@pytest.mark.usefixtures("own_logging")
def test_serve_is_given_the_site_and_ends_well_when_told_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[tuple[Site, World]] = []

    async def serve(site: Site, world: World) -> None:
        served.append((site, world))

    monkeypatch.setattr("edge.service.serve", serve)
    assert main(["serve", "--config", write(tmp_path)]) == 0
    ((site, world),) = served
    assert site.nodes[0].id == "pbx-1"
    assert world.accounts[0].id == "acct_a"


@pytest.mark.usefixtures("own_logging")
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_port_already_taken_ends_serve_without_a_traceback(
    depth: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def serve(site: Site, world: World) -> None:
        fault: Exception = PortTaken(Http(port=8099))
        for _ in range(depth):
            fault = ExceptionGroup("tasks", [fault])
        raise fault

    monkeypatch.setattr("edge.service.serve", serve)
    assert main(["serve", "--config", write(tmp_path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("queue-edge: HTTP: 127.0.0.1:8099 is taken by another program")
    assert "HTTP_PORT" in line
