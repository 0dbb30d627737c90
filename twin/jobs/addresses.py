"""Which addresses the server may be made to call: none that gives away a machine's keys, one's own network if allowed.

The name is looked up here and the address that was judged is the one that is connected to, so that a name which answers
differently the second time (DNS rebinding) reaches nothing else.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_IP = IPv4Address | IPv6Address
_NEVER = tuple(
    ip_network(text)
    for text in (
        "169.254.0.0/16", "fe80::/10",  # link-local: AWS, Google, Azure, Oracle, OpenStack hand out keys there
        "fd00:ec2::254/128", "fd20:ce::254/128",  # the same over IPv6: AWS, Google
        "100.100.100.200/32",  # Alibaba Cloud
        "168.63.129.16/32",  # Azure's host
        "192.0.0.192/32",  # Oracle Cloud, at first
        "0.0.0.0/8", "::/128", "224.0.0.0/4", "ff00::/8", "255.255.255.255/32",
    )
)  # fmt: skip
_NAT64 = ip_network("64:ff9b::/96")


class Forbidden(Exception):
    """An address that is not called; the text is one line that says why and what to do."""


def checked_address(host: str, port: int, *, private: bool) -> str:
    """Return the address to connect to for a host; every address that its name has must be allowed.

    Parameters
    ----------
    private
        Whether addresses of one's own network (private, shared, loopback) are allowed.

    Raises
    ------
    Forbidden
        If one of them is not.
    OSError
        If the name is unknown.
    """
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        require_allowed(address, private=private)
    return addresses[0]


def require_allowed(address: str, *, private: bool) -> None:
    """Raise :class:`Forbidden` for an address that is not called.

    Examples
    --------
    >>> require_allowed("192.168.1.7", private=True)
    >>> require_allowed("169.254.169.254", private=True)
    Traceback (most recent call last):
    ...
    twin.jobs.addresses.Forbidden: 169.254.169.254 is link-local or a cloud's metadata service: never called
    """
    meant = _meant(ip_address(address.partition("%")[0]))
    if any(meant.version == network.version and meant in network for network in _NEVER):
        raise Forbidden(f"{address} is link-local or a cloud's metadata service: never called")
    if not private and not meant.is_global:
        raise Forbidden(
            f"{address} is in a private network: set QTEMS_WEBHOOK_PRIVATE=true if the receiver stands in your own"
        )


def _meant(address: _IP) -> _IP:
    """Return the IPv4 address that an IPv6 one stands for, or itself."""
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if inner is None and address in _NAT64:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address
