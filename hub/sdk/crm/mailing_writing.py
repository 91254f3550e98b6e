"""The algorithm that writes contacts to any mailing system, over what its dialect can do (decision 0024).

A contact that is known and whose change concerns no subscription is updated, and nothing else is asked. Whatever may
subscribe somebody is sent only after a look at how the contact stands there, or by a creation that the system itself
refuses where the address is there already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Generic

from hub.errors import ConflictError, HubError, NotFound, Refusal, RejectedError
from hub.sdk.crm.calls import Caller, chunks, parts, scrub
from hub.sdk.crm.dialect import Batch, Item, Made, Problem
from hub.sdk.crm.mailing import (
    ASKED,
    EMAIL,
    LISTS,
    OWN_NAMES,
    REFUSED,
    SILENT,
    STANDS,
    SUBSCRIBED,
    TAGS,
    Contact,
    Entry,
    MailBatch,
    Mailing,
)
from hub.sdk.crm.mailing_places import Place, Places, addresses
from hub.sdk.crm.mailing_rules import LEAVE, TAG, UNTAG, decide, looks_first
from hub.sdk.destination import HttpRequest, Write, WriteResult
from hub.sdk.http import HttpClient
from hub.sdk.manifest import Settings

AT_ONCE = 100
"""People who are looked for before the first of them is written."""


def send(
    mailing: Mailing[Settings], own: str, writes: Sequence[Write], client: HttpClient, settings: Settings
) -> Sequence[WriteResult]:
    """Send a batch; one result per write. Raises the error tree as ``hub.sdk.crm.writing.send`` does."""
    writer = Mailer(mailing, own, Caller(client, settings))
    try:
        writer.all(writes)
        writer.caller.end()
    except HubError as error:
        # who opted out may have addresses that were not reached
        done = [write.key for write in writes if write.key in writer.results and not write.properties.get(REFUSED)]
        error.done = [writer.results[key] for key in done]
        error.begun = writer.caller.begun.difference(done)
        raise
    return [writer.results[write.key] for write in writes]


def first_entry(write: Write) -> Entry:
    """The entry of a contact that is known and need not be looked at."""
    body = write.body
    return Entry(
        write,
        write.key,
        write.external_id,
        str(write.mirror.get(EMAIL) or ""),
        {name: value for name, value in write.properties.items() if name not in OWN_NAMES},
        "unsubscribe" if write.properties.get(REFUSED) else None,
        leave=tuple(body.get(LEAVE, ())),
        tag=tuple(body.get(TAG, ())),
        untag=tuple(body.get(UNTAG, ())),
    )


def new_entry(write: Write) -> Entry:
    """The entry of a contact that is made, subscribed."""
    fields = {name: value for name, value in write.mirror.items() if name not in OWN_NAMES and value != ""}
    lists, tags = (tuple(filter(None, str(write.mirror.get(name) or "").split(";"))) for name in (LISTS, TAGS))
    return Entry(write, write.key, None, str(write.mirror[EMAIL]), fields, "subscribe", join=lists, tag=tags)


def is_made_at_once(mailing: Mailing[Settings], write: Write, settings: Settings) -> bool:
    """Whether a contact is made without a look: the system itself refuses an address that it has."""
    fresh = mailing.guarded and not write.external_id and not write.uncertain and bool(write.mirror.get(SUBSCRIBED))
    return fresh and not write.merge and decide(write, None, can_ask=mailing.asks(settings)).act == "subscribe"


def is_late(write: Write) -> bool:
    """Whether somebody opted out who may have no contact: an address that another of the batch brings is theirs too."""
    return not write.external_id and bool(write.mirror.get(REFUSED))


@dataclass(frozen=True, slots=True)
class Mailer(Generic[Settings]):
    """The contacts of one batch on their way."""

    mailing: Mailing[Settings]
    own: str
    caller: Caller[Settings]
    results: dict[str, WriteResult] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    """By write key, why an opt-in that Hub knows of does not subscribe."""

    @property
    def settings(self) -> Settings:
        """The connection's."""
        return self.caller.settings

    def all(self, writes: Sequence[Write]) -> None:
        """Write them; every one has its result then. Raises the error tree."""
        for write in writes:
            if write.erase:
                self.erase(write)
        live = [write for write in writes if not write.erase]
        sure = [write for write in live if write.external_id and not looks_first(write)]
        fresh = [write for write in live if is_made_at_once(self.mailing, write, self.settings)]
        gone = self.put(self.mailing.update, [Place(first_entry(write)) for write in sure])
        keys = {write.key for write in (*sure, *fresh)}
        rest = [write for write in live if write.key not in keys]
        # Updates come before creations: they set addresses free that a creation needs.
        for part in chunks([*gone, *(write for write in rest if not is_late(write))], AT_ONCE):
            self.look(part)
        there = self.put(self.mailing.create, [Place(new_entry(write)) for write in fresh])
        for part in chunks([*there, *(write for write in rest if is_late(write))], AT_ONCE):
            self.look(part)
        refused = [write for write in live if write.properties.get(REFUSED)]
        self.silence(refused)
        self.confirm(refused)

    def look(self, writes: Sequence[Write]) -> None:
        """Look how these stand there, decide, and write what follows; a contact is made where there is none."""
        places = Places(self.mailing, self.own, self.caller)
        found: list[Place] = []
        for write, place in places.of(writes):
            if isinstance(place, Place):
                self.refused.update({write.key: place.refused} if place.refused else {})
                found.append(place)
            else:
                self.results[write.key] = place
        taken: set[str] = set()
        for batch, known in ((self.mailing.update, True), (self.mailing.create, False)):
            once = []
            for place in (one for one in found if (one.entry.id is not None) == known):
                claims = {place.entry.email.lower(), *([place.entry.id] if place.entry.id else [])}
                if claims & taken:
                    self.retry(place.entry.write, "another profile of this batch has the same e-mail", uncertain=False)
                else:
                    once.append(place)
                taken |= claims
            for write in self.put(batch, once, last=True):
                self.retry(write, "it is there now, and was not a moment ago")

    def put(self, batch: MailBatch[Settings], places: Sequence[Place], *, last: bool = False) -> list[Write]:
        """Write contacts, call by call, then what follows for them. Gives the writes that have to be looked up."""
        again: list[Write] = []
        by_key = {place.entry.key: place for place in places}
        due = [(one, str(one.entry.id)) for one in places if one.entry.id and not self.mailing.carries(one.entry)]
        sent = [_item(one.entry) for one in places if not one.entry.id or self.mailing.carries(one.entry)]
        for part, answers in self.caller.by_call(_batch(batch, by_key), sent):
            done: list[tuple[Place, str]] = []
            for item in part:
                place, answer = by_key[item.write.key], answers[item.write.key]
                if isinstance(answer, Made):
                    done.append((place, answer.id))
                elif answer.kind in ("gone", "conflict") and not last:
                    again.append(place.entry.write)
                else:
                    self.refuse(place, answer)
            # Who needs a further call waits for the others that do: many share one.
            due += [one for one in done if self.has_steps(one[0])]
            self.follow([one for one in done if not self.has_steps(one[0])])
        self.follow(due)
        return again

    def has_steps(self, place: Place) -> bool:
        """Whether a system takes something of it in a call of its own."""
        return any(step.due(place.entry) for step in self.mailing.steps)

    def follow(self, done: Sequence[tuple[Place, str]]) -> None:
        """What a system takes in calls of its own, and what is left of a person's other contacts; then it is done."""
        failed: dict[str, dict[str, Problem]] = {}
        for step in self.mailing.steps:
            due = {place.entry.key: replace(place.entry, id=record) for place, record in done if step.due(place.entry)}
            if not due:
                continue
            places = {key: Place(entry) for key, entry in due.items()}
            answers = self.caller.write(_batch(step.batch, places), [_item(entry) for entry in due.values()])
            for key, answer in answers.items():
                if isinstance(answer, Problem):
                    failed.setdefault(key, {})[step.of] = answer
        for place, record in done:
            for contact in place.beside:
                self.retire(contact)
            record = record if not place.foreign else (place.entry.write.external_id or "")
            self.deliver(place, record, failed.get(place.entry.key, {}))

    def deliver(self, place: Place, record: str, failed: Mapping[str, Problem]) -> None:
        """It stands there, but for what was refused of it by name."""
        entry, write = place.entry, place.entry.write
        unfinished = next((one for of, one in failed.items() if of == REFUSED or one.kind != "refused"), None)
        if unfinished is not None:
            words = scrub(unfinished.words, [_item(entry)])
            self.retry(write, f"not unsubscribed: {words}" if REFUSED in failed else words)
            return
        mirror = {name: value for name, value in write.mirror.items() if value != ""}
        refusals = [Refusal(of, scrub(one.words, [_item(entry)])) for of, one in failed.items()]
        if (why := self.refused.get(write.key)) and not any(one.property == SUBSCRIBED for one in refusals):
            refusals.append(Refusal(SUBSCRIBED, why))
        for refusal in refusals:
            mirror.pop(refusal.property, None)
        if entry.act == "ask" and SUBSCRIBED in mirror:
            mirror[ASKED] = mirror[SUBSCRIBED]
        if self.ends_opt_out(entry):
            mirror.pop(STANDS, None)
        if (joined := place.joined(write)) is not None and LISTS in mirror:
            mirror[LISTS] = joined
            mirror = {name: value for name, value in mirror.items() if value != ""}
        self.results[write.key] = WriteResult(
            write.key,
            "delivered",
            record or None,
            mirror=mirror if mirror != write.mirror else None,
            refused=tuple(refusals),
        )

    def ends_opt_out(self, entry: Entry) -> bool:
        """Whether nobody is unsubscribed there any more by what Hub wrote before."""
        subscribed = entry.there is not None and entry.there.state == "subscribed"
        return subscribed or entry.act == "subscribe" or (entry.act == "ask" and not self.mailing.waits_out)

    def refuse(self, place: Place, problem: Problem) -> None:
        """It was not written: for good, or for now. Who opted out is unsubscribed all the same."""
        entry, write = place.entry, place.entry.write
        if problem.kind == "gone":
            Places(self.mailing, self.own, self.caller).at_home()
        if entry.act == "unsubscribe" and entry.fields and entry.id:
            alone = replace(entry, fields={}, join=(), leave=(), tag=(), untag=(), email=_address_there(entry))
            self.unsubscribe([alone])
        words = scrub(problem.words, [_item(entry)])
        if problem.kind == "refused" or (problem.kind == "gone" and entry.id is None):
            self.results[write.key] = WriteResult(
                write.key, "rejected", write.external_id, words, refused=problem.refused
            )
        else:
            self.retry(write, words)

    def retry(self, write: Write, reason: str, *, uncertain: bool = True) -> None:
        """It is tried again later."""
        self.results[write.key] = WriteResult(write.key, "retry", write.external_id, reason, uncertain)

    def silence(self, writes: Sequence[Write]) -> None:
        """Unsubscribe the other addresses of people who opted out: an opt-out holds for every one of them (law L7)."""
        delivered = [write for write in writes if self.results[write.key].outcome == "delivered"]
        others = {
            write.key: [email for email in addresses(write) if email != write.mirror.get(EMAIL)] for write in delivered
        }
        found = Places(self.mailing, self.own, self.caller).by_email(
            one for several in others.values() for one in several
        )
        due: dict[str, Write] = {}
        entries: list[Entry] = []
        for write in delivered:
            for contact in (found[email.lower()] for email in others[write.key] if email.lower() in found):
                if contact.state not in SILENT and contact.id != self.results[write.key].external_id:
                    entry = Entry(write, f"{write.key} {len(entries)}", contact.id, contact.email, {}, "unsubscribe",
                                  there=contact)  # fmt: skip
                    due[entry.key] = write
                    entries.append(entry)
        for key, words in self.unsubscribe(entries).items():
            self.retry(due[key], f"not unsubscribed: {words}", uncertain=False)

    def confirm(self, writes: Sequence[Write]) -> None:
        """Read back the opt-outs that were just written: an answer of 200 is no proof that one stands there."""
        told = {
            write.key: str(self.results[write.key].external_id)
            for write in writes
            if self.results[write.key].outcome == "delivered" and self.results[write.key].external_id
        }
        if not self.mailing.confirms or not told:
            return
        there = Places(self.mailing, self.own, self.caller).by_id(told.values())
        for write in (one for one in writes if told.get(one.key) in there):
            if there[told[write.key]].state in SILENT:
                self.results[write.key] = replace(self.results[write.key], confirmed=True)
            else:
                self.retry(write, "the opt-out does not stand there yet", uncertain=False)

    def unsubscribe(self, entries: Sequence[Entry]) -> dict[str, str]:
        """Unsubscribe contacts and write nothing else; gives why one was not, by the entry's key."""
        places = {entry.key: Place(entry) for entry in entries}
        steps = [step for step in self.mailing.steps if step.of == REFUSED]
        told: dict[str, str] = {}
        for batch in [step.batch for step in steps] or [self.mailing.update]:
            answers = self.caller.write(_batch(batch, places), [_item(entry) for entry in entries]) if entries else {}
            told |= {
                key: scrub(one.words, ())
                for key, one in answers.items()
                if isinstance(one, Problem) and one.kind != "gone"
            }
        return told

    def retire(self, contact: Contact) -> None:
        """Take a person's other contact out of the mailing. Where the system refuses, it stays: no write fails for it.

        One that is silent stays as it is: archived, its opt-out might be forgotten.
        """
        if contact.state in (*SILENT, "pending", "archived"):
            return
        with suppress(RejectedError, ConflictError):
            self.caller.run(self.mailing.retire(contact, self.settings))

    def erase(self, write: Write) -> None:
        """Delete every contact of a person for good, also one that people made."""
        places = Places(self.mailing, self.own, self.caller)
        found = {contact.id: contact for contact in places.all_of(write)}
        first = next(iter(found), write.external_id)
        result = WriteResult(write.key, "delivered", write.external_id or first)
        for contact in found.values():
            try:
                self.caller.run(self.mailing.erase(contact, self.settings))
            except NotFound:
                continue
            except RejectedError as error:
                result = WriteResult(write.key, "rejected", contact.id, scrub(str(error), ()))
        self.results[write.key] = result


def batches_of(batch: MailBatch[Settings], entries: Sequence[Entry], settings: Settings) -> Iterator[HttpRequest]:
    """The requests that write these entries, for the plan."""
    by_key = {entry.key: Place(entry) for entry in entries}
    whole = _batch(batch, by_key)
    # which answers are not errors concerns the connector alone
    told = parts(whole, [_item(entry) for entry in entries])
    return (replace(whole.call(part, settings).request, accept=frozenset()) for part in told)


def _address_there(entry: Entry) -> str:
    return entry.there.email if entry.there else entry.email


def _item(entry: Entry) -> Item:
    return Item(
        replace(entry.write, key=entry.key, external_id=entry.id), entry.id, {EMAIL: entry.email, **entry.fields}
    )


def _batch(batch: MailBatch[Settings], places: Mapping[str, Place]) -> Batch[Settings]:
    def entries(items: Iterable[Item]) -> list[Entry]:
        return [places[item.write.key].entry for item in items]

    alike = batch.alike
    return Batch(
        batch.size,
        lambda items, settings: batch.call(entries(items), settings),
        (lambda item: alike(places[item.write.key].entry)) if alike else None,
    )
