"""What the csv connector declares. Sources: RFC 4180; OWASP, "CSV Injection" (cells that a spreadsheet would run)."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from hub.connectors.csv.schemas import Layout, layout
from hub.errors import ConfigError, did_you_mean
from hub.mapping.customer import CustomerField
from hub.model.consent import ConsentChannel
from hub.sdk.manifest import Capability, Limits, Manifest, ProfileSettings, Unmerge

CUSTOMER_FIELDS: tuple[CustomerField, ...] = get_args(CustomerField)


def custom_name(field: str) -> str:
    """The name of a custom field that ``fields`` names as ``custom.NAME``; "" for any other."""
    kind, _, name = field.partition(".")
    return name.strip() if kind == "custom" else ""


def _zone(name: str | None) -> str | None:
    try:
        return ZoneInfo(name).key if name else None
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ValueError("is no time zone; one is called Europe/Berlin") from None


def _texts(value: object) -> object:
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else value


class ConsentColumn(BaseModel):
    """How one column tells a consent to marketing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str = Field(description="The column's name.")
    opted_in: Annotated[tuple[str, ...], BeforeValidator(_texts)] = Field(
        description="Cells that mean yes, whatever their case; any other cell means no, an empty one nothing."
    )
    at: str | None = Field(None, description="The column with the time of that yes or no; makes it an explicit act.")


class CsvSettings(ProfileSettings):
    """One file. ``fields`` is needed to read; without it a written file has all columns under their own names."""

    path: Path = Field(description="The file, relative to where Hub was started.")
    fields: Mapping[str, str] = Field(
        default_factory=dict, description="Customer field, or custom.NAME, to column name; external_id is needed."
    )
    delimiter: str | None = Field(None, min_length=1, max_length=1, description="Told from the first line if not set.")
    encoding: str | None = Field(None, description="UTF-8, else Windows-1252, if not set.")
    updated_at_field: str | None = Field(
        None,
        description="The column with the row's time of change; without it any other source's value is the newer one.",
    )
    time_zone: Annotated[str | None, AfterValidator(_zone)] = Field(
        None, description="Zone of times that name none, such as Europe/Berlin; that of default_region if not set."
    )
    formats: Mapping[str, str] = Field(
        default_factory=dict, description="Column to its one notation of time, as of strptime, such as %d.%m.%Y %H:%M."
    )
    consents: Mapping[ConsentChannel, ConsentColumn] = Field(
        default_factory=dict, description="Consent columns by channel (email, sms, phone, post …)."
    )

    @cached_property
    def customer_columns(self) -> Sequence[tuple[CustomerField, str]]:
        """Customer field and column, in the order of the fields; worked out once for all rows."""
        return tuple((name, self.fields[name]) for name in CUSTOMER_FIELDS if name in self.fields)

    @cached_property
    def custom_columns(self) -> Sequence[tuple[str, str]]:
        """Name of a custom field and column."""
        return tuple((name, column) for field, column in self.fields.items() if (name := custom_name(field)))

    @model_validator(mode="after")
    def _once(self) -> Self:
        named = {*self.fields.values(), *(told.column for told in self.consents.values())}
        if twice := sorted(named & self.profile_fields.keys()):
            raise ValueError(f"profile_fields: {', '.join(twice)} is written by fields or consents already")
        return self

    @field_validator("fields")
    @classmethod
    def _known(cls, fields: Mapping[str, str]) -> Mapping[str, str]:
        faults: list[str] = []
        for name, column in fields.items():
            if name not in CUSTOMER_FIELDS and not custom_name(name):
                hint = did_you_mean(name, CUSTOMER_FIELDS)
                if not hint and (swapped := did_you_mean(column, CUSTOMER_FIELDS)):
                    hint = f"; the customer field comes first, the column second{swapped}"
                faults.append(f"{name!r} is no customer field{hint}")
        if fields and "external_id" not in fields:
            faults.append("external_id is needed: the column that names a row for ever")
        if faults:
            raise ValueError("; ".join(faults))
        return fields


def files(settings: CsvSettings, written: bool) -> Sequence[str]:
    """A file that is read has to be there with the columns that are named, one that is written needs its folder."""
    if written:
        return () if settings.path.absolute().parent.is_dir() else (f"path: there is no folder {settings.path.parent}",)
    if settings.path.is_file():
        return _unread(settings)
    return (f"path: there is no file {settings.path}; it is looked for in {Path.cwd()}",)


def _unread(settings: CsvSettings) -> Sequence[str]:
    if not settings.fields:
        return ()  # written by Hub until its route was taken away
    try:
        return column_faults(layout(settings.path, encoding=settings.encoding, delimiter=settings.delimiter), settings)
    except ConfigError as error:
        return [f"path: {fault}" for fault in error.faults]
    except (OSError, LookupError) as error:
        return [f"path: {settings.path} cannot be read: {getattr(error, 'strerror', None) or error}"]


def column_faults(known: Layout, settings: CsvSettings) -> list[str]:
    """Columns that the settings name and the file does not have, or has twice."""
    wanted = {f"fields.{name}": column for name, column in settings.fields.items()}
    wanted |= {f"consents.{channel}.column": told.column for channel, told in settings.consents.items()}
    wanted |= {f"formats.{column}": column for column in settings.formats}
    wanted |= {f"consents.{channel}.at": told.at for channel, told in settings.consents.items() if told.at}
    if settings.updated_at_field:
        wanted["updated_at_field"] = settings.updated_at_field
    faults = [
        f"{path}: the file has no column {column!r}{did_you_mean(column, known.columns)}"
        for path, column in wanted.items()
        if column not in known.columns
    ]
    faults += [f"{path}: two columns are called {c!r}" for path, c in wanted.items() if known.columns.count(c) > 1]
    if not settings.fields:
        faults.append("fields: is needed to read a file, at least external_id")
    return faults


MANIFEST = Manifest(
    slug="csv",
    name="CSV file",
    channel="file",
    roles=frozenset({"source", "destination"}),
    settings=CsvSettings,
    docs_url="https://www.rfc-editor.org/rfc/rfc4180",
    api_version="RFC 4180",
    capabilities=frozenset({Capability.BACKFILL, Capability.MERGE, Capability.ERASE, Capability.CONSENT}),
    topics={"row": "One row: a customer."},
    limits=Limits(batch=1_000),
    files=files,
    unmerge=Unmerge("restores"),
    surveyed=("https://www.rfc-editor.org/rfc/rfc4180",),
    not_offered={
        "orders": "One file has one kind of row; a profile's row has the number of its orders.",
        "webhook": "A file tells nobody that it changed; run the backfill again, or set `every`.",
    },
    sample_settings={
        "path": str(Path(tempfile.gettempdir()) / "hub-sample-customers.csv"),
        "fields": {
            "external_id": "kundennr",
            "first_name": "vorname",
            "last_name": "nachname",
            "email": "mail",
            "phone": "tel",
            "street": "strasse",
            "postal_code": "plz",
            "city": "ort",
            "country": "land",
            "birth_date": "geb",
        },
        "updated_at_field": "geaendert",
        "consents": {"email": {"column": "newsletter", "opted_in": ["ja", "1", "true"], "at": "newsletter_am"}},
    },
)
