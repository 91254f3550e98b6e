"""What of a delivery's people was not taken over, as notes; drawn from the events, so that no connector can forget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hub.model.event import CanonicalEvent, CustomerEvent, Note

_LEFT_OUT = "a filler or not readable, left out"
_UNUSABLE = {
    "emails": "no deliverable address: kept, and never used to recognise or to write to anybody",
    "phones": "no valid number: kept, and never used to recognise or to call anybody",
}


def notes_of(events: Iterable[CanonicalEvent]) -> Iterator[Note]:
    """A note per field of a customer that was left out or cannot be used; never its value.

    The path is the canonical name, because the same rule holds for every source.
    """
    for event in events:
        if isinstance(event, CustomerEvent):
            customer = event.customer
            for name in customer.left_out:
                yield Note(path=f"customer.{name}", reason=_LEFT_OUT)
            for name, reason in _UNUSABLE.items():
                for place, point in enumerate(getattr(customer, name)):
                    if not point.usable:
                        yield Note(path=f"customer.{name}.{place}", reason=reason)
