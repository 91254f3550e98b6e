"""Labelled sets for ``identity_quality``: the public ones, and one of each of ``benchmarks.kinds``.

A set is read as ``hub identity evaluate`` reads it, through the csv connector; peers get what the connector made of it:
lower-case folded names, E.164 numbers, ISO dates.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

import orjson

from benchmarks import kinds
from hub.connectors.csv.manifest import CsvSettings
from hub.connectors.csv.source import SOURCE
from hub.learning.labelled import unlabelled
from hub.mapping.name import fold
from hub.mapping.record_state import State, apply_customer
from hub.model.customer import CustomerSnapshot
from hub.model.event import CustomerEvent
from hub.sdk.source import InboxEntry

FOLDER = Path(os.environ.get("HUB_IDENTITY_DIR", Path(__file__).parents[2] / "shared" / "identity"))
PUBLIC = ("omni_public", "febrl1", "febrl3", "fake_1000", "senzing_truthset")
QUICK = 800
"""Records of a kind with ``--quick``; of a public set with more than ``QUICK_PUBLIC`` a quarter of the people."""
QUICK_PUBLIC = 2_000

PLAIN = (
    "first_name", "last_name", "email", "phone", "birth_date", "street", "postal_code", "city", "national_id",
    "loyalty_id", "handle",
)  # fmt: skip
"""Columns that peers get."""

_READ = 0.98
"""Share of a column's dates that Hub reads, where it reads the column."""

Plain = dict[str, str]
_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Records as Hub stores them, the same as plain columns, and the person each is of."""

    name: str
    states: Mapping[str, State]
    plain: Mapping[str, Plain]
    truth: Mapping[str, str]


def names() -> tuple[str, ...]:
    """All sets; the public ones only where their folder is."""
    return (*(name for name in PUBLIC if _public(name).is_file()), *kinds.KINDS)


def loaded(name: str, *, seed: int = kinds.TUNING, quick: bool = False) -> LabelledSet:
    """A set by name. ``seed`` is of the kinds."""
    with tempfile.TemporaryDirectory(prefix="hub-people-") as folder:
        path = Path(folder) / f"{name}.csv"
        if name in kinds.KINDS:
            _write(path, kinds.COLUMNS, kinds.rows(name, seed, QUICK if quick else None))
        else:
            _copy(_public(name), path, quick=quick)
        return read(name, path)


def _public(name: str) -> Path:
    return FOLDER / f"{name}.csv"


def _write(path: Path, columns: tuple[str, ...], rows: Iterator[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, columns, restval="")
        out.writeheader()
        out.writerows(rows)


def _copy(source: Path, path: Path, *, quick: bool) -> None:
    with source.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    if quick and len(rows) > QUICK_PUBLIC:
        rows = [row for row in rows if crc32(row["cluster_id"].encode()) % 4 == 0]
    _write(path, tuple(reader.fieldnames or ()), iter(rows))


def read(name: str, path: Path) -> LabelledSet:
    """A labelled csv file. A copy without the truth is written beside it."""
    copy = path.with_suffix(".records.csv")
    labels = unlabelled(path, copy)
    settings = CsvSettings(path=copy, fields={"external_id": "record_id", **{name: name for name in labels.fields}})
    states: dict[str, State] = {}
    plain: dict[str, Plain] = {}
    births: dict[str, str] = {}
    for entry in _entries(settings):
        for event in SOURCE.parse(entry, settings):
            if isinstance(event, CustomerEvent):
                record = event.customer.key.external_id
                state: State = {}
                apply_customer(state, event, [1, 1, len(states)])
                states[record], plain[record] = state, _plain(event.customer)
                if born := orjson.loads(entry.body).get("birth_date"):
                    births[record] = born
    if states.keys() != labels.truth.keys():
        raise ValueError(f"{name}: {len(labels.truth.keys() ^ states.keys())} records were not read")
    if sum("birth_date" in plain[record] for record in births) < _READ * len(births):
        # Peers compare dates as texts: where Hub does not read a column, they get it as it stands.
        for record, born in births.items():
            plain[record]["birth_date"] = born
    return LabelledSet(name, states, plain, labels.truth)


def _entries(settings: CsvSettings) -> Iterator[InboxEntry]:
    assert SOURCE.backfill is not None
    for page in SOURCE.backfill(None, settings, None, None):  # type: ignore[arg-type]
        for item in page.items:
            yield InboxEntry(
                connection="people",
                event_id=item.event_id,
                topic=item.topic,
                headers=item.headers,
                body=item.body,
                received_at=_AT,
            )


def _plain(customer: CustomerSnapshot) -> Plain:
    name, address = customer.name, next(iter(customer.addresses), None)
    told = {
        "first_name": fold(name.first) if name and name.first else "",
        "last_name": fold(name.last) if name and name.last else "",
        "email": next((point.value for point in customer.emails if point.usable), ""),
        "phone": next((point.value for point in customer.phones if point.usable), ""),
        "birth_date": customer.birth_date.isoformat() if customer.birth_date else "",
        "street": fold(address.line1) if address and address.line1 else "",
        "postal_code": fold(address.postal_code) if address and address.postal_code else "",
        "city": fold(address.city) if address and address.city else "",
        "national_id": customer.national_id or "",
        "loyalty_id": next(iter(customer.loyalty_ids), ""),
        "handle": next((account.account_id for account in customer.accounts), ""),
    }
    return {column: value for column, value in told.items() if value}
