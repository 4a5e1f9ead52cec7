"""/v1/media: uploaded audio, made playable and brought to every node; and /media, where the nodes
fetch it."""

import asyncio
import contextlib
import hmac
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field

from aiohttp import BodyPartReader, StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

from edge.domain.ids import AccountId, MediaId
from edge.domain.media import FORMATS, Purpose, Shelved, users_of
from edge.domain.settings import Account
from edge.media import MediaRounds
from edge.ports.media import CannotConvert, KeepWord, Refused, StoreAway, Unusable
from edge.web.backstage import account_of
from edge.web.errors import Fault, Problem, ProblemType, answered
from edge.web.lists import listed, page_of
from edge.web.schemas import Shape, moment

MULTIPART = "multipart/form-data"
AUDIO = frozenset(
    {
        *("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"),
        *("audio/mpeg", "audio/mp3", "audio/x-mp3", "audio/mpeg3"),
        *("audio/ogg", "application/ogg", "audio/vorbis", "audio/opus"),
        *("audio/flac", "audio/x-flac", "application/octet-stream"),
    }
)
"""What a raw body may be declared as; what it is, its first bytes tell."""
READ_BYTES = 64 * 1024
RECEIVED_WITHIN_SECONDS = 60.0
ON_NODES_WITHIN_SECONDS = 3.0
UPLOADS_AT_ONCE = 4
"""Of one account. Each is in memory from its first byte until it is converted."""
LONGEST_NAME = 128
LONGEST_FIELD_BYTES = 1024
FORM_BYTES = 16 * 1024
"""What a form has besides the file: its other fields and the lines between."""
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
PROBLEMS = {
    Unusable.NOT_AUDIO: ProblemType.NOT_AUDIO,
    Unusable.TRUNCATED: ProblemType.AUDIO_TRUNCATED,
    Unusable.TOO_LONG: ProblemType.AUDIO_TOO_LONG,
    Unusable.SILENT: ProblemType.AUDIO_SILENT,
}


@dataclass(frozen=True, slots=True)
class MediaDoor:
    """What the handlers work with. `most_bytes` is of one upload."""

    rounds: MediaRounds
    most_bytes: int
    uploads: Counter[AccountId] = field(default_factory=Counter)
    """So many are under way."""


MEDIA = web.AppKey("media", MediaDoor)


@dataclass(slots=True)
class _Upload:
    content: bytearray = field(default_factory=bytearray)
    has_file: bool = False
    fields: dict[str, str] = field(default_factory=dict)


async def create(request: web.Request) -> web.Response:
    """Takes a file as the body, or as the field `file` of a form; `name` and `purpose` (prompt or
    music) as fields of the form or in the query. Answers when the nodes have it, or after 3 s."""
    account, door = account_of(request), request.app[MEDIA]
    account_id = AccountId(account.id)
    with _one_of_few(door, account_id):
        upload = await _received(request, door.most_bytes)
        name, purpose = _described(upload.fields)
        async with _in_time():
            made = await door.rounds.add(account_id, name, purpose, bytes(upload.content))
    if isinstance(made, Refused):
        raise Problem(PROBLEMS[made.why], made.detail)
    if isinstance(made, KeepWord):
        detail = "The account has no room for it; delete media that is not needed."
        raise Problem(ProblemType.MEDIA_FULL, detail)
    shelved = await door.rounds.until_on_nodes(account_id, made, ON_NODES_WITHIN_SECONDS)
    return answered(_shape(shelved, door.rounds), status=201)


async def show_all(request: web.Request) -> web.Response:
    account, door = account_of(request), request.app[MEDIA]
    page = page_of(request)
    async with _in_time():
        shelf = await door.rounds.shelf(AccountId(account.id))
    rows = list(shelf.values())
    return answered(listed("/v1/media", rows, page, lambda _, one: _shape(one, door.rounds)))


async def show(request: web.Request) -> web.Response:
    shelved = await _shelved(request, account_of(request))
    return answered(_shape(shelved, request.app[MEDIA].rounds))


async def delete(request: web.Request) -> web.Response:
    """409 while a queue's settings name it."""
    account, door = account_of(request), request.app[MEDIA]
    shelved = await _shelved(request, account)
    users = users_of(account, shelved.media.id)
    if users:
        raise Problem(ProblemType.MEDIA_IN_USE, f"It is used by {', '.join(users)}.")
    async with _in_time():
        await door.rounds.remove(AccountId(account.id), shelved.media.id)
    return web.Response(status=204)


async def content(request: web.Request) -> web.StreamResponse:
    """A file for the nodes. Who knows the address may have it: the digest in it is not guessed,
    and what is there never changes."""
    at, door = request.match_info, request.app[MEDIA]
    account, extension = AccountId(at["account"]), at["extension"]
    async with _in_time():
        shelved = await door.rounds.shelved(account, MediaId(at["media"]))
    if (
        shelved is None
        or not hmac.compare_digest(at["digest"], shelved.media.digest)
        or extension not in FORMATS
    ):
        raise Problem(ProblemType.NOT_FOUND, "There is nothing at this address.")
    answer = web.StreamResponse(headers=FOR_EVER)
    answer.content_type = "application/octet-stream"
    answer.content_length = shelved.media.size
    await answer.prepare(request)
    with contextlib.suppress(StoreAway):
        # Cut short, it is not what was announced: the node throws it away and asks again.
        async for part in door.rounds.content(account, shelved.media, extension):
            await answer.write(part)
    return answer


async def _shelved(request: web.Request, account: Account) -> Shelved:
    async with _in_time():
        shelf = await request.app[MEDIA].rounds.shelf(AccountId(account.id))
    found = shelf.get(MediaId(request.match_info["media"]))
    if found is None:
        raise Problem(ProblemType.NOT_FOUND, "There is no such media.")
    return found


def _shape(shelved: Shelved, rounds: MediaRounds) -> Shape:
    media = shelved.media
    nodes = [{"node": node, "ready": node in shelved.nodes} for node in rounds.nodes]
    return {
        "id": media.id,
        "object": "media",
        "name": media.name,
        "purpose": media.purpose.value,
        "seconds": round(media.seconds, 2),
        "bytes": media.stored,
        "status": "ready" if all(node["ready"] for node in nodes) else "distributing",
        "nodes": nodes,
        "created_at": moment(media.created_at_ms),
    }


@contextlib.asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        yield
    except StoreAway as fault:
        again = {"Retry-After": "1"}
        raise Problem(
            ProblemType.STORE_UNAVAILABLE, f"{fault}; ask again.", headers=again
        ) from None
    except CannotConvert as fault:
        raise Problem(ProblemType.CONVERTER_UNAVAILABLE, str(fault)) from None


# --- what is uploaded


@contextlib.contextmanager
def _one_of_few(door: MediaDoor, account: AccountId) -> Iterator[None]:
    if door.uploads[account] >= UPLOADS_AT_ONCE:
        raise Problem(
            ProblemType.CONVERTER_UNAVAILABLE,
            f"{UPLOADS_AT_ONCE} uploads of the account are under way; try again.",
            headers={"Retry-After": "5"},
        )
    door.uploads[account] += 1
    try:
        yield
    finally:
        door.uploads[account] -= 1


async def _received(request: web.Request, most_bytes: int) -> _Upload:
    """The file and what was said with it; stops reading as soon as it is too large."""
    upload = _Upload(fields=_of_query(request.query))
    is_form = request.content_type == MULTIPART
    most_in_all = most_bytes + (FORM_BYTES if is_form else 0)
    if request.content_length is not None and request.content_length > most_in_all:
        raise _too_large(most_bytes)
    try:
        async with asyncio.timeout(RECEIVED_WITHIN_SECONDS):
            if is_form:
                await _read_form(request, upload, most_bytes)
            else:
                await _read_body(request, upload, most_bytes)
    except TimeoutError:
        raise Problem(ProblemType.HTTP, "The upload took too long.", status=408) from None
    return upload


def _of_query(query: Mapping[str, str]) -> dict[str, str]:
    return {name: query[name] for name in ("name", "purpose") if name in query}


async def _read_body(request: web.Request, upload: _Upload, most_bytes: int) -> None:
    if request.content_type not in AUDIO:
        wanted = f"Send {MULTIPART} with a field file, or the file itself as audio/…"
        raise Problem(ProblemType.UNSUPPORTED_AUDIO, wanted)
    await _read_file(request.content, upload, most_bytes)


async def _read_form(request: web.Request, upload: _Upload, most_bytes: int) -> None:
    try:
        form = await request.multipart()
        while (part := await form.next()) is not None:
            if request.content.total_bytes > most_bytes + FORM_BYTES:
                raise _too_large(most_bytes)
            if not isinstance(part, BodyPartReader):
                raise ValueError("a form within the form")
            if part.name == "file" and not upload.has_file:
                upload.fields.setdefault("filename", part.filename or "")
                await _read_file(part, upload, most_bytes)
            elif part.name in ("name", "purpose"):
                upload.fields[part.name] = await _read_field(part)
            else:
                raise _invalid(str(part.name), "is not a field here")
    except HttpProcessingError as fault:
        raise Problem(ProblemType.MALFORMED_FORM, "The form has a bad header.") from fault
    except (ValueError, RuntimeError, AssertionError) as fault:
        raise Problem(ProblemType.MALFORMED_FORM, f"The form cannot be read: {fault}.") from None
    if not upload.has_file:
        raise _invalid("file", "is missing")


async def _read_file(
    source: StreamReader | BodyPartReader, upload: _Upload, most_bytes: int
) -> None:
    upload.has_file = True
    while True:
        if isinstance(source, StreamReader):
            part = await source.read(READ_BYTES)
        else:
            part = await source.read_chunk(READ_BYTES)
        if not part:
            return
        if len(upload.content) + len(part) > most_bytes:
            raise _too_large(most_bytes)
        upload.content += part


async def _read_field(part: BodyPartReader) -> str:
    content = await part.read_chunk(LONGEST_FIELD_BYTES + 1)
    if len(content) > LONGEST_FIELD_BYTES or await part.read_chunk(1):
        raise _invalid(str(part.name), "is too long")
    return content.decode("utf-8", "replace")


def _described(fields: Mapping[str, str]) -> tuple[str, Purpose]:
    name = fields.get("name", "").strip() or _without_faults(fields.get("filename", "")) or "media"
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise _invalid("name", f"must be 1 to {LONGEST_NAME} printable characters")
    wanted = fields.get("purpose", Purpose.PROMPT)
    if wanted not in set(Purpose):
        raise _invalid("purpose", f"must be {' or '.join(Purpose)}")
    return name, Purpose(wanted)


def _without_faults(filename: str) -> str:
    """Whoever uploads did not choose it as a name: it is cut to fit."""
    return "".join(one for one in filename if one.isprintable())[:LONGEST_NAME].strip()


def _too_large(most_bytes: int) -> Problem:
    limit = f"{most_bytes // 1_000_000} MB"
    return Problem(ProblemType.TOO_LARGE, f"The file has more than {limit}.")


def _invalid(name: str, words: str) -> Problem:
    fault = Fault(words, pointer=f"/{name}")
    return Problem(ProblemType.INVALID, "Some values are not valid.", [fault])


ROUTES = [
    web.post("/v1/media", create),
    web.get("/v1/media", show_all),
    web.get("/v1/media/{media}", show),
    web.delete("/v1/media/{media}", delete),
    web.get("/media/{account}/{media}/{digest:[0-9a-f]+}.{extension}", content),
]
