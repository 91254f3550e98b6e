"""Which contact a write goes to, and what becomes of a person's others, by how they stand there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic

from hub.errors import AuthError, NotFound
from hub.sdk.crm.calls import Caller
from hub.sdk.crm.items import known, own_ids
from hub.sdk.crm.mailing import EMAIL, LISTS, OWN_NAMES, REFUSED, SILENT, SUBSCRIBED, Contact, Entry, Mailing
from hub.sdk.crm.mailing_rules import ASK, BEFORE, JOIN, LEAVE, RETIRE, TAG, UNTAG, Decision, decide
from hub.sdk.destination import Write, WriteResult
from hub.sdk.manifest import Settings

DELETED = "the contact was deleted there; it is made anew once the person opts in again"


@dataclass(frozen=True, slots=True)
class Place:
    """A contact to be written, and the person's others, which are taken out of the mailing then."""

    entry: Entry
    beside: tuple[Contact, ...] = ()
    refused: str = ""
    foreign: bool = False
    """Whether it is another profile's contact, of an address that this person opted out for."""

    def joined(self, write: Write) -> str | None:
        """The lists it is on then, by ";", where they are fewer than were wanted; None where they are those."""
        wished = _several(write.mirror, LISTS)
        missing = {*write.body.get(JOIN, ())} - {*self.entry.join}
        return ";".join(one for one in wished if one not in missing) if missing else None


@dataclass(frozen=True, slots=True)
class Places(Generic[Settings]):
    """Where the writes of one batch go."""

    mailing: Mailing[Settings]
    own: str
    caller: Caller[Settings]

    def by_email(self, emails: Iterable[str]) -> dict[str, Contact]:
        """The contacts of these addresses, by the address in small letters. Raises the error tree."""
        asked = list(dict.fromkeys(emails))
        calls = self.mailing.find(asked, self.caller.settings) if asked else ()
        found = [contact for call in calls for contact in self.caller.ask(call)]
        wanted = {email.lower() for email in asked}
        return {one.email.lower(): one for one in found if one.email.lower() in wanted}

    def by_id(self, ids: Iterable[str]) -> dict[str, Contact]:
        """The contacts of these ids. Raises the error tree."""
        asked = list(dict.fromkeys(ids))
        calls = self.mailing.read(asked, self.caller.settings) if asked else ()
        return {contact.id: contact for call in calls for contact in self.caller.ask(call)}

    def by_owner(self, writes: Iterable[Write]) -> list[Contact]:
        """The contacts that carry an id of Hub's of these people, as far as the system tells. Raises the error tree."""
        ids = list(dict.fromkeys(one for write in writes for one in own_ids(write, self.own)))
        calls = self.mailing.owned(ids, self.caller.settings) if self.mailing.owned and ids else ()
        return [contact for call in calls for contact in self.caller.ask(call)]

    def all_of(self, write: Write) -> list[Contact]:
        """Every contact of a person: also one of an address they had before, but none with another profile's id."""
        by_id = self.by_id((*known(write), *write.merged_ids))
        former = [by_id[one] for one in write.merged_ids if one in by_id]
        found = [by_id[one] for one in known(write) if one in by_id]
        found += [*self.by_email(addresses(write)).values(), *(one for one in former if one.owner)]
        found += self.by_owner([write])
        return [contact for contact in found if not self._is_anothers(contact, write)]

    def of(self, writes: Sequence[Write]) -> Iterator[tuple[Write, Place | WriteResult]]:
        """The place of each write; a result where there is nothing to write."""
        by_id = self.by_id(one for write in writes for one in known(write))
        if any(write.external_id and write.external_id not in by_id for write in writes):
            self.at_home()
        by_email = self.by_email(email for write in writes for email in sought(write, by_id))
        owned = self.by_owner(write for write in writes if write.uncertain)
        for write in writes:
            yield write, self._place(write, by_id, by_email, owned)

    def at_home(self) -> None:
        """Raises AuthError where it is not a contact that is gone, but what all of them are in."""
        try:
            if self.mailing.home:
                self.caller.ask(self.mailing.home(self.caller.settings))
        except NotFound as error:
            raise AuthError(f"what contacts are in is gone there: {error}") from None

    def _place(
        self, write: Write, by_id: Mapping[str, Contact], by_email: Mapping[str, Contact], made: Sequence[Contact]
    ) -> Place | WriteResult:
        mine = self._own_contacts(write, by_id, (*by_email.values(), *made))
        if write.body.get(RETIRE):
            return self._without_address(write, mine)
        main = str(write.mirror[EMAIL]).lower()
        first = mine[0] if mine else None
        target = by_email.get(main) or next((one for one in mine if one.email.lower() == main), None)
        if target is not None and self._is_anothers(target, write):
            return self._taken(write, target)
        if target is None and write.external_id and write.external_id not in by_id:
            if not {SUBSCRIBED, REFUSED} & {name for name, value in write.properties.items() if value}:
                return WriteResult(write.key, "rejected", write.external_id, DELETED)
            write = replace(write, body={**write.body, ASK: True})
        if target is None and first is not None and first.state in self.mailing.renames:
            target = first
        left = [contact for contact in mine if target is None or contact.id != target.id]
        before = first if first in left else None
        can_ask, reasks = self.mailing.asks(self.caller.settings), self.mailing.reasks
        decided = decide(write, target, can_ask=can_ask, before=before, reasks=reasks)
        if target is None and (decided.act is None or (decided.act == "unsubscribe" and before is None)):
            return self._not_made(write, decided)
        if target is not None and _is_withdrawn(write):
            left.append(target)
        return Place(self._entry(write, target, decided), tuple(left), decided.refused)

    def _own_contacts(self, write: Write, by_id: Mapping[str, Contact], others: Iterable[Contact]) -> list[Contact]:
        """The person's contacts that Hub knows of, or may have made unseen, the one to keep first."""
        told = [by_id[one] for one in known(write) if one in by_id]
        owned = [one for one in others if one.owner and one.owner in own_ids(write, self.own)]
        unseen = [one for one in owned if one.email.lower() in _lower(write.body.get(BEFORE, ())) or write.uncertain]
        found = {one.id: one for one in (*told, *unseen) if not self._is_anothers(one, write)}
        return list(found.values())

    def _entry(self, write: Write, target: Contact | None, decided: Decision) -> Entry:
        """What is written to ``target``, None where it is made: whole, but to the contact that Hub wrote last."""
        known_there = target is not None and target.id == write.external_id
        whole = not known_there or write.uncertain or bool(write.merge)
        held = {name: value for name, value in write.mirror.items() if target is not None or value != ""}
        told = held if whole else write.properties
        anew = whole or decided.act in ("ask", "subscribe")
        lists = _several(write.mirror, LISTS) if anew else tuple(write.body.get(JOIN, ()))
        left = target.left if target else frozenset()
        return Entry(
            write,
            write.key,
            target.id if target else None,
            str(write.mirror[EMAIL]),
            {name: value for name, value in told.items() if name not in OWN_NAMES},
            decided.act,
            join=tuple(one for one in lists if one not in left) if decided.join else (),
            leave=tuple(write.body.get(LEAVE, ())),
            tag=_several(write.mirror, "tags") if whole else tuple(write.body.get(TAG, ())),
            untag=tuple(write.body.get(UNTAG, ())),
            there=target,
        )

    def _taken(self, write: Write, target: Contact) -> Place | WriteResult:
        """The address is the contact of another profile: it is theirs, and an opt-out of it holds all the same."""
        if not write.mirror.get(REFUSED):
            return WriteResult(write.key, "retry", write.external_id, "the e-mail is the contact of another profile")
        if target.state in SILENT:
            return WriteResult(write.key, "delivered", write.external_id)
        entry = Entry(write, write.key, target.id, target.email, {}, "unsubscribe", there=target)
        return Place(entry, foreign=True)

    def _without_address(self, write: Write, mine: Sequence[Contact]) -> Place | WriteResult:
        if not mine:
            return WriteResult(write.key, "delivered", write.external_id)
        return Place(Entry(write, write.key, mine[0].id, mine[0].email, {}, there=mine[0]), tuple(mine))

    def _not_made(self, write: Write, decided: Decision) -> WriteResult:
        if write.external_id and write.mirror.get(REFUSED):
            words = "the contact was deleted there; nothing is left to unsubscribe"
            return WriteResult(write.key, "rejected", write.external_id, words)
        if decided.refused:
            words = f"not subscribed: {decided.refused}"
            return WriteResult(write.key, "rejected", write.external_id, words)
        return WriteResult(write.key, "delivered", write.external_id)

    def _is_anothers(self, contact: Contact, write: Write) -> bool:
        return bool(contact.owner) and contact.owner not in own_ids(write, self.own)


def _is_withdrawn(write: Write) -> bool:
    """Whether nobody tells of the opt-in any more: the contact gets no mail until somebody does."""
    return write.properties.get(SUBSCRIBED) == "" and not write.mirror.get(REFUSED)


def addresses(write: Write) -> list[str]:
    """All addresses under which a person may be known there."""
    told = [value for name, value in write.match if name == EMAIL]
    return list(dict.fromkeys((*told, *write.body.get(BEFORE, ()))))


def sought(write: Write, by_id: Mapping[str, Contact]) -> list[str]:
    """The addresses under which another contact of the person may be: none where the known one has the main one."""
    main = str(write.mirror.get(EMAIL) or "")
    there = by_id.get(write.external_id or "")
    settled = there is not None and there.email.lower() == main.lower() and not write.uncertain
    return list(dict.fromkeys((*([main] if main and not settled else []), *write.body.get(BEFORE, ()))))


def _several(mirror: Mapping[str, object], name: str) -> tuple[str, ...]:
    return tuple(one for one in str(mirror.get(name) or "").split(";") if one)


def _lower(values: Iterable[str]) -> set[str]:
    return {value.lower() for value in values}
