"""What must not be left behind in Redis after a test."""

import redis.asyncio

from edge.store.keys import KEYS


async def stray_keys(store: redis.asyncio.Redis) -> list[str]:
    """Keys without a TTL that the table of keys does not call permanent."""
    stray = []
    async for key in store.scan_iter("*"):
        is_entry = ":entry:" in key
        if await store.ttl(key) == -1 and (is_entry or not is_permanent(key)):
            stray.append(key)
    return stray


def is_permanent(key: str) -> bool:
    """Whether the table of keys knows such a key."""
    return any(_matches(key, kind.pattern.split(":")) for kind in KEYS)


def _matches(key: str, parts: list[str]) -> bool:
    found = key.split(":")
    return len(found) == len(parts) and all(
        part.startswith(("<", "{")) or part == word for part, word in zip(parts, found, strict=True)
    )
