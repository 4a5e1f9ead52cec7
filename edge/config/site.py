"""edge.yaml and the worlds it names, read together: all of it is right, or none is used."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from edge.config import cross_checks, documents, environment, wording
from edge.config.documents import Document
from edge.config.errors import Findings
from edge.domain.settings import Site, World

Settings = TypeVar("Settings", Site, World)
SITE = TypeAdapter(Site)
WORLD = TypeAdapter(World)


def load_site(path: Path | str, variables: Mapping[str, str] | None = None) -> tuple[Site, World]:
    """The site and the accounts of all its worlds. `variables`: the environment by default.

    World files are found relative to the file that names them. Raises ConfigErrors with every
    mistake of every file.
    """
    findings = Findings()
    fill = partial(
        environment.substitute, environment=os.environ if variables is None else variables
    )
    document = documents.read(Path(path), findings, fill)
    site, worlds = None, []
    if document is not None:
        site = _settings(SITE, document, findings)
        worlds = _worlds(document, findings)
    findings.raise_if_any()
    assert site is not None
    return site, World(tuple(account for world in worlds for account in world.accounts))


def _worlds(site: Document, findings: Findings) -> list[World]:
    files = dict.fromkeys(file for _, file in cross_checks.world_files(site))
    read = [documents.read(Path(site.file).parent / file, findings) for file in files]
    found = [document for document in read if document is not None]
    worlds = [_settings(WORLD, document, findings) for document in found]
    cross_checks.check(site, found, findings)
    return [world for world in worlds if world is not None]


def _settings(
    adapter: TypeAdapter[Settings], document: Document, findings: Findings
) -> Settings | None:
    try:
        return adapter.validate_python(document.content)
    except ValidationError as invalid:
        wording.report(invalid, document, findings)
        return None
