"""Which addresses a webhook may be posted to: public ones, so that no account reaches our own
network through us (IANA's special-purpose registries; metadata services of the clouds)."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

NOT_PUBLIC = tuple(
    ip_network(one)
    for one in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; a metadata service too
        "127.0.0.0/8",
        "168.63.129.16/32",  # metadata service, though a public address
        "169.254.0.0/16",  # link-local; most metadata services
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; a metadata service too
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "2001::/23",  # protocol assignments, Teredo
        "2001:db8::/32",
        "2002::/16",  # 6to4: any IPv4 address in disguise
        "3fff::/20",
    )
)
GLOBAL_UNICAST = ip_network("2000::/3")
NAT64 = ip_network("64:ff9b::/96")
HOST = re.compile(r"https?://(?:[^/?#@]*@)?(\[[^\]]*\]|[^:/?#]*)", re.IGNORECASE)
SHOWN = re.compile(r"(https?://)(?:[^/?#]*@)?([^?#]*)", re.IGNORECASE)


def is_public(address: Address) -> bool:
    """Whether this is a public unicast address; one that stands for an IPv4 address is that."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in GLOBAL_UNICAST:
            return False
    return not any(address.version == one.version and address in one for one in NOT_PUBLIC)


def host_of(url: str) -> str:
    """The host of an http address, in small letters and without the brackets of IPv6."""
    found = HOST.match(url)
    return found[1].strip("[]").lower() if found else ""


def is_loopback(host: str) -> bool:
    """Whether the host, as `host_of` gives it, is the machine that calls it."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def shown(url: str) -> str:
    """Scheme, host and path: what a person sees of an address. Before the host and in the query
    stand tokens."""
    found = SHOWN.match(url)
    return f"{found[1]}{found[2]}" if found else ""


def names_private_address(url: str) -> bool:
    """Whether the address says by itself that it leads to our own network.

    What a name resolves to is known only when it is called, and is judged again then.
    """
    host = host_of(url).rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not is_public(ip_address(host.partition("%")[0]))
    except ValueError:
        return False
