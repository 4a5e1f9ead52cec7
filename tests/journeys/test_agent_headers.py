"""What an agent's phone is asked to show, by the settings of the queue."""

from edge.domain.ids import EndpointName
from edge.ports.phone_system import Dial, Identity
from tests.fakes.office import Office, open_office
from tests.fakes.world import ANN, phone_of


async def dial_of(office: Office, caller_name: str = "") -> Dial:
    caller = office.call(name=caller_name)
    await caller.talks_with(ANN)
    [dial] = office.phone(ANN).dials
    return dial


async def test_by_default_the_phone_shows_the_caller_and_nothing_of_the_queue() -> None:
    async with open_office(ANN, ring_seconds=17) as office:
        dial = await dial_of(office, "Zoë")
        assert (dial.caller_number, dial.caller_name) == ("12025550111", "Zoë")
        assert dial.endpoint == EndpointName(phone_of(ANN))
        assert dial.ring_seconds == 17
        assert dial.to_user == ""
        assert (dial.asserted, dial.remote_party) == (None, None)
        assert not dial.answers_itself
        assert dial.headers == {}


async def test_the_queue_is_told_in_identity_headers() -> None:
    async with open_office(ANN, p_asserted_identity=True, remote_party_id=True) as office:
        dial = await dial_of(office)
        assert dial.asserted == dial.remote_party == Identity("Alpha", "500")


async def test_the_extension_stands_in_to() -> None:
    async with open_office(ANN, extension_in_to_header=True) as office:
        assert (await dial_of(office)).to_user == "201"


async def test_the_prefix_stands_before_the_name() -> None:
    async with open_office(ANN, caller_name_prefix="Support: ") as office:
        assert (await dial_of(office, "Zoë")).caller_name == "Support: Zoë"


async def test_the_prefix_stands_before_the_number_of_a_nameless_caller() -> None:
    async with open_office(ANN, caller_name_prefix="Support: ") as office:
        assert (await dial_of(office)).caller_name == "Support: 12025550111"


async def test_headers_of_the_sites_own_and_automatic_answer() -> None:
    async with open_office(ANN, auto_answer=True, sip_headers={"X-Queue": "alpha"}) as office:
        dial = await dial_of(office)
        assert dial.answers_itself
        assert dial.headers == {"X-Queue": "alpha"}
