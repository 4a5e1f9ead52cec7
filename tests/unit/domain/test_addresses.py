"""Which addresses a webhook may be posted to."""

from ipaddress import ip_address

import pytest

from edge.domain.addresses import host_of, is_public, names_private_address, shown


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.0.9",
        "168.63.129.16",
        "169.254.169.254",
        "172.31.255.255",
        "192.0.0.192",
        "192.168.1.1",
        "198.18.0.1",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.250",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::7f00:1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
    ],
)
def test_our_own_network_is_not_called(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.1",
        "172.32.0.1",
        "169.253.0.1",
        "2606:4700::1111",
        "2a00:1450::1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ],
)
def test_the_public_network_is(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Hooks.Example:8443/a?b=c", "hooks.example"),
        ("http://[::1]:80/", "::1"),
        ("https://example.com?x", "example.com"),
        ("HTTP://EXAMPLE.COM", "example.com"),
        ("ftp://example.com", ""),
    ],
)
def test_the_host_of_an_address(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://hooks.example/a/b?token=t0ps3cret", "https://hooks.example/a/b"),
        ("https://hooks.example?token=t0ps3cret", "https://hooks.example"),
        ("https://ann:t0ps3cret@hooks.example:8443/a", "https://hooks.example:8443/a"),
        ("https://t0p@s3cret@[2001:db8::1]:8443/a?b@c", "https://[2001:db8::1]:8443/a"),
        ("https://hooks.example/a#t0ps3cret", "https://hooks.example/a"),
        ("http://[nobody/hook?token=t0ps3cret", "http://[nobody/hook"),
        ("t0ps3cret", ""),
        ("https://hooks.example/a@b", "https://hooks.example/a@b"),
    ],
)
def test_what_is_shown_of_an_address(url: str, seen: str) -> None:
    """Query and user part are where a token stands."""
    assert shown(url) == seen


@pytest.mark.parametrize(
    ("url", "is_private"),
    [
        ("http://127.0.0.1/x", True),
        ("http://[::ffff:10.0.0.1]:8080/x", True),
        ("http://[fe80::1%eth0]/x", True),
        ("http://localhost:8080", True),
        ("http://LocalHost./", True),
        ("http://api.localhost/", True),
        ("https://8.8.8.8/x", False),
        ("https://hooks.example.com/x", False),
    ],
)
def test_what_an_address_says_by_itself(url: str, is_private: bool) -> None:
    assert names_private_address(url) == is_private
