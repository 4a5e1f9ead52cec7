"""The moves about what a caller hears first; part of the memory store."""

from dataclasses import replace

from edge.domain.ids import AccountId, EntryId, RunId
from edge.ports.queue_store import IntroductionWord, Moved
from tests.fakes.memory_records import IN_LINE
from tests.fakes.memory_site import AccountMemory


class IntroductionMoves:
    """Mixed into the store of one edge."""

    run: RunId

    def _open(self, account: AccountId) -> AccountMemory:
        raise NotImplementedError

    async def end_introduction(
        self, account: AccountId, entry: EntryId
    ) -> tuple[IntroductionWord, Moved]:
        memory = self._open(account)
        known = memory.entries.get(entry)
        if known is None or known.owner != self.run or known.stage not in IN_LINE:
            return IntroductionWord.STALE, memory.moved([known] if known else ())
        if known.intro_until_ms:
            known = memory.put_entry(replace(known, intro_until_ms=0))
            memory.look_at(known.queue)
        return IntroductionWord.ENDED, memory.moved([known])
