"""Callers who press keys in an office of virtual time: the rows, the pressing, what came of it."""

import asyncio
from dataclasses import replace
from typing import Any

from edge.domain.disposition import Disposition
from edge.domain.entry import Entry, Stage
from edge.domain.events import EventName
from edge.domain.settings import Account
from edge.domain.settings.options import DestinationKind, Option, OptionAction
from tests.fakes.houses import House
from tests.fakes.office import Caller, Office

MUSIC = "music default"
HOOK = "https://example.com/hook"
AT_ONCE = 0.05


def over_music(words: str, language: str = "en") -> str:
    return f"{MUSIC}, over it {language}/{words}"


def route(kind: DestinationKind, to: str, digit: str = "1", **more: Any) -> Option:
    return Option(digit=digit, action=OptionAction.ROUTE, dest_kind=kind, dest_id=to, **more)


def key(action: OptionAction, digit: str = "1", **more: Any) -> Option:
    if action in (OptionAction.WEBHOOK, OptionAction.DEFLECT):
        more = {"webhook_url": HOOK, "webhook_secret_ref": "kv:hook", **more}
    return Option(digit=digit, action=action, **more)


def rows(*options: Option, beta: dict[str, Any] | None = None, **alpha: Any) -> House:
    """The keys are those of Alpha, where outside callers come; the other settings too."""

    def house(account: Account) -> Account:
        first, second = account.queues
        return replace(
            account,
            queues=(replace(first, options=options, **alpha), replace(second, **(beta or {}))),
        )

    return house


def press(office: Office, caller: Caller, keys: str) -> None:
    office.board.pressed(caller.leg.id, keys)


def ended(office: Office, caller: Caller, disposition: Disposition) -> list[Entry]:
    entries = office.memory.entries.values()
    return [e for e in entries if e.leg == caller.leg.id and e.disposition is disposition]


async def waiting(office: Office) -> Caller:
    caller = office.call()
    await caller.joins()
    await caller.hears_soon(MUSIC)
    await asyncio.sleep(0.1)
    return caller


def place(office: Office, caller: Caller) -> Entry:
    """The caller's living entry."""
    living = [
        e
        for e in office.memory.entries.values()
        if e.leg == caller.leg.id and e.stage is not Stage.ENDED
    ]
    assert len(living) == 1, living
    return living[0]


def pressed(office: Office) -> list[str]:
    return [one.reason for one in office.memory.events if one.name is EventName.OPTION_PRESSED]


def posted(office: Office) -> list[dict[str, Any]]:
    """What has arrived at the receiver."""
    return office.receiver.bodies
