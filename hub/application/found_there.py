"""found there: what people changed at a record that Hub writes, as properties in Hub's own spelling. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.model.consent import Consent
from hub.model.customer import CustomerSnapshot, PersonName
from hub.model.profile import ConsentSummary, Profile
from hub.sdk.connection import Connection
from hub.sdk.destination import ProfileChange


def changed(connection: Connection, key: UUID, before: CustomerSnapshot, after: CustomerSnapshot) -> dict[str, str]:
    """What differs between the records of two such people there, in the form in which Hub writes it.

    Where the system has fields of opt-outs, they alone say what was ticked (``refused``): Hub's own fields of consents
    hold what Hub wrote.
    """
    destination: Any = connection.connector.destination
    source: Any = connection.connector.source
    written = []
    for snapshot in (before, after):
        if source.opt_outs:
            snapshot = snapshot.model_copy(update={"consents": ()})
        change = ProfileChange(_person(key, snapshot), 1, uncertain=True)
        write = destination.render(change, connection.settings)
        written.append({} if write is None else {n: v for n, v in write.mirror.items() if n not in destination.unread})
    first, second = written
    return {name: second.get(name, "") for name in {*first, *second} if second.get(name, "") != first.get(name, "")}


def ended(connection: Connection) -> list[str]:
    """What Hub knows of nobody any more who changed their consent there."""
    destination: Any = connection.connector.destination
    return [name for name, ends in destination.unread.items() if ends]


def refused(connection: Connection, said: Iterable[Consent]) -> dict[str, str]:
    """The system's own fields of the opt-outs among these consents, as they stand there."""
    source: Any = connection.connector.source
    channels = {one.channel for one in said if one.state == "opted_out"}
    return {name: value for name, (value, about) in source.opt_outs.items() if channels.intersection(about)}


def _person(key: UUID, snapshot: CustomerSnapshot) -> Profile:
    at = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
    return Profile(
        id=key,
        created_at=at,
        updated_at=at,
        name=snapshot.name or PersonName(),
        emails=tuple(point.value for point in snapshot.emails if point.usable),
        phones=tuple(point.value for point in snapshot.phones if point.usable),
        addresses=snapshot.addresses,
        birth_date=snapshot.birth_date,
        language=snapshot.language,
        company=snapshot.company,
        custom=snapshot.custom,
        consents=tuple(
            ConsentSummary(purpose=one.purpose, channel=one.channel, state=one.state, at=one.at)
            for one in snapshot.consents
        ),
    )
