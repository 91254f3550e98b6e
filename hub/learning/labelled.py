"""Labelled files: records with the true cluster of each, to measure identity on.

``unlabelled`` reads such a file strictly, naming every fault with its line, and writes it anew without the truth: what
is imported for an evaluation cannot tell who is who. Pure but for the two files.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from hub.errors import ConfigError, did_you_mean
from hub.mapping.customer import CustomerField

RECORD, TRUTH, SOURCE = "record_id", "cluster_id", "source"
FIELDS: tuple[str, ...] = tuple(name for name in get_args(CustomerField) if name != "external_id")

_DELIMITERS = ",;\t|"
_MOST_FAULTS = 20
_MOST_LINES = 50
"""Lines that one row may span, as for the csv connector: beyond that, a quote was not closed."""


@dataclass(slots=True)
class Labels:
    """What was in a labelled file.

    ``fields`` are its columns that tell of a person, ``ignored`` those that Hub does not know. ``truth`` maps each
    record to its cluster, ``lines`` holds where each record stands, in order.
    """

    fields: tuple[str, ...]
    ignored: tuple[str, ...]
    truth: dict[str, str] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)


def unlabelled(path: Path, target: Path) -> Labels:
    """Write the records of ``path`` to ``target``, without truth and source; gives what was left out.

    Raises ConfigError with the faults of the file, each with its line; none of them tells a value.
    """
    try:
        with path.open("rb") as source, target.open("w", encoding="utf-8", newline="") as copy:
            return _copied(_Rows(source, path.name), csv.writer(copy).writerow)
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None


class _Rows:
    """The rows of a csv file with the line each begins in; what cannot be read is noted and left out."""

    def __init__(self, source: Iterator[bytes], name: str) -> None:
        self.name = name
        self.faults: list[str] = []
        self.line = 0
        lines = self._decoded(source)
        header = next(lines, "").removeprefix("\ufeff")
        if not header.strip():
            self.fault(0, "is empty; its first line has to name the columns")
            self.give_up()
        delimiter = max(_DELIMITERS, key=header.count)
        self.columns = [column.strip() for column in next(csv.reader([header], delimiter=delimiter), [])]
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)

    def fault(self, line: int, text: str) -> None:
        """Note a fault; line 0 is the file as such."""
        self.faults.append(f"{self.name}: line {line}: {text}" if line else f"{self.name}: {text}")

    def give_up(self) -> None:
        """Raise ConfigError when there is any fault."""
        if len(self.faults) > _MOST_FAULTS:
            more = len(self.faults) - _MOST_FAULTS
            self.faults[_MOST_FAULTS:] = [f"{self.name}: and {more} more faults"]
        if self.faults:
            raise ConfigError(self.faults)

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        while True:
            first = self.line + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                self.fault(first, f"cannot be read: {error}")
                continue
            if not cells:
                continue
            if self.line - first >= _MOST_LINES:
                self.fault(first, f"does not end within {_MOST_LINES} lines; is a quote missing?")
                continue
            if len(cells) != len(self.columns):
                self.fault(first, f"has {len(cells)} cells, the header names {len(self.columns)} columns")
                continue
            yield first, cells

    def _decoded(self, source: Iterator[bytes]) -> Iterator[str]:
        for number, line in enumerate(source, 1):
            self.line = number
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError:
                # One such line means a file of another encoding, and every umlaut would be a fault.
                self.fault(number, "is not UTF-8; save the file as UTF-8")
                self.give_up()
            yield text


def _copied(rows: _Rows, write: Callable[[Sequence[str]], object]) -> Labels:
    columns = _checked(rows)
    known = [name for name in FIELDS if name in columns]
    places = [columns[name] for name in (RECORD, *known)]
    labels = Labels(tuple(known), tuple(name for name in columns if name not in (*FIELDS, RECORD, TRUTH, SOURCE)))
    seen: dict[str, int] = {}
    write((RECORD, *known))
    for line, cells in rows:
        record, cluster = cells[columns[RECORD]].strip(), cells[columns[TRUTH]].strip()
        if not record or not cluster:
            rows.fault(line, f"has no {RECORD if not record else TRUTH}")
        elif record in seen:
            rows.fault(line, f"has the {RECORD} of line {seen[record]}")
        else:
            seen[record] = line
            labels.truth[record] = cluster
            write([cells[place] for place in places])
    if not labels.truth and not rows.faults:
        rows.fault(0, "holds no records")
    rows.give_up()
    labels.lines.extend(seen.values())
    return labels


def _checked(rows: _Rows) -> dict[str, int]:
    """The place of each column by name; gives up on a header that cannot be worked with."""
    columns = {name: place for place, name in reversed(list(enumerate(rows.columns))) if name}
    for name in columns:
        if rows.columns.count(name) > 1:
            rows.fault(1, f"two columns are called {name!r}")
    for name in (RECORD, TRUTH):
        if name not in columns:
            rows.fault(1, f"there is no column {name!r}{did_you_mean(name, columns)}")
    if not any(name in columns for name in FIELDS):
        rows.fault(1, f"no column tells anything of a person; Hub reads {', '.join(FIELDS)}")
    rows.give_up()
    return {name: columns[name] for name in rows.columns if name}
