"""A consent that claims a time which has not come, or none that a business tells, costs its time and no more. Pure.

A slip of the keyboard in the year of an opt-in would else beat every opt-out that follows (law L7).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from hub.model.consent import Consent
from hub.model.event import CanonicalEvent, ConsentEvent, CustomerEvent, Note
from hub.normalise.fit import FIRST

WRONG_CLOCK = timedelta(days=1)
"""As far ahead of its arrival may a consent be dated: clocks differ, and so do zones that were not told."""

_NOTE = Note(path="consents.at", reason="not a time a consent can have: an opt-in counts as a copied flag")


def dated(events: Iterable[CanonicalEvent], received_at: datetime) -> Iterator[CanonicalEvent | Note]:
    """The events with the times of consents that can be; a Note for each that lost its own.

    An opt-out without a time holds as of its event. An opt-in without one is no explicit act any more.
    """
    for event in events:
        if isinstance(event, ConsentEvent) and _cannot_be(event.consent, received_at):
            yield _NOTE
            yield event.model_copy(update={"consent": _untimed(event.consent)})
        elif isinstance(event, CustomerEvent) and any(_cannot_be(c, received_at) for c in event.customer.consents):
            yield _NOTE
            consents = [_untimed(c) if _cannot_be(c, received_at) else c for c in event.customer.consents]
            yield event.model_copy(update={"customer": event.customer.model_copy(update={"consents": tuple(consents)})})
        else:
            yield event


def _cannot_be(consent: Consent, received_at: datetime) -> bool:
    return consent.at is not None and not FIRST <= consent.at <= received_at + WRONG_CLOCK


def _untimed(consent: Consent) -> Consent:
    return consent.model_copy(update={"at": None, "explicit": consent.explicit and consent.state == "opted_out"})
