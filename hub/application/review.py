"""Open reviews as people look at them: both profiles, the evidence, why it waits, what is at stake. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import reduce
from typing import Any, Literal
from uuid import UUID

import structlog

from hub.errors import NotFound, RefusedError, UnreadableError
from hub.matching.blocking import hashed, keys
from hub.matching.clustering import CONTACTS
from hub.matching.features import Features, features_of, merged
from hub.matching.scoring import SHARED, score
from hub.matching.version import Identity
from hub.matching.wording import lines
from hub.model.profile import OrderSummary, Profile, RecordReference
from hub.store import judgements, matches, profiles, records, reviews
from hub.store.database import Session
from hub.store.records import RecordRow
from hub.store.reviews import Answered, OpenReview, Pair

log = structlog.get_logger()

Json = dict[str, Any]
Waits = Literal["between ask and same", "refused: contradicts", "refused: ambiguous", "refused: blast radius"]
"""Why nobody but a person decides."""

MOST_RECORDS = 100
"""Records of a profile that are read to tell why a pair that is sure by itself was refused."""

MOST_NAMED = 20
"""Records of a profile that are named."""

_SIDE = {"id", "name", "emails", "phones", "addresses", "birth_date", "orders"}


def shown(session: Session, open_reviews: Sequence[OpenReview], identity: Identity) -> list[Json]:
    """Reviews as JSON, in the order given; what was settled since it was read is left out.

    One whose profiles or records cannot be read has its ``id`` and, as ``unreadable``, the reason: it hides no other.
    """
    try:
        return _shown(session, open_reviews, identity)
    except UnreadableError as error:
        if len(open_reviews) == 1:
            log.warning("review.unreadable", review=str(open_reviews[0].id), reason=str(error))
            return [{"id": open_reviews[0].id, "unreadable": str(error)}]
    return [item for review in open_reviews for item in shown(session, [review], identity)]


def _shown(session: Session, open_reviews: Sequence[OpenReview], identity: Identity) -> list[Json]:
    behind = reviews.pairs(session, open_reviews)
    sides = profiles.by_ids(session, {side for review in open_reviews for side in (review.one, review.other)})
    leading = {one for pairs in behind.values() for one in (pairs[0].one, pairs[0].other)}
    rows = records.load(session, [], leading)
    refused = [review for review in open_reviews if review.weight is not None and review.weight >= identity.model.same]
    doubtful = {side for review in refused for side in (review.one, review.other)}
    merged_people = _merged_people(session, doubtful, identity)
    people = {row.id: features_of(row.state, identity.rules) for row in rows.values()}
    crowd = _crowd(session, [*people.values(), *merged_people.values()])
    return [
        {
            "id": review.id,
            "weight": None if review.weight is None else round(review.weight, 2),
            "held": review.held,
            "waits": _waits(review, (one, other), merged_people, identity, crowd),
            "stake": _stake(one, other),
            "profiles": [_side(one), _side(other)],
            "records": [_reference(rows[pair.one]), _reference(rows[pair.other])],
            "pairs": len(behind[review.id]),
            "evidence": _evidence(pair, rows, people, identity, crowd),
        }
        for review in open_reviews
        if review.id in behind and review.one in sides and review.other in sides
        for one, other in [(sides[review.one].profile(), sides[review.other].profile())]
        for pair in [behind[review.id][0]]
    ]


def shown_one(session: Session, review: UUID, identity: Identity) -> Json:
    """One open review as JSON. Raises as ``opened`` does."""
    items = _shown(session, [opened(session, review)], identity)
    if not items:
        raise RefusedError(f"review {review} is being answered")
    return items[0]


def opened(session: Session, review: UUID) -> OpenReview:
    """The open review of this id.

    Raises NotFound when there never was one, RefusedError with what became of it when it is open no more.
    """
    sides = reviews.profiles_of(session, review)
    if sides is None:
        raise NotFound(f"there is no review {review}")
    one, other = sides
    open_now = reviews.between(session, one, other) if one != other else None
    if open_now is not None and open_now.id == review:
        return open_now
    raise RefusedError(*_became(session, review, sides, open_now))


def _became(
    session: Session, review: UUID, sides: tuple[UUID, UUID], open_now: OpenReview | None
) -> tuple[str, list[tuple[str, str]]]:
    """Why a review is not open any more, in a sentence, and what is true of its profiles now."""
    now: list[tuple[str, str]] = []
    answered = reviews.last_answer(session, review)
    if answered is not None:
        sentence = f"review {review} was answered already: {answered.answer}"
        reason = f": {answered.reason}" if answered.reason else ""
        now.append(("answer", f"{answered.answer}, by {answered.by} at {answered.at:%Y-%m-%d %H:%M}{reason}"))
        now.append(("instead", _instead(session, answered, sides)))
    elif sides[0] == sides[1]:
        sentence = f"review {review} is no more: its profiles are one by now"
    elif open_now is not None:
        sentence = f"review {review} is no more: one of its profiles was merged into another"
    else:
        sentence = f"review {review} is not open: nothing is doubtful about its profiles now"
    now += [("profile", str(side)) for side in dict.fromkeys(sides)]
    if open_now is not None:
        now.append(("review", str(open_now.id)))
    return sentence, now


def _instead(session: Session, answered: Answered, sides: tuple[UUID, UUID]) -> str:
    """The command that changes the answer."""
    judged = None if answered.judgement_id is None else judgements.get(session, answered.judgement_id)
    if judged is not None and judged.withdrawn_at is None:
        return f"`hub judgement withdraw {judged.id}` takes it back"
    if sides[0] == sides[1]:
        return f"`hub profile split {sides[0]} RECORD...` makes them two people for ever"
    merge = f"`hub profile merge {sides[0]} {sides[1]}` makes them one person"
    return merge if judged else f"{merge}; without it they stay two, until their evidence has grown"


def _waits(
    review: OpenReview,
    sides: tuple[Profile, Profile],
    merged_people: Mapping[UUID, Features],
    identity: Identity,
    crowd: Mapping[str, int],
) -> Waits:
    if review.held is not None:
        return "refused: blast radius"
    if review.weight is None or review.weight < identity.model.same:
        return "between ask and same"
    if sum(len(side.records) for side in sides) > identity.rules.limits.records:
        return "refused: blast radius"
    together = score(merged_people[review.one], merged_people[review.other], identity.model, crowd)
    return "refused: contradicts" if together.weight < identity.model.same else "refused: ambiguous"


def _merged_people(session: Session, ids: set[UUID], identity: Identity) -> dict[UUID, Features]:
    """Each of these profiles as one person: what is known of its records, merged."""
    by_profile: dict[UUID, list[Features]] = {}
    for profile, state in reviews.some_records(session, ids, MOST_RECORDS) if ids else ():
        by_profile.setdefault(profile, []).append(features_of(state, identity.rules))
    return {profile: reduce(merged, people) for profile, people in by_profile.items()}


def _crowd(session: Session, people: Sequence[Features]) -> dict[str, int]:
    contacts = {hashed(key): key for each in people for key in keys(each) if key[0] in CONTACTS}
    return {
        contacts[key][1]: SHARED if row.shared else row.people for key, row in matches.crowds(session, contacts).items()
    }


def _evidence(
    pair: Pair,
    rows: Mapping[UUID, RecordRow],
    people: Mapping[UUID, Features],
    identity: Identity,
    crowd: Mapping[str, int],
) -> list[Json]:
    # Scored in the order of the stored match, and shown in the order of the two profiles.
    first, second = sorted((pair.one, pair.other))
    scored = score(people[first], people[second], identity.model, crowd)
    evidence = lines(rows[pair.one].state, rows[pair.other].state, scored, identity.model, identity.rules)
    return [line.as_json() for line in evidence]


def _stake(one: Profile, other: Profile) -> Json:
    """The orders of the smaller profile: what would go to the wrong person, or stay with two."""
    smaller: OrderSummary = min(one.orders, other.orders, key=_size)
    return {
        "orders": smaller.count,
        "revenue": [{"currency": each.currency, "amount": str(each.amount)} for each in smaller.totals],
    }


def _size(orders: OrderSummary) -> tuple[Decimal, int]:
    return max((total.amount for total in orders.totals), default=Decimal(0)), orders.count


def _side(profile: Profile) -> Json:
    return {
        **profile.model_dump(mode="json", include=_SIDE),
        "records": [each.model_dump() for each in profile.records[:MOST_NAMED]],
        "record_count": len(profile.records),
    }


def _reference(row: RecordRow) -> Json:
    return RecordReference(connection=row.connection, kind=row.kind, external_id=row.external_id).model_dump()
