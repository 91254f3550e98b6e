"""How the records of orders are written, and linked to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import itemgetter
from typing import Generic

from hub.errors import NotFound
from hub.sdk.crm import finding, rules
from hub.sdk.crm.calls import Caller, chunks, scrub
from hub.sdk.crm.dialect import Dialect, Item, Made, Orders, Problem
from hub.sdk.crm.items import creation, is_sure, plain
from hub.sdk.crm.lines import LineWriter
from hub.sdk.crm.rendering import UNLINKED
from hub.sdk.crm.results import Results
from hub.sdk.destination import Write
from hub.sdk.manifest import Settings


@dataclass(frozen=True, slots=True)
class OrderWriter(Generic[Settings]):
    """The orders of one batch on their way."""

    dialect: Dialect[Settings]
    caller: Caller[Settings]
    results: Results

    @property
    def settings(self) -> Settings:
        """The connection's."""
        return self.caller.settings

    def all(self, writes: Sequence[Write]) -> None:
        """Write them; every one has its result then. Raises the error tree."""
        orders = self.dialect.orders
        if orders is None or not writes:
            return
        if orders.upsert:
            self.upsert_orders(orders, writes)
        else:
            self.find_orders(orders, writes)
        self.link(orders, [write for write in writes if self.results.is_delivered(write)])
        if orders.lines:
            due = [write for write in writes if self.results.is_delivered(write)]
            LineWriter(orders.lines, self.caller, self.results).all(due)

    def upsert_orders(self, orders: Orders[Settings], writes: Sequence[Write]) -> None:
        assert orders.upsert is not None
        items = self.obeyed(orders, [Item(write, write.external_id, plain(write.properties)) for write in writes])
        for part, answers in self.caller.by_call(orders.upsert, items):
            # One that was deleted there was made anew just now, and lacks what had not changed.
            short = [
                Item(item.write, item.id, plain(item.write.mirror))
                for item in part
                if item.id and isinstance(made := answers[item.write.key], Made) and made.new
            ]
            self.settle(part, answers | self.caller.write(orders.upsert, short))

    def find_orders(self, orders: Orders[Settings], writes: Sequence[Write]) -> None:
        """Update what is known; look for all others, and create what is not there.

        A process that ended during a creation leaves no note of it, so that also what seems new is looked for.
        """
        assert orders.update is not None, "the dialect has no way to update an order"
        assert orders.create is not None, "the dialect has no way to create an order"
        assert orders.find is not None, "the dialect has no way to find an order"
        sure = [write for write in writes if is_sure(write) and not orders.update.revives]
        items = self.obeyed(orders, [Item(write, write.external_id, plain(write.properties)) for write in sure])
        gone: set[str] = set()
        for part, answers in self.caller.by_call(orders.update, items):
            gone |= {key for key, answer in answers.items() if isinstance(answer, Problem) and answer.kind == "gone"}
            self.settle([item for item in part if item.write.key not in gone], answers)
        steady = {write.key for write in sure} - gone
        unsure = [write for write in writes if write.key not in steady]
        calls = orders.find([(orders.own, write.key) for write in unsure], self.settings) if unsure else ()
        found = {hit.owner: hit.id for call in calls for hit in self.caller.ask(call)}
        known = [_again(write, found[write.key]) for write in unsure if write.key in found]
        again = self.obeyed(orders, known)
        made = [creation(write) for write in unsure if write.key not in found]
        for batch, several in ((orders.update, again), (orders.create, made)):
            for part, answers in self.caller.by_call(batch, several):
                self.settle(part, answers)

    def obeyed(self, orders: Orders[Settings], items: Sequence[Item]) -> list[Item]:
        """The items without what is to stay there; one of which nothing is left has its result then."""
        kept: list[Item] = []
        for item in rules.obeyed(orders, self.caller, items):
            if item.left and not item.properties:
                self.results.deliver(item, str(item.id))
            else:
                kept.append(item)
        return kept

    def settle(self, items: Sequence[Item], answers: Mapping[str, Made | Problem]) -> None:
        """Keep what became of orders. One that is refused while its person's record is gone waits for the next one."""
        under = self.dialect.orders.link_property if self.dialect.orders else None
        orphans = self.orphans([item for item in items if under and _may_lack(under, answers[item.write.key])])
        for item in items:
            answer = answers[item.write.key]
            if isinstance(answer, Made):
                self.results.deliver(item, answer.id)
            elif item.write.key in orphans:
                self.results.retry(item.write, "the record of its person is not there", uncertain=False)
            else:
                self.results.refuse(item, answer)

    def orphans(self, items: Sequence[Item]) -> set[str]:
        """Keys of the orders whose person has no record there."""
        under = self.dialect.orders.link_property if self.dialect.orders else None
        person = {item.write.key: str(item.properties[under]) for item in items if under and item.properties.get(under)}
        present = finding.present(self.dialect.people, self.caller, dict.fromkeys(person.values()))
        return {key for key, record in person.items() if record not in present}

    def link(self, orders: Orders[Settings], writes: Sequence[Write]) -> None:
        """Associate orders with people; doing it again changes nothing. Old records may have been merged since.

        A person whose record is gone keeps none of the others, and the order waits for the next one.
        """
        if orders.link is None:
            return
        made = {write.key: str(self.results.by_key[write.key].external_id) for write in writes}
        held = dict.fromkeys(person for write in writes for person in write.body.get(UNLINKED, ()))
        present = finding.present(self.dialect.people, self.caller, held)
        gone = [(w, {present[held].id for held in w.body.get(UNLINKED, ()) if held in present}) for w in writes]
        old = [(made[write.key], held) for write, several in gone for held in sorted(several - {*write.links})]
        for chunk in chunks(old, orders.link_size):
            if orders.unlink:
                with suppress(NotFound):  # the person's record is gone, and its links with it
                    self.caller.run(orders.unlink(chunk, self.settings))
        linked = {made[write.key]: write for write in writes if self.results.links_of(write)}
        new = [(order, person) for order, write in linked.items() for person in self.results.links_of(write)]
        for chunk in chunks(new, orders.link_size):
            for order, told in self.caller.refused(orders.link, chunk, itemgetter(0)).items():
                self.results.retry(linked[order], f"not associated: {scrub(told, ())}", uncertain=False)


def _again(write: Write, record: str) -> Item:
    """The write of a record that was looked for: what has changed where it is the one that is known, else all of it."""
    changed = is_sure(write) and record == write.external_id
    return Item(write, record, plain(write.properties if changed else write.mirror))


def _may_lack(name: str, answer: Made | Problem) -> bool:
    """True of a refusal that names no values, or this one."""
    if isinstance(answer, Made) or answer.kind != "refused":
        return False
    return not answer.refused or any(one.property == name for one in answer.refused)
