"""What a node plays of uploaded pieces: its own copies, and nothing that it has not."""

from edge.ari.connection import Access
from edge.ari.media import NodeMedia
from edge.ari.rest import Rest
from edge.ari.wire import Wire
from edge.domain.ids import NodeId, RunId


class FolderKnown(NodeMedia):
    async def find_folder(self) -> None:
        self._folder = "/srv/media"


async def node() -> NodeMedia:
    wire = Wire(Access("http://127.0.0.1:1/ari", "edge", "secret"), RunId("edge-1"))
    known = FolderKnown(NodeId("pbx-1"), RunId("edge-1"), Rest(wire), wire)
    await known.find_folder()
    return known


async def test_what_the_node_has_is_played_from_its_own_folder_in_its_place() -> None:
    here = await node()
    here.has("media_one")
    sounds = ["queue-thankyou", "media:media_one", "/srv/prompts/en/minutes"]
    assert here.playable(sounds) == [
        "queue-thankyou",
        "/srv/media/media_one",
        "/srv/prompts/en/minutes",
    ]


async def test_what_it_has_not_is_left_out_and_the_rest_is_said() -> None:
    here = await node()
    here.has("media_one")
    here.lacks("media_one")
    assert here.playable(["media:media_one", "queue-thankyou"]) == ["queue-thankyou"]
    assert here.playable(["media:media_one"]) == []


async def test_before_the_node_has_told_where_its_pieces_lie_none_is_played() -> None:
    wire = Wire(Access("http://127.0.0.1:1/ari", "edge", "secret"), RunId("edge-1"))
    here = NodeMedia(NodeId("pbx-1"), RunId("edge-1"), Rest(wire), wire)
    here.has("media_one")
    assert here.playable(["media:media_one", "beep"]) == ["beep"]
