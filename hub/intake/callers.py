"""Who calls, and how many bytes of theirs are in memory before anybody knows that they may send them. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

NOBODY = "-"
"""The caller of a request without an address (a UNIX socket, a test)."""


def caller(scope: Mapping[str, Any]) -> str:
    """Who sends this ASGI request: the network of the client's address."""
    client = scope.get("client")
    return network(client[0]) if client else NOBODY


def family(scope: Mapping[str, Any]) -> str:
    """``IPv4`` or ``IPv6``; "" for a request without an address."""
    client = scope.get("client")
    found = network(client[0]) if client else NOBODY
    return "" if found == NOBODY else "IPv6" if ":" in found else "IPv4"


@lru_cache(maxsize=4096)
def network(address: str) -> str:
    """What one sender commonly holds: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return NOBODY
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


class Held:
    """Bytes that arrived and are not yet verified, at most ``total`` of all callers and ``share`` of one.

    What is counted is what came, never what was declared: a sender that declares much and sends nothing takes
    nothing away from the others.
    """

    def __init__(self, total: int, share: int) -> None:
        self._total = total
        self._share = share
        self._sum = 0
        self._by_caller: dict[str, int] = {}

    @property
    def bytes(self) -> int:
        """How many there are now."""
        return self._sum

    def take(self, who: str, size: int) -> bool:
        """Count ``size`` more bytes of a caller; False, and nothing is counted, when they are too many."""
        theirs = self._by_caller.get(who, 0) + size
        if theirs > self._share or self._sum + size > self._total:
            return False
        self._by_caller[who] = theirs
        self._sum += size
        return True

    def give_back(self, who: str, size: int) -> None:
        """Bytes that were taken are gone."""
        if not size:
            return
        self._sum -= size
        left = self._by_caller[who] - size
        if left:
            self._by_caller[who] = left
        else:
            del self._by_caller[who]
