"""The delivery of webhooks, off the call path: what a caller hears never waits for a receiver."""

from edge.webhooks.delivery import Delivery, Post
from edge.webhooks.post import HttpPost

__all__ = ["Delivery", "HttpPost", "Post"]
