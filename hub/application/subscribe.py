"""subscribe: webhooks made, put back and taken away at the vendor; and the watchdog that sees when they fell silent.

A vendor switches webhooks off that failed, and tells nobody. The watchdog asks for those that Hub made, puts back what
is gone, and fetches what was missed meanwhile by comparing the source with Hub (``hub.application.reconcile``).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from hub import metrics
from hub.application.reconcile import reconcile
from hub.application.vendor_rest import pause, rest
from hub.errors import ConfigError, HubError, NotFound
from hub.intake.receive import PREFIX
from hub.sdk.connection import Connection, open_client
from hub.sdk.http import HttpClient
from hub.sdk.source import Source
from hub.sdk.subscriptions import Standing, Subscription, Subscriptions, standing
from hub.store import backfills, rests, subscriptions
from hub.store.database import Database

log = structlog.get_logger()

CHECK_SECONDS = 60.0
"""How often it is looked whether a watch is due."""

EVERY = timedelta(minutes=30)
"""How often the vendor is asked for its webhooks."""

OVERLAP = timedelta(hours=1)
"""What is fetched of the time before the last event: clocks differ."""

LEAST_SILENCE = timedelta(hours=6)
TIMES_LONGEST = 3
"""A source is silent when nothing came for this many times its longest pause of the last weeks, ``LEAST_SILENCE`` at
least."""


def address(public_url: str, connection: str) -> str:
    """Where a connection's webhooks go."""
    return f"{public_url.rstrip('/')}{PREFIX}{connection}"


@contextmanager
def _at(connection: Connection) -> Iterator[tuple[Subscriptions[Any], HttpClient]]:
    source = connection.connector.source
    offered = source.subscriptions if source else None
    if source is None or offered is None:
        why = connection.connector.manifest.not_offered.get("subscribe", "its connector cannot make webhooks")
        raise ConfigError([f"connections.{connection.name}: {why}"])
    with open_client(connection, source, background=True) as client:
        yield offered, client


def _topics(connection: Connection, offered: Subscriptions[Any]) -> tuple[str, ...]:
    wanted = offered.topics(connection.settings) if callable(offered.topics) else offered.topics
    return tuple(wanted) or tuple(connection.connector.manifest.topics)


def look(connection: Connection, url: str) -> Standing:
    """How this connection's webhooks are at the vendor."""
    with _at(connection) as (offered, client):
        return standing(offered.listed(client, connection.settings), _topics(connection, offered), url)


def subscribe(connection: Connection, url: str) -> Standing:
    """Make what lacks, and put back what was switched off; gives how it was before. Safe to repeat.

    Raises ConfigError where the connector cannot, and the error tree when the vendor refuses.
    """
    with _at(connection) as (offered, client):
        before = standing(offered.listed(client, connection.settings), _topics(connection, offered), url)
        gone = before.doubled if offered.renews else (*before.inactive, *before.doubled)
        _remove(offered, client, connection, gone)
        lacking = before.lacking
        if before.doubled:  # one webhook may carry many topics, and others of its topics went with it
            found = offered.listed(client, connection.settings)
            lacking = standing(found, _topics(connection, offered), url).lacking
        if lacking:
            offered.create(client, connection.settings, url, lacking)
    return before


def advice(connection: Connection) -> str:
    """What a person has to do once webhooks were made; "" where that is nothing."""
    source = connection.connector.source
    return source.subscriptions.after if source and source.subscriptions else ""


def unsubscribe(connection: Connection, url: str) -> Standing:
    """Take away every webhook to this address; gives how it was before."""
    with _at(connection) as (offered, client):
        before = standing(offered.listed(client, connection.settings), _topics(connection, offered), url)
        _remove(offered, client, connection, (*before.kept, *before.inactive, *before.doubled))
    return before


def _remove(
    offered: Subscriptions[Any], client: HttpClient, connection: Connection, gone: Iterable[Subscription]
) -> None:
    for one in {one.id: one for one in gone}.values():  # one webhook may carry many topics
        with suppress(NotFound):
            offered.remove(client, connection.settings, one)


# -- the watchdog -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Watchdog:
    """Watches the webhooks of one connection, once a person had Hub make them."""

    database: Database
    connection: Connection
    public_url: str

    def run_if_due(self, stopping: threading.Event) -> bool | None:
        """Look, and mend; None when nothing is due, else whether all was well."""
        name = self.connection.name
        with backfills.alone(self.database.dsn, f"watch {name}") as first:
            if not first or stopping.is_set():
                return None
            with self.database.session() as session:
                watch = None if rests.runs(session, name, "webhooks") else subscriptions.due(session, name, EVERY)
                if watch is None:
                    return None
                rhythm = subscriptions.rhythm(session, name)
                owed = rests.failed(session, name, "webhooks")
            try:
                return self._look(watch, rhythm, stopping, owed=owed)
            except HubError as error:
                # Not noted as looked at: what is fetched next time begins where all was well last.
                if not stopping.is_set():
                    rest(self.database, name, error, "webhooks")
                return False

    def _look(
        self, watch: subscriptions.Watch, rhythm: subscriptions.Rhythm, stopping: threading.Event, *, owed: bool
    ) -> bool:
        name, silent = self.connection.name, silence(rhythm)
        before = subscribe(self.connection, address(self.public_url, name))
        fell_silent = silent is not None and silent != watch.silent_since
        if not before.well:
            gone = [*before.lacking, *(one.topic for one in before.inactive)]
            log.warning("subscription.restored", connection=name, topics=sorted(set(gone)))
            metrics.RESTORED.labels(name).inc(len(set(gone)))
        elif silent and fell_silent:
            log.warning("subscription.silent", connection=name, since=silent.isoformat())
        if before.lacking or fell_silent or owed:
            # Others of its events may have come since one kind of webhook was taken away.
            self._fetch(min(watch.looked_at, rhythm.last or watch.looked_at), stopping)
        with self.database.session() as session:
            rests.end(session, name, "webhooks")
            reason = "" if before.well else f"put back: {', '.join(sorted(set(before.lacking)))}"
            if before.lacking and (todo := advice(self.connection)):
                reason += f"; {todo}"
            subscriptions.note(session, name, reason=reason, silent_since=silent)
        return before.well and silent is None

    def _fetch(self, last: datetime, stopping: threading.Event) -> None:
        """What came while nobody heard. A connector without a list has nothing to compare with."""
        source: Source[Any] | None = self.connection.connector.source
        if source is not None and source.backfill is not None:
            sleep = partial(pause, stopping)
            found = reconcile(self.database, self.connection, since=last - OVERLAP, sleep=sleep)
            log.info("subscription.fetched", connection=self.connection.name, **found.found)


def silence(rhythm: subscriptions.Rhythm) -> datetime | None:
    """Since when nothing comes, where that is long against the source's own rhythm; else None. Pure."""
    if rhythm.last is None or rhythm.longest is None:
        return None
    bearable = max(LEAST_SILENCE, TIMES_LONGEST * rhythm.longest)
    return rhythm.last if rhythm.now - rhythm.last > bearable else None
