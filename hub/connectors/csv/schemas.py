"""Reads rows out of bytes of unknown encoding and separator, one at a time, without ever giving up on the file."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from hub.errors import ConfigError
from hub.model.text import tidy

DELIMITERS = ",;\t|"
_SEPARATOR = re.compile(rb'"?sep=(.)"?', re.IGNORECASE)
_WIDE = re.compile(r"utf-?_?16", re.IGNORECASE)
LONGEST_ROW = 50
"""Lines one quoted cell may span; beyond that the quote is taken for a stray one."""


@dataclass(frozen=True, slots=True)
class Row:
    """``cells`` is None when the line cannot be read; ``raw`` is the line as it stands in the file."""

    number: int
    raw: bytes
    cells: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written. ``rows`` is counted by line ends, quickly."""

    encoding: str
    delimiter: str
    columns: Sequence[str]
    rows: int
    begins: int = 1
    """Lines before the first row: the header, and what stands above it."""


def layout(path: Path, *, encoding: str | None, delimiter: str | None) -> Layout:
    """Look through a file once. Raises ConfigError when it is not there or has no header.

    Excel may write a line ``sep=;`` above the header, and UTF-16 with a mark at the beginning ("Unicode text").
    """
    plain = ambiguous = lines = begins = 0
    first = b""
    for line in _lines(path, encoding):
        lines += 1
        if not first and (told := _SEPARATOR.fullmatch(line.removeprefix(codecs.BOM_UTF8).strip())):
            delimiter = delimiter or told[1].decode()
        elif not first and line.strip():
            first, begins = line.strip(b"\r\n"), lines
        if not line.isascii():
            plain, ambiguous = (plain + 1, ambiguous) if _decodes(line) else (plain, ambiguous + 1)
    if not first:
        raise ConfigError([f"{path.name}: the file is empty; its first line names the columns"])
    known = ("" if _is_wide(path, encoding) else encoding) or ("utf-8-sig" if plain >= ambiguous else "cp1252")
    header = first.decode(known, errors="replace")
    separator = delimiter or max(DELIMITERS, key=header.count)
    columns = [tidy(column).strip() for column in next(csv.reader([header], delimiter=separator))]
    return Layout(known, separator, columns, lines - begins, begins)


def rows(path: Path, known: Layout) -> Iterator[Row]:
    """Every row after the header; empty lines are none.

    A line that is wrongly encoded, has too many or too few cells, or a stray quote is a row without cells, and takes
    no other line with it.
    """
    source = islice(_lines(path, known.encoding), known.begins, None)
    waiting: deque[bytes] = deque()
    number = 0
    while line := _next(waiting, source):
        if not line.strip():
            continue
        taken, cells = [line], _cells(line, known)
        while cells is None and len(taken) < LONGEST_ROW and _is_open(b"".join(taken)):
            following = _next(waiting, source)
            if not following:
                break
            taken.append(following)
            cells = _cells(b"".join(taken), known)
        if cells is None:
            waiting.extendleft(reversed(taken[1:]))
            taken = taken[:1]
        number += 1
        yield Row(number, b"".join(taken), cells)


def _lines(path: Path, encoding: str | None) -> Iterator[bytes]:
    """The lines of a file; those of one in UTF-16 in UTF-8."""
    try:
        if _is_wide(path, encoding):
            with path.open(encoding=encoding if _WIDE.match(encoding or "") else "utf-16", errors="replace") as text:
                yield from (line.encode() for line in text)
        else:
            with path.open("rb") as file:
                yield from file
    except FileNotFoundError:
        raise ConfigError([f"{path.name}: there is no such file"]) from None


def _is_wide(path: Path, encoding: str | None) -> bool:
    """Whether a file is in UTF-16, by its mark or by what was said of it."""
    if _WIDE.match(encoding or ""):
        return True
    with path.open("rb") as file:
        return file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _next(waiting: deque[bytes], source: Iterator[bytes]) -> bytes:
    return waiting.popleft() if waiting else next(source, b"")


def _cells(raw: bytes, known: Layout) -> Sequence[str] | None:
    try:
        text = raw.decode(known.encoding)
        found = next(csv.reader(io.StringIO(text, newline=""), delimiter=known.delimiter, strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        return None
    return found if len(found) == len(known.columns) else None


def _is_open(raw: bytes) -> bool:
    return raw.count(b'"') % 2 == 1


def _decodes(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
