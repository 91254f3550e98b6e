"""Watches what a function does beside its result: clocks and sockets it touches, words it logs or raises."""

from __future__ import annotations

import gc
import io
import logging
import random
import re
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import chdir, contextmanager
from datetime import date, datetime
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any
from unittest.mock import patch

from pydantic import BaseModel

from hub.sdk.manifest import ConnectionSettings

_CLOCKS = frozenset(
    {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "localtime", "gmtime", "sleep"}
)
_SOCKETS = frozenset({"connect", "connect_ex", "getaddrinfo", "gethostbyname", "sendto", "bind"})
_EMAIL = re.compile(rb"[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}")


def impurities(action: Callable[[], Any]) -> list[str]:
    """Run ``action`` and name every clock, random source and socket it called (found by the interpreter's profiler)."""
    found: list[str] = []

    def observe(_frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and (name := _impure(called)):
            found.append(name)

    before, collecting = sys.getprofile(), gc.isenabled()
    gc.disable()  # a collection runs callbacks and finalisers of others, which may well read a clock
    sys.setprofile(observe)
    try:
        action()
    finally:
        sys.setprofile(before if callable(before) else None)
        if collecting:
            gc.enable()
    return found


def _impure(called: Any) -> str | None:
    name, owner = getattr(called, "__name__", ""), getattr(called, "__self__", None)
    if owner is time and name in _CLOCKS:
        return f"time.{name}"
    if isinstance(owner, type) and issubclass(owner, date | datetime) and name in ("now", "utcnow", "today"):
        return f"{owner.__name__}.{name}"
    if isinstance(owner, random.Random) or name == "urandom":
        return f"random ({name})"
    if name in _SOCKETS and (isinstance(owner, socket.socket) or getattr(owner, "__name__", "") == "_socket"):
        return f"socket.{name}"
    return None


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Everything any logger says meanwhile, down to debug, with tracebacks."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


@contextmanager
def in_an_empty_folder() -> Iterator[None]:
    """A connector that writes files by a relative path writes them where nobody finds them."""
    with TemporaryDirectory() as folder, chdir(folder):
        yield


@contextmanager
def no_waiting() -> Iterator[None]:
    """Retries and budgets do not sleep meanwhile."""
    with patch("time.sleep"):
        yield


def words_of(error: BaseException) -> str:
    """All an error may leave in a log: text, repr, and the whole traceback with its causes."""
    return "\n".join((str(error), repr(error), *traceback.format_exception(error)))


def personal_values(tree: Any) -> set[str]:
    """What must not leak of canonical events, a profile or an order: e-mails, phones, names, streets, accounts."""
    found: set[str] = set()
    _collect(tree, found)
    return {value for value in found if len(value) >= 4}


_PERSONAL = frozenset(
    {
        "emails",
        "phones",
        "name",
        "line1",
        "birth_date",
        "national_id",
        "contact_email",
        "contact_phone",
        "note",
        "custom",
    }
)
_PERSONAL_TYPES = frozenset({"PersonName", "ContactPoint", "ChannelAccount"})


def _collect(node: Any, found: set[str]) -> None:
    if isinstance(node, BaseModel):
        personal = type(node).__name__ in _PERSONAL_TYPES
        for name in type(node).model_fields:
            value = getattr(node, name)
            if (personal and name not in ("network",)) or (
                name in _PERSONAL and type(node).__name__ != "ProductReference"
            ):
                found.update(_texts(value))
            _collect(value, found)
    elif isinstance(node, list | tuple):
        for child in node:
            _collect(child, found)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, date):
        yield value.isoformat()
    elif isinstance(value, list | tuple):
        for child in value:
            yield from _texts(child)
    elif isinstance(value, Mapping):
        yield from map(str, value.values())


def emails_in(body: bytes) -> set[str]:
    """Every e-mail address in a body, as written."""
    return {match.decode() for match in _EMAIL.findall(body)}


def secrets_of(settings: ConnectionSettings) -> set[str]:
    """The values of every secret of a connection."""
    return {text for text in settings.secret_texts if len(text) >= 4}


def leaks(text: str, values: Iterable[str]) -> list[str]:
    """The values that occur in the text."""
    return sorted(value for value in values if value in text)


def around(text: str, value: str) -> str:
    """The line in which a value leaks, cut round it."""
    start = text.index(value)
    line = text[text.rfind("\n", 0, start) + 1 :].partition("\n")[0]
    position = line.index(value)
    return line[max(0, position - 100) : position + 60].strip()


def secret_fields(settings: type[ConnectionSettings]) -> Mapping[str, bool]:
    """The settings that hold secrets; True where the field takes a list (``Secrets``)."""
    found: dict[str, bool] = {}
    for name, field in settings.model_fields.items():
        text = str(field.annotation)
        if "SecretStr" in text:
            found[name] = "tuple" in text
    return found
