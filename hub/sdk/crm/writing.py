"""The algorithm that writes people and orders to any CRM, over what its dialect can do.

A record that is known is updated. A person who may be there already is looked for first; a record that another profile
wrote is never taken over, and one that people made there is. What conflicts is looked up once more and updated. After
an attempt of unknown outcome Hub looks before it writes, so that nothing is made twice (law L3).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal

from hub.errors import AuthError, ConflictError, NotFound, RateLimited, RejectedError, Unavailable
from hub.sdk.crm import finding
from hub.sdk.crm.calls import Caller, chunks, scrub
from hub.sdk.crm.companies import Employers
from hub.sdk.crm.dialect import EMAIL, Dialect, Found, Item, Key, Made, Orders, Problem
from hub.sdk.crm.rendering import FREED, LINKED, UNLINKED
from hub.sdk.destination import Write, WriteResult
from hub.sdk.http import HttpClient
from hub.sdk.manifest import Settings

Action = Literal["create", "update", "upsert"]


def send(
    dialect: Dialect[Settings], writes: Sequence[Write], client: HttpClient, settings: Settings
) -> Sequence[WriteResult]:
    """Send a batch; one result per write.

    Raises RateLimited, Unavailable, AuthError or RejectedError for the batch; ``done`` of the first three holds the
    results of what was finished before. Everything sent is safe to send again.
    """
    sending = _Sending(dialect, Caller(client, settings), Employers(dialect.companies, Caller(client, settings)))
    try:
        sending.people([write for write in writes if write.kind == "profile"])
        sending.orders([write for write in writes if write.kind == "order"])
    except (RateLimited, AuthError, Unavailable) as error:
        error.done = [sending.results[write.key] for write in writes if sending.is_finished(write)]
        raise
    return [sending.results[write.key] for write in writes]


def absent(dialect: Dialect[Settings], ids: Sequence[str], client: HttpClient, settings: Settings) -> Collection[str]:
    """Which of these records of people do not exist; one that was merged into another exists. Raises the error tree."""
    caller = Caller(client, settings)
    found = [hit for call in dialect.people.read(ids, settings) for hit in caller.ask(call)]
    return set(ids) - {old for hit in found for old in (*hit.formerly, hit.id)}


def known(write: Write) -> tuple[str, ...]:
    """All records of a person, the one to keep first."""
    return (write.external_id, *write.merge) if write.external_id else write.merge


def look_first(dialect: Dialect[Settings], write: Write) -> bool:
    """True when the CRM may know the person under something that a creation would not meet."""
    people = dialect.people
    names = {people.own, EMAIL} if people.email in people.unique else {people.own}
    guarded = sum(any(name == key for key, _ in write.match) for name in names)
    return people.upsert is None or write.uncertain or len(write.match) > guarded


def creation(write: Write) -> Item:
    """A new record with everything there is."""
    return Item(write, None, {name: value for name, value in plain(write.mirror).items() if value != ""})


def is_sure(write: Write) -> bool:
    """True when the record is known, and nothing that may have been carried out unseen has to be looked for."""
    return write.external_id is not None and not write.uncertain


def plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties without what only Hub keeps."""
    return {name: value for name, value in properties.items() if name != LINKED}


@dataclass(slots=True)
class _Sending(Generic[Settings]):
    """One batch on its way."""

    dialect: Dialect[Settings]
    caller: Caller[Settings]
    employers: Employers[Settings]
    results: dict[str, WriteResult] = field(default_factory=dict)

    # -- people

    def people(self, writes: Sequence[Write]) -> None:
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
            result = self.results.get(write.key)
            if result and result.outcome == "delivered":
                for email in write.body.get(FREED, ()):
                    self.free(str(result.external_id), (EMAIL, email))
        search += self.write("upsert", [creation(write) for write in fresh if write.key not in keys])
        self.search([*search, *sought])
        self.opt_out([write for write in kept if self.results[write.key].outcome == "delivered"])

    def sure(self, writes: Sequence[Write]) -> Sequence[Write]:
        """Where a merge may have been carried out unseen, look before writing: an id may lead to another's record."""
        own = self.dialect.people.own
        unsure = {write.key: str(write.external_id) for write in writes if write.uncertain and write.external_id}
        present = self.present(unsure.values())
        several = [write for write in writes if write.key in unsure and _own_ids(write, own)[1:]]
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
                hits = [hit for one in _own_ids(write, own) if write.key in asked for hit in index.get((own, one), ())]
                more = tuple(dict.fromkeys(hit.id for hit in hits if hit.id != record.id))
                found = replace(write, external_id=record.id, merge=more)
                made.append(self.merge(found) if more else found)
        return made

    def write(self, action: Action, items: Iterable[Item], *, last: bool = False) -> list[Write]:
        """Write records of people. Gives the writes whose record has to be looked up; every other has its result."""
        people = self.dialect.people
        search: list[Write] = []
        stubborn: list[Item] = []
        named: list[Item] = []
        sent = self.once(self.employers.named(items))
        if action == "update":
            sent = finding.beside(people, self.caller, sent)
        batch = {"create": people.create, "update": people.update, "upsert": people.upsert}[action]
        assert batch is not None or not sent, f"the dialect has no {action}"
        answers = self.caller.write(batch, sent, narrow=last or action == "update") if batch else {}
        for item in sent:
            answer = answers[item.write.key]
            if isinstance(answer, Made) and people.settle:
                answer = self.caller.refusal(people.settle(answer.id, item, self.caller.settings)) or answer
            if isinstance(answer, Made):
                self.deliver(item, answer.id)
            elif action != "update" and (holder := self.holder(item.write, answer)):
                named.append(Item(item.write, holder.id, plain(item.write.mirror)))
            elif not last and (answer.kind == "gone" or (action != "update" and answer.kind == "conflict")):
                search.append(item.write)
            elif answer.kind == "conflict" and item.write.uncertain and people.email in item.properties:
                stubborn.append(item.without(people.email))
            else:
                self.refuse(item, answer)
        if stubborn:
            search += self.write(action, stubborn, last=last)
        if named:
            self.write("update", named, last=True)
        return search

    def holder(self, write: Write, problem: Problem) -> Found | None:
        """The record that a conflict names, if it is this person's: one of the same name alone is somebody else's."""
        own, keys = self.dialect.people.own, frozenset(write.match)
        found = self.present(problem.holders).values()
        mine = (hit for hit in found if hit.is_of(write, own) and ((own, hit.owner) in keys or hit.keys & keys))
        return next(mine, None)

    def once(self, items: Iterable[Item]) -> list[Item]:
        """Leave out what would meet another item of the same call: a record, or a unique value, is written once."""
        taken: set[object] = set()
        kept: list[Item] = []
        for item in items:
            unique = [item.properties.get(name) for name in self.dialect.people.unique]
            claims = {claim for claim in (item.id or item.write.key, *unique) if claim}
            if claims & taken:
                self.retry(item.write, "another profile of this batch has the same e-mail or record")
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
        people, index = self.dialect.people, self.lookup(writes)
        own, unique = people.own, people.email in people.unique
        make: Action = "upsert" if people.upsert else "create"
        found: dict[Action, list[Item]] = {"update": [], make: []}
        for write in writes:
            email = (EMAIL, str(write.mirror.get(people.email)))
            holder = next(iter(index.get(email, ())), None) if unique else None
            blocked = holder is not None and not holder.is_of(write, own)
            if holder and blocked and {*write.merged_ids} & {*holder.formerly} and email in holder.borrowed:
                self.free(holder.id, email)
                blocked = False
            if blocked and not write.uncertain:
                self.retry(write, "the e-mail is the contact's of another profile")
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
        return finding.lookup(self.dialect.people, self.caller, writes)

    def merge(self, write: Write) -> Write:
        """Merge the records of a merged profile into its own. The record that is left may have a new id."""
        merge, records = self.dialect.people.merge, list(known(write))
        while merge and len(records) > 1:
            try:
                records[:2] = [self.caller.run(merge(records[0], records[1], self.caller.settings))]
            except RejectedError:
                # Merged before, unseen, or deleted there: go on with what is left.
                left = self.alive(records)
                if left == records:
                    raise
                records = left
        return replace(write, external_id=records[0] if records else None, merge=(), properties=write.mirror)

    def alive(self, records: Sequence[str]) -> list[str]:
        """Which of these records exist; one that was merged stands under its present id, once."""
        present = self.present(records)
        return list(dict.fromkeys(present[record].id for record in records if record in present))

    def present(self, records: Iterable[str]) -> Mapping[str, Found]:
        """The records of people behind these ids now."""
        return finding.present(self.dialect.people, self.caller, records)

    def free(self, record: str, key: Key) -> None:
        """Take a value from a record. Where the CRM refuses, it stays there: no write fails for it."""
        if self.dialect.people.free:
            with suppress(RejectedError, ConflictError):
                self.caller.run(self.dialect.people.free(record, key, self.caller.settings))

    def erase(self, write: Write) -> None:
        """Erase every record of a person. Where records cannot be merged, those of merged profiles stand beside it."""
        records, people = known(write), self.dialect.people
        if not records or people.merge is None:
            hits = [hit for several in self.lookup([write]).values() for hit in several if hit.is_of(write, people.own)]
            ours = [hit.id for hit in hits if hit.owner or not records]
            records = tuple(dict.fromkeys((*records, *ours)))
        self.results[write.key] = WriteResult(write.key, "delivered", next(iter(records), None))
        for record in records:
            try:
                self.caller.run(self.dialect.people.erase(record, self.caller.settings))
            except RejectedError as error:
                if self.alive([record]):
                    self.results[write.key] = WriteResult(write.key, "rejected", record, str(error))

    def opt_out(self, writes: Sequence[Write]) -> None:
        """Pass opt-outs on to the CRM's own subscriptions (law L7). They hang on e-mails, not on records."""
        refusing = [write for write in writes if self.dialect.opts_out(write, self.caller.settings)]
        emails = dict.fromkeys(value for write in refusing for name, value in write.match if name == EMAIL)
        for chunk in chunks(emails, self.dialect.people.opt_out_size):
            self.opt_out_all(chunk, refusing)

    def opt_out_all(self, emails: Sequence[str], refusing: Sequence[Write]) -> None:
        """Opt these out; one that is refused keeps none of the others."""
        assert self.dialect.people.opt_out is not None, "the dialect has no opt_out"
        try:
            refused = self.caller.run(self.dialect.people.opt_out(emails, self.caller.settings))
        except RejectedError as error:
            refused = {"": str(error)}
            if half := len(emails) // 2:
                self.opt_out_all(emails[:half], refusing)
                self.opt_out_all(emails[half:], refusing)
                return
        for write in refusing:
            words = [refused.get(email) or refused.get("") for email in emails if (EMAIL, email) in write.match]
            if told := next(filter(None, words), None):
                self.retry(write, f"not unsubscribed: {scrub(told, ())}", uncertain=False)

    # -- orders

    def orders(self, writes: Sequence[Write]) -> None:
        orders = self.dialect.orders
        if orders is None or not writes:
            return
        if orders.upsert:
            self.upsert_orders(orders, writes)
        else:
            self.find_orders(orders, writes)
        self.link(orders, [write for write in writes if self.results[write.key].outcome == "delivered"])

    def upsert_orders(self, orders: Orders[Settings], writes: Sequence[Write]) -> None:
        assert orders.upsert is not None
        items = [Item(write, write.external_id, plain(write.properties)) for write in writes]
        answers = self.caller.write(orders.upsert, items)
        # One that was deleted there was made anew just now, and lacks what had not changed.
        short = [
            Item(item.write, item.id, plain(item.write.mirror))
            for item in items
            if item.id and isinstance(made := answers[item.write.key], Made) and made.new
        ]
        self.settle(items, answers | self.caller.write(orders.upsert, short))

    def find_orders(self, orders: Orders[Settings], writes: Sequence[Write]) -> None:
        """Update what is known; look for all others, and create what is not there.

        A process that ended during a creation leaves no note of it, so that also what seems new is looked for.
        """
        assert orders.update is not None, "the dialect has no way to update an order"
        assert orders.create is not None, "the dialect has no way to create an order"
        assert orders.find is not None, "the dialect has no way to find an order"
        sure = [write for write in writes if is_sure(write)]
        items = [Item(write, write.external_id, plain(write.properties)) for write in sure]
        answers = self.caller.write(orders.update, items)
        gone = [item for item in items if isinstance(one := answers[item.write.key], Problem) and one.kind == "gone"]
        self.settle([item for item in items if item not in gone], answers)
        unsure = [*(item.write for item in gone), *(write for write in writes if not is_sure(write))]
        calls = orders.find([(orders.own, write.key) for write in unsure], self.caller.settings) if unsure else ()
        found = {hit.owner: hit.id for call in calls for hit in self.caller.ask(call)}
        again = [Item(write, found[write.key], plain(write.mirror)) for write in unsure if write.key in found]
        self.settle(again, self.caller.write(orders.update, again))
        made = [creation(write) for write in unsure if write.key not in found]
        self.settle(made, self.caller.write(orders.create, made))

    def settle(self, items: Sequence[Item], answers: Mapping[str, Made | Problem]) -> None:
        """Keep what became of orders. One that is refused while its person's record is gone waits for the next one."""
        under = self.dialect.orders.link_property if self.dialect.orders else None
        refused = [item for item in items if _is_refused(answers[item.write.key]) and item.properties.get(under or "")]
        present = self.present(str(item.properties[under]) for item in refused) if under else {}
        for item in items:
            answer = answers[item.write.key]
            if isinstance(answer, Made):
                self.deliver(item, answer.id)
            elif item in refused and str(item.properties[under or ""]) not in present:
                self.retry(item.write, "the record of its person is not there", uncertain=False)
            else:
                self.refuse(item, answer)

    def link(self, orders: Orders[Settings], writes: Sequence[Write]) -> None:
        """Associate orders with people; doing it again changes nothing. Old records may have been merged since."""
        if orders.link is None:
            return
        made = {write.key: str(self.results[write.key].external_id) for write in writes}
        present = self.present(dict.fromkeys(held for write in writes for held in write.body.get(UNLINKED, ())))
        gone = [(w, {present[held].id for held in w.body.get(UNLINKED, ()) if held in present}) for w in writes]
        old = [(made[write.key], held) for write, several in gone for held in sorted(several - {*write.links})]
        for chunk in chunks(old, orders.link_size):
            if orders.unlink:
                with suppress(NotFound):  # the person's record is gone, and its links with it
                    self.caller.run(orders.unlink(chunk, self.caller.settings))
        linked = {made[write.key]: write for write in writes if self.links_of(write)}
        new = [(order, person) for order, write in linked.items() for person in self.links_of(write)]
        for chunk in chunks(new, orders.link_size):
            self.link_all(orders, chunk, linked)

    def link_all(self, orders: Orders[Settings], pairs: Sequence[tuple[str, str]], of: Mapping[str, Write]) -> None:
        """Link these; a person whose record is gone keeps none of the others, and the order waits for the next one."""
        assert orders.link is not None, "the dialect has no link"
        try:
            refused = self.caller.run(orders.link(pairs, self.caller.settings))
        except RejectedError as error:
            refused = {"": str(error)}
            if half := len(pairs) // 2:
                self.link_all(orders, pairs[:half], of)
                self.link_all(orders, pairs[half:], of)
                return
        for order, _ in pairs:
            if told := refused.get(order) or refused.get(""):
                self.retry(of[order], f"not associated: {scrub(told, ())}", uncertain=False)

    def links_of(self, write: Write) -> tuple[str, ...]:
        """Whom an order is to be linked to. One that was made anew, because people deleted it, has no links yet."""
        anew = write.external_id and self.results[write.key].external_id != write.external_id
        held = str(write.mirror.get(LINKED) or "") if anew else ""
        return write.links or ((held,) if held else ())

    # -- results

    def deliver(self, item: Item, record: str) -> None:
        """What was cleared, or was not sent, is as if it had never been written."""
        mirror, sent = item.write.mirror, item.properties
        unsent = {
            name for name in item.write.properties if name not in sent and not self.employers.stands_for(name, item)
        }
        left = {name: value for name, value in mirror.items() if value != "" and name not in unsent}
        self.results[item.write.key] = WriteResult(
            item.write.key, "delivered", record, mirror=left if left != mirror else None
        )

    def refuse(self, item: Item, problem: Problem) -> None:
        words = scrub(problem.words, [item])
        if problem.kind == "refused":
            key, record = item.write.key, item.write.external_id
            self.results[key] = WriteResult(key, "rejected", record, words, refused=problem.refused)
        else:
            self.retry(item.write, words)

    def retry(self, write: Write, reason: str, *, uncertain: bool = True) -> None:
        self.results[write.key] = WriteResult(write.key, "retry", write.external_id, reason, uncertain)

    def is_finished(self, write: Write) -> bool:
        """True when nothing of this write was left to do when the batch ended early."""
        result = self.results.get(write.key)
        if result is None or result.outcome == "retry":
            return False
        more = bool(write.body.get(FREED) or write.body.get(UNLINKED) or self.links_of(write) or write.erase)
        return not more and not self.dialect.opts_out(write, self.caller.settings)


def _own_ids(write: Write, own: str) -> list[str]:
    """The profile, and those merged into it."""
    return [value for name, value in write.match if name == own]


def _is_refused(answer: Made | Problem) -> bool:
    return isinstance(answer, Problem) and answer.kind == "refused"
