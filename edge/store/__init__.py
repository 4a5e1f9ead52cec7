"""The store: who waits, who is offered, who talks. One Lua file is one atomic move. Beside it, what
was uploaded."""

from edge.store.redis_media_store import RedisMediaStore
from edge.store.redis_queue_store import RedisQueueStore

__all__ = ["RedisMediaStore", "RedisQueueStore"]
