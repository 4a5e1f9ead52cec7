"""The decision in words and data: why this agent, why not that one, what is waited for.

facts    what one look at the store saw, as it was at that moment
reasons  why one agent may not be offered one entry, each with a code and a sentence
ranking  who comes before whom, and by which field
entry    of an entry: what it waits for, who may be rung for it, who was left out
agent    of an agent: why not ready, or which caller is next in each queue

Everything is asked of the same functions that decide (`edge.domain.matching`).
"""

from edge.domain.explain.agent import AgentExplained, QueueExplained, SkippedEntry, explain_agent
from edge.domain.explain.entry import EntryExplained, LeftOutAgent, Wait, Waits, explain_entry
from edge.domain.explain.facts import AgentFacts, EntryFacts, MemberFacts, PlacedEntry, QueueFacts
from edge.domain.explain.ranking import Candidate, Value
from edge.domain.explain.reasons import LeftOut, Reason

__all__ = [
    "AgentExplained",
    "AgentFacts",
    "Candidate",
    "EntryExplained",
    "EntryFacts",
    "LeftOut",
    "LeftOutAgent",
    "MemberFacts",
    "PlacedEntry",
    "QueueExplained",
    "QueueFacts",
    "Reason",
    "SkippedEntry",
    "Value",
    "Wait",
    "Waits",
    "explain_agent",
    "explain_entry",
]
