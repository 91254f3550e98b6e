"""A dialect to the functions that delivery calls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from hub.sdk.crm import planning, writing
from hub.sdk.crm.dialect import Dialect
from hub.sdk.destination import Change, Destination, HttpRequest, Write, WriteResult
from hub.sdk.http import HttpClient
from hub.sdk.manifest import Settings


def destination(
    dialect: Dialect[Settings], render: Callable[[Change, Settings], Write | None], **options: Any
) -> Destination[Settings]:
    """The destination of a CRM that is written to by ``dialect``; ``options`` are further fields of ``Destination``."""

    def plan(writes: Sequence[Write], settings: Settings) -> Sequence[HttpRequest]:
        return planning.plan(dialect, writes, settings)

    def send(writes: Sequence[Write], client: HttpClient, settings: Settings) -> Sequence[WriteResult]:
        return writing.send(dialect, writes, client, settings)

    def absent(ids: Sequence[str], client: HttpClient, settings: Settings) -> Collection[str]:
        return writing.absent(dialect, ids, client, settings)

    return Destination(render=render, plan=plan, send=send, absent=absent, **options)
