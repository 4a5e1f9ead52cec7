"""The settings of a queue's offers: what is allowed, and how mistakes are refused."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from edge.domain.settings import AsteriskNode, Queue

QUEUE = TypeAdapter(Queue)


def read(**settings: Any) -> Queue:
    return QUEUE.validate_python({"id": "qu_a", "name": "A", "extension": "500", **settings})


def test_by_default_nothing_is_said_shown_or_asked() -> None:
    queue = read()
    assert not queue.agent_announcement
    assert not queue.caller_announcement
    assert (queue.p_asserted_identity, queue.remote_party_id) == (False, False)
    assert not queue.extension_in_to_header
    assert (queue.agent_confirm, queue.confirm_seconds) == (False, 10)
    assert queue.longest_confirm_seconds == 0
    assert read(agent_confirm=True).longest_confirm_seconds == 10


@pytest.mark.parametrize("name", ["X-Queue", "Call-Info", "Alert-Info", "Subject", "x.y!%*_+`'~"])
def test_headers_a_site_may_set(name: str) -> None:
    assert read(sip_headers={name: "a; b, c"}).sip_headers == {name: "a; b, c"}


@pytest.mark.parametrize(
    "name",
    [
        *("Via", "FROM", "to", "Call-ID", "Contact", "Route", "P-Asserted-Identity"),
        *("Remote-Party-ID", "v", "i", "", "X Queue", "X:Queue", "X-Quëue", "X\r\nVia"),
        *("X,Y", "X(Y)"),
    ],
)
def test_headers_that_belong_to_the_call_or_are_no_names(name: str) -> None:
    with pytest.raises(ValidationError):
        read(sip_headers={name: "x"})


@pytest.mark.parametrize("value", ["", "a\r\nVia: b", "a\nb", "a\x00", "x" * 257, 5])
def test_values_that_are_no_line(value: object) -> None:
    with pytest.raises(ValidationError):
        read(sip_headers={"X-Queue": value})


@pytest.mark.parametrize("prefix", ["a\nb", "x" * 65, "\x7f"])
def test_a_prefix_is_a_short_line(prefix: str) -> None:
    with pytest.raises(ValidationError):
        read(caller_name_prefix=prefix)


@pytest.mark.parametrize("sound", ["queue-support", "/srv/words/en/support", "digits/5"])
def test_what_can_be_announced(sound: str) -> None:
    assert read(agent_announcement=[sound]).agent_announcement == (sound,)


@pytest.mark.parametrize("sound", ["", "/", "../up", "a/../b", "a b", "http://x/y", "a,b", "a\n"])
def test_what_is_no_name_of_a_sound(sound: str) -> None:
    with pytest.raises(ValidationError):
        read(caller_announcement=[sound])


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("confirm_seconds", 0),
        ("confirm_seconds", 61),
        ("member_delay_seconds", -1),
        ("member_delay_seconds", 61),
        ("agent_confirm", "yes"),
        ("auto_answer", 1),
    ],
)
def test_numbers_and_switches_are_strict(setting: str, value: object) -> None:
    with pytest.raises(ValidationError):
        read(**{setting: value})


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("http://127.0.0.1:8088", "127.0.0.1"),
        ("https://pbx.example/ari", "pbx.example"),
        ("http://[::1]:8088", "[::1]"),
    ],
)
def test_a_nodes_numbers_are_named_with_its_host(url: str, domain: str) -> None:
    node = AsteriskNode(id="a", url=url, user="u", password="p")
    assert node.own_domain == domain
    named = AsteriskNode(id="a", url=url, user="u", password="p", sip_domain="sip.example")
    assert named.own_domain == "sip.example"
