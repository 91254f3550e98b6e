"""A consent that claims a time which has not come, or none that a business tells, costs its time and no more. Pure.

A slip of the keyboard in the year of an opt-in would else beat every opt-out that follows (law L7). So would one
without a time of its own, of an event from a clock that is years ahead: it has the time of its arrival.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hub.model.consent import Consent
from hub.model.event import CanonicalEvent, ConsentEvent, CustomerEvent, Note
from hub.normalise.ahead import TOLERANCE
from hub.normalise.fit import FIRST

_NOTE = Note(path="consents.at", reason="not a time a consent can have: an opt-in counts as a copied flag")


def proven(events: Sequence[CanonicalEvent]) -> Sequence[CanonicalEvent]:
    """The events, where an opt-in without evidence is no explicit act: nobody can show later that it was one.

    It counts where nobody ever opted out; after an opt-out only an act that can be shown opts in again (law L7).
    """
    if not any(_is_unproven(consent) for event in events for consent in _consents(event)):
        return events
    return [_with(event, tuple(map(_implied, _consents(event)))) for event in events]


def _is_unproven(consent: Consent) -> bool:
    return consent.explicit and consent.state == "opted_in" and not consent.evidence


def _implied(consent: Consent) -> Consent:
    return consent.model_copy(update={"explicit": False}) if _is_unproven(consent) else consent


def _with(event: CanonicalEvent, consents: tuple[Consent, ...]) -> CanonicalEvent:
    if isinstance(event, ConsentEvent):
        return event.model_copy(update={"consent": consents[0]})
    if isinstance(event, CustomerEvent):
        return event.model_copy(update={"customer": event.customer.model_copy(update={"consents": consents})})
    return event


def dated(events: Sequence[CanonicalEvent], received_at: datetime) -> tuple[Sequence[CanonicalEvent], Sequence[Note]]:
    """The events with the times of consents that can be, and a note where one lost its own.

    An opt-out without a time holds as of its event. An opt-in without one is no explicit act any more.
    """
    if not any(_cannot_be(consent, event, received_at) for event in events for consent in _consents(event)):
        return events, ()
    return [_dated(event, received_at) for event in events], (_NOTE,)


def _consents(event: CanonicalEvent) -> Sequence[Consent]:
    if isinstance(event, CustomerEvent):
        return event.customer.consents
    return (event.consent,) if isinstance(event, ConsentEvent) else ()


def _dated(event: CanonicalEvent, received_at: datetime) -> CanonicalEvent:
    # The time of its event, or of its arrival where that has not come either.
    at = received_at if _has_not_come(event.occurred_at, received_at) else None
    kept = tuple(_untimed(c, at) if _cannot_be(c, event, received_at) else c for c in _consents(event))
    return _with(event, kept)


def _cannot_be(consent: Consent, event: CanonicalEvent, received_at: datetime) -> bool:
    at = event.occurred_at if consent.at is None else consent.at
    return _has_not_come(at, received_at) or (consent.at is not None and at < FIRST)


def _has_not_come(at: datetime, received_at: datetime) -> bool:
    return at > received_at + TOLERANCE


def _untimed(consent: Consent, at: datetime | None) -> Consent:
    return consent.model_copy(update={"at": at, "explicit": consent.explicit and consent.state == "opted_out"})
