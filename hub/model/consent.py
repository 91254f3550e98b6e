"""Consent: one state per purpose and channel, with its time and the evidence for it."""

from __future__ import annotations

from typing import Literal

from hub.model.base import Frozen, UtcDatetime

ConsentChannel = Literal["email", "sms", "whatsapp", "messenger", "instagram", "phone", "post", "push", "any"]
ConsentState = Literal["opted_in", "opted_out", "pending", "unknown"]

SUPPRESSION = "suppression"
"""The kind of record as which an entry of the list of suppressed addresses is heard; no source has any."""


class Consent(Frozen):
    """What a person allowed, when, and how we know.

    ``explicit`` is True when the source recorded an act of the person (a form, a click, a double opt-in) and not a
    default or a copied flag: only an explicit opt-in may loosen an older opt-out (law L7).
    ``at`` is the time of that act, None when the source does not tell: never that of the record it came with. Where a
    record tells an opt-in without it, it counts as a copied flag, whatever ``explicit`` says.
    """

    purpose: str = "marketing"
    channel: ConsentChannel
    state: ConsentState
    at: UtcDatetime | None = None
    evidence: str | None = None
    explicit: bool = False
