"""Which ports the lab uses: checks that they are free, and finds free ones."""

import errno
import fcntl
import itertools
import os
import socket
import tempfile
from functools import cache
from pathlib import Path

_PROTOCOLS = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}


class PortTaken(RuntimeError):
    """The port or the address can not be had; the message says which, and how to use another."""


LISTENING_PORTS = range(61_000, 65_534, 2)
"""Above those that Linux gives to outgoing connections: none of them can take a port between
its choice and its use. Even ones: baresip takes the next for TLS."""


SHARES = 12
"""Processes that choose ports at the same time have a share each: two that chose the same free
port would find out only when both listen on it. A share is large enough not to come round while
the last connections of a port still linger (a minute)."""

_turn = itertools.count()


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody has at this moment, neither for TCP nor for UDP.

    Of this process's own share, one after the other. Raises PortTaken.
    """
    share = own_share(LISTENING_PORTS)
    for _ in share:
        port = share[next(_turn) % len(share)]
        if all(_is_free(host, port, kind) for kind in _PROTOCOLS.values()):
            return port
    raise PortTaken(f"found no free port on {host} among {list(share)}")


def own_share(ports: range) -> range:
    """The part of these ports that no other process of the lab chooses from. Raises PortTaken."""
    return ports[_own_number() :: SHARES]


@cache
def _own_number() -> int:
    """Locked as long as this process lives."""
    folder = Path(tempfile.gettempdir()) / f"queue-edge-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for n in range(SHARES):
        lock = os.open(folder / str(n), os.O_CREAT | os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            return n
    raise PortTaken(f"{SHARES} processes choose ports already, by the locks in {folder}")


def _is_free(host: str, port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def require_free_port(host: str, port: int, protocol: str, what: str, variable: str) -> None:
    """Raise PortTaken, naming the port and the environment variable that changes it."""
    with socket.socket(socket.AF_INET, _PROTOCOLS[protocol]) as probe:
        if protocol == "tcp":
            # A port whose last connection ended just now (TIME_WAIT) is free to listen on.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise PortTaken(
                    f"{host} is not an address of this machine; give one that is: BIND=address"
                ) from error
            raise PortTaken(
                f"{what} can not use {protocol.upper()} port {port} on {host} ({error.strerror}). "
                f"Stop what uses it (`make down` stops ours), "
                f"or choose another: {variable}={port + 1000} make ..."
            ) from error
