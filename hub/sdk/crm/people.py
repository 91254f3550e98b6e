"""How the records of people are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Generic, Literal

from hub.errors import ConflictError, RejectedError
from hub.sdk.crm import finding, opt_outs, rules
from hub.sdk.crm.activities import are_wanted
from hub.sdk.crm.calls import Caller, chunks, scrub
from hub.sdk.crm.dialect import EMAIL, Dialect, Found, Item, Key, Made, People, Problem
from hub.sdk.crm.items import creation, is_searched, known, look_first, own_ids, plain, values_of
from hub.sdk.crm.rendering import FREED
from hub.sdk.crm.results import Results
from hub.sdk.destination import Write, WriteResult
from hub.sdk.manifest import Settings

Action = Literal["create", "update", "upsert"]


SOUGHT_AT_ONCE, SOUGHT_TOGETHER = 5, 20
"""People who are looked for before the first of them is written, in a CRM that takes one record a call: where each
takes calls of its own, and where one search asks for several."""


@dataclass(frozen=True, slots=True)
class PeopleWriter(Generic[Settings]):
    """The people of one batch on their way."""

    dialect: Dialect[Settings]
    caller: Caller[Settings]
    results: Results

    @property
    def people(self) -> People[Settings]:
        """What can be done with them."""
        return self.dialect.people

    @property
    def settings(self) -> Settings:
        """The connection's."""
        return self.caller.settings

    def all(self, writes: Sequence[Write]) -> None:
        """Write them; every one has its result then. Raises the error tree."""
        for write in writes:
            if write.erase:
                self.erase(write)
        # A merge may change any property, so that a merged record gets all of them.
        kept = self.sure([self.merge(write) if write.merge else write for write in writes if not write.erase])
        fresh = [write for write in kept if not write.external_id]
        sought = [write for write in fresh if look_first(self.dialect, write)]
        keys = {write.key for write in sought}
        # Updates come before creates: after an undone merge they set the e-mail free that a create needs.
        search = self.write("update", [Item(w, w.external_id, w.properties) for w in kept if w.external_id])
        for write in kept:
            for email in write.body.get(FREED, ()) if self.results.is_delivered(write) else ():
                self.free(str(self.results.by_key[write.key].external_id), (EMAIL, email))
        search += self.write("upsert", [creation(write) for write in fresh if write.key not in keys])
        due = [*search, *sought]
        for part in chunks(due, self.at_once(due)):
            self.search(part)
        self.opt_out([write for write in kept if self.results.is_delivered(write)])
        self.tell_second_records([write for write in kept if self.results.is_delivered(write)])
        self.still_opt_out([write for write in kept if self.results.is_rejected(write)])

    def at_once(self, writes: Sequence[Write]) -> int:
        """How many are looked for before one is written: a limit that is met meanwhile costs all of these calls."""
        if self.people.update.size > 1:
            return len(writes) or 1
        keys = list(dict.fromkeys(pair for write in writes[:SOUGHT_TOGETHER] for pair in write.match))
        asked = sum(1 for _ in self.people.find(keys, self.settings)) if keys else 0
        return SOUGHT_TOGETHER if asked <= SOUGHT_AT_ONCE else SOUGHT_AT_ONCE

    def sure(self, writes: Sequence[Write]) -> Sequence[Write]:
        """Where a merge may have been carried out unseen, look before writing: an id may lead to another's record."""
        own = self.people.own
        unsure = {write.key: str(write.external_id) for write in writes if write.uncertain and write.external_id}
        present = self.present(unsure.values())
        several = [write for write in writes if write.key in unsure and own_ids(write, own)[1:]]
        index, asked = self.lookup(several) if several else {}, {write.key for write in several}
        made: list[Write] = []
        for write in writes:
            record = present.get(unsure.get(write.key, ""))
            if write.key not in unsure:
                made.append(write)
            elif record is None or not record.is_of(write, own):
                merged = (*write.merged_ids, unsure[write.key])
                made.append(replace(write, external_id=None, properties=write.mirror, merged_ids=merged))
            else:
                # What was created unseen for a profile that was merged into this one since.
                hits = [hit for one in own_ids(write, own) if write.key in asked for hit in index.get((own, one), ())]
                more = tuple(dict.fromkeys(hit.id for hit in hits if hit.id != record.id))
                # Where nothing can be merged, the one with this profile's own id goes on: two must not carry it.
                own_first = [hit for hit in hits if hit.owner == write.key and self.people.merge is None]
                kept = next(iter(own_first), record)
                found = replace(write, external_id=kept.id, merge=more)
                made.append(self.merge(found) if more else found)
        return made

    def write(self, action: Action, items: Iterable[Item], *, last: bool = False) -> list[Write]:
        """Write records of people. Gives the writes whose record has to be looked up; every other has its result."""
        people = self.people
        search: list[Write] = []
        stubborn: list[Item] = []
        named: list[Item] = []
        listed = [opt_outs.unlifted(item, people) for item in items]
        if action == "update":
            listed = rules.obeyed(people, self.caller, listed)
        sent = self.once(self.results.employers.named(listed))
        for item in sent:
            if item.left and not item.properties:
                self.results.deliver(item, str(item.id))
        sent = [item for item in sent if item.properties or not item.left]
        for item, answer in self.answered(action, sent, narrow=last or action == "update"):
            if isinstance(answer, Made) and people.settle:
                answer = self.caller.refusal(people.settle(answer.id, item, self.settings)) or answer
            if isinstance(answer, Made):
                self.results.deliver(item, answer.id)
            elif holder := self.holder(item.write, answer) if action != "update" else self.merged_into(item, answer):
                named.append(Item(item.write, holder.id, plain(item.write.mirror)))
            elif not last and (answer.kind == "gone" or (action != "update" and answer.kind == "conflict")):
                search.append(item.write)
            elif answer.kind == "conflict" and item.write.uncertain and people.email in item.properties:
                stubborn.append(item.without(people.email))
            else:
                self.results.refuse(item, answer)
        if stubborn:
            search += self.write(action, stubborn, last=last)
        if named:
            self.write("update", named, last=True)
        return search

    def answered(self, action: Action, items: Sequence[Item], *, narrow: bool) -> Iterator[tuple[Item, Made | Problem]]:
        """Each record with its answer, call by call. What stands in its lists is read before."""
        people = self.people
        batch = {"create": people.create, "update": people.update, "upsert": people.upsert}[action]
        assert batch is not None or not items, f"the dialect has no {action}"
        rereads = people.rereads and action == "update"
        for group in ([replace(item, there=None)] for item in items) if rereads else (items,):
            whole = finding.beside(people, self.caller, group) if action == "update" else group
            if action == "update" and people.update.revives:
                yield from ((item, Problem("there is no such record", "gone")) for item in whole if item.there is None)
                whole = [item for item in whole if item.there is not None]
            for part, answers in self.caller.by_call(batch, whole, narrow=narrow) if batch else ():
                yield from ((item, answers[item.write.key]) for item in part)

    def holder(self, write: Write, problem: Problem) -> Found | None:
        """The record that a conflict names, if it is this person's: one of the same name alone is somebody else's."""
        own, found = self.people.own, self.present(problem.holders).values()
        mine = (hit for hit in found if hit.is_of(write, own) and hit.pairs(own).intersection(write.match))
        return next(mine, None)

    def merged_into(self, item: Item, problem: Problem) -> Found | None:
        """The record that people merged this one into, where the CRM tells so and it is not another profile's."""
        asked = problem.holders if problem.kind == "gone" else ()
        found = self.present(asked).values()
        return next((hit for hit in found if hit.is_of(item.write, self.people.own)), None)

    def once(self, items: Iterable[Item]) -> list[Item]:
        """Leave out what would meet another item of the same call: a record, or a unique value, is written once."""
        taken: set[object] = set()
        kept: list[Item] = []
        for item in items:
            unique = {(name, one) for name in self.people.unique for one in values_of(item.properties, name)}
            claims = {item.id or item.write.key, *unique}
            if claims & taken:
                self.results.retry(item.write, "another profile of this batch has the same e-mail or record")
            else:
                kept.append(item)
            taken |= claims
        return kept

    def search(self, writes: Sequence[Write]) -> None:
        """Look for records under all ids and e-mails of their profiles; update what is found, create the rest.

        A record that carries another profile's id is not taken over. Where the CRM lets only one record have an e-mail,
        one that it has from a merge that was undone is set free; else it may be about to be: the write is tried once
        more, and then delivered without it.
        """
        people, index = self.people, self.lookup(writes)
        own, unique = people.own, people.email in people.unique
        make: Action = "upsert" if people.upsert else "create"
        found: dict[Action, list[Item]] = {"update": [], make: []}
        for write in writes:
            blocked = False
            for email in [(EMAIL, one) for one in values_of(write.mirror, people.email)] if unique else ():
                holder = next(iter(index.get(email, ())), None)
                if holder is None or holder.is_of(write, own):
                    continue
                if {*write.merged_ids} & {*holder.formerly} and email in holder.borrowed:
                    self.free(holder.id, email)
                else:
                    blocked = True
            if blocked and not write.uncertain:
                self.results.retry(write, "the e-mail is the contact's of another profile")
                continue
            hits = [hit for pair in write.match for hit in index.get(pair, ()) if hit.is_of(write, own)]
            mine = dict.fromkeys(hit.id for hit in hits)
            # Only what Hub made is merged: a person's second record may be kept apart there on purpose.
            ours = [one for one in mine if any(hit.id == one and hit.owner for hit in hits)]
            kept = self.merge(replace(write, external_id=ours[0], merge=tuple(ours[1:]))) if ours[1:] else None
            record = kept.external_id if kept else next(iter(mine), None)
            there = None if kept else next((hit for hit in hits if hit.id == record), None)
            item = Item(write, record, plain(write.mirror), there) if record else creation(write)
            found["update" if record else make].append(item.without(people.email) if blocked else item)
        for action, items in found.items():
            self.write(action, items, last=True)

    def lookup(self, writes: Sequence[Write]) -> Mapping[Key, Sequence[Found]]:
        """The records under all ids and e-mails of these profiles."""
        return finding.lookup(self.people, self.caller, writes)

    def merge(self, write: Write) -> Write:
        """Merge the records of a merged profile into its own. The record that is left may have a new id."""
        merge, records = self.people.merge, list(known(write))
        while merge and len(records) > 1:
            try:
                records[:2] = [self.caller.run(merge(records[0], records[1], self.settings))]
            except RejectedError:
                # Merged before, unseen, or deleted there: go on with what is left.
                left = self.alive(records)
                if left == records:
                    raise
                records = left
        beside = () if merge else tuple(records[1:])
        first = records[0] if records else None
        return replace(
            write, external_id=first, merge=(), properties=write.mirror, merged_ids=(*write.merged_ids, *beside)
        )

    def alive(self, records: Sequence[str]) -> list[str]:
        """Which of these records exist; one that was merged stands under its present id, once."""
        present = self.present(records)
        return list(dict.fromkeys(present[record].id for record in records if record in present))

    def present(self, records: Iterable[str]) -> Mapping[str, Found]:
        """The records of people behind these ids now."""
        return finding.present(self.people, self.caller, records)

    def free(self, record: str, key: Key) -> None:
        """Take a value from a record. Where the CRM refuses, it stays there: no write fails for it."""
        if self.people.free:
            with suppress(RejectedError, ConflictError):
                self.caller.run(self.people.free(record, key, self.settings))

    def erase(self, write: Write) -> None:
        """Erase every record of a person: also one that was made unseen, or that stands beside the one that is kept."""
        records, people = known(write), self.people
        if is_searched(people, write):
            hits = [hit for several in self.lookup([write]).values() for hit in several if hit.is_of(write, people.own)]
            ours = [hit.id for hit in hits if hit.owner or not records]
            records = tuple(dict.fromkeys((*records, *ours)))
        self.results.by_key[write.key] = WriteResult(write.key, "delivered", next(iter(records), None))
        for record in records:
            refused = self.forget(record)
            try:
                self.caller.run(self.people.erase(record, self.settings))
            except RejectedError as error:
                refused = str(error) if self.alive([record]) else refused
            if refused:
                self.results.by_key[write.key] = WriteResult(write.key, "rejected", record, refused)

    def forget(self, record: str) -> str:
        """Take Hub's entries from a person's history; gives why that was refused. The person is erased all the same."""
        history = self.dialect.activities
        kinds = [
            each for each in (history.kinds if history else ()) if are_wanted(self.settings, tasks=each is not history)
        ]
        refused = ""
        for forget in (each.forget for each in kinds if each.forget):
            try:
                self.caller.run(forget(record, self.settings))
            except RejectedError as error:
                refused = refused or str(error)
        return refused

    def opt_out(self, writes: Sequence[Write]) -> None:
        """Pass opt-outs on to the CRM's own subscriptions (law L7). They hang on e-mails, not on records."""
        refusing = [write for write in writes if self.dialect.opts_out(write, self.settings)]
        emails = dict.fromkeys(value for write in refusing for name, value in write.match if name == EMAIL)
        if not emails:
            return
        assert self.people.opt_out is not None, "the dialect has no opt_out"
        for chunk in chunks(emails, self.people.opt_out_size):
            refused = self.caller.refused(self.people.opt_out, chunk, str)
            for write in refusing:
                words = (refused[email] for email in chunk if email in refused and (EMAIL, email) in write.match)
                if told := next(words, None):
                    self.results.retry(write, f"not unsubscribed: {scrub(told, ())}", uncertain=False)

    def still_opt_out(self, writes: Sequence[Write]) -> None:
        """Opt out whose write is refused for something else: nobody may look at it for weeks (law L7)."""
        people = self.people
        told = [(write, opt_outs.said(write, people)) for write in writes if write.external_id and not write.erase]
        for write, said in told:
            if said and said.keys() != write.properties.keys():
                with suppress(RejectedError, ConflictError):
                    [item] = finding.beside(people, self.caller, [Item(write, write.external_id, said)])
                    self.caller.write(people.update, [item])
        self.opt_out([write for write in writes if not write.erase])

    def tell_second_records(self, writes: Sequence[Write]) -> None:
        """Opt out what stays of merged people where records cannot be merged (law L7)."""
        people = self.people
        beside = {write.key: opt_outs.second_records(write, people) for write in writes}
        present = self.present(dict.fromkeys(record for several in beside.values() for record in several))
        for write in writes:
            for second in (present[record] for record in dict.fromkeys(beside[write.key]) if record in present):
                item = opt_outs.telling(write, people, second)
                answer = self.caller.write(people.update, [item])[item.write.key] if item else None
                if isinstance(answer, Problem):
                    self.results.retry(write, f"not opted out: {scrub(answer.words, ())}", uncertain=False)
