"""A port that is taken is told with its number and the variable that changes it."""

import socket

import pytest

from lab.ports import PortTaken, free_port, require_free_port


@pytest.mark.parametrize(
    ("protocol", "kind"), [("udp", socket.SOCK_DGRAM), ("tcp", socket.SOCK_STREAM)]
)
def test_a_taken_port_is_named_with_what_changes_it(protocol: str, kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"{port} on 127.0.0.1.*SIP_PORT="):
            require_free_port("127.0.0.1", port, protocol, "Asterisk", "SIP_PORT")


def test_a_free_port_is_free() -> None:
    require_free_port("127.0.0.1", free_port(), "tcp", "Redis", "REDIS_PORT")


def test_an_address_of_another_machine_is_told_as_that() -> None:
    with pytest.raises(PortTaken, match=r"192\.0\.2\.1 is not an address of this machine"):
        require_free_port("192.0.2.1", 5060, "udp", "Asterisk", "SIP_PORT")
