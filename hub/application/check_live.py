"""check live: the outside system of a connection is asked whether credentials, scopes, limits and clocks are right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from hub.errors import ConfigError, HubError
from hub.sdk.checked import Checked
from hub.sdk.connection import Connection, lacks, open_client
from hub.sdk.destination import Destination
from hub.sdk.network import Guard, Transport
from hub.sdk.source import Source
from hub.sdk.tokens import Passing

MAX_SKEW_SECONDS = 60.0
"""Signature schemes with a time-stamp and OAuth tokens begin to fail at a few minutes; warn well before."""


OAUTH_UNTESTED = "not tested: its tokens are in the database; `hub connections` tells how it is doing"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a live check says of one connection in one role."""

    connection: str
    role: str
    ok: bool
    said: str


def check_live(
    connection: Connection,
    *,
    transport: httpx.BaseTransport | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[Finding]:
    """Ask the outside system, once per role that offers a harmless request.

    A source is not asked as a destination where its settings name nothing to write to. A CRM whose people are read back
    is asked as a destination: it is the same API, with the same credentials.
    """
    source, destination = connection.connector.source, connection.connector.destination
    if source and lacks(connection):
        destination = None
    is_asked = source is not None and (destination is None or source.reads is None)
    parts = {"source": source if is_asked else None, "destination": destination}
    return [_ask(connection, role, part, transport, now) for role, part in parts.items() if part]


def _ask(
    connection: Connection,
    role: str,
    part: Source[Any] | Destination[Any],
    transport: httpx.BaseTransport | None,
    now: Callable[[], datetime],
) -> Finding:
    if part.check is None:
        return Finding(connection.name, role, True, "cannot be tested; the first event or write will tell")
    if connection.oauth and connection.tokens is None:
        if not connection.oauth.needs_no_person:
            return Finding(connection.name, role, True, OAUTH_UNTESTED)
        connection = replace(connection, tokens=Passing())  # a token of its own: what is in use stays as it is
    base_url = connection.settings.base_url
    if part.api_root is not None and base_url is None:
        try:
            part.api_root(connection.settings)
        except ConfigError as error:
            return Finding(connection.name, role, True, f"not tested: {error}")
    guard = Guard(frozenset([urlsplit(base_url).hostname or ""]) if base_url else frozenset())
    clock = _Clock(transport or Transport(base_url or "https://", guard), now)
    try:
        with open_client(connection, part, transport=clock) as client:
            found = part.check(client, connection.settings) or Checked(["credentials work"])
    except HubError as error:
        return Finding(connection.name, role, False, f"{type(error).__name__}: {error}")
    if clock.skew is not None and abs(clock.skew) > MAX_SKEW_SECONDS:
        ahead = "ahead of" if clock.skew > 0 else "behind"
        found.wrong.append(f"this machine's clock is {abs(clock.skew):.0f} s {ahead} theirs")
    untested = [f"not tested: {each}" for each in found.untested]
    wrong = [f"WRONG: {each}" for each in found.wrong]
    return Finding(connection.name, role, not found.wrong, "; ".join([*wrong, *found.works, *untested]))


class _Clock(httpx.BaseTransport):
    """Notes how far this machine's clock is ahead of the ``Date`` of the last answer, in seconds."""

    def __init__(self, inner: httpx.BaseTransport, now: Callable[[], datetime]) -> None:
        self.skew: float | None = None
        self._inner, self._now = inner, now

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        try:
            theirs = parsedate_to_datetime(response.headers["date"])
        except (KeyError, ValueError):
            return response
        if theirs.tzinfo is not None:
            self.skew = (self._now() - theirs).total_seconds()
        return response

    def close(self) -> None:
        self._inner.close()
