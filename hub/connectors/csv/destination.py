"""Writes one row per profile. The file is replaced as a whole: a reader sees the old one or the new one."""

from __future__ import annotations

import csv
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from hub.connectors.csv.manifest import CsvSettings
from hub.connectors.csv.mapping import cells, columns, consent_columns
from hub.connectors.csv.schemas import layout
from hub.errors import Unavailable
from hub.sdk.destination import Change, Destination, HttpRequest, OrderChange, Write, WriteResult
from hub.sdk.http import HttpClient

_RISKY = ("=", "+", "-", "@", "\t", "\r")
_PHONE = re.compile(r"\+[0-9]{5,20}")


def render(change: Change, settings: CsvSettings) -> Write | None:
    """The cells that differ; None when none does. ``mirror`` is the whole row."""
    if isinstance(change, OrderChange):
        return None
    known = change.external_ids
    key = str(change.profile.id)
    if change.erased or change.profile.suppressed:
        if not (change.erased or known):
            return None
        return Write("profile", key, next(iter(known), None), {}, {}, merge=known[1:], erase=True)
    row = cells(change.profile, settings) | {columns(settings)["external_id"]: key}
    if row == change.mirror and len(known) < 2:
        return None
    differing = {column: cell for column, cell in row.items() if change.mirror.get(column) != cell}
    return Write("profile", key, next(iter(known), None), differing, row, merge=known[1:])


def plan(writes: Sequence[Write], settings: CsvSettings) -> Sequence[HttpRequest]:
    """What will be done to the file, row by row."""
    return [
        HttpRequest("DELETE ROW" if write.erase else "WRITE ROW", settings.path.name, _guarded(write.mirror))
        for write in writes
    ]


def send(writes: Sequence[Write], _: HttpClient, settings: CsvSettings) -> Sequence[WriteResult]:
    """Put all rows into the file at once. Raises Unavailable when it cannot be written, or was taken away."""
    id_column = columns(settings)["external_id"]
    header = tuple(dict.fromkeys((*columns(settings).values(), *consent_columns(settings).values())))
    try:
        with _locked(settings.path):
            if not settings.path.exists() and any(write.external_id for write in writes):
                # A new one would hold these rows only, and everything would count as delivered.
                raise Unavailable("the file is gone, with the rows that were written to it: put it back")
            table = {row[id_column]: row for row in _existing(settings) if row.get(id_column)}
            for write in writes:
                for gone in (write.external_id, *write.merge):
                    if gone and gone != write.key:
                        table.pop(gone, None)
                if write.erase:
                    table.pop(write.key, None)
                else:
                    table[write.key] = _guarded(write.mirror)
            # In the order of their ids: the file follows from the profiles alone, whatever became of them meanwhile.
            _replace(settings, header, dict(sorted(table.items())))
    except OSError as error:
        raise Unavailable(f"the file cannot be written: {type(error).__name__} ({error.errno})") from None
    return [WriteResult(write.key, "delivered", write.key) for write in writes]


def _guarded(row: Mapping[str, str]) -> dict[str, str]:
    """Text that a spreadsheet would run as a formula gets an apostrophe; phone numbers keep their plus."""
    return {
        column: f"'{cell}" if cell.startswith(_RISKY) and not _PHONE.fullmatch(cell) else cell
        for column, cell in row.items()
    }


def _existing(settings: CsvSettings) -> list[dict[str, str]]:
    if not settings.path.exists() or settings.path.stat().st_size == 0:
        return []
    known = layout(settings.path, encoding=settings.encoding, delimiter=settings.delimiter)
    with settings.path.open(encoding=known.encoding, errors="replace", newline="") as file:
        return list(csv.DictReader(file, delimiter=known.delimiter, restval=""))


def _replace(settings: CsvSettings, header: Sequence[str], table: Mapping[str, Mapping[str, str]]) -> None:
    handle, name = tempfile.mkstemp(dir=settings.path.parent, prefix=f".{settings.path.name}.")
    try:
        with os.fdopen(handle, "w", encoding=settings.encoding or "utf-8-sig", newline="") as file:
            writer = csv.DictWriter(
                file, header, restval="", extrasaction="ignore", delimiter=settings.delimiter or ","
            )
            writer.writeheader()
            writer.writerows(table.values())
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(settings.path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One writer at a time, across processes. Windows has no flock; there one worker may write a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        import fcntl
    except ImportError:
        yield
        return
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


DESTINATION = Destination(render=render, plan=plan, send=send)
