"""Reports on what came before orders: revenue by channel and by campaign, with and without what went back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hub.insight import attribution, campaigns
from hub.insight.attribution import Journey
from hub.insight.campaigns import Campaign
from hub.insight.reports import Cell, Report
from hub.insight.touches import Happened, channel_of, channel_of_order, journeys
from hub.store import touches
from hub.store.database import Session
from hub.store.touches import HistoryRow

MOST = 2_000_000
YEAR = timedelta(days=365)
AMOUNTS = (*attribution.MODELS, *(f"{name} before returns" for name in attribution.MODELS))
"""Columns of money: net of returns by each model, then the same before them."""

NAMELESS = "-"
"""The campaign of touches that name none."""

_MEANT = "revenue of the last year with a touch in the 90 days before the order; docs/insight.md says what each assumes"
_NO_TOUCH = "too little data: no order of the last year has a touch (a visit, a click, a message) before it"

People = dict[str, list[list[Happened]]]
"""What each person did, by the currency it is to be looked at in."""


def by_channel(session: Session) -> Report:
    """Orders' revenue by channel, of the last year, by every model side by side."""
    columns = ("channel", "currency", *AMOUNTS, "touched")
    now = session.now()
    found: list[tuple[Cell, ...]] = []
    for currency, people in _people(session, now, _by_channel).items():
        paths = journeys(people, now.timestamp())
        found += [(one, currency, *amounts, touched) for one, amounts, touched in _shared(paths)]
    notes = (_MEANT,) if found else (_NO_TOUCH,)
    return Report("attribution", "Revenue by channel", columns, found, notes)


def by_campaign(session: Session) -> Report:
    """The same by campaign; touches that name none stand beside them, by their channel."""
    columns = ("campaign", "channel", "currency", *AMOUNTS, "touched", "seen from")
    now = session.now()
    found: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    named = False
    for currency, everybody in _people(session, now, _by_campaign).items():
        people, joined = campaigns.few(everybody)
        since = campaigns.begun(people)
        for label, amounts, touched in _shared(journeys(people, now.timestamp())):
            one = campaigns.campaign_of(label)
            named = named or bool(one.name)
            day = datetime.fromtimestamp(since[label], UTC).date().isoformat()
            found.append((one.name or NAMELESS, one.channel, currency, *amounts, touched, day))
        if joined:
            notes.append(f"{joined} campaigns in {currency} with the fewest people stand as {campaigns.OTHERS}")
    if not named:
        found, notes = [], []
        notes.append("too little data: no order of the last year has a touch before it that names a campaign")
    else:
        notes.append("revenue of the last year by channel and campaign; `hub report holdout` tells what one caused")
    return Report("campaigns", "Revenue by campaign", columns, found, tuple(notes))


def _people(session: Session, now: datetime, happened: Callable[[Sequence[HistoryRow]], Iterable[_Seen]]) -> People:
    """By currency, those with an order in it and those without any: orders in several currencies are never added."""
    found: defaultdict[str, list[list[Happened]]] = defaultdict(list)
    for rows in touches.histories(session, now - YEAR, MOST):
        seen = list(happened(rows))
        # Each currency is a person of its own with the same touches.
        for currency in {row.currency for row in rows if row.currency} or {""}:
            found[currency].append([one for paid, one in seen if paid in (None, currency)])
    nothing = found.pop("", [])
    return {currency: [*people, *nothing] for currency, people in sorted(found.items())}


_Seen = tuple[str | None, Happened]
"""What happened, and the currency of the order that it belongs to; None of a touch that belongs to none."""


def _by_channel(rows: Sequence[HistoryRow]) -> Iterator[_Seen]:
    """Touches by their channel, and orders, each with the touch that it says it came by just before."""
    for row in rows:
        at = row.at.timestamp()
        if row.net is None:
            yield None, Happened(at, channel_of(row.payload))
            continue
        if channel := channel_of_order(row.payload):
            yield row.currency, Happened(at - 1, channel)
        yield row.currency, Happened(at, None, row.net, row.gross)


def _by_campaign(rows: Sequence[HistoryRow]) -> Iterator[_Seen]:
    """The same by campaign. A click in a mail and the page it opened are one touch."""
    seen: list[tuple[Campaign, float, bool]] = []
    of_order: dict[tuple[Campaign, float], str | None] = {}
    for row in rows:
        at = row.at.timestamp()
        if row.net is not None:
            yield row.currency, Happened(at, None, row.net, row.gross)
            if (came := campaigns.of_order(row.payload)) is not None:
                seen.append((came, at - 1, False))
                of_order[came, at - 1] = row.currency
        elif (told := campaigns.of_interaction(row.payload)) is not None:
            seen.append((told, at, row.payload.get("kind") == "email_clicked"))
    for campaign, at in campaigns.one_visit(seen):
        yield of_order.get((campaign, at)), Happened(at, campaign.label)


def _shared(paths: Sequence[Journey]) -> Iterator[tuple[str, list[float], int]]:
    """What was touched, its amounts by ``AMOUNTS``, and in how many paths it was; what most paths had first."""
    whole = attribution.before_returns(paths)
    if not any(path.orders for path in whole):
        return
    shares = [_to_the_cent(each, share) for each in (paths, whole) for share in attribution.MODELS.values()]
    touched = Counter(one for path in paths for one in set(path.path))
    for one in sorted(touched, key=lambda one: (-touched[one], one)):
        yield one, [float(each.get(one, Decimal(0))) for each in shares], touched[one]


def _to_the_cent(
    paths: Sequence[Journey],
    share: Callable[[Sequence[Journey]], tuple[attribution.Shares, attribution.Shares]],
) -> dict[str, Decimal]:
    total = Decimal(repr(round(sum(path.value for path in paths), 2)))
    return attribution.to_the_cent(share(paths)[1], total)
