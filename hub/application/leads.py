"""leads: reads what people who may buy did, fits what they are weighed by, and tells each lead's traits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hub.errors import UnreadableError
from hub.identity.place import Resolution
from hub.insight import lead_model
from hub.insight.lead_model import LeadModel
from hub.insight.lead_rules import LeadRules
from hub.insight.leads import NUMBERS, WORDS, Story, Told, columns, is_open, next_moment, steady_moment, story
from hub.insight.traits import Told as Traits
from hub.mapping.record_state import first_told
from hub.model.profile import Profile
from hub.store import leads as store
from hub.store import profiles, records
from hub.store.database import Session
from hub.store.leads import HappenedRow
from hub.store.profiles import FullRow

SAMPLE = 10_000
"""People that a fit looks at."""

PAGE = 1_000
NAMES = ("win_probability", "lead_score", "lead_action", "lead_reasons", "lead_value", "lead_currency")
"""The traits of a lead; who buys has them no more."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Known:
    """One person who may be a lead: what is told of them, and the story."""

    person: Profile
    story: Story


def days(moment: datetime) -> float:
    """Days since 1970, with fractions."""
    return (moment - _EPOCH) / timedelta(days=1)


def moment(at: float) -> datetime:
    """The inverse of ``days``."""
    return _EPOCH + timedelta(days=at)


def known(session: Session, rules: LeadRules, ids: Collection[UUID], now: datetime) -> dict[UUID, Known]:
    """Those of these people whom one can reach, and of whom anything is known by now."""
    read = ((row.id, _reachable(row, rules, now)) for row in profiles.by_ids(session, ids).values())
    people = {one: person for one, person in read if person is not None}
    if not people:
        return {}
    told: defaultdict[UUID, list[Told]] = defaultdict(list)
    for row in store.happened(session, people):
        if row.at <= now:
            told[row.profile_id].append(_told(row))
    since: dict[UUID, tuple[float, str]] = {}
    for record in sorted(records.load(session, list(people), []).values(), key=lambda one: one.id):
        if record.profile_id in people and (first := first_told(record.state)) is not None:
            here = (days(min(first, now)), record.connection)
            since[record.profile_id] = min(here, since.get(record.profile_id, here))
    found: dict[UUID, Known] = {}
    for one, person in people.items():
        began, source = since.get(one, (min((each.at for each in told[one]), default=days(now)), ""))
        email = person.emails[0] if person.emails else None
        made = story(began, told[one], source=source, email=email, won=rules.won, lost=rules.lost)
        found[one] = Known(person, made)
    return found


def _reachable(row: FullRow, rules: LeadRules, now: datetime) -> Profile | None:
    if row.fault or not (row.golden.get("emails") or row.golden.get("phones")):
        return None
    try:
        person = row.profile()
    except UnreadableError:
        return None
    return None if rules.never is not None and rules.never(person, now) else person


def _told(row: HappenedRow) -> Told:
    kind = str(row.payload.get("kind")) if row.kind == "interaction" else row.kind
    return Told(days(row.at), kind, row.payload)


def fit_now(session: Session, rules: LeadRules) -> LeadModel:
    """What the leads there were are weighed by from now on."""
    now = session.now()
    stories: list[Story] = []
    ids = store.sample(session, SAMPLE)
    for start in range(0, len(ids), PAGE):
        part = ids[start : start + PAGE]
        found = known(session, rules, part, now)
        stories += [found[one].story for one in part if one in found]
    return lead_model.fit(stories, days(now), rules.prior, days=float(rules.days))


def traits_of(
    session: Session, rules: LeadRules, model: LeadModel | None, ids: Collection[UUID], now: datetime
) -> dict[UUID, tuple[Traits, datetime]]:
    """The traits of those who are leads, and when they are to be told anew though nothing happens."""
    model = model or lead_model.by_prior(rules.prior, float(rules.days))
    at = days(now)
    found = {one: each for one, each in known(session, rules, ids, now).items() if is_open(each.story, at)}
    if not found:
        return {}
    told = columns([each.story for each in found.values()], [steady_moment(each.story, at) for each in found.values()])
    chances = model.chance(told)
    scores = model.scores(chances)
    made: dict[UUID, tuple[Traits, datetime]] = {}
    for row, (one, each) in enumerate(found.items()):
        value = deal_value(each.person)
        score = int(scores[row])
        traits: Traits = {
            "win_probability": f"{_rounded(float(chances[row])):.2f}",
            "lead_score": score,
            "lead_action": rules.action(score, float(value[0]) if value else None),
            "lead_reasons": [in_words(*reason) for reason in lead_model.reasons(model, told, row)],
        }
        if value:
            traits |= {"lead_value": f"{value[0]:f}", "lead_currency": value[1]}
        made[one] = traits, moment(next_moment(each.story, at))
    return made


def _rounded(chance: float) -> float:
    """To five hundredths in the middle, where nobody knows better, and to one at the ends."""
    return round(chance, 2) if chance < 0.1 or chance > 0.9 else round(chance * 20) / 20


def deal_value(person: Profile) -> tuple[Any, str] | None:
    """What the open orders of somebody are worth: the largest amount of one currency; None without any."""
    totals = [(one.amount, one.currency) for one in person.orders.open.totals if one.amount > 0]
    return max(totals, default=None)


def in_words(name: str, bits: float, value: Any) -> str:
    """One reason, as people read it: ``forms sent (+2.0 bits)``."""
    if name in WORDS:
        return f"{WORDS[name]} {value or 'nobody knows'} ({bits:+.1f} bits)"
    few = isinstance(value, float) and value < 0.05
    return f"{'no ' if few else ''}{NUMBERS[name]} ({bits:+.1f} bits)"


def contacted(session: Session, resolution: Resolution, now: datetime) -> None:
    """Have those told anew of whom this batch told something that counts, where they have bought nothing yet."""
    profile_of = {row.id: profile for profile, members in resolution.members.items() for row in members}
    told = {
        profile_of[fact.record_id]
        for fact in resolution.changed
        if fact.kind in ("interaction", "cart") and fact.record_id in profile_of
    }
    if told:
        store.mark(session, sorted(told), now)


def current(session: Session, rules: LeadRules, most: int) -> list[Story]:
    """Open leads of now, of at most so many people looked at."""
    now = session.now()
    found = known(session, rules, store.sample(session, most), now)
    return [each.story for each in found.values() if is_open(each.story, days(now))]


Drift = Mapping[str, float]


def drifted(model: LeadModel, stories: Sequence[Story], at: float) -> Drift:
    """How much the leads of now differ from those at the fit, by feature."""
    return lead_model.drift(model, columns(stories, [steady_moment(one, at) for one in stories])) if stories else {}
