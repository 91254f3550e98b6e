"""Writes one row per profile.

New rows are appended. A row that changes or goes has the file replaced as a whole: a reader sees the old one or the new
one. A mark beside the file (``.name.mark``) tells the state Hub left it in: where the file is missing, was cut short by
a crash, or was changed by anybody else, it is written anew from all that Hub delivered.

Sources: RFC 4180; OWASP, "CSV Injection" (cells that a spreadsheet would run).
"""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from re import compile as pattern

from hub.connectors.csv.manifest import CsvSettings
from hub.connectors.csv.mapping import cells, columns, consent_columns
from hub.errors import Unavailable
from hub.mapping.spreadsheet import is_formula
from hub.sdk.destination import Change, Destination, HttpRequest, Kept, OrderChange, Restore, Write, WriteResult
from hub.sdk.http import HttpClient

_PHONE = pattern(r"\+[0-9]{5,20}")
_APPENDED_AS = {"utf-8-sig": "utf-8"}
"""How text is encoded behind a byte order mark that is there already."""


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
    """Append new rows, or put all changes into the file at once.

    Raises Unavailable when it cannot be written, or is not as Hub left it (``RESTORE`` comes first).
    """
    with _writing(settings) as file:
        if not file.is_intact():
            raise Unavailable("the file was taken away or changed while it was about to be written")
        fresh = [write for write in writes if not (write.erase or write.external_id or write.merge)]
        known = file.ids()
        if len(fresh) == len(writes) and file.appends and not any(hash(write.key) in known for write in writes):
            file.append(_guarded(write.mirror) for write in writes)
        else:
            file.replace(_changed(file.rows(), writes))
        _IDS[settings.path] = (file.mark(), known | {hash(write.key) for write in writes})
    return [WriteResult(write.key, "delivered", write.key) for write in writes]


def _changed(rows: Iterable[Mapping[str, str]], writes: Sequence[Write]) -> Iterator[Mapping[str, str]]:
    """The rows after these writes, in the order of their ids: the same profiles make the same file."""
    table = {next(iter(row.values()), ""): row for row in rows}
    for write in writes:
        for gone in (write.external_id, *write.merge):
            if gone and gone != write.key:
                table.pop(gone, None)
        if write.erase:
            table.pop(write.key, None)
        else:
            table[write.key] = _guarded(write.mirror)
    return (row for _, row in sorted(table.items()))


def is_needed(_: HttpClient, settings: CsvSettings) -> bool:
    """True when the file is missing, or not as Hub left it."""
    with _writing(settings) as file:
        return not file.is_intact()


def restore(kept: Iterable[Kept], _: HttpClient, settings: CsvSettings) -> None:
    """Write the file anew. One with other columns is nobody's to overwrite: it is put aside. Raises Unavailable."""
    id_column = columns(settings)["external_id"]
    with _writing(settings) as file:
        file.put_aside_if_foreign()
        file.replace(_guarded(row.mirror) for row in kept if row.mirror.get(id_column))


def _guarded(row: Mapping[str, object]) -> dict[str, str]:
    """Text that a spreadsheet would run as a formula gets an apostrophe; phone numbers keep their plus."""
    told = {column: "" if cell is None else str(cell) for column, cell in row.items()}
    return {column: f"'{cell}" if _is_risky(cell) else cell for column, cell in told.items()}


def _is_risky(cell: str) -> bool:
    return not _PHONE.fullmatch(cell) and is_formula(cell)


_IDS: dict[Path, tuple[object, set[int]]] = {}
"""By file: its mark, and the hashes of the ids in it. Read once; a wrong hit costs a rewrite and nothing else."""


@dataclass(frozen=True, slots=True)
class _File:
    """The file of one connection, under its lock."""

    settings: CsvSettings

    @property
    def path(self) -> Path:
        return self.settings.path

    @property
    def encoding(self) -> str:
        return (self.settings.encoding or "utf-8-sig").lower()

    @property
    def header(self) -> list[str]:
        """The columns, Hub's own id first."""
        named = (*columns(self.settings).values(), *consent_columns(self.settings).values())
        return list(dict.fromkeys((*named, *self.settings.profile_fields, *self.settings.mapped_fields)))

    @property
    def appends(self) -> bool:
        """False for encodings that begin every text with a mark."""
        return not self.encoding.replace("_", "-").startswith(("utf-16", "utf-32"))

    @property
    def _marked(self) -> Path:
        return self.path.with_name(f".{self.path.name}.mark")

    def mark(self) -> dict[str, object] | None:
        """The state the file is in now; None when there is none."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        layout = [self.header, self.encoding, self.settings.delimiter]
        return {"size": found.st_size, "changed": found.st_mtime_ns, "layout": layout}

    def is_intact(self) -> bool:
        """True when the file is as Hub left it."""
        try:
            left = json.loads(self._marked.read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return False
        return bool(left == self.mark())

    def rows(self) -> Iterator[dict[str, str]]:
        """The rows in the file."""
        with self.path.open(encoding=self.encoding, newline="") as file:
            yield from csv.DictReader(file, delimiter=self.settings.delimiter or ",", restval="")

    def ids(self) -> set[int]:
        """Hashes of the ids in the file."""
        mark, known = _IDS.get(self.path, (None, set()))
        if mark != self.mark():
            known = {hash(next(iter(row.values()), "")) for row in self.rows()}
        return known

    def append(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Add rows at the end; a crash on the way leaves a file that does not fit its mark."""
        text = io.StringIO(newline="")
        self._writer(text).writerows(rows)
        with self.path.open("ab") as file:
            file.write(text.getvalue().encode(_APPENDED_AS.get(self.encoding, self.encoding), "replace"))
            file.flush()
            os.fsync(file.fileno())
        self._leave_mark()

    def replace(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Put another file in its place, all at once."""
        with _replacing(self.path, self.encoding) as file:
            writer = self._writer(file)
            writer.writeheader()
            writer.writerows(rows)
        self._leave_mark()

    def put_aside_if_foreign(self) -> None:
        """Give a file that has other columns another name."""
        if not self.path.exists() or self.path.stat().st_size == 0:
            return
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as file:
            header = next(csv.reader(file, delimiter=self.settings.delimiter or ","), [])
        if header == self.header or self._marked.exists():
            return
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.aside-{number}")).exists():
            number += 1
        self.path.rename(aside)

    def _writer(self, file: io.TextIOBase | io.StringIO) -> csv.DictWriter[str]:
        return csv.DictWriter(
            file, self.header, restval="", extrasaction="ignore", delimiter=self.settings.delimiter or ","
        )

    def _leave_mark(self) -> None:
        with _replacing(self._marked, "utf-8") as file:
            json.dump(self.mark(), file)


@contextmanager
def _replacing(path: Path, encoding: str) -> Iterator[io.TextIOWrapper]:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding=encoding, errors="replace", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


@contextmanager
def _writing(settings: CsvSettings) -> Iterator[_File]:
    """The file under its lock. Raises Unavailable when something cannot be read or written."""
    try:
        with _locked(settings.path):
            yield _File(settings)
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        number = f" ({error.errno})" if isinstance(error, OSError) else ""
        raise Unavailable(f"the file cannot be written: {type(error).__name__}{number}") from None


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


DESTINATION = Destination(render=render, plan=plan, send=send, restore=Restore(is_needed, restore))
