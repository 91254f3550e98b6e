"""Delivery to one mailing system without a database, and the people it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from hub.model.address import Address
from hub.model.consent import ConsentState
from hub.model.customer import PersonName
from hub.model.profile import ConsentSummary, Profile
from tests.support.crm.house import House
from tests.support.mailing.double import Double, doubles

START = datetime(2026, 3, 1, tzinfo=UTC)


class Post(House):
    """Profiles on their way to one mailing system (``tests.support.crm.House``), and a clock that both share."""

    double: Double  # type: ignore[assignment]

    def later(self, days: float = 1.0) -> datetime:
        """Time passes; gives the moment it is then."""
        self.double.now += timedelta(days=days)
        return self.double.now

    def told(self, key: UUID, *emails: str, consent: ConsentState | None = "opted_in", **values: Any) -> None:
        """A golden profile that is new or changed, with a consent of this moment."""
        self.known(person(key, *emails, consent=consent, at=values.pop("at", self.double.now), **values))


def person(
    key: UUID,
    *emails: str,
    consent: ConsentState | None = "opted_in",
    at: datetime | None = START,
    first: str = "Anna",
    country: str | None = None,
    aliases: tuple[UUID, ...] = (),
    **values: Any,
) -> Profile:
    """A golden profile with a consent to e-mail."""
    consents = (ConsentSummary(purpose="marketing", channel="email", state=consent, at=at),) if consent else ()
    return Profile(
        id=key, created_at=START, updated_at=START, name=PersonName(first=first, last="Amsel"), emails=emails,
        consents=consents, addresses=(Address(country=country),) if country else (), aliases=aliases, **values,
    )  # fmt: skip


@cache
def _prepared(slug: str, settings: tuple[tuple[str, Any], ...]) -> Post:
    return Post(doubles()[slug](), **dict(settings)).prepare()  # type: ignore[return-value, arg-type]


def before(slug: str, **settings: Any) -> Post:
    """A connection to an empty system in which everything that Hub needs is made."""
    return _prepared(slug, tuple(sorted(settings.items()))).copy()  # type: ignore[return-value]
