"""The types of the configuration: frozen, checked, and the same words as YAML, API and Redis."""

from edge.domain.settings.account import (
    Account,
    Member,
    PenaltyRule,
    PhoneNumber,
    Queue,
    User,
    World,
)
from edge.domain.settings.hours import DayOff, Hours, Span, WeeklySpan
from edge.domain.settings.site import AsteriskNode, Http, Logging, RedisServer, Site, Webhooks

__all__ = [
    "Account",
    "AsteriskNode",
    "DayOff",
    "Hours",
    "Http",
    "Logging",
    "Member",
    "PenaltyRule",
    "PhoneNumber",
    "Queue",
    "RedisServer",
    "Site",
    "Span",
    "User",
    "Webhooks",
    "WeeklySpan",
    "World",
]
