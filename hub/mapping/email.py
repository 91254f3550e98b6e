"""E-mail addresses: one spelling per mailbox, and the junk that never names a person."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import idna

from hub.model.customer import ContactPoint

_NOT = r"\x00-\x1f\x7f\s@<>,;:\"()\[\]\\"
_SHAPE = re.compile(rf"[^{_NOT}]+@[^{_NOT}]+\.[^{_NOT}.]{{2,}}")
_JUNK_DOMAINS = frozenset(
    {"test.test", "none.none", "no.email", "noemail.com", "example.invalid", "localhost.localdomain"}
)
_JUNK_LOCAL = frozenset({"null", "none", "noemail", "no-email", "keine", "n/a", "na", "unknown", "undefined"})


@lru_cache(maxsize=4_096)
def email(text: str | None) -> ContactPoint | None:
    """Normalise an address: trimmed, NFC, lower case, domain in IDNA ASCII form.

    Gives None for nothing at all, and an unusable contact point for text that is no deliverable address
    (``null``, ``-``, ``test@test``). Never raises.
    """
    original = unicodedata.normalize("NFC", text).strip() if text else ""
    if not original:
        return None
    lowered = original.lower()
    if not _SHAPE.fullmatch(lowered) or ".." in lowered:
        return ContactPoint(value=lowered, original=original, usable=False)
    local, _, domain = lowered.rpartition("@")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError:
            return ContactPoint(value=lowered, original=original, usable=False)
    usable = (
        local not in _JUNK_LOCAL
        and domain not in _JUNK_DOMAINS
        and not domain.endswith((".invalid", ".test", ".localhost"))
    )
    return ContactPoint(value=f"{local}@{domain}", original=original, usable=usable)
