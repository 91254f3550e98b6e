"""Reads a file row by row. There are no deliveries: the backfill is run again when the file has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from hub.connectors.csv.manifest import MANIFEST, CsvSettings, column_faults
from hub.connectors.csv.mapping import event, row_time
from hub.connectors.csv.schemas import Layout, Row, layout, rows
from hub.errors import ConfigError, PayloadError, SkipEvent
from hub.mapping.body import json_tree
from hub.mapping.time import maybe_instant, month_first
from hub.model.event import CanonicalEvent, Note
from hub.sdk.http import HttpClient
from hub.sdk.source import BackfillItem, BackfillPage, InboxEntry, Source

PAGE = 1_000
MONTH_FIRST = "month_first"
"""The header that names the field whose dates have the month first in this file."""


def parse(entry: InboxEntry, settings: CsvSettings) -> Sequence[CanonicalEvent | Note]:
    """The customer of one row; the body is the row as JSON, or the line itself where it could not be read."""
    if entry.topic not in MANIFEST.topics:
        raise SkipEvent(f"topic not read: {entry.topic}")
    try:
        row = json_tree(entry.body)
    except PayloadError:
        row = None
    if not isinstance(row, dict):
        number = entry.headers.get("row", "")
        raise PayloadError("its encoding, its quotes or the number of its cells is wrong", path=f"row {number}".strip())
    modified = maybe_instant(entry.headers.get("modified"), path="modified") or entry.received_at
    cells = {name: cell for name, cell in row.items() if isinstance(cell, str)}
    odd = [name for name, cell in row.items() if cell is not None and name not in cells]
    told = event(cells, settings, modified=modified, month_first=MONTH_FIRST in entry.headers)
    return [*told, *(Note(path=name, reason="no text, left out") for name in odd)]


def backfill(
    _: HttpClient, settings: CsvSettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """Pages of 1,000 rows. The cursor counts rows and holds a digest of the file: other content is begun anew.

    ``since`` leaves out rows that tell an older time; without such a column, the whole file if it is older.
    Raises ConfigError when the file is missing or lacks a column.
    """
    known = layout(settings.path, encoding=settings.encoding, delimiter=settings.delimiter)
    _check(known, settings)
    modified = datetime.fromtimestamp(settings.path.stat().st_mtime, tz=UTC)
    if since and modified < since and settings.updated_at_field is None:
        return
    content = _content(settings.path)
    resumes = cursor is not None and cursor.get("file") == content
    done = int(cursor["row"]) if cursor is not None and resumes else 0
    # How often the content was another one: rows without a time of their own are told apart by it, and not by the time
    # of the file, which is touched by whoever copies it.
    turn = int(cursor.get("turn", 0)) + (not resumes) if cursor is not None else 0
    american = _month_first(settings, known)
    items: list[BackfillItem] = []
    number = done
    for row in rows(settings.path, known):
        if row.number <= done:
            continue
        number = row.number
        if item := _item(row, known, settings, modified, since, turn, american):
            items.append(item)
        if len(items) == PAGE:
            yield BackfillPage(items, {"row": number, "file": content, "turn": turn}, known.rows)
            items = []
    if items or not done:
        yield BackfillPage(items, {"row": number, "file": content, "turn": turn}, known.rows)


def changed(settings: CsvSettings, cursor: Mapping[str, Any]) -> bool:
    """Whether the file's content is another one; a file that is gone is, so that its absence is told."""
    return not settings.path.is_file() or cursor.get("file") != _content(settings.path)


def _content(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=12)).hexdigest()


def _item(
    row: Row,
    known: Layout,
    settings: CsvSettings,
    modified: datetime,
    since: datetime | None,
    turn: int,
    american: Mapping[str, str],
) -> BackfillItem | None:
    headers = {"row": str(row.number), "modified": modified.isoformat(), **american}
    if row.cells is None:
        digest = hashlib.blake2b(row.raw, digest_size=12).hexdigest()
        return BackfillItem(f"row:{row.number}:{digest}", "row", row.raw, headers)
    cells = dict(zip(known.columns, row.cells, strict=True))
    body = orjson.dumps(cells)
    told_at = _time_or_none(cells, settings)
    if since and told_at and told_at < since:
        return None
    # Without a time of its own a row that returns to an earlier state must not be taken for that earlier one.
    version = body if told_at or not turn else body + str(turn).encode()
    digest = hashlib.blake2b(version, digest_size=12).hexdigest()
    external_id = cells.get(settings.fields.get("external_id", ""), "").strip() or f"#{row.number}"
    return BackfillItem(f"row:{external_id}:{digest}", "row", body, headers)


def _month_first(settings: CsvSettings, known: Layout) -> Mapping[str, str]:
    """The header of rows whose date of birth has the month first, as the whole column says; a format says it too."""
    column = settings.fields.get("birth_date")
    if column is None or column in settings.formats:
        return {}
    place = known.columns.index(column)
    births = (row.cells[place] for row in rows(settings.path, known) if row.cells is not None)
    return {MONTH_FIRST: "birth_date"} if month_first(births) else {}


def _time_or_none(cells: Mapping[str, str], settings: CsvSettings) -> datetime | None:
    try:
        return row_time(cells, settings)
    except PayloadError:
        return None


def _check(known: Layout, settings: CsvSettings) -> None:
    if faults := column_faults(known, settings):
        raise ConfigError(faults)


def surely_reads(body: bytes, settings: CsvSettings) -> bool:
    """Whether a row is one of which only its id can be wrong, and that is right: no time is read in it."""
    if settings.updated_at_field or settings.consents:
        return False
    try:
        row = json_tree(body)
    except PayloadError:
        return False
    told = row.get(settings.fields.get("external_id")) if isinstance(row, dict) else None
    return isinstance(told, str) and bool(told.strip())


SOURCE = Source(parse=parse, backfill=backfill, changed=changed, surely_reads=surely_reads)
