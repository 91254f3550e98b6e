"""Parts of dialects that most CRMs have in common: what stands in fields there, and who is called what. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import httpx

from hub.sdk.crm.dialect import Found, Script
from hub.sdk.destination import HttpRequest
from hub.sdk.manifest import Settings

Values = Mapping[str, Mapping[str, Any]]
"""What stands in some fields, by the record's id."""


def standing(
    ask: Callable[[Sequence[str], Sequence[str], Settings], Iterable[HttpRequest]],
    told: Callable[[httpx.Response, Sequence[str]], Values],
) -> Callable[[Sequence[str], Sequence[str], Settings], Script[Values]]:
    """``People.values`` and ``Orders.values`` by the requests for the fields of records, and how an answer is read."""

    def values(ids: Sequence[str], names: Sequence[str], settings: Settings) -> Script[Values]:
        found: dict[str, Mapping[str, Any]] = {}
        for request in ask(ids, names, settings):
            found |= told((yield request), names)
        return found

    return values


def named(key: str, records: Iterable[tuple[Any, Any]]) -> list[Found]:
    """What ``Companies.find`` gives, of ids and names as they stand there; how they are spelled is the algorithm's."""
    return [Found(str(record), keys=frozenset({(key, str(name))})) for record, name in records]
