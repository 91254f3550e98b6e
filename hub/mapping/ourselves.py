"""Who is no customer: the business's own people and addresses, and mailboxes that no person reads. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MACHINES = re.compile(
    r"(?:.*[-_.])?(?:mailer-daemon|postmaster|(?:no|do-?not|nicht)-?_?(?:reply|antworten)|bounces?|notifications?)"
    r"(?:[-_+=.].*)?"
)
"""Local parts of programs: RFC 5321 postmaster, what mail servers call themselves, and what senders write."""


def is_ours(address: str, own: Iterable[str]) -> bool:
    """Whether an address (in small letters) is one of ``own``: addresses, or domains with all below them."""
    domain = address.rpartition("@")[2]
    for one in own:
        name = one.strip().lower().removeprefix("@")
        if address == name or ("@" not in name and (domain == name or domain.endswith(f".{name}"))):
            return True
    return False


def is_machine(address: str) -> bool:
    """Whether a program writes from this address: ``mailer-daemon``, ``no-reply`` and the like."""
    return _MACHINES.fullmatch(address.partition("@")[0]) is not None
