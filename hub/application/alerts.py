"""alerts: what goes wrong is told to people, once and then once a day; and a weekly digest.

Looked at by the clock, in a thread of its own: whatever becomes of a notice, nothing else waits for it. No text names a
person: connections, counts, times and commands only. What ends and comes back within half an hour is one alert.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from hub.application.process import Processing
from hub.application.report import missed_forecasts, report
from hub.application.standing import Standing, standing
from hub.application.tone import complaining
from hub.errors import HubError
from hub.insight.digest import in_words
from hub.insight.waves import WEEKS, Wave, wave
from hub.sdk.notices import Notice, Sent, send
from hub.settings_sections import AlertsSection
from hub.store import alerts as store
from hub.store import stats, subscriptions
from hub.store.alerts import AlertRow
from hub.store.database import Database, Session

log = structlog.get_logger()

CHECK_SECONDS = 60.0
QUIET = timedelta(minutes=30)
"""So long something has to be over before it is: what comes and goes is told once."""

AGAIN = timedelta(minutes=15)
"""After a notice that nobody took."""

_DIGEST_HOUR = 7
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONG = timedelta(minutes=10)
"""A destination that rests for less is no news: it goes on by itself."""

_TITLES = {
    "paused": "nothing is sent there", "backlog": "work piles up", "subscription": "no events come",
    "complaints": "a wave of complaints", "forecast": "less than forecast",
}  # fmt: skip

Found = dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Alerting:
    """Where alerts go and what is looked at. ``routed`` are the destinations some route leads to."""

    processing: Processing
    settings: AlertsSection
    routed: Collection[str]

    @property
    def urls(self) -> list[str]:
        """The addresses, with their secrets."""
        return [one.get_secret_value() for one in self.settings.to]

    def turn(self) -> int:
        """Look, and tell what is new; gives how many alerts were told."""
        database, chosen = self.processing.database, self.settings
        with database.session() as session:
            found = looked_at(session, self.processing, chosen, self.routed)
            store.note(session, found, QUIET)
            rows = store.claim(session, timedelta(hours=chosen.repeat_hours), AGAIN)
        if rows:
            _deliver(database, [row.key for row in rows], self.urls, notice_of(rows))
        self.digest()
        return len(rows)

    def digest(self) -> bool:
        """Send the weekly digest where it is due."""
        if self.settings.digest is None:
            return False
        with self.processing.database.session() as session:
            now = session.now()
            today = now.weekday() == _DAYS.index(self.settings.digest) and now.hour >= _DIGEST_HOUR
            if not today or not store.claim_digest(session, timedelta(days=6), AGAIN):
                return False
            notice = digest_of(session, self.processing)
        return _deliver(self.processing.database, [store.DIGEST], self.urls, notice)


def looked_at(session: Session, processing: Processing, chosen: AlertsSection, routed: Collection[str]) -> Found:
    """Everything that is wrong now, (kind, text) by key, of the kinds that are wanted."""
    now = session.now()
    found: Found = {}
    standings = standing(session, processing.connections, routed)
    found |= _paused(standings, now)
    found |= _backlog(standings, stats.inbox_lag(session), chosen.backlog_minutes)
    found |= _subscriptions(session)
    if "complaints" in chosen.events and (told := complaint_wave(session, processing)):
        usual = f"{told.usual:g} a day are usual"
        found["complaints"] = ("complaints", f"{told.number} complaints in the last 24 hours; {usual}")
    if "forecast" in chosen.events:
        for name, actual, low in missed_forecasts(session, processing.insight):
            found[f"forecast {name}"] = (
                "forecast",
                f"{name}: {actual:,.0f} in the last 7 days, at least {low:,.0f} were expected",
            )
    return {key: one for key, one in found.items() if one[0] in chosen.events}


def _paused(standings: Sequence[Standing], now: datetime) -> Found:
    found: Found = {}
    for one in standings:
        for role, health in one.roles_of().items():
            lasting = health.since is not None and now - health.since >= _LONG
            if health.state in ("paused", "refused") or (health.state == "resting" and lasting):
                word = {"paused": "is paused", "refused": "is refused", "resting": "rests after failures"}[health.state]
                since = f" since {health.since:%Y-%m-%d %H:%M} UTC" if health.since else ""
                advice = f"; {health.advice}" if health.advice else ""
                waits = f", {one.pending} wait" if role == "destination" and one.pending else ""
                found[f"paused {one.name} {role}"] = ("paused", f"{one.name} ({role}) {word}{since}{waits}{advice}")
    return found


def _backlog(standings: Sequence[Standing], inbox: Mapping[str, float], minutes: int) -> Found:
    found: Found = {}
    for one in standings:
        for what, lag in (("events", one.inbox_lag_seconds), ("deliveries", one.outbox_lag_seconds)):
            if lag is not None and lag >= 60 * minutes:
                text = f"{one.name}: the oldest of the {what} that wait is {lag / 60:.0f} minutes old"
                found[f"backlog {one.name} {what}"] = ("backlog", f"{text} (`hub connections` tells more)")
    return found


def _subscriptions(session: Session) -> Found:
    found: Found = {}
    for name, watch in subscriptions.page(session).items():
        if watch.reason or watch.silent_since is not None:
            what = (
                "its webhooks are not as Hub made them" if watch.reason else "no event came for longer than it should"
            )
            text = f"{name}: {what} (`hub connector subscribe {name} --list` shows them)"
            found[f"subscription {name}"] = ("subscription", text)
    return found


def complaint_wave(session: Session, processing: Processing) -> Wave | None:
    """More complaints than usual, cases and messages that sound like one together."""
    now = session.now()
    since = now - timedelta(days=WEEKS + 1)
    times = [*store.complaint_times(session, since), *complaining(session, since)]
    return wave([at.timestamp() for at in times], now.timestamp())


def notice_of(rows: Sequence[AlertRow]) -> Notice:
    """One text of several alerts."""
    kinds = list(dict.fromkeys(_TITLES.get(row.kind, row.kind) for row in rows))
    lines = [f"- {row.text}{_since(row)}" for row in rows]
    return Notice(f"Hub: {', '.join(kinds)}", "\n".join(lines), "warning")


def _since(row: AlertRow) -> str:
    older = row.seen_at - row.since >= timedelta(hours=1)
    return f" (told before, since {row.since:%Y-%m-%d %H:%M} UTC)" if older else ""


def digest_of(session: Session, processing: Processing) -> Notice:
    """The weekly digest as a notice."""
    [made] = report(session, processing.insight, ["digest"])
    return Notice("Hub: your week", in_words(made), "info")


def try_out(urls: Sequence[str]) -> list[Sent]:
    """Send a test notice to every address; gives which took it."""
    return send(
        urls, Notice("Hub: a test", "This is a test of `hub alerts test`: alerts and the digest come this way.")
    )


def listed(session: Session) -> list[dict[str, Any]]:
    """What is wrong and not over, as people and scripts are told."""
    return [
        {
            "kind": row.kind,
            "text": row.text,
            "since": row.since,
            "seen_at": row.seen_at,
            "sent_at": row.sent_at,
            "failed": row.failed or None,
        }
        for row in store.page(session)
    ]


def _deliver(database: Database, keys: Sequence[str], urls: Sequence[str], notice: Notice) -> bool:
    """Send outside any transaction, and note how it went: it failed where nobody at all took it."""
    sent = send(urls, notice)
    failed = [f"{one.service}:// (number {one.number})" for one in sent if not one.ok]
    nobody = bool(sent) and len(failed) == len(sent)
    if failed:
        log.warning("alerts.not_sent", services=", ".join(failed))
    try:
        with database.session() as session:
            store.set_failed(session, keys, f"not taken by {', '.join(failed)}" if nobody else "")
    except HubError:
        log.exception("alerts.not_noted")
    return not nobody
