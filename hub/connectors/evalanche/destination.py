"""Writes profiles of one pool by the algorithm of ``hub.sdk.crm.mailing_writing``.

``massUpdate`` writes values alone: it makes or changes profiles by the value of a key attribute and tells which of the
two it did. An address that came to be there since the look is found out by that, and looked at again. A permission is
given and taken by calls of their own, ``grantPermission`` and ``revokePermission``. Whom a mailing reaches is said by a
target group, which chooses by an option that ``tagWithOption`` gives. No values that Hub sends are of PERMISSION,
HARDBOUNCES or the date of an unsubscription.

Sources: as ``schemas``; help.evalanche.cloud/hc/en-us/articles/24807121751196-Unsubscribe-profile (who unsubscribed, or
never confirmed, stays in the pool and gets no mailing), …/360026462232-SOAP-API-Overview (addresses are checked, also
against the blacklist).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import httpx

from hub.connectors.evalanche.manifest import MANIFEST, MOST_LISTS, EvalancheSettings
from hub.connectors.evalanche.mapping import MAP, PROFILE_ID
from hub.connectors.evalanche.schemas import (
    ID,
    MAIL,
    READ,
    blacklist,
    blocked,
    check,
    contact,
    fields,
    items,
    pairs,
    prepare,
    request,
    told,
    written,
)
from hub.sdk.crm.dialect import Answers, Call, Made, Problem, Script
from hub.sdk.crm.mailing import LISTS, REFUSED, SUBSCRIBED, Contact, Entry, MailBatch, Mailing, Step
from hub.sdk.crm.mailing_destination import destination
from hub.sdk.destination import HttpRequest
from hub.sdk.http import basic

SIZE = MANIFEST.limits.batch
NOT_WRITTEN = "Evalanche did not write this profile: it checks the address, also against its blacklist"


def look(key: str, values: Sequence[str], settings: EvalancheSettings) -> Iterator[Call[Sequence[Contact]]]:
    """The profiles that have these values, a call each; before them the blacklist, where a customer is set."""
    listed = frozenset[str]()

    def heed(response: httpx.Response) -> Sequence[Contact]:
        nonlocal listed
        listed = blocked(response)
        return ()

    def found(response: httpx.Response) -> Sequence[Contact]:
        return [contact(pairs(one), listed, settings) for one in told(response, "getByKey")]

    if settings.customer is not None:
        yield Call(blacklist(settings), heed)
    for value in values:
        asked = {"pool_id": settings.pool, "key": key, "value": value, "pool_attribute_list": items(READ)}
        yield Call(request("profile", "getByKey", settings, asked), found)


def _mass(key: str, entries: Sequence[Entry], settings: EvalancheSettings, *, make: bool) -> HttpRequest:
    names = sorted(entries[0].fields)
    mail = [MAIL] if make or entries[0].renames else []
    rows = [
        [*([] if make else [entry.id]), *(entry.email for _ in mail), *(entry.fields[name] for name in names)]
        for entry in entries
    ]
    arguments = {
        "pool_id": settings.pool,
        "key_attribute_name": key,
        "attributes": items([*([] if make else [ID]), *mail, *names]),
        "data": items(items(row) for row in rows),
        "merge": False,
        "ignore_missing": not make,
    }
    return request("profile", "massUpdate", settings, arguments)


def create(entries: Sequence[Entry], settings: EvalancheSettings) -> Call[Answers]:
    """Make profiles, without a permission."""

    def answers(response: httpx.Response) -> Answers:
        done = written(response)

        def of(email: str) -> Made | Problem:
            if email in done.updated:
                return Problem("it is there now, and was not a moment ago", "conflict")
            return Made(done.created[email], new=True) if email in done.created else Problem(NOT_WRITTEN, "refused")

        return {entry.key: of(entry.email.lower()) for entry in entries}

    return Call(_mass(MAIL, entries, settings, make=True), answers)


def update(entries: Sequence[Entry], settings: EvalancheSettings) -> Call[Answers]:
    """Change values and addresses of profiles, and no permission."""

    def answers(response: httpx.Response) -> Answers:
        done = written(response)

        def of(record: str) -> Made | Problem:
            if record in done.ignored:
                return Problem(f"Evalanche has no profile {record}", "gone")
            return Made(record) if record in done.updated else Problem(NOT_WRITTEN, "refused")

        return {entry.key: of(str(entry.id)) for entry in entries}

    return Call(_mass(ID, entries, settings, make=False), answers)


def alike(entry: Entry) -> tuple[bool, tuple[str, ...]]:
    """Profiles of one massUpdate have the same attributes written."""
    return entry.renames, tuple(sorted(entry.fields))


def _done(operation: str, entries: Sequence[Entry], response: httpx.Response) -> Answers:
    """An operation that answers whether it was done."""
    if told(response, operation).text in ("true", "1"):
        return {entry.key: Made(str(entry.id)) for entry in entries}
    return {entry.key: Problem(f"{operation} was not done", "refused") for entry in entries}


def permission(operation: str, entries: Sequence[Entry], settings: EvalancheSettings) -> Call[Answers]:
    """Give or take the permission of a profile."""
    asked = request("profile", operation, settings, {"profile_id": entries[0].id})
    return Call(asked, lambda response: _done(operation, entries, response))


def tagging(operation: str, option: str, ids: Sequence[str | None], settings: EvalancheSettings) -> HttpRequest:
    """Give an option to profiles, or take it."""
    arguments = {
        "pool_attribute_option_id": option,
        "values": items(ids),
        "key": ID,
        "set_profile_edit_date_and_fire_update_event": True,
    }
    return request("profile", operation, settings, arguments)


def membership(operation: str, place: int, names: Callable[[Entry], tuple[str, ...]]) -> Step[EvalancheSettings]:
    """The step that tags profiles with the option at a place of theirs, or untags them: a call is about one option."""

    def call(entries: Sequence[Entry], settings: EvalancheSettings) -> Call[Answers]:
        asked = tagging(operation, names(entries[0])[place], [entry.id for entry in entries], settings)
        return Call(asked, lambda response: _done(operation, entries, response))

    batch: MailBatch[EvalancheSettings] = MailBatch(SIZE, call, alike=lambda entry: names(entry)[place])
    return Step(LISTS, lambda entry: len(names(entry)) > place, batch)


def retire(contact: Contact, settings: EvalancheSettings) -> Script[None]:
    """Take Hub's options off a profile, so that no target group chooses it by them."""
    for option in settings.lists:
        told((yield tagging("untagWithOption", option, [contact.id], settings)), "untagWithOption")


def erase(contact: Contact, settings: EvalancheSettings) -> Script[None]:
    """Delete a profile for good."""
    told((yield request("profile", "delete", settings, {"profile_ids": items([contact.id])})), "delete")


MAILING: Mailing[EvalancheSettings] = Mailing(
    find=partial(look, MAIL),
    read=partial(look, ID),
    owned=partial(look, PROFILE_ID),
    create=MailBatch(SIZE, create, alike),
    update=MailBatch(SIZE, update, alike),
    carries=lambda entry: bool(entry.fields) or entry.renames,
    steps=(
        Step(REFUSED, lambda entry: entry.act == "unsubscribe", MailBatch(1, partial(permission, "revokePermission"))),
        Step(SUBSCRIBED, lambda entry: entry.act == "subscribe", MailBatch(1, partial(permission, "grantPermission"))),
        *(membership("tagWithOption", place, lambda entry: entry.join) for place in range(MOST_LISTS)),
        *(membership("untagWithOption", place, lambda entry: entry.leave) for place in range(MOST_LISTS)),
    ),
    renames=frozenset({"subscribed", "pending", "none"}),
    retire=retire,
    erase=erase,
)

DESTINATION = destination(
    MAILING,
    MAP,
    prepare=prepare,
    authorise=lambda settings: basic(settings.username, settings.password.get_secret_value()),
    api_root=lambda settings: settings.base_url,
    check=check,
    fields=fields,
)
