"""Every test has numbers of its own."""

import pytest

from lab.numbers import SLOTS, TEST_PHONES, Slot, phones_of


def test_no_number_and_no_address_is_given_twice() -> None:
    slots = [Slot(n) for n in range(SLOTS)]
    numbers = [n for slot in slots for n in (*slot.agents(), *slot.callers(), *slot.queues())]
    outside = [slot.outside_number(n) for slot in slots for n in range(10)]
    assert len(set(numbers)) == len(numbers) == SLOTS * 25
    assert len(set(outside)) == len(outside)
    assert len({slot.carrier_host for slot in slots}) == SLOTS
    assert {len(number) for number in numbers} == {6}


def test_a_slot_has_the_numbers_its_description_says() -> None:
    slot = Slot(7)
    assert (slot.agent(1), slot.caller(9), slot.queue(), slot.carrier) == (
        "200701",
        "300709",
        "500700",
        "carrier007",
    )


def test_a_number_outside_of_the_slot_is_refused() -> None:
    with pytest.raises(ValueError, match="slot 200"):
        Slot(200)
    with pytest.raises(ValueError, match="from 1 to 6, not 7"):
        Slot(0).agent(7)
    with pytest.raises(ValueError, match="not 10"):
        Slot(0).outside_number(10)


def test_the_snippet_has_every_phone_with_its_password() -> None:
    snippet = phones_of([3])
    assert "[200301](phone)" in snippet
    assert "password = demo-300309" in snippet
    assert snippet in TEST_PHONES
