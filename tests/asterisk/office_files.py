"""The configuration of one office: its account, queues, users and where its edge finds things."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from lab.numbers import Slot

KEY = "sk_test"
Wanted = dict[str, Any]


def key_digest(key: str) -> str:
    """How a configuration knows an API key."""
    return hashlib.sha256(key.encode()).hexdigest()


def user(user_id: str, number: str) -> Wanted:
    """A user whose phone and extension are one number."""
    return {"id": user_id, "name": user_id, "extension": number, "sip": number}


def account_of(
    name: str,
    slot: Slot,
    *,
    agents: int,
    callers: int,
    queues: int,
    settings: Wanted,
    of_members: Mapping[int, Wanted] = MappingProxyType({}),
    of_queues: Mapping[int, Wanted] = MappingProxyType({}),
) -> Wanted:
    """Agents user_a1…, callers user_c1…; queues qu_main, qu_main2, … on the slot's extensions, the
    agents members of each, `settings` alike in all but for those of a member or a queue by its
    number from 1. The slot's phone number leads to qu_main."""
    members = [
        {"id": f"qum_a{n}", "user_id": f"user_a{n}", "position": n, **of_members.get(n, {})}
        for n in range(1, agents + 1)
    ]
    return {
        "id": name,
        "name": "Test",
        "api_key_sha256": [key_digest(KEY)],
        "users": [
            *(user(f"user_a{n}", slot.agent(n)) for n in range(1, agents + 1)),
            *(user(f"user_c{n}", slot.caller(n)) for n in range(1, callers + 1)),
        ],
        "queues": [
            {
                "id": "qu_main" if n == 0 else f"qu_main{n + 1}",
                "name": "Main" if n == 0 else f"Queue {n + 1}",
                "extension": slot.queue(n),
                "members": [
                    {**member, "id": f"{member['id']}q{n + 1}" if n else member["id"]}
                    for member in members
                ],
                **settings,
                **of_queues.get(n + 1, {}),
            }
            for n in range(queues)
        ],
        "phone_numbers": [{"number": slot.outside_number(), "queue_id": "qu_main"}],
    }


def write_files(folder: Path, site: Wanted, accounts: Sequence[Wanted]) -> Path:
    """Write both files; returns the path of edge.yaml."""
    (folder / "world.yaml").write_text(yaml.safe_dump({"accounts": list(accounts)}))
    path = folder / "edge.yaml"
    path.write_text(yaml.safe_dump({**site, "worlds": ["world.yaml"]}))
    return path
