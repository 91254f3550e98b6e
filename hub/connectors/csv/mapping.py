"""A row to a customer, and a golden profile to a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from hub.connectors.csv.manifest import CsvSettings, custom_name
from hub.errors import PayloadError
from hub.mapping.customer import CustomerField, customer
from hub.mapping.fieldmap import ProfileMap
from hub.mapping.overrides import OwnFields
from hub.mapping.time import UNTOLD, day_first, instant, zone_of
from hub.model.consent import Consent
from hub.model.event import CONTACT_LISTS, CustomerEvent, Note
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


def event(
    row: Mapping[str, str], settings: CsvSettings, *, modified: datetime, month_first: bool = False
) -> list[CustomerEvent | Note]:
    """The customer of a row as of its own time of change, and a note for each time that is none.

    The file's time (``modified``) says when it was written, not when a person told something: a row without a time of
    its own stands behind every source that has one. Only an opt-out counts from the file's time.
    ``month_first``: the column of dates of birth has the month first.

    Raises PayloadError naming the column where there is no external id.
    """
    notes: list[Note] = []
    fields: dict[CustomerField, tuple[str, ...]] = {
        name: (cell,) for name, column in settings.customer_columns if (cell := row.get(column))
    }
    external_id = fields.pop("external_id", ("",))[0].strip()
    if not external_id:
        raise PayloadError("no external id", path=settings.fields.get("external_id", "external_id"))
    if (form := settings.formats.get(settings.fields.get("birth_date", ""))) and "birth_date" in fields:
        fields["birth_date"] = (_born(fields["birth_date"][0], form),)
    elif month_first and "birth_date" in fields:
        fields["birth_date"] = (day_first(fields["birth_date"][0]),)
    try:
        at = row_time(row, settings)
    except PayloadError as error:
        at = None
        notes.append(Note(path=error.path, reason=f"{error.reason}: the row counts as one without a time"))
    told = CustomerEvent(
        occurred_at=at or UNTOLD,
        customer=customer(
            RecordKey(kind="customer", external_id=external_id),
            fields,
            region=settings.default_region,
            consents=tuple(_consents(row, settings, modified, notes)),
            custom={name: row.get(column) for name, column in settings.custom_columns},
        ),
        whole=CONTACT_LISTS,
    )
    return [told, *notes]


def row_time(row: Mapping[str, str], settings: CsvSettings) -> datetime | None:
    """When the row was changed, if a column tells. Raises PayloadError naming it where it tells no time."""
    return _cell_time(row, settings.updated_at_field, settings)


def _born(text: str, form: str) -> str:
    """The date in ISO notation; a text that is none stays, and is noted as such."""
    try:
        return instant(text, path="", form=form).date().isoformat()
    except PayloadError:
        return text


def _cell_time(row: Mapping[str, str], column: str | None, settings: CsvSettings) -> datetime | None:
    text = (row.get(column) or "").strip() if column else ""
    if not text or not column:
        return None
    zone = settings.time_zone or zone_of(settings.default_region)
    return instant(text, path=column, zone=zone, form=settings.formats.get(column))


def _consents(
    row: Mapping[str, str], settings: CsvSettings, modified: datetime, notes: list[Note]
) -> Iterator[Consent]:
    """A time that is none costs an opt-in; an opt-out stays, as one whose time is not told (law L7)."""
    for channel, told in settings.consents.items():
        cell = (row.get(told.column) or "").strip().casefold()
        if not cell:
            continue
        opted_in = cell in {yes.casefold() for yes in told.opted_in}
        try:
            at = _cell_time(row, told.at, settings)
        except PayloadError as error:
            at = None
            notes.append(Note(path=error.path, reason=f"{error.reason}: {_LOST if opted_in else _KEPT}"))
            if opted_in:
                continue
        yield Consent(
            channel=channel,
            state="opted_in" if opted_in else "opted_out",
            at=at if at or opted_in else modified,
            evidence=f"csv column {told.column}",
            # the time of the row is the time of any change of it
            explicit=at is not None and not (opted_in and told.at == settings.updated_at_field),
        )


_LOST = "the opt-in is left out"
_KEPT = "the opt-out counts from the file's time"


def columns(settings: CsvSettings) -> Mapping[str, str]:
    """What a written file holds: profile field (or consent channel) to column, in order. The first is Hub's own id."""
    if not settings.fields:
        return {"external_id": HUB_ID, **{name: name for name in PROFILE_FIELDS.properties}}
    named = {"external_id": settings.fields["external_id"]}
    written = (name for name in settings.fields if name in PROFILE_FIELDS.properties or custom_name(name))
    return named | {name: settings.fields[name] for name in written}


def consent_columns(settings: CsvSettings) -> Mapping[str, str]:
    """Channel to column of the marketing consents that are written: opted_in, opted_out, pending or unknown."""
    if not settings.fields:
        return {"email": "email_consent", "sms": "sms_consent"}
    return {channel: told.column for channel, told in settings.consents.items()}


def cells(profile: Profile, settings: CsvSettings) -> dict[str, str]:
    """The cells of a profile's row that have a value, without the id."""
    values = {**{f"custom.{name}": text for name, text in profile.custom.items()}, **PROFILE_FIELDS.read(profile)}
    found = settings.own_properties(profile)
    found |= {column: str(values[name]) for name, column in columns(settings).items() if name in values}
    by_channel = consent_columns(settings)
    for consent in profile.consents:
        if consent.purpose == "marketing" and consent.channel in by_channel:
            found[by_channel[consent.channel]] = consent.state
    return settings.finished(profile, found)


def own_fields(settings: CsvSettings) -> OwnFields:
    """The columns by name; the id that rows are found by, and consents, stay as they are."""
    named = columns(settings)
    consents = tuple(consent_columns(settings).values())
    return OwnFields((*named.values(), *consents, *settings.profile_fields), kept=(named["external_id"], *consents))
