"""Profiles as people and other systems see them: found and shown. Reads only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.errors import NotFound, PayloadError, RefusedError, UnreadableError
from hub.mapping.email import email
from hub.mapping.name import fold
from hub.mapping.phone import phone
from hub.mapping.time import birth_date
from hub.matching.blocking import hashed
from hub.matching.carried import identifiers_in, key_of
from hub.matching.kinds import NAMES
from hub.model.keys import record_id
from hub.model.profile import DestinationReference, Profile
from hub.store import profiles, records, search
from hub.store.database import Session
from hub.store.profiles import FullRow

_NUMBER = re.compile(r"\+?[\d\s()/.-]{5,}")
_RECORD = re.compile(r"([^:\s]+):([^:\s]+):(.+)")
_VOWEL = re.compile(r"([aou]e?)")
_MOST_SPELLINGS = 32
IDENTIFIER_KINDS = NAMES
MOST_CARRIERS = 10_000
"""Records with one identifier that are read at most."""

MOST_LISTED = 10
"""Profiles that an error lists when a text matches several."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A profile that cannot be read: in a list it stands alone with its reason, and hides no other."""

    id: UUID
    reason: str
    updated_at: datetime


def listed(row: FullRow) -> Profile | Unreadable:
    """The canonical profile, or why there is none."""
    try:
        return shown(row)
    except UnreadableError as error:
        return Unreadable(row.id, str(error), row.updated_at)


def shown(row: FullRow) -> Profile:
    """The canonical profile. Where a suppressed person's erasure has arrived, the destination is ``suppressed``.

    Raises UnreadableError.
    """
    profile = row.profile()
    if not profile.suppressed:
        return profile
    return profile.model_copy(update={"destinations": tuple(map(_suppressed, profile.destinations))})


def _suppressed(place: DestinationReference) -> DestinationReference:
    return place.model_copy(update={"state": "suppressed"}) if place.state == "in_sync" else place


def get(session: Session, profile_id: UUID) -> Profile | None:
    """One profile; a retired id gives the winner's."""
    row = profiles.get(session, profile_id)
    return shown(row) if row else None


def find(
    session: Session,
    *,
    identifier: str | None = None,
    text: str | None = None,
    region: str = "DE",
    connections: Iterable[str] = (),
    after: UUID | None = None,
    limit: int,
    updated_since: datetime | None = None,
    after_change: datetime | None = None,
) -> list[Profile | Unreadable]:
    """Profiles that carry an identifier (``kind:value``) and that a text stands for, by id.

    A text is beginnings of words of name, company, e-mail, phone and city, a date of birth, or the whole number of an
    order, a customer or a CRM's record (of these ``connections``), or an id of ours. ``region`` reads phone numbers
    without a country. With ``updated_since`` those that changed then or later, in the order of their changes
    (``hub.store.profiles.find``). Raises PayloadError when the identifier cannot be read.
    """
    within = holders(session, *parse_identifier(identifier, region)) if identifier else None
    called = called_exactly(session, text, connections) if text else set()
    words = search_words(text, region) if text and not (called and _has_digit(text)) else []
    if text and not words and not called:
        return []
    rows = profiles.find(
        session,
        within=within,
        words=words,
        among=called,
        after=after,
        limit=limit,
        updated_since=updated_since,
        after_change=after_change,
    )
    return [listed(row) for row in rows]


def holders(session: Session, kind: str, value: str) -> set[UUID]:
    """The profiles with a record that carries an identifier now; of a source that replaced it, no more."""
    key = key_of(kind, value)
    if key is None:
        return set()
    rows = records.under(session, [hashed(key)], MOST_CARRIERS)
    # Of many records that are equal to the letter only the first stand under their identifiers.
    alike = {hashed(("alike", row.features)) for row in rows if row.features}
    if alike:
        rows += records.under(session, alike, MOST_CARRIERS)
    return {
        row.profile_id
        for row in rows
        if row.profile_id is not None
        and any(
            (one.kind, one.value) == (kind, value) and one.strength != "former" for one in identifiers_in(row.state)
        )
    }


def called_exactly(session: Session, text: str, connections: Iterable[str]) -> set[UUID]:
    """The profiles that an id of ours, or a number of an order, a customer or a CRM's record, stands for."""
    text = text.replace("\0", "").strip()
    try:
        return search.of_id(session, UUID(text))
    except ValueError:
        pass
    if (whole := _RECORD.fullmatch(text)) and (profile_ids := search.of_id(session, record_id(*whole.groups()))):
        return profile_ids
    known = list(connections)
    name, _, number = text.partition(":")
    if number and name in known and (profile_ids := search.holders(session, number, [name], only=True)):
        return profile_ids
    return search.holders(session, text, known) if text else set()


def only_one(session: Session, text: str, *, region: str = "DE", connections: Iterable[str] = ()) -> UUID:
    """The one profile that a text stands for: an id of ours, an identifier (``email:…``), or what ``find`` reads.

    Raises NotFound, RefusedError when it stands for several, and lists them.
    """
    try:
        return UUID(text.strip())
    except ValueError:
        pass
    is_identifier = text.partition(":")[0].strip().lower() in IDENTIFIER_KINDS
    matching = find(
        session,
        identifier=text if is_identifier else None,
        text=None if is_identifier else text,
        region=region,
        connections=connections,
        limit=MOST_LISTED + 1,
    )
    if not matching:
        raise NotFound("there is no such profile: nobody is found by this text")
    if len(matching) == 1:
        return matching[0].id
    many = f"{len(matching)}" if len(matching) <= MOST_LISTED else f"more than {MOST_LISTED}"
    raise RefusedError(
        f"{many} people match: give more of it, or one of these ids",
        [(str(one.id), _records(one)) for one in matching[:MOST_LISTED]],
    )


def _records(profile: Profile | Unreadable) -> str:
    """A description that tells profiles apart without personal data: some of their records, and their orders."""
    if isinstance(profile, Unreadable):
        return profile.reason
    named = [f"{each.connection}:{each.kind}:{each.external_id}" for each in profile.records]
    more = f" and {len(named) - 2} more" if len(named) > 2 else ""
    return f"{', '.join(named[:2])}{more}; {profile.orders.count} orders"


def parse_identifier(text: str, region: str) -> tuple[str, str]:
    """Kind and value of ``email:a@b.c``, ``phone:030 …``, ``account:<network>:<id>``, ``loyalty:<number>`` and so on.

    Raises PayloadError without quoting the value.
    """
    kind, _, value = text.partition(":")
    kind, value = kind.strip().lower(), value.strip()
    if not kind or not value:
        raise PayloadError("must be kind:value, such as email:name@example.org", path="identifier")
    if kind in ("email", "phone"):
        point = email(value) if kind == "email" else phone(value, region)
        value = point.value if point else value
    return kind, value


def search_words(text: str, region: str) -> list[list[str]]:
    """Folded words in all spellings with and without umlauts, each to begin a word of the profile.

    A phone number and a date of birth are one word each, however they are written.
    """
    if born := birth_date(text):
        return [[born.isoformat().replace("-", "")]]
    if _NUMBER.fullmatch(text.strip()) and (number := phone(text.strip(), region)):
        return [["".join(filter(str.isdigit, number.value))]]
    return [spellings(word) for word in fold(text).split()]


def spellings(word: str) -> list[str]:
    """A folded word, and the same with umlauts written otherwise: muller and mueller for Müller."""
    variants = [""]
    for part in _VOWEL.split(word):
        both = (part[0], f"{part[0]}e") if _VOWEL.fullmatch(part) else (part,)
        variants = [
            f"{start}{end}" for start in variants for end in (both if len(variants) < _MOST_SPELLINGS else (part,))
        ]
    return list(dict.fromkeys((word, *variants)))


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)
