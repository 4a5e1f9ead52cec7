"""Uploading in an office, and settings that name what was uploaded."""

from typing import Any

import aiohttp
import yaml

from tests.asterisk.office import Office


async def upload(here: Office, content: bytes, **fields: str) -> dict[str, Any]:
    """The media object of a file, sent as a form."""
    form = aiohttp.FormData()
    for name, value in fields.items():
        form.add_field(name, value)
    form.add_field("file", content, filename="upload")
    url, patience = f"{here.http_url}/v1/media", aiohttp.ClientTimeout(total=30)
    async with here._http.post(url, data=form, timeout=patience) as answer:
        told: dict[str, Any] = await answer.json()
        assert answer.status == 201, told
        return told


def nodes_of(told: dict[str, Any]) -> dict[str, bool]:
    """Which nodes have it."""
    return {node["node"]: node["ready"] for node in told["nodes"]}


async def configured(
    here: Office, site: dict[str, Any] | None = None, only: int = 0, **of_queues: Any
) -> None:
    """The edge starts again with these settings of its queues (or the first so many) and site."""
    await here.edge.kill()
    world = here.folder / "world.yaml"
    content = yaml.safe_load(world.read_text())
    queues = content["accounts"][0]["queues"]
    for queue in queues[: only or len(queues)]:
        queue.update(of_queues)
    world.write_text(yaml.safe_dump(content))
    if site is not None:
        file = here.folder / "edge.yaml"
        file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), **site}))
    await here.restart_edge()
