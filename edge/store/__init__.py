"""The store: who waits, who is offered, who talks. One Lua file is one atomic move."""

from edge.store.redis_queue_store import RedisQueueStore

__all__ = ["RedisQueueStore"]
