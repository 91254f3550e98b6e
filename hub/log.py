"""Structured logs on stderr, without people in them.

An event name is dotted, ``stage.outcome`` (``intake.stored``); facts are fields. Redaction works by field name and by
type: only plain values (text, numbers, times, ids) are written, a model or any other object shows as ``<Type>``, and
an e-mail address or phone number within a text is cut out. Of an exception the type and the places are written; its
own text only for HubError, whose texts never hold a personal value.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, cast
from uuid import UUID

import orjson
import structlog
from structlog.typing import FilteringBoundLogger, Processor

from hub.errors import HubError

REDACTED = "[redacted]"
SENSITIVE_WORDS: frozenset[str] = frozenset(
    """
    body payload content raw html text subject headers cookie cookies authorization signature password secret secrets
    token tokens credential credentials email emails mail phone phones mobile tel fax name names firstname lastname
    fullname handle nickname address addresses street city postal postcode zip birth birthday birthdate company
    identifier identifiers person customer query value values input dsn
    """.split()  # noqa: SIM905 - sixty words, read as words
)
"""A field whose name has one of these words (``webhook_secret``, ``first-name``) is never written."""

_SENSITIVE_ENDINGS = ("_key", "database_url", "redis_url")
_EMAIL = re.compile(r"[^\s@<>\"'(),;]+@[^\s@<>\"'(),;]+")
_PHONE = re.compile(r"\+\d[\d ()/-]{5,18}\d")
_WORD = re.compile(r"[a-z0-9]+")
_QUIET = ("httpx", "httpcore", "uvicorn.access")
"""Loggers of libraries that write whole URLs at level info."""

ACTS_ON_TERMINAL = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""Control characters (C0, C1: ESC, CSI, OSC), what sets the direction of writing, and what nobody sees.

Joiners (U+200C, U+200D) stay: names and emoji are written with them.
"""


def get_logger(**facts: Any) -> FilteringBoundLogger:
    """A logger that adds ``facts`` to every line; may be made before ``configure``."""
    return cast(FilteringBoundLogger, structlog.get_logger(**facts))


def configure(level: str, format: Literal["json", "console"]) -> None:  # noqa: A002 - the setting's own name
    """Send Hub's own lines and those of all libraries to stderr, redacted, in one form. May be called again."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _plain_exception,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    renderers: list[Processor] = [structlog.processors.JSONRenderer(serializer=_dumps)]
    if format == "console":
        renderers = [_made_visible, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
            keep_exc_info=False,
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(threshold)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))


def visible(text: str) -> str:
    """The text with a sign in the place of each character that a terminal would act on: ``␛``, ``␊``, or ``\ufffd``."""
    return ACTS_ON_TERMINAL.sub(_sign, text)


def _sign(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else "\ufffd"


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Processor: plain values only, none under a sensitive name, no address or number within a text."""
    for field, value in event.items():
        if not field.startswith("_"):
            event[field] = _shown(field, value)
    return event


def _shown(field: str, value: Any) -> Any:
    if _is_sensitive(field):
        return REDACTED
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return _PHONE.sub("[phone]", _EMAIL.sub("[e-mail]", value))
        case UUID() | Decimal() | Path():
            return str(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): _shown(str(key), inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_shown("", inner) for inner in value]
        case bytes() | bytearray():
            return f"<{len(value)} bytes>"
        case type():
            return value.__name__
        case BaseException():
            return _told(value)
    return f"<{type(value).__name__}>"


def _is_sensitive(field: str) -> bool:
    lowered = field.lower()
    return lowered.endswith(_SENSITIVE_ENDINGS) or not SENSITIVE_WORDS.isdisjoint(_WORD.findall(lowered))


def _plain_exception(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace ``exc_info``: a traceback's text may hold values (pydantic prints its input)."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["error"] = _told(error)
        event["error_at"] = [
            f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-8:]
        ]
    return event


def _made_visible(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for field, value in event.items():
        if not field.startswith("_"):
            event[field] = _visible_in(value)
    return event


def _visible_in(value: Any) -> Any:
    match value:
        case str():
            return visible(value)
        case dict():
            return {_visible_in(key): _visible_in(inner) for key, inner in value.items()}
        case list():
            return [_visible_in(inner) for inner in value]
    return value


def _told(error: BaseException) -> str:
    text = type(error).__name__
    if isinstance(error, HubError):
        text = f"{text}: {_shown('', str(error))}"
    cause = error.__cause__
    return f"{text} < {_told(cause)}" if cause is not None and cause is not error else text


def _dumps(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=lambda value: f"<{type(value).__name__}>").decode()
