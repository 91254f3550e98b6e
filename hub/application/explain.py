"""explain: why a profile is as it is: its values, why its records are one person, and what kept others out. Reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hub.application.guards import shared_guards, shown, unused_guards
from hub.application.in_force import InForce
from hub.application.trait_reasons import explained as explained_traits
from hub.application.traits import Insight
from hub.matching.blocking import MOST_EQUAL, Key, hashed, keys
from hub.matching.carried import carried, key_of
from hub.matching.clustering import CONTACTS, linked
from hub.matching.features import Features, features_of
from hub.matching.scoring import SHARED, score
from hub.matching.version import Identity
from hub.matching.wording import lines, sentence
from hub.model.judgement import Judgement, told
from hub.model.profile import RecordReference
from hub.profiles.explanation import answers, explanation, is_who, nearest
from hub.sdk.connection import Connection, counting_placed_orders
from hub.store import explanations, judgements, matches, profiles, records
from hub.store.database import Session
from hub.store.matches import CrowdRow
from hub.store.records import RecordRow

MOST_PAIRS = 200
"""Joins that are told line by line; of more, only their number."""

MOST_READ = 20_000
"""Stored pairs of one profile that are read, the surest first."""

MOST_APART = 10
"""Other people that records might be, the likeliest first."""

MOST_SIDE = 5
"""Records of each side of a judgement that are looked at for the pair to show."""

Json = dict[str, Any]


@dataclass(slots=True)
class _Case:
    """All that bears on one profile. ``crowd_rows`` are those of its own identifiers."""

    identity: Identity
    rows: dict[UUID, RecordRow]
    people: dict[UUID, Features]
    judgements: list[Judgement]
    contacts: dict[int, Key] = field(default_factory=dict)
    crowd: dict[str, int] = field(default_factory=dict)
    crowd_rows: list[CrowdRow] = field(default_factory=list)

    def take(self, session: Session, rows: Sequence[RecordRow]) -> None:
        """Know further records, and how many people use what they carry."""
        self.rows |= {row.id: row for row in rows}
        self.people |= {row.id: features_of(row.state, self.identity.rules) for row in rows}
        contacts = {hashed(key): key for row in rows for key in keys(self.people[row.id]) if key[0] in CONTACTS}
        self.contacts |= contacts
        for key, crowd in matches.crowds(session, contacts).items():
            self.crowd[self.contacts[key][1]] = SHARED if crowd.shared else crowd.people

    def pair(self, one: UUID, other: UUID, **more: Any) -> Json:
        """Two records and the evidence between them."""
        model, rules = self.identity.model, self.identity.rules
        first, second = sorted((one, other))
        scored = score(self.people[first], self.people[second], model, self.crowd)
        evidence = lines(self.rows[one].state, self.rows[other].state, scored, model, rules, self.crowd)
        return {
            "one": reference(self.rows[one]),
            "other": reference(self.rows[other]),
            "weight": round(scored.weight, 2),
            "evidence": [line.as_json() for line in evidence],
            **more,
        }


def explained(
    session: Session,
    profile_id: UUID,
    in_force: InForce,
    connections: Mapping[str, Connection],
    *,
    field: str | None = None,
    who: bool = True,
    insight: Insight | None = None,
) -> dict[str, Any] | None:
    """The whole explanation as JSON; None when there is no such profile.

    ``insight`` is what its traits were worked out by.
    With a ``field``, ``values`` are those behind it, and ``one_person`` is None unless it is ``records``. Without
    ``who`` it is left out, and so is which record carries what: of thousands of records both take a while.
    """
    ranks = {name: connection.settings.rank for name, connection in connections.items()}
    document = explanation(
        session,
        profile_id,
        in_force.survivorship,
        ranks,
        field=field,
        connections=connections,
        identifiers=_identifiers(session, profile_id, in_force.identity) if who else (),
    )
    if document is None:
        return None
    document["traits"] = _traits(session, profile_id, insight or Insight(), field, counting_placed_orders(connections))
    document["found"] = answers(document, field) or bool(document["traits"])
    document["near"] = "" if document["found"] or not field else nearest(session, document["id"], field, connections)
    document["history"] = history(session, document["history"])
    rows = records.of_profile(session, document["id"]) if who and is_who(field) else []
    document["one_person"] = one_person(session, rows, in_force.identity) if rows else None
    return document


def _traits(
    session: Session, profile_id: UUID, insight: Insight, field: str | None, placed: Collection[str]
) -> list[Json]:
    """Every trait with its reasons, or the one that was asked for; of other fields none."""
    name, _, one = (field or "traits").partition(".")
    if name != "traits":
        return []
    found = explained_traits(session, insight, profile_id, session.now(), placed)
    return [each for each in found if not one or each["trait"] == one]


def _identifiers(session: Session, profile_id: UUID, identity: Identity) -> list[Json]:
    """Which record of a profile carries which identifier, how far it is trusted, and since which event."""
    profile = profiles.get(session, profile_id)
    rows = records.of_profile(session, profile.id) if profile else []
    identifiers = [(one, row) for row in rows for one in carried(row.state, identity.rules)]
    keys = {(one.kind, one.value): hashed(key) for one, _ in identifiers if (key := key_of(one.kind, one.value))}
    crowd = matches.crowds(session, set(keys.values()))
    items = [
        {
            "kind": one.kind,
            "value": one.value,
            "shared": (used := crowd.get(keys.get((one.kind, one.value), 0))) is not None and used.shared,
            "strength": one.strength,
            "connection": row.connection,
            "record_kind": row.kind,
            "external_id": row.external_id,
            "event": one.event,
        }
        for one, row in identifiers
    ]
    order = ("kind", "value", "connection", "record_kind", "external_id")
    return sorted(items, key=lambda item: [str(item[name]) for name in order])


def one_person(session: Session, rows: Sequence[RecordRow], identity: Identity) -> Json:
    """Why these records, all of one profile, are one person.

    ``pairs`` joins them with as few steps as there are, each by a judgement, by the source itself, or by evidence;
    ``unjoined`` are records that wait to be resolved again. ``apart`` are the likeliest others, and what keeps them
    out. ``guards`` are identifiers that prove less than they seem to, or nothing.
    """
    ids = [row.id for row in rows]
    case = _Case(identity, {}, {}, [held for held in judgements.of_records(session, ids) if held.id > 0])
    case.take(session, rows)
    case.crowd_rows = list(matches.crowds(session, case.contacts).values())
    pairs, unjoined, left_out = _joins(session, case, set(ids))
    named = records.names(session, {one for judgement in case.judgements for one in judgement.records})
    return {
        "same": identity.model.same,
        "ask": identity.model.ask,
        "pairs": pairs,
        "left_out": left_out,
        "unjoined": [reference(case.rows[one]) for one in unjoined],
        "judgements": [{**told(judgement, named), "text": judged(judgement)} for judgement in case.judgements],
        "guards": [
            *shared_guards(rows, case.people, case.crowd_rows, identity.rules),
            *unused_guards(rows, identity.rules),
        ],
        "apart": _apart(session, case, set(ids)),
    }


def _joins(session: Session, case: _Case, ids: set[UUID]) -> tuple[list[Json], list[UUID], int]:
    place = {one: one for one in ids}

    def root(one: UUID) -> UUID:
        while place[one] != one:
            place[one] = place[place[one]]
            one = place[one]
        return one

    steps: list[tuple[UUID, UUID, Json]] = []
    for one, other, by in _ties(session, case, ids):
        a, b = root(one), root(other)
        if a != b:
            place[max(a, b)] = min(a, b)
            steps.append((one, other, by))
    sizes = Counter(root(one) for one in ids)
    largest = max(sizes, key=lambda top: (sizes[top], top), default=None)
    unjoined = sorted(one for one in ids if root(one) != largest)
    told_steps = [case.pair(one, other, **by) for one, other, by in steps[:MOST_PAIRS]]
    return told_steps, unjoined, max(0, len(steps) - MOST_PAIRS)


def _ties(session: Session, case: _Case, ids: set[UUID]) -> Iterator[tuple[UUID, UUID, Json]]:
    """All that ties two of these records, what binds most first: people's word, the source's, then evidence."""
    for judgement in case.judgements:
        if judgement.verdict == "same":
            yield from _chain(judgement.records & ids, by="judgement", judgement=judgement.id, text=judged(judgement))
    for group in linked({one: case.people[one] for one in ids}, case.crowd, case.identity.rules):
        from_source = frozenset.intersection(*(frozenset(case.people[one].links) for one in group))
        text = "the source itself says that they are one" if from_source else "the rules call what they share certain"
        if len({case.people[one] for one in group}) == 1 and len(group) > MOST_EQUAL and not from_source:
            text = f"{len(group)} records tell the same of them, to the letter"
        yield from _chain(group, by="link", text=text)
    for pair in explanations.surest_pairs(session, ids, MOST_READ):
        if pair.weight >= case.identity.model.same:
            text = f"{pair.weight:.1f} bits of evidence, and {case.identity.model.same:.1f} are enough"
            yield pair.one, pair.other, {"by": "evidence", "text": text}


def _chain(group: Collection[UUID], **by: Any) -> Iterator[tuple[UUID, UUID, Json]]:
    ordered = sorted(group)
    return ((ordered[0], other, by) for other in ordered[1:])


def _apart(session: Session, case: _Case, ids: set[UUID]) -> list[Json]:
    """The likeliest other profiles, by the likeliest pair of each, and those that judgements keep out."""
    pairs = [(one, other) for one, other, _ in explanations.outside_pairs(session, ids, MOST_APART * 5)]
    for judgement in case.judgements:
        for side, across in ((judgement.one, judgement.other), (judgement.other, judgement.one)):
            if judgement.verdict != "same":
                mine, theirs = sorted(side & ids)[:MOST_SIDE], sorted(across - ids)[:MOST_SIDE]
                pairs += [(one, other) for one in mine for other in theirs]
    case.take(session, list(records.load(session, [], {other for _, other in pairs} - ids).values()))
    dismissed, unasked = explanations.dismissals(session, ids), explanations.unasked(session, ids)
    likeliest: dict[UUID, Json] = {}
    for one, other in dict.fromkeys(pairs):
        profile = case.rows[other].profile_id if other in case.rows else None
        if profile is None:
            continue
        told_pair = case.pair(one, other, profile=profile)
        if profile not in likeliest or told_pair["weight"] > likeliest[profile]["weight"]:
            likeliest[profile] = {**told_pair, **_why_apart(case, one, other, told_pair["weight"], dismissed, unasked)}
    return sorted(likeliest.values(), key=lambda pair: (-pair["weight"], pair["profile"]))[:MOST_APART]


def _why_apart(
    case: _Case,
    one: UUID,
    other: UUID,
    weight: float,
    dismissed: Collection[frozenset[UUID]],
    unasked: Collection[frozenset[UUID]],
) -> Json:
    for judgement in case.judgements:
        sides = (one in judgement.one and other in judgement.other) or (
            one in judgement.other and other in judgement.one
        )
        if sides and judgement.verdict != "same":
            return {"by": judgement.verdict, "judgement": judgement.id, "text": judged(judgement)}
    model, limits = case.identity.model, case.identity.rules.limits
    if frozenset((one, other)) in dismissed:
        return {"by": "review", "text": "somebody reviewed it and answered no, until the evidence grows"}
    if weight >= model.same:
        text = (
            "enough by itself, but held back: it could be more than one person, would join people who contradict each "
            f"other, or make a profile of more than {limits.records} records"
        )
        return {"by": "guard", "text": text}
    enough = f"{weight:.1f} bits of evidence, and {model.same:.1f} are needed"
    if frozenset((one, other)) in unasked:
        return {"by": "doubt", "text": f"{enough}; by all that is known of both they are hardly one: nobody is asked"}
    return {"by": "doubt", "text": f"{enough}: a person is asked"}


def judged(judgement: Judgement) -> str:
    """A judgement in words. ``by`` and ``reason`` are as the person gave them."""
    what = {
        "same": "decided that they are one person",
        "different": "decided that they are different people",
        "hold": "held the merge back until a person decides",
    }[judgement.verdict]
    reason = f": {judgement.reason}" if judgement.reason else ""
    return f"{judgement.by or 'somebody'} {what} on {judgement.at:%Y-%m-%d %H:%M}{reason} (judgement {judgement.id})"


def reference(row: RecordRow) -> Json:
    """What a record is called at its source."""
    return {"connection": row.connection, "kind": row.kind, "external_id": row.external_id}


# -- the history --------------------------------------------------------------------------------------------------


def history(session: Session, items: Sequence[Json]) -> list[Json]:
    """Merges and splits with ``reasons``: their stored evidence in words."""
    evidence = [part for item in items for part in _parts(item)]
    named = records.names(session, {UUID(one) for part in evidence for one in part.get("records", ())})
    decided = {
        number: judgements.get(session, number) for number in {p["judgement"] for p in evidence if "judgement" in p}
    }
    return [
        {**item, "reasons": [_reason(part, named, decided) for part in _parts(item)] or [_NO_REASON]} for item in items
    ]


_NO_REASON = "what their sources tell of them, what people decided, or the rules and weights in force changed"


def _parts(item: Json) -> list[Json]:
    evidence = item["evidence"]
    return [part for part in evidence if isinstance(part, dict)] if isinstance(evidence, list) else []


def _reason(
    part: Json,
    named: Mapping[UUID, RecordReference],
    decided: Mapping[int, Judgement | None],
) -> str:
    if "judgement" in part:
        judgement = decided.get(part["judgement"])
        return judged(judgement) if judgement else f"a judgement (number {part['judgement']})"
    if "version" in part:
        return _by_version(part)
    if part.get("shared"):
        value = shown(part["kind"], part["value"])
        return f"{part['kind']} {value} proves nothing any more: {part['carriers']} records carry it"
    both = " and ".join(_name(named.get(UUID(one))) for one in part.get("records", ()))
    if part.get("link"):
        return f"{both}: the source itself says that they are one"
    told_lines = [f"{sentence(line['feature'], line['level'])} ({line['weight']:+.1f})" for line in part["evidence"]]
    return f"{both}: {part['weight']:.1f} bits: {'; '.join(told_lines)}"


def _by_version(part: Json) -> str:
    if part["restores"] is not None:
        return (
            f"the rules and weights of version {part['restores']} were put in force again by `hub rules rollback` (as "
            f"version {part['version']}), and by them these are different people"
        )
    return f"version {part['version']} of the rules and weights came in force, and by it these are different people"


def _name(record: RecordReference | None) -> str:
    return f"{record.connection} {record.kind} {record.external_id}" if record else "a record that is gone"
