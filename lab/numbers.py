"""Who has which number: the phones and queues that tests own, a slot each, never shared.

Slot 7 has agents 200701-200706, callers 300701-300709, queues 500700-500709, its own carrier
(127.0.8.7) and passwords `demo-<number>`, beside the demo's own three-digit numbers. The dialplan
knows wishes of the last four callers (see `WISHES`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SLOTS = 200
AGENTS_A_SLOT = 6
CALLERS_A_SLOT = 9
QUEUES_A_SLOT = 10
WISHES = {
    6: {"QE_MUSIC": "wished{slot}"},
    7: {"QE_PREFERRED": "{agent2}", "QE_PREFER_SECONDS": "3"},
    8: {"QE_POSITION": "1"},
    9: {"QE_PRIORITY": "5"},
}
"""Caller 6 hears the music class `wished007` (of slot 7), 7 wants agent 2 alone for three seconds,
8 enters at the head, 9 is more urgent."""


def password_of(number: str) -> str:
    """The SIP password of a phone of the lab."""
    return f"demo-{number}"


@dataclass(frozen=True, slots=True)
class Slot:
    """The numbers of one test. `slot` is 0 to 199."""

    slot: int

    def __post_init__(self) -> None:
        if not 0 <= self.slot < SLOTS:
            raise ValueError(f"slot {self.slot} is not within 0..{SLOTS - 1}")

    def agent(self, n: int) -> str:
        """The number of the n-th agent's phone, n from 1 to 6."""
        return self._number(2, n, 1, AGENTS_A_SLOT)

    def caller(self, n: int) -> str:
        """The number of the n-th caller's phone, n from 1 to 9."""
        return self._number(3, n, 1, CALLERS_A_SLOT)

    def queue(self, n: int = 0) -> str:
        """The extension of the n-th queue, n from 0 to 9."""
        return self._number(5, n, 0, QUEUES_A_SLOT - 1)

    def outside_number(self, n: int = 0) -> str:
        """The n-th phone number that reaches us over the carrier, n from 0 to 9."""
        if not 0 <= n <= 9:
            raise ValueError(f"a slot has outside numbers 0 to 9, not {n}")
        return f"1202555{self.slot:03d}{n}"

    @property
    def carrier(self) -> str:
        """The name of this slot's own trunk."""
        return f"carrier{self.slot:03d}"

    @property
    def carrier_host(self) -> str:
        """Where this slot's carrier calls from; calls to the outside go there, port 5070."""
        return f"127.0.8.{self.slot}"

    def agents(self) -> list[str]:
        return [self.agent(n) for n in range(1, AGENTS_A_SLOT + 1)]

    def callers(self) -> list[str]:
        return [self.caller(n) for n in range(1, CALLERS_A_SLOT + 1)]

    def queues(self) -> list[str]:
        return [self.queue(n) for n in range(QUEUES_A_SLOT)]

    def _number(self, kind: int, n: int, first: int, last: int) -> str:
        if not first <= n <= last:
            raise ValueError(f"numbers {kind}… of a slot go from {first} to {last}, not {n}")
        return f"{kind}{self.slot:03d}{n:02d}"


def phones_of(slots: Iterable[int]) -> str:
    """A pjsip.conf snippet with the phones and the carrier of these slots."""
    return "\n".join(_slot_phones(Slot(slot)) for slot in slots)


def _slot_phones(slot: Slot) -> str:
    phones = "\n".join(_phone(number, slot) for number in slot.agents())
    phones += "\n" + "\n".join(
        _phone(slot.caller(n), slot, WISHES.get(n, {})) for n in range(1, CALLERS_A_SLOT + 1)
    )
    return f"""{phones}
[{slot.carrier}](leg)
context = from-carrier
identify_by = ip
aors = {slot.carrier}
trust_id_inbound = yes
[{slot.carrier}]
type = identify
endpoint = {slot.carrier}
match = {slot.carrier_host}/32
[{slot.carrier}]
type = aor
contact = sip:{slot.carrier_host}:5070
"""


def _phone(number: str, slot: Slot, wishes: Mapping[str, str] | None = None) -> str:
    known = {"agent2": slot.agent(2), "slot": f"{slot.slot:03d}"}
    wanted = "".join(
        f"set_var = {name}={value.format(**known)}\n" for name, value in (wishes or {}).items()
    )
    return f"""[{number}](phone)
auth = {number}
aors = {number}
callerid = "Test {number}" <{number}>
set_var = CARRIER={slot.carrier}
{wanted}[{number}](phone-login)
username = {number}
password = {password_of(number)}
[{number}](phone-place)
"""


TEST_PHONES = phones_of(range(SLOTS))
"""The phones of all slots, as a pjsip.conf snippet."""
