"""The names of uploaded pieces, and who uses them."""

import pytest

from edge.domain.ids import AccountId, MediaId, new_media_id
from edge.domain.media import is_media, music_of, name_on_nodes, sound_of, users_of
from edge.domain.settings import Account, Queue
from edge.domain.settings.options import Option, OptionAction
from edge.domain.settings.waiting import HoldMessages, Introduction

OURS, THEIRS = AccountId("acct_ours"), AccountId("acct_theirs")
PIECE = MediaId("media_piece")


def queue(**settings: object) -> Queue:
    return Queue(id="qu_one", name="One", extension="500", **settings)  # type: ignore[arg-type]


def test_a_name_on_the_nodes_belongs_to_one_account_and_one_piece() -> None:
    names = {name_on_nodes(account, PIECE) for account in (OURS, THEIRS)}
    names |= {name_on_nodes(OURS, new_media_id()) for _ in range(10)}
    assert len(names) == 12
    assert len({len(name) for name in names}) == 1
    assert name_on_nodes(OURS, PIECE) == name_on_nodes(OURS, PIECE)


def test_a_piece_is_told_from_other_sounds_by_its_id() -> None:
    assert is_media(new_media_id())
    assert not is_media("queue-thankyou")
    assert not is_media("/srv/sounds/media_1")
    assert sound_of(OURS, PIECE) == f"media:{name_on_nodes(OURS, PIECE)}"


def test_music_is_what_the_call_wishes_then_the_piece_then_the_class() -> None:
    plain, own = queue(music_class="jazz"), queue(music_class="jazz", music_media=PIECE)
    assert music_of(OURS, plain) == "jazz"
    assert music_of(OURS, own) == name_on_nodes(OURS, PIECE)
    assert music_of(OURS, own, "opera") == "opera"
    rings = queue(hold_sound="ringback")
    assert (music_of(OURS, rings), music_of(OURS, rings, "opera")) == ("ringback", "opera")
    assert music_of(OURS, plain, PIECE) == name_on_nodes(OURS, PIECE)


@pytest.mark.parametrize(
    "settings",
    [
        {"music_media": PIECE},
        {"agent_announcement": (PIECE,)},
        {"introduction": Introduction(sounds=("queue-thankyou", PIECE))},
        {"hold_messages": HoldMessages(sounds=(("a",), ("b", PIECE)))},
        {"options": (Option("1", OptionAction.HANGUP, prompt_media_id=PIECE),)},
        {"options": (Option("1", OptionAction.HANGUP, announcement=(PIECE,)),)},
    ],
)
def test_a_queue_uses_it_wherever_its_settings_name_it(settings: dict[str, object]) -> None:
    account = Account(id=OURS, name="Ours", queues=(queue(**settings),))
    assert users_of(account, PIECE) == ["qu_one"]
    assert users_of(account, MediaId("media_other")) == []
