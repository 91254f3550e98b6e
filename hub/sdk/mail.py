"""A mail that a source wants sent: a form's link to confirm. What it says is the connector's; sending it is Hub's."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Mail:
    """``to`` is one address. ``unsubscribe`` is a link that works by one POST (RFC 8058), "" for none."""

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    language: str
    unsubscribe: str = field(default="", repr=False)
