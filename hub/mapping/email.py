"""E-mail addresses: one spelling per mailbox, and the junk that never names a person."""

from __future__ import annotations

import re
from functools import lru_cache

import idna

from hub.model.customer import ContactPoint
from hub.model.text import tidy

_NOT = r"\x00-\x1f\x7f\s@<>,;:\"()\[\]\\"
_SHAPE = re.compile(rf"[^{_NOT}]+@[^{_NOT}]+\.[^{_NOT}.]{{2,}}")
_ANGLED = re.compile(r"<([^<>]+)>")
_SCHEME = re.compile(r"(?:mailto|e-?mail|mail) *: *", re.IGNORECASE)
_BETWEEN = re.compile(r"(?:[\s,;|/]|:::)+")
_BEFORE, _AFTER = " \t\r\n\"'([<:;,", " \t\r\n\"')]>.,;:"
_JUNK_DOMAINS = frozenset(
    {"test.test", "none.none", "no.email", "noemail.com", "example.invalid", "localhost.localdomain"}
)
_JUNK_LOCAL = frozenset({"null", "none", "noemail", "no-email", "keine", "n/a", "na", "unknown", "undefined"})


def email(text: str | None) -> ContactPoint | None:
    """The first address of ``emails``; None for nothing at all."""
    return next(iter(emails(text)), None)


@lru_cache(maxsize=4_096)
def emails(text: str | None) -> tuple[ContactPoint, ...]:
    """Normalise what stands in one field: trimmed, NFC, lower case, domain in IDNA ASCII form, no invisible character.

    Read too: ``"Anna" <a@b.de>``, ``mailto:``, marks around an address, and several addresses in one field. An address
    is never cut out of other words: ``anna berg@b.de`` may be another's. Gives nothing for nothing at all, and one
    unusable contact point for text that is no deliverable address (``null``, ``-``, ``test@test``). Never raises.
    """
    original = tidy(text).strip() if text else ""
    if not original:
        return ()
    found = [point for part in _parts(original) if (point := _address(part, part))]
    if not found:
        return (ContactPoint(value=original.lower(), original=original, usable=False),)
    if len(found) == 1:
        one = found[0]
        return (one if one.original == original else one.model_copy(update={"original": original}),)
    return tuple({point.value: point for point in found}.values())


def _parts(text: str) -> list[str]:
    """The addresses that may stand in a field; nothing where it holds more than addresses."""
    text = text.strip("'")  # what a spreadsheet or SQL leaves behind; inside, it belongs to O'Neil
    if _SHAPE.fullmatch(text):
        return [text]
    angled = [_bare(part) for part in _ANGLED.findall(text)]
    parts = angled or [_bare(text)]
    if not angled and not _SHAPE.fullmatch(parts[0]):
        parts = [bare for part in _BETWEEN.split(text) if (bare := _bare(part))]
    return parts if all(_SHAPE.fullmatch(part) for part in parts) else []


def _bare(text: str) -> str:
    text = _SCHEME.sub("", text.lstrip(_BEFORE), count=1) if ":" in text else text
    return text.partition("?")[0].lstrip(_BEFORE).rstrip(_AFTER)


def _address(text: str, original: str) -> ContactPoint | None:
    """None for text without the shape of an address."""
    lowered = text.lower()
    if not _SHAPE.fullmatch(lowered) or ".." in lowered:
        return None
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
