"""consent_audit: who may be written to by a channel, on which evidence; and of the others, why not. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from hub.mapping.expression.schema import marketing_states
from hub.mapping.record_state import moment
from hub.model.profile import Profile
from hub.profiles.survive import Ranks, leaves
from hub.profiles.survivorship import Candidate, Leaf, consent_decisions
from hub.profiles.view import Unreadable, listed
from hub.store import customer_stats, profiles, records, suppressions
from hub.store.database import Database, Session
from hub.store.records import RecordRow

Channel = Literal["email", "sms", "whatsapp", "phone", "post"]
PAGE = 500

_REACHED_BY: Mapping[str, tuple[str, str]] = {
    "email": ("emails", "no e-mail address"),
    "sms": ("phones", "no phone number"),
    "whatsapp": ("phones", "no phone number"),
    "phone": ("phones", "no phone number"),
    "post": ("addresses", "no postal address"),
}
_WHY: Mapping[str, str] = {
    "opted_out": "opted out",
    "pending": "asked to confirm, and has not",
    "unknown": "never opted in",
}


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether one person may be written to. ``evidence``, ``at``, ``record`` and ``event`` are of what decides.

    ``event`` is 0 where no stored event tells it: an entry of the list of suppressed addresses.
    """

    profile: UUID
    channel: str
    may: bool
    why: str
    state: str
    evidence: str | None = None
    at: datetime | None = None
    record: str | None = None
    event: int | None = None

    def document(self) -> dict[str, Any]:
        """As JSON and csv have it."""
        return {name: getattr(self, name) for name in self.__slots__}


COLUMNS = tuple(Permission.__slots__)


def audit(
    session: Session, channel: Channel, ranks: Ranks, *, after: UUID | None = None, limit: int = PAGE
) -> list[Permission]:
    """The people after ``after``, by id: a page of ``limit``. One that cannot be read may not be written to."""
    ids = customer_stats.everybody(session, after, limit)
    rows = profiles.by_ids(session, ids)
    members: dict[UUID, list[RecordRow]] = {}
    for record in records.load(session, list(rows), []).values():
        if record.profile_id is not None:
            members.setdefault(record.profile_id, []).append(record)
    heard = suppressions.heard_of_many(session, members)
    found = []
    for one in ids:
        if one not in rows:
            continue
        person = listed(rows[one])
        if isinstance(person, Unreadable):
            found.append(Permission(one, channel, False, "the profile cannot be read", "unknown"))
            continue
        told = [*members.get(one, ()), *heard.get(one, ())]
        found.append(permission(person, channel, _deciding(leaves(told, ranks), channel)))
    return found


def everybody(database: Database, channel: Channel, ranks: Ranks) -> Iterator[Permission]:
    """All people, page by page, each page in a transaction of its own."""
    after: UUID | None = None
    while True:
        with database.session() as session:
            page = audit(session, channel, ranks, after=after)
            last = customer_stats.everybody(session, after, PAGE)
        yield from page
        if len(last) < PAGE:
            return
        after = last[-1]


def permission(person: Profile, channel: str, deciding: Candidate | None) -> Permission:
    """Whether a person may be written to by a channel. Pure."""
    state = marketing_states(person.consents)[channel]
    reached, missing = _REACHED_BY[channel]
    why = ""
    if person.suppressed:
        why = "erased on request"
    elif state != "opted_in":
        why = _WHY[state]
    elif not getattr(person, reached):
        why = missing
    told: dict[str, Any] = {}
    if deciding is not None:
        leaf = deciding.leaf
        told = {
            "evidence": deciding.value,
            "at": moment(deciding.at),
            "record": f"{leaf.connection}:{leaf.kind}:{leaf.external_id}",
            "event": deciding.event,
        }
    return Permission(person.id, channel, not why, why, state, **told)


def _deciding(told: Sequence[Leaf], channel: str) -> Candidate | None:
    """The statement that decides about marketing by a channel: its own, or one about all channels."""
    decided = {
        summary["channel"]: (summary, statements[0])
        for summary, statements in consent_decisions(told)
        if summary["purpose"] == "marketing"
    }
    general, own = decided.get("any"), decided.get(channel)
    if general is not None and (own is None or general[0]["state"] == "opted_out"):
        return general[1]
    return own[1] if own else None


def counted(permissions: Sequence[Permission]) -> dict[str, int]:
    """How many may be written to, and of the others how many for each reason."""
    return dict(Counter(one.why or "may be written to" for one in permissions).most_common())
