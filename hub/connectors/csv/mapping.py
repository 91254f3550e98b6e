"""A row to a customer, and a golden profile to a row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hub.connectors.csv.manifest import CUSTOMER_FIELDS, CsvSettings
from hub.errors import PayloadError
from hub.mapping.address import country
from hub.mapping.customer import CustomerField, customer
from hub.mapping.fieldmap import ProfileMap
from hub.mapping.time import epoch, instant, maybe_instant
from hub.model.consent import Consent
from hub.model.event import CONTACT_LISTS, CustomerEvent
from hub.model.identifier import RecordKey
from hub.model.profile import Profile

HUB_ID = "hub_id"
PROFILE_FIELDS = ProfileMap(
    {
        "first_name": "name.first",
        "middle_name": "name.middle",
        "last_name": "name.last",
        "full_name": "name.full",
        "email": "emails.0",
        "phone": "phones.0",
        "birth_date": "birth_date",
        "street": "addresses.0.line1",
        "line2": "addresses.0.line2",
        "postal_code": "addresses.0.postal_code",
        "city": "addresses.0.city",
        "region": "addresses.0.region",
        "country": "addresses.0.country",
        "company": "company",
        "language": "language",
        "loyalty_id": "loyalty_ids.0",
        "orders": "orders.count",
    }
)


def event(row: Mapping[str, str], settings: CsvSettings, *, modified: datetime) -> CustomerEvent:
    """The customer of a row as of its own time of change, else ``modified``.

    A phone number without a country is read as one of the row's own country, where it names one.

    Raises PayloadError naming the column: no external id, or a time that is none.
    """
    fields: dict[CustomerField, tuple[str, ...]] = {
        name: (row[column],) for name in CUSTOMER_FIELDS if row.get(column := settings.fields.get(name, ""))
    }
    external_id = fields.pop("external_id", ("",))[0].strip()
    if not external_id:
        raise PayloadError("no external id", path=settings.fields.get("external_id", "external_id"))
    return CustomerEvent(
        occurred_at=row_time(row, settings) or modified,
        customer=customer(
            RecordKey(kind="customer", external_id=external_id),
            fields,
            region=country(next(iter(fields.get("country", ())), None)) or settings.default_region,
            consents=tuple(_consents(row, settings)),
        ),
        whole=CONTACT_LISTS,
    )


def row_time(row: Mapping[str, str], settings: CsvSettings) -> datetime | None:
    """When the row was changed, if a column tells: ISO 8601 (UTC without a zone) or seconds since 1970."""
    column = settings.updated_at_field
    text = (row.get(column) or "").strip() if column else ""
    if not text or not column:
        return None
    return epoch(text, path=column) if text.isdigit() and len(text) > 8 else instant(text, path=column)


def _consents(row: Mapping[str, str], settings: CsvSettings) -> list[Consent]:
    found: list[Consent] = []
    for channel, told in settings.consents.items():
        cell = (row.get(told.column) or "").strip().casefold()
        if not cell:
            continue
        at = maybe_instant(row.get(told.at), path=told.at) if told.at else None
        found.append(
            Consent(
                channel=channel,
                state="opted_in" if cell in {yes.casefold() for yes in told.opted_in} else "opted_out",
                at=at,
                evidence=f"csv column {told.column}",
                explicit=at is not None,
            )
        )
    return found


def columns(settings: CsvSettings) -> Mapping[str, str]:
    """What a written file holds: profile field (or consent channel) to column, in order. The first is Hub's own id."""
    if not settings.fields:
        return {"external_id": HUB_ID, **{name: name for name in PROFILE_FIELDS.properties}}
    named = {"external_id": settings.fields["external_id"]}
    named |= {name: column for name, column in settings.fields.items() if name in PROFILE_FIELDS.properties}
    return named


def consent_columns(settings: CsvSettings) -> Mapping[str, str]:
    """Channel to column of the marketing consents that are written: opted_in, opted_out, pending or unknown."""
    if not settings.fields:
        return {"email": "email_consent", "sms": "sms_consent"}
    return {channel: told.column for channel, told in settings.consents.items()}


def cells(profile: Profile, settings: CsvSettings) -> dict[str, str]:
    """The cells of a profile's row that have a value, without the id."""
    values = PROFILE_FIELDS.read(profile)
    found = {column: str(values[name]) for name, column in columns(settings).items() if name in values}
    by_channel = consent_columns(settings)
    for consent in profile.consents:
        if consent.purpose == "marketing" and consent.channel in by_channel:
            found[by_channel[consent.channel]] = consent.state
    return found
