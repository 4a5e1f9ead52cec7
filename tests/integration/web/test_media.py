"""/v1/media over real HTTP: what is taken and what is refused, and what the nodes fetch."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from edge.domain.ids import MediaId
from edge.domain.media import Media, Purpose, Shelved, name_on_nodes
from edge.ports.media import Refused, Unusable
from edge.web.api.media import UPLOADS_AT_ONCE
from tests.fakes.waiting import wait_until
from tests.integration.web.desk import (
    FIRST,
    MASTER_KEY,
    MEDIA_MOST_BYTES,
    OTHER_KEY,
    SECOND,
    Api,
    api,
)

WAV = {"Content-Type": "audio/wav"}


def form(content: bytes = b"sound", **fields: str) -> aiohttp.FormData:
    data = aiohttp.FormData()
    for name, value in fields.items():
        data.add_field(name, value)
    data.add_field("file", content, filename="welcome.wav", content_type="audio/wav")
    return data


async def uploaded(here: Api, content: bytes = b"sound", **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = await here.ask(
        "POST", "/v1/media", status=201, data=content, headers=WAV, **more
    )
    return told


async def test_a_body_is_taken_and_told_with_its_nodes() -> None:
    async with api() as here:
        told = await uploaded(here, b"12345678" * 1000, params={"name": "Welcome"})
        assert told["id"].startswith("media_")
        assert {name: told[name] for name in told if name not in ("id", "created_at")} == {
            "object": "media",
            "name": "Welcome",
            "purpose": "prompt",
            "seconds": 1.0,
            "bytes": 24_000,
            "status": "ready",
            "nodes": [{"node": "pbx-1", "ready": True}],
        }
        assert told["created_at"].endswith("Z")
        assert await here.ask("GET", f"/v1/media/{told['id']}") == told


async def test_a_form_is_taken_with_its_fields() -> None:
    async with api() as here:
        told = await here.ask(
            "POST", "/v1/media", status=201, data=form(name="Tune", purpose="music")
        )
        assert (told["name"], told["purpose"]) == ("Tune", "music")
        unnamed = await here.ask("POST", "/v1/media", status=201, data=form())
        assert unnamed["name"] == "welcome.wav"
        assert [one[3] for one in here.node.fetched] == [True, False]


async def test_the_name_of_a_file_is_made_to_fit() -> None:
    async with api() as here:
        data = aiohttp.FormData(quote_fields=False)
        data.add_field("file", b"sound" * 32, filename="a\u200b" + "b" * 200 + ".wav")
        told = await here.ask("POST", "/v1/media", status=201, data=data)
        assert told["name"] == "a" + "b" * 127


async def test_the_nodes_fetch_what_was_uploaded_and_nothing_else() -> None:
    async with api() as here:
        told = await uploaded(here, b"as it is")
        name, url, size, _ = here.node.fetched[0]
        assert name == name_on_nodes(FIRST, told["id"])
        assert size == len(b"as it is")
        path = url.removeprefix("http://127.0.0.1:1")
        assert told["id"] in path
        async with here.client.get(f"{path}.ulaw") as answer:
            assert await answer.read() == b"as it is"
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        guessed = path[:-1] + ("0" if path[-1] != "0" else "1")
        for wrong in (f"{guessed}.ulaw", f"{path}.mp3", f"{path}.conf"):
            await here.refused(404, "not-found", "GET", wrong, key=None)


async def test_a_list_is_in_order_and_in_pages() -> None:
    async with api() as here:
        names = ["one", "two", "three"]
        for name in names:
            await uploaded(here, params={"name": name})
            here.clock.advance(1000)
        page = await here.ask("GET", "/v1/media?top=2")
        assert [one["name"] for one in page["data"]] == names[:2]
        assert page["next_page_url"] == "/v1/media?skip=2&top=2"


async def test_another_account_sees_nothing_of_it() -> None:
    async with api() as here:
        told = await uploaded(here)
        assert (await here.ask("GET", "/v1/media", key=OTHER_KEY))["data"] == []
        for method in ("GET", "DELETE"):
            await here.refused(404, "not-found", method, f"/v1/media/{told['id']}", key=OTHER_KEY)
        await here.refused(401, "unauthorized", "POST", "/v1/media", key=None, data=b"x")
        await here.refused(400, "account-required", "POST", "/v1/media", key=MASTER_KEY, data=b"x")


async def test_a_deleted_piece_is_gone_from_everywhere() -> None:
    async with api() as here:
        told = await uploaded(here)
        path = here.node.fetched[0][1].removeprefix("http://127.0.0.1:1")
        await here.ask("DELETE", f"/v1/media/{told['id']}", status=204)
        await here.refused(404, "not-found", "GET", f"/v1/media/{told['id']}")
        await here.refused(404, "not-found", "DELETE", f"/v1/media/{told['id']}")
        await here.refused(404, "not-found", "GET", f"{path}.ulaw", key=None)
        assert here.node.names == set()


async def test_what_a_queue_plays_is_not_deleted() -> None:
    async with api() as here:
        used = Media(MediaId("media_inuse"), "Tune", Purpose.MUSIC, 1.0, 8000, "ab" * 32, 1)
        here.media_site.shelves[FIRST] = {used.id: Shelved(used)}
        told = await here.refused(409, "media-in-use", "DELETE", "/v1/media/media_inuse")
        assert "qu_support" in told["detail"]
        assert used.id in here.media_site.shelves[FIRST]


@pytest.mark.parametrize(
    ("why", "problem"),
    [
        (Unusable.NOT_AUDIO, "not-audio"),
        (Unusable.TRUNCATED, "audio-truncated"),
        (Unusable.TOO_LONG, "audio-too-long"),
        (Unusable.SILENT, "audio-silent"),
    ],
)
async def test_what_cannot_be_used_is_refused_and_not_kept(why: Unusable, problem: str) -> None:
    async with api() as here:
        here.converter.answers.append(Refused(why, "It is so."))
        await here.refused(422, problem, "POST", "/v1/media", data=b"x", headers=WAV)
        assert (await here.ask("GET", "/v1/media"))["data"] == []
        assert here.node.fetched == []


async def test_too_large_is_refused_before_it_is_read() -> None:
    async with api() as here:
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            while sent < 50 * MEDIA_MOST_BYTES:
                sent += 50_000
                yield bytes(50_000)

        told = await here.refused(
            413, "body-too-large", "POST", "/v1/media", data=endless(), headers=WAV
        )
        assert "1 MB" in told["detail"]
        assert sent < 20 * MEDIA_MOST_BYTES
        whole = bytes(MEDIA_MOST_BYTES + 1)
        await here.refused(413, "body-too-large", "POST", "/v1/media", data=whole, headers=WAV)
        await here.refused(413, "body-too-large", "POST", "/v1/media", data=form(whole))
        await here.ask("POST", "/v1/media", status=201, data=form(bytes(MEDIA_MOST_BYTES // 2)))


async def test_no_more_uploads_than_memory_has_room_for() -> None:
    async def never_ends() -> AsyncIterator[bytes]:
        yield b"RIFF"
        await asyncio.Event().wait()

    async with api() as here:
        slow = [
            asyncio.create_task(uploaded(here, never_ends()))  # type: ignore[arg-type]
            for _ in range(UPLOADS_AT_ONCE)
        ]
        await wait_until(lambda: here.door.uploads[FIRST] == UPLOADS_AT_ONCE, "they are under way")
        await here.refused(
            503, "converter-unavailable", "POST", "/v1/media", data=b"x", headers=WAV
        )
        await uploaded(here, key=OTHER_KEY)
        for one in slow:
            one.cancel()
        await asyncio.wait(slow)
        await wait_until(lambda: not here.door.uploads[FIRST], "they have gone")
        await uploaded(here)


async def test_whoever_asks_for_a_file_of_nobody_costs_neither_memory_nor_the_store() -> None:
    async with api() as here:
        for number in range(20):
            path = f"/media/acct_guessed{number}/media_x/{'ab' * 32}.ulaw"
            await here.refused(404, "not-found", "GET", path, key=None)
        assert set(here.media_site.shelves) <= {FIRST, SECOND}


async def test_an_account_that_is_full_is_told_so() -> None:
    async with api() as here:
        for _ in range(2):
            await uploaded(here, bytes(300_000))
        await here.refused(
            409, "media-storage-full", "POST", "/v1/media", data=bytes(100_000), headers=WAV
        )


@pytest.mark.parametrize(
    ("data", "status", "problem"),
    [
        ({"file": "no bytes", "volume": "11"}, 422, "validation"),
        ({"name": "no file"}, 422, "validation"),
        ({"purpose": "ringtone"}, 422, "validation"),
        ({"name": "n" * 129}, 422, "validation"),
        ({"name": "n" * 2000}, 422, "validation"),
        ({"name": "a\nb"}, 422, "validation"),
    ],
)
async def test_a_form_that_is_not_as_it_should_be(
    data: dict[str, str], status: int, problem: str
) -> None:
    async with api() as here:
        fields = aiohttp.FormData()
        if data != {"name": "no file"}:
            fields = form()
        for name, value in data.items():
            fields.add_field(name, value, content_type="text/plain")
        await here.refused(status, problem, "POST", "/v1/media", data=fields)


def raw_form(*parts: bytes) -> dict[str, Any]:
    body = b"".join(b"--line\r\n" + part + b"\r\n" for part in parts) + b"--line--\r\n"
    return {"data": body, "headers": {"Content-Type": "multipart/form-data; boundary=line"}}


async def test_a_form_with_a_bad_header_is_refused() -> None:
    bad = b'Content-Disposition: form-data; name="file"; filename="a\x00b"\r\n\r\nsound'
    async with api() as here:
        await here.refused(400, "malformed-form", "POST", "/v1/media", **raw_form(bad))


# aiohttp's own reader calls what it warns of, where a chunk ends within a boundary.
@pytest.mark.filterwarnings("ignore:unread_data:DeprecationWarning")
async def test_a_form_without_end_is_not_read_to_its_end() -> None:
    small = b'--line\r\nContent-Disposition: form-data; name="name"\r\n\r\nx\r\n' * 1_000
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 50 * MEDIA_MOST_BYTES:
            sent += len(small)
            yield small

    async with api() as here:
        more = raw_form() | {"data": endless()}
        await here.refused(413, "body-too-large", "POST", "/v1/media", **more)
    assert sent < 20 * MEDIA_MOST_BYTES


async def test_other_bodies_are_refused() -> None:
    async with api() as here:
        for kind in ("application/json", "text/html", "video/mp4"):
            await here.refused(
                415,
                "unsupported-audio-type",
                "POST",
                "/v1/media",
                data=b"{}",
                headers={"Content-Type": kind},
            )
        await here.refused(
            400,
            "malformed-form",
            "POST",
            "/v1/media",
            data=b"no form",
            headers={"Content-Type": "multipart/form-data; boundary=here"},
        )


async def test_a_node_that_cannot_fetch_it_is_told_in_the_object() -> None:
    async with api() as here:
        here.node.refuses = True
        told = await uploaded(here)
        assert told["status"] == "distributing"
        assert told["nodes"] == [{"node": "pbx-1", "ready": False}]


async def test_a_store_that_is_away_is_told() -> None:
    async with api() as here:
        here.media_site.is_away = True
        await here.refused(503, "store-unavailable", "POST", "/v1/media", data=b"x", headers=WAV)
        await here.refused(503, "store-unavailable", "GET", "/v1/media")
        here.media_site.is_away = False
