"""What a person is to the business, from a source's own word for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from hub.mapping.name import fold
from hub.model.customer import ContactKind

_WORDS: Mapping[ContactKind, tuple[str, ...]] = {
    "customer": ("customer", "client", "buyer", "kunde", "kundin", "kunden", "bestandskunde", "kaeufer"),
    "lead": ("lead", "prospect", "interessent", "interessentin", "opportunity", "neukunde"),
    "supplier": ("supplier", "vendor", "lieferant", "lieferantin", "kreditor"),
    "partner": ("partner", "partnerin", "reseller", "affiliate", "haendler"),
    "press": ("press", "presse", "media", "journalist", "journalistin", "redaktion"),
    "applicant": ("applicant", "candidate", "bewerber", "bewerberin"),
}
_BY_WORD = {word: kind for kind, words in _WORDS.items() for word in words}


def contact_kind(text: str | None) -> ContactKind | None:
    """The kind that a word in English or German names, whatever its spelling; None for any other word."""
    return _BY_WORD.get(fold(text)) if text else None
