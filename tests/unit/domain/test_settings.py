"""The types of the configuration on their own."""

import pytest
from pydantic import ValidationError

from edge.domain.settings import Account, AsteriskNode, Http, Queue, RedisServer, User
from edge.domain.strategies import STRATEGIES


def test_settings_do_not_change_once_made() -> None:
    account = Account(id="acct_a", name="A")
    with pytest.raises(AttributeError):
        account.name = "B"  # type: ignore[misc]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_declared_strategy_can_be_configured(strategy: str) -> None:
    assert Queue("qu_a", "A", "500", strategy=strategy).strategy == strategy


@pytest.mark.parametrize("extension", ["12", "5" * 65, "50a", "", "٥٠٠", "500\n", " 500"])
def test_an_extension_is_3_to_64_digits(extension: str) -> None:
    with pytest.raises(ValidationError, match="3 to 64 digits"):
        User("user_a", "A", extension, "a")


@pytest.mark.parametrize("name", ["qu_", "qu-a", "queue_a", "user_a", "qu_a_b", "qu_" + "a" * 65])
def test_ids_have_their_kind_and_nothing_odd(name: str) -> None:
    with pytest.raises(ValidationError, match="must be qu_"):
        Queue(name, "A", "500")


@pytest.mark.parametrize(
    "url", ["ftp://a", "http://", "http:///x", "a:8088", "http://a b", "http://a?x"]
)
def test_a_node_has_an_http_address(url: str) -> None:
    with pytest.raises(ValidationError, match="an address like"):
        AsteriskNode("pbx-1", url, "edge", "x")


@pytest.mark.parametrize(
    "url", ["redis://h:1/0", "rediss://:secret@h", "unix:///run/redis.sock", "redis://h"]
)
def test_redis_by_network_or_socket(url: str) -> None:
    assert RedisServer(url).url == url
    assert "secret" not in repr(RedisServer(url))


@pytest.mark.parametrize("url", ["http://h", "redis://", "redis:///0", "unix://", "h:6379"])
def test_other_addresses_are_no_redis(url: str) -> None:
    with pytest.raises(ValidationError, match="an address like"):
        RedisServer(url)


@pytest.mark.parametrize("port", [0, 65536, "x", 1.5, None, "", True])
def test_a_port_is_1_to_65535(port: object) -> None:
    with pytest.raises(ValidationError):
        Http(port=port)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "written"),
    [("EN", "en"), ("en_gb", "en-GB"), ("es-419", "es-419"), ("ZH-hant-tw", "zh-Hant-TW")],
)
def test_a_language_is_written_as_asterisk_and_our_sounds_name_it(given: str, written: str) -> None:
    assert Queue("qu_a", "A", "500", language=given).language == written
    assert Account(id="acct_a", name="A", language=given).language == written


@pytest.mark.parametrize("given", ["", "e", "english", "en-", "en--GB", "../en", "en GB"])
def test_what_is_no_language_is_refused(given: str) -> None:
    with pytest.raises(ValidationError, match="a language tag like en or en-GB"):
        Queue("qu_a", "A", "500", language=given)
