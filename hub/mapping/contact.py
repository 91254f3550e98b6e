"""How whoever ordered is reached: what stands on an order beside its buyer. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from hub.mapping.email import email
from hub.mapping.phone import phone


def usable_email(text: str | None) -> str | None:
    """The address as it is compared, or None where it is none or nobody's."""
    found = email(text)
    return found.value if found and found.usable else None


def usable_phone(numbers: Iterable[str | None], region: str) -> str | None:
    """The first number of several (E.164) that is one and is somebody's own, or None; ``region`` is where it is."""
    for text in numbers:
        found = phone(text, region) if text else None
        if found and found.usable:
            return found.value
    return None
