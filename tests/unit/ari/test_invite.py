"""The INVITE of an agent's leg: dial string, channel variables, headers."""

from dataclasses import replace

from edge.ari.invite import channel_variables, dial_string, headers
from edge.domain.ids import EndpointName, LegId
from edge.ports.phone_system import Dial, Identity

DIAL = Dial(
    leg=LegId("leg_1"),
    endpoint=EndpointName("alice"),
    caller_number="12025550111",
    caller_name="Zoë",
    ring_seconds=20,
    variables={"QE_AGENT": "acct_demo user_alice"},
)
QUEUE = Identity('Sales "A" \\ B', "500")


def test_a_plain_dial_has_no_headers_of_ours() -> None:
    assert dial_string(DIAL) == "PJSIP/alice"
    assert channel_variables(DIAL, "pbx") == {
        "QE_AGENT": "acct_demo user_alice",
        "CONNECTEDLINE(num,i)": "12025550111",
        "CONNECTEDLINE(name,i)": "Zoë",
        "CONNECTEDLINE(pres,i)": "allowed",
    }


def test_another_user_in_to() -> None:
    assert dial_string(replace(DIAL, to_user="201")) == "PJSIP/201@alice"


def test_identities_are_quoted() -> None:
    made = headers(replace(DIAL, asserted=QUEUE, remote_party=QUEUE), "pbx")
    named = '"Sales \\"A\\" \\\\ B" <sip:500@pbx>'
    assert made == {
        "P-Asserted-Identity": named,
        "Remote-Party-ID": f"{named};party=calling;privacy=off;screen=yes",
    }


def test_automatic_answer_is_asked_for_in_both_ways() -> None:
    assert headers(replace(DIAL, answers_itself=True), "pbx") == {
        "Call-Info": "<sip:pbx>;answer-after=0",
        "Alert-Info": "<sip:pbx>;info=alert-autoanswer",
    }


def test_a_header_of_the_sites_own_replaces_ours_whatever_its_case() -> None:
    dial = replace(DIAL, answers_itself=True, headers={"ALERT-INFO": "<sip:x>", "X-Q": "a, b; c"})
    assert headers(dial, "pbx") == {
        "Call-Info": "<sip:pbx>;answer-after=0",
        "ALERT-INFO": "<sip:x>",
        "X-Q": "a, b; c",
    }
    assert channel_variables(dial, "pbx")["PJSIP_HEADER(add,X-Q)"] == "a, b; c"
