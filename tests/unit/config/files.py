"""Small configurations written into a test's own folder."""

from collections.abc import Mapping
from pathlib import Path

from edge.config import ConfigError, ConfigErrors, load_site
from edge.domain.settings import Site, World

NODE = 'nodes: [{id: pbx-1, url: "http://127.0.0.1:8088", user: edge, password: secret}]\n'
WORLD = """\
accounts:
  - id: acct_a
    name: A
    users:
      - {id: user_alice, name: Alice, extension: "201", sip: "201"}
      - {id: user_bob, name: Bob, extension: "202", sip: "202"}
    queues:
      - id: qu_support
        name: Support
        extension: "500"
        members:
          - {id: qum_alice, user_id: user_alice}
    phone_numbers:
      - {number: "12025550100", queue_id: qu_support}
"""


def load(
    folder: Path,
    world: str | bytes = WORLD,
    *more_worlds: str,
    site: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> tuple[Site, World]:
    """Write the files and load them. Worlds are w0.yaml, w1.yaml, …"""
    names = []
    for index, content in enumerate((world, *more_worlds)):
        names.append(f"w{index}.yaml")
        raw = content.encode() if isinstance(content, str) else content
        (folder / names[-1]).write_bytes(raw)
    text = site if site is not None else f"{NODE}worlds: [{', '.join(names)}]\n"
    (folder / "edge.yaml").write_text(text)
    return load_site(folder / "edge.yaml", variables or {})


def mistakes(
    folder: Path,
    world: str | bytes = WORLD,
    *more_worlds: str,
    site: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> list[str]:
    """What load_site finds, with the file names bare."""
    try:
        load(folder, world, *more_worlds, site=site, variables=variables)
    except ConfigErrors as wrong:
        return [str(error).replace(f"{folder}/", "") for error in wrong.errors]
    return []


def one_mistake(folder: Path, world: str) -> ConfigError:
    try:
        load(folder, world)
    except ConfigErrors as wrong:
        (error,) = wrong.errors
        return error
    raise AssertionError("nothing was found wrong")
