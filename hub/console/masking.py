"""Personal data as a reader may see it: in full, or so that one can tell that it is there. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hub.model.address import Address
from hub.model.profile import Profile

_DOT = "•"
_CONTACT = re.compile(r"@|(?<!\d)\+?\d{9,15}(?!\d)")
"""An address, or so many digits as telephone numbers have, also within an id that a network made of one."""

MOST = 200
OPEN_KINDS = frozenset({"order", "cart", "refund", "payment", "shipment", "return", "sign_up", "first_seen", "deletion",
                        "consent"})  # fmt: skip
"""Kinds of a timeline's items whose subjects hold no personal data: numbers, states, purposes."""


@dataclass(frozen=True, slots=True)
class Masking:
    """``whole`` where the reader may see everything."""

    whole: bool

    def name(self, profile: Profile) -> str:
        """Full name, company, or ""; masked: initials."""
        text = profile.name.full or profile.company or ""
        return text if self.whole else " ".join(f"{word[0]}." for word in text.split())

    def email(self, text: str) -> str:
        """``a•••@•••.de``."""
        if self.whole:
            return text
        local, at, domain = text.rpartition("@")
        if not at or "." not in domain:
            return _DOT * 5
        return f"{local[:1]}{_DOT * 3}@{_DOT * 3}.{domain.rpartition('.')[2]}"

    def phone(self, text: str) -> str:
        """``+49•••56``."""
        if self.whole:
            return text
        return f"{text[:3]}{_DOT * 3}{text[-2:]}" if len(text) >= 9 else _DOT * 5

    def address(self, address: Address) -> str:
        """In one line; masked: city and country."""
        parts = (address.line1, address.line2, f"{address.postal_code or ''} {address.city or ''}".strip(),
                 address.country)  # fmt: skip
        return ", ".join(filter(None, parts if self.whole else (address.city, address.country)))

    def value(self, value: object) -> str:
        """Any value of a person in one line, at most ``MOST`` letters of it."""
        if not self.whole:
            return _DOT * 5
        if isinstance(value, Mapping):
            value = value.get("full") or ", ".join(str(part) for part in value.values() if part)
        text = str(value)
        return text if len(text) <= MOST else f"{text[: MOST - 1]}…"

    def number(self, text: str) -> str:
        """What a record is called at its source; some sources call people by their address or number."""
        return text if self.whole or not _CONTACT.search(text) else _DOT * 5

    def subject(self, kind: str, text: str) -> str:
        """The subject of a timeline's item."""
        if self.whole:
            return text
        return " ".join(map(self.number, text.split())) if kind in OPEN_KINDS else _DOT * 5
