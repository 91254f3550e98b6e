"""left unread: which values of a delivery change nothing of what Hub makes of it. Pure.

No connector has to say what it reads: each value is taken away, and then changed, and where neither changes the result
nobody read it. So it is for trials by people, not for every event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from hub.errors import HubError
from hub.sdk.connection import Connection
from hub.sdk.source import InboxEntry, RawDelivery
from hub.sdk.testkit.documents import REMOVED, Path, collapsed, decode, dotted, encode, fields, with_value

MOST_PATHS = 400
"""Paths that are looked at; two tries each."""

_MEMBERS = 3
"""Members of a list that are tried before its path counts as unread."""

BODY = ""


def left_unread(delivery: RawDelivery, entry: InboxEntry, connection: Connection) -> list[str]:
    """Paths (``rows.*.sku``, ``order.0: positions.*.id`` of what was fetched) that no one reads; [] for no JSON."""
    form = "x-www-form-urlencoded" in entry.headers.get("content-type", "")
    known = _outcome(delivery, entry, connection)
    found: list[str] = []
    for name, text in {BODY: entry.body, **entry.completions}.items():
        try:
            tree = decode(text, form=form and name == BODY)
        except (ValueError, RecursionError):
            continue

        def became(changed: Any, name: str = name, form: bool = form) -> Any:
            body = encode(changed, form=form and name == BODY)
            return _outcome(*_with(delivery, entry, name, body), connection)

        found += [f"{name}: {path}" if name else path for path in _unread(tree, became, known)]
    return found


def _unread(tree: Any, became: Callable[[Any], Any], known: Any) -> Iterator[str]:
    within = tree if isinstance(tree, dict) else {"*": tree}
    places: dict[Path, list[tuple[Path, Any]]] = {}
    for path, value in fields(within):
        if value not in (None, "", [], {}) and not _holds_fields(value):
            places.setdefault(collapsed(path), []).append((path, value))
    for kind, members in list(places.items())[:MOST_PATHS]:
        tries = ((path, other) for path, value in members[:_MEMBERS] for other in (REMOVED, _another(value)))
        if all(became(_unwrapped(with_value(within, path, other), tree)) == known for path, other in tries):
            yield dotted(kind if within is tree else kind[1:])


def _unwrapped(changed: Any, tree: Any) -> Any:
    return changed if isinstance(tree, dict) else changed["*"]


def _holds_fields(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict | list) for one in value))


def _another(value: Any) -> Any:
    """A value of the same kind and form, and another one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, list):
        return [_another(one) for one in value]
    return "".join(map(_next, value)) if isinstance(value, str) else value


def _next(character: str) -> str:
    if character.isdigit() and character.isascii():
        return str((int(character) + 1) % 10)
    return (
        chr(ord(character) + 1) if character.isalpha() and character.isascii() and character not in "zZ" else character
    )


def _with(delivery: RawDelivery, entry: InboxEntry, name: str, body: bytes) -> tuple[RawDelivery, InboxEntry]:
    if name == BODY:
        return replace(delivery, body=body), replace(entry, body=body)
    fetched: Mapping[str, bytes] = {**entry.completions, name: body}
    return delivery, replace(entry, completions=fetched)


def _outcome(delivery: RawDelivery, entry: InboxEntry, connection: Connection) -> Any:
    """All that follows from a delivery: its name, what is fetched for it, what is read from it."""
    source, settings = connection.connector.source, connection.settings
    assert source is not None
    asked: list[Callable[[], Any]] = [lambda: list(source.parse(entry, settings))]
    if source.completions is not None:
        ask = source.completions
        asked.append(lambda: list(ask(replace(entry, completions={}), settings)))
    if source.name_event is not None:
        name = source.name_event
        asked.append(lambda: _name(delivery, lambda one: name(one, settings)))
    return [_of(each) for each in asked]


def _name(delivery: RawDelivery, name_of: Callable[[RawDelivery], Any]) -> Any:
    """Topic and id; the topic alone where the id is a digest of the body, which everything changes."""
    name = name_of(delivery)
    is_digest = name_of(replace(delivery, body=delivery.body + b" ")) != name
    return (name.topic,) if is_digest else (name.topic, name.event_id)


def _of(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except HubError as error:
        return f"{type(error).__name__}: {error}"
    except Exception as error:  # a connector's mistake is told by ``normalise``
        return type(error).__name__
