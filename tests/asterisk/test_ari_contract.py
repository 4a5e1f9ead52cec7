"""Every method and every event model the adapter uses, held against the running Asterisk's own
resource descriptions: same verb, path, parameter names, field names."""

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson
import pytest

from edge.ari import events as ari
from edge.ari.connection import Access
from edge.ari.ids import command_app
from edge.ari.operations import OPERATIONS
from edge.ari.wire import ENDPOINT_STATE_CHANGE, Lane, Wire
from edge.domain.ids import new_run_id
from lab.wait import wait_until
from tests.asterisk.office import Pbx

RESOURCES = (
    *("applications", "asterisk", "bridges", "channels", "deviceStates"),
    *("endpoints", "events", "playbacks", "recordings"),
)


async def describe(pbx: Pbx) -> dict[str, Any]:
    """The api-docs of that very build, by resource."""
    headers = Access(pbx.ari_url, pbx.ari_user, pbx.ari_password).headers()
    described = {}
    async with aiohttp.ClientSession(headers=headers) as http:
        for name in RESOURCES:
            async with http.get(f"{pbx.ari_url}/api-docs/{name}.json") as answer:
                described[name] = orjson.loads(await answer.read())
    return described


def methods_of(resource: Mapping[str, Any]) -> dict[str, tuple[str, str, dict[str, str]]]:
    """By nickname: verb, path, and the kind of each parameter."""
    return {
        operation["nickname"]: (
            operation["httpMethod"],
            api["path"],
            {p["name"]: p["paramType"] for p in operation.get("parameters", [])},
        )
        for api in resource["apis"]
        for operation in api["operations"]
    }


async def test_every_method_is_as_asterisk_describes_it(pbx: Pbx) -> None:
    described = await describe(pbx)
    for name, ours in OPERATIONS.items():
        methods = methods_of(described[name.split(".")[0]])
        assert ours.nickname in methods, name
        verb, path, parameters = methods[ours.nickname]
        assert (ours.verb, ours.path) == (verb, path), name
        for parameter in ours.query:
            assert parameters.get(parameter) == "query", f"{name}: {parameter}"
        for parameter in ours.body:
            # Asterisk reads query parameters from a JSON body as well, and a list only there;
            # the event filter's body is the parameter itself.
            whole_body = name == "applications.filter"
            assert parameters.get("filter" if whole_body else parameter) in ("body", "query"), name


class Recorder(dict[str, Any]):
    """A JSON object that remembers which of its fields were asked for."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        super().__init__(fields)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


PLAIN = {"string": "text", "int": 7, "long": 7, "boolean": True, "Date": "2026-11-20", "object": {}}


def sample(model: str, models: Mapping[str, Any], made: list[tuple[str, Recorder]]) -> Any:
    """An instance of a described model with every field set, also the optional ones."""
    if model.startswith("List["):
        return [sample(model[5:-1], models, made)]
    if model in PLAIN:
        return PLAIN[model]
    fields = {
        name: sample(field["type"], models, made)
        for name, field in all_fields(model, models).items()
    }
    recorder = Recorder(fields | ({"type": model} if "type" in fields else {}))
    made.append((model, recorder))
    return recorder


def all_fields(model: str, models: Mapping[str, Any]) -> dict[str, Any]:
    """A model's fields and those of the models it is derived from."""
    fields = dict(models[model]["properties"])
    for parent, description in models.items():
        if model in description.get("subTypes", ()):
            fields = all_fields(parent, models) | fields
    return fields


async def test_every_event_is_as_asterisk_describes_it(pbx: Pbx) -> None:
    described = await describe(pbx)
    models = {name: m for resource in described.values() for name, m in resource["models"].items()}
    commands = {ENDPOINT_STATE_CHANGE: ari.read_endpoint}
    for word, reader in (ari.READERS | commands).items():
        made: list[tuple[str, Recorder]] = []
        reader(sample(word, models, made))
        for model, recorder in made:
            unknown = recorder.asked - set(all_fields(model, models))
            assert not unknown, f"{word}: {model} has no {unknown}"


async def test_the_versions_described_are_at_least_22_10(pbx: Pbx) -> None:
    """CallBroadcast and the claim are new there."""
    described = await describe(pbx)
    assert "CallBroadcast" in described["events"]["models"]
    assert "claimChannel" in methods_of(described["events"])


@pytest.mark.parametrize("lane", list(Lane))
async def test_both_lanes_carry_the_same_answers(pbx: Pbx, lane: Lane) -> None:
    run = new_run_id()
    wire = Wire(Access(pbx.ari_url, pbx.ari_user, pbx.ari_password), run)
    running = asyncio.create_task(wire.run())
    try:
        await wait_until(lambda: wire._socket.is_up, "command socket")
        path = f"/applications/{command_app(run)}"

        async def wants_answers_and_phones() -> bool:
            """The filter is sent once the socket is up, and this may come before it."""
            reply = await wire.call(lane, "GET", path, {}, None, 5)
            assert reply.status == 200
            allowed = {wanted["type"] for wanted in reply.json()["events_allowed"]}
            return allowed == {"RESTResponse", ENDPOINT_STATE_CHANGE}

        await wait_until(wants_answers_and_phones, "the event filter")
        missing = await wire.call(lane, "GET", "/channels/no%2Fsuch%20one", {}, None, 5)
        assert (missing.status, missing.json()) == (404, {"message": "Channel not found"})
        bridge = f"/bridges/{run.replace('edge', 'test')}"
        made = await wire.call(lane, "POST", bridge, {"type": "mixing", "name": "a b&c"}, None, 5)
        assert (made.status, made.json()["name"]) == (200, "a b&c")
        again = await wire.call(lane, "POST", bridge, {"type": "mixing"}, None, 5)
        assert again.status == 409
        removed = await wire.call(lane, "DELETE", bridge, {}, None, 5)
        assert removed.status == 204
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await wire.close()
