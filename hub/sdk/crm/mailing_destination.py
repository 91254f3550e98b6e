"""A mailing system's dialect and map to the functions that delivery calls, and the plan of a batch."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from hub.sdk.crm.calls import Caller, chunks
from hub.sdk.crm.items import known
from hub.sdk.crm.mailing import ASKED, LISTS, STANDS, TAGS, Mailing
from hub.sdk.crm.mailing_map import MailMap, Own
from hub.sdk.crm.mailing_places import Places, addresses, sought
from hub.sdk.crm.mailing_rules import looks_first
from hub.sdk.crm.mailing_writing import AT_ONCE, batches_of, first_entry, is_late, is_made_at_once, new_entry, send
from hub.sdk.destination import Destination, HttpRequest, Write, WriteResult
from hub.sdk.http import HttpClient


def destination(mailing: Mailing[Own], mapped: MailMap[Own], **options: Any) -> Destination[Own]:
    """The destination of a mailing system; ``options`` are further fields of ``Destination``."""

    def plan(writes: Sequence[Write], settings: Own) -> Sequence[HttpRequest]:
        return list(planned(mailing, writes, settings))

    def sending(writes: Sequence[Write], client: HttpClient, settings: Own) -> Sequence[WriteResult]:
        return send(mailing, mapped.own, writes, client, settings)

    def absent(ids: Sequence[str], client: HttpClient, settings: Own) -> Collection[str]:
        places = Places(mailing, mapped.own, Caller(client, settings))
        return set(ids) - places.by_id(ids).keys()

    return Destination(
        render=mapped.render,
        plan=plan,
        send=sending,
        absent=absent,
        essential=mapped.essential,
        takes_orders=lambda settings: False,
        unread={LISTS: False, TAGS: False, mapped.own: False, ASKED: True, STANDS: True},
        **options,
    )


def planned(mailing: Mailing[Own], writes: Sequence[Write], settings: Own) -> Iterator[HttpRequest]:
    """The requests a batch starts with; what follows depends on the answers. Pure."""
    for write in (one for one in writes if one.erase):
        yield from _look(mailing, [write], settings)
    live = [write for write in writes if not write.erase]
    sure = [first_entry(write) for write in live if write.external_id and not looks_first(write)]
    yield from batches_of(mailing.update, [entry for entry in sure if mailing.carries(entry)], settings)
    fresh = [write for write in live if is_made_at_once(mailing, write, settings)]
    keys = {entry.write.key for entry in sure} | {write.key for write in fresh}
    rest = [write for write in live if write.key not in keys]
    for part in chunks((write for write in rest if not is_late(write)), AT_ONCE):
        yield from _look(mailing, part, settings)
    yield from batches_of(mailing.create, [new_entry(write) for write in fresh], settings)
    for part in chunks((write for write in rest if is_late(write)), AT_ONCE):
        yield from _look(mailing, part, settings)


def _look(mailing: Mailing[Own], writes: Sequence[Write], settings: Own) -> Iterator[HttpRequest]:
    """What is asked first: whether a known contact has the address decides what else."""
    ids = [one for write in writes for one in (*known(write), *(write.merged_ids if write.erase else ()))]
    emails = [one for write in writes if write.erase for one in addresses(write)]
    emails += [one for write in writes if not write.erase and not known(write) for one in sought(write, {})]
    for ask, values in ((mailing.read, ids), (mailing.find, emails)):
        asked = list(dict.fromkeys(values))
        calls = ask(asked, settings) if asked else ()
        yield from (replace(call.request, accept=frozenset()) for call in calls)
