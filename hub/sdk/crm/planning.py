"""The requests a batch starts with, for ``hub outbox preview``; what follows depends on the CRM's answers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hub.sdk.crm.activities import look_first as appended_before
from hub.sdk.crm.calls import parts
from hub.sdk.crm.dialect import EMAIL, Activities, Batch, Dialect, Item, Script
from hub.sdk.crm.items import creation, is_searched, is_sure, known, look_first, plain
from hub.sdk.crm.lines import items_of
from hub.sdk.crm.opt_outs import unlifted
from hub.sdk.crm.rendering import FREED, LINES
from hub.sdk.crm.rules import is_ruled
from hub.sdk.destination import HttpRequest, Write
from hub.sdk.manifest import Settings


def plan(dialect: Dialect[Settings], writes: Sequence[Write], settings: Settings) -> Sequence[HttpRequest]:
    """What is sent whatever is answered, in order."""
    profiles = [write for write in writes if write.kind == "profile"]
    requests = [
        *_erasures(dialect, [write for write in profiles if write.erase], settings),
        *_people(dialect, [write for write in profiles if not write.erase], settings),
        *_orders(dialect, [write for write in writes if write.kind == "order"], settings),
        *_activities(dialect, [write for write in writes if write.kind == "activity"], settings),
    ]
    # which answers are not errors concerns the connector alone
    return [replace(request, accept=frozenset()) for request in requests]


def _erasures(dialect: Dialect[Settings], writes: Sequence[Write], settings: Settings) -> Iterator[HttpRequest]:
    for write in writes:
        if is_searched(dialect.people, write):  # what is read or erased then hangs on the answers
            yield from _find(dialect, [write], settings)
            continue
        for record in known(write):
            yield from _first(dialect.people.erase(record, settings))


def _people(dialect: Dialect[Settings], writes: Sequence[Write], settings: Settings) -> Iterator[HttpRequest]:
    people = dialect.people
    free = people.free
    fresh = [write for write in writes if not known(write)]
    steady = [write for write in writes if write.external_id and not write.merge]
    for write in writes:
        if people.merge and write.external_id and write.merge:
            yield from _first(people.merge(write.external_id, write.merge[0], settings))
    unsure = [str(write.external_id) for write in steady if write.uncertain]
    yield from (call.request for call in (people.read(unsure, settings) if unsure else ()))
    known_there = [Item(write, write.external_id, write.properties) for write in steady if not write.uncertain]
    updates = [unlifted(item, people) for item in known_there]
    yield from _batches(dialect, people.update, updates, settings, lists=people.lists)
    settled = [item.write for item in updates if not people.lists & item.properties.keys() and not is_ruled(item)]
    freed = [(str(write.external_id), write.body.get(FREED, ())) for write in settled]
    if free is not None:
        for record, emails in freed:
            for email in emails:
                yield from _first(free(record, (EMAIL, email), settings))
    sought = [write for write in fresh if look_first(dialect, write)]
    if people.upsert:
        made = [creation(write) for write in fresh if not look_first(dialect, write)]
        yield from _batches(dialect, people.upsert, made, settings)
    yield from _find(dialect, sought, settings)


def _orders(dialect: Dialect[Settings], writes: Sequence[Write], settings: Settings) -> Iterator[HttpRequest]:
    orders = dialect.orders
    if orders is None:
        return
    items = [Item(write, write.external_id, plain(write.properties)) for write in writes]
    ruled = [item for item in items if item.id and is_ruled(item)]
    if ruled and orders.values:
        yield from _first(orders.values(*_asked(ruled), settings))
        items = [item for item in items if item not in ruled]
    if orders.upsert:
        yield from _batches(dialect, orders.upsert, items, settings)
        if orders.lines:
            told = [line for write in writes if LINES in write.body for line in items_of(write)]
            yield from _batches(dialect, orders.lines.upsert, told, settings)
        return
    steady = [item for item in items if is_sure(item.write) and orders.update and not orders.update.revives]
    if orders.update:
        yield from _batches(dialect, orders.update, steady, settings)
    unsure = [(orders.own, item.write.key) for item in items if item not in steady]
    yield from (call.request for call in (orders.find(unsure, settings) if orders.find and unsure else ()))


def _activities(dialect: Dialect[Settings], writes: Sequence[Write], settings: Settings) -> Iterator[HttpRequest]:
    history = dialect.activities
    for each in history.kinds if history else ():
        yield from _appended(dialect, each, [one for one in writes if history and history.of(one) is each], settings)


def _appended(
    dialect: Dialect[Settings], activities: Activities[Settings], writes: Sequence[Write], settings: Settings
) -> Iterator[HttpRequest]:
    sought = [write for write in writes if appended_before(activities, write)]
    yield from (call.request for call in (activities.find(sought, settings) if sought and activities.find else ()))
    new = [Item(write, None, write.properties) for write in writes if not appended_before(activities, write)]
    if activities.checks_person:
        people = sorted({item.write.links[0] for item in new})
        yield from (call.request for call in (dialect.people.read(people, settings) if people else ()))
        return
    yield from _batches(dialect, activities.create, new, settings)


def _batches(
    dialect: Dialect[Settings],
    batch: Batch[Settings],
    items: Sequence[Item],
    settings: Settings,
    *,
    lists: frozenset[str] = frozenset(),
) -> Iterator[HttpRequest]:
    """What the items are sent in.

    Of those that name a company only the search for it is known, and of those with one of the ``lists``, or with a rule
    of writing, only that the record is read first.
    """
    companies = dialect.companies
    names = [
        str(item.properties[companies.name]) for item in items if companies and item.properties.get(companies.name)
    ]
    if companies and names:
        yield from (call.request for call in companies.find(names, settings))
        items = [item for item in items if not item.properties.get(companies.name)]
    ruled = [item for item in items if item.id and is_ruled(item)]
    if ruled and (values := dialect.people.values):
        yield from _first(values(*_asked(ruled), settings))
        items = [item for item in items if item not in ruled]
    beside = [str(item.id) for item in items if batch.revives or lists & item.properties.keys()]
    yield from (call.request for call in (dialect.people.read(sorted(beside), settings) if beside else ()))
    items = [item for item in items if not batch.revives and not lists & item.properties.keys()]
    yield from (batch.call(chunk, settings).request for chunk in parts(batch, items))


def _asked(ruled: Sequence[Item]) -> tuple[list[str], tuple[str, ...]]:
    names = tuple(dict.fromkeys(name for item in ruled for name in item.write.rules if name in item.properties))
    return sorted({str(item.id) for item in ruled}), names


def _find(dialect: Dialect[Settings], writes: Sequence[Write], settings: Settings) -> Iterator[HttpRequest]:
    keys = list(dict.fromkeys(pair for write in writes for pair in write.match))
    yield from (call.request for call in (dialect.people.find(keys, settings) if keys else ()))


def _first(script: Script[object]) -> Iterator[HttpRequest]:
    try:
        yield next(script)
    except StopIteration:
        return
    finally:
        script.close()
