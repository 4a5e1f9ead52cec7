"""The moves about calls that change hands; part of the memory store."""

from dataclasses import replace

from edge.domain.entry import Stage
from edge.domain.events import EventName
from edge.domain.ids import AccountId, EntryId, LegId, RunId
from edge.ports.queue_store import Moved, ReplaceWord
from tests.fakes.memory_site import AccountMemory


class TransferMoves:
    """Mixed into the store of one edge."""

    run: RunId

    def _open(self, account: AccountId) -> AccountMemory:
        raise NotImplementedError

    async def replace_leg(
        self, account: AccountId, entry: EntryId, leg: LegId
    ) -> tuple[ReplaceWord, Moved]:
        memory = self._open(account)
        known = memory.entries.get(entry)
        is_over = known is None or known.stage is Stage.ENDED
        is_led_on = known is not None and is_over and known.pressed and known.onward is None
        if known is None or (not is_led_on and (is_over or known.owner != self.run)):
            return ReplaceWord.STALE, memory.moved([known] if known else ())
        if known.leg != leg:
            known = memory.put_entry(replace(known, leg=leg))
            memory.publish(EventName.CALLER_TRANSFERRED, known)
        return ReplaceWord.REPLACED, memory.moved([known])
