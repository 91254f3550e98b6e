"""Writes contacts by the algorithm of ``hub.sdk.crm.mailing_writing``.

A contact is made by POST /v3/contacts without ``updateEnabled``, which refuses an address that is there
(``duplicate_parameter``), and changed by POST /v3/contacts/batch. Neither ever sends ``emailBlacklisted: false``: what
stands there stays. Sources: developers.brevo.com/reference/create-contact, …/update-batch-contacts,
…/update-contact (``EMAIL`` in the attributes changes the address), …/get-contact-info, …/get-contacts (``filter``),
…/create-doi-contact, …/delete-contact; github.com/sendinblue/APIv3-php-library/issues/257 (a batch with a contact that
is gone answers 404, "No contact found for indexes 3,4", and changes nothing), …/issues/253 (double opt-in of a
blocklisted contact may be refused with 400), github.com/PipedreamHQ/pipedream/issues/15034 (the words of a duplicate).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from hub.connectors.brevo import schemas
from hub.connectors.brevo.manifest import API_ROOT, MANIFEST, BrevoSettings
from hub.connectors.brevo.mapping import MAP, PROFILE_ID
from hub.connectors.brevo.schemas import CONTACTS, Created, Details, Found, attributes, authorise, waits
from hub.errors import AuthError, ConflictError, RejectedError
from hub.sdk.crm.answers import read_as
from hub.sdk.crm.dialect import Answers, Call, Made, Problem, Script
from hub.sdk.crm.mailing import SUBSCRIBED, Contact, Entry, MailBatch, Mailing, Step
from hub.sdk.crm.mailing_destination import destination
from hub.sdk.destination import HttpRequest
from hub.sdk.http import HttpClient, error_of, json_of
from hub.sdk.words import words_of

REFUSED = frozenset({400, 404})


def get(identifier: str, settings: BrevoSettings) -> Call[Sequence[Contact]]:
    """The contact of this id or e-mail; none where it does not exist."""

    def told(response: httpx.Response) -> Sequence[Contact]:
        if response.status_code == 404:
            return ()
        return (read_as(Details, response).contact(settings),)

    return Call(HttpRequest("GET", f"{CONTACTS}/{quote(identifier, safe='')}", None, accept=frozenset({404})), told)


def each(identifiers: Sequence[str], settings: BrevoSettings) -> Iterator[Call[Sequence[Contact]]]:
    """The contacts of these ids or e-mails, a call each."""
    return (get(one, settings) for one in identifiers)


def owned(ids: Sequence[str], settings: BrevoSettings) -> Iterator[Call[Sequence[Contact]]]:
    """The contacts that carry these ids of Hub's, a call each."""

    def told(response: httpx.Response) -> Sequence[Contact]:
        return [one.contact(settings) for one in read_as(Found, response).contacts]

    for one in ids:
        query = {"filter": f'equals({PROFILE_ID},"{one}")'}
        yield Call(HttpRequest("GET", CONTACTS, None, query), told)


def lists(entry: Entry) -> dict[str, Any]:
    """Which lists it joins at once and leaves: who is asked joins by their answer."""
    joins = [int(one) for one in entry.join] if entry.act != "ask" else []
    leaves = [int(one) for one in entry.leave]
    return {**({"listIds": joins} if joins else {}), **({"unlinkListIds": leaves} if leaves else {})}


def create(entries: Sequence[Entry], settings: BrevoSettings) -> Call[Answers]:
    """Make a contact; one that is there stays as it is."""
    [entry] = entries
    body = {"email": entry.email, "attributes": attributes(entry.fields), "updateEnabled": False, **lists(entry)}
    blocked = {"emailBlacklisted": True} if entry.act == "unsubscribe" else {}

    def told(response: httpx.Response) -> Answers:
        if response.is_success:
            return {entry.key: Made(str(read_as(Created, response).id), new=True)}
        return {entry.key: refusal(response)}

    return Call(HttpRequest("POST", CONTACTS, {**body, **blocked}, accept=frozenset({400})), told)


def update(entries: Sequence[Entry], settings: BrevoSettings) -> Call[Answers]:
    """Change up to 100 contacts; where one of them is gone, or refused, nothing of the call was done."""
    contacts = [
        {
            "id": schemas.number(entry.id),
            "attributes": attributes({**entry.fields, **({"EMAIL": entry.email} if entry.renames else {})}),
            **lists(entry),
            **({"emailBlacklisted": True} if entry.act == "unsubscribe" else {}),
        }
        for entry in entries
    ]

    def told(response: httpx.Response) -> Answers:
        if response.is_success:
            if response.content:
                json_of(response)  # 204 has none; what breaks off is no answer
            return {entry.key: Made(str(entry.id)) for entry in entries}
        if response.status_code == 404:
            gone, words = schemas.missing(words_of(response)), words_of(response)
            told_of = [len(entries) == 1 or place in gone for place in range(len(entries))]
            return {
                entry.key: Problem(words, "gone" if is_gone else "undone")
                for entry, is_gone in zip(entries, told_of, strict=True)
            }
        if len(entries) > 1:
            raise error_of(response)
        return {entries[0].key: refusal(response)}

    return Call(HttpRequest("POST", f"{CONTACTS}/batch", {"contacts": contacts}, accept=REFUSED), told)


def ask(entries: Sequence[Entry], settings: BrevoSettings) -> Call[Answers]:
    """Let Brevo send its confirmation mail; who confirms is put on the lists."""
    [entry] = entries
    body = {
        "email": entry.email,
        "includeListIds": [int(one) for one in entry.join],
        "templateId": settings.double_opt_in_template,
        "redirectionUrl": settings.double_opt_in_url,
    }

    def told(response: httpx.Response) -> Answers:
        if response.is_success:
            return {entry.key: Made(str(entry.id))}
        return {entry.key: Problem(words_of(response), "refused")}

    path = f"{CONTACTS}/doubleOptinConfirmation"
    return Call(HttpRequest("POST", path, body, accept=frozenset({400})), told)


def refusal(response: httpx.Response) -> Problem:
    """What a 400 is about: another contact has the address, or a value is wrong."""
    body = json_of(response)
    held = (body.get("metadata") or {}).get("duplicate_identifiers") if isinstance(body, dict) else None
    known = held == ["email"] or (isinstance(body, dict) and body.get("code") == "duplicate_parameter")
    return Problem(words_of(response), "conflict" if known else "refused")


def retire(contact: Contact, settings: BrevoSettings) -> Script[None]:
    """Take a contact off Hub's lists; others that people put it on stay."""
    body = {"unlinkListIds": [int(one) for one in settings.lists]}
    yield HttpRequest("PUT", f"{CONTACTS}/{contact.id}", body)


def erase(contact: Contact, settings: BrevoSettings) -> Script[None]:
    """Delete a contact for good."""
    yield HttpRequest("DELETE", f"{CONTACTS}/{contact.id}", None)


def prepare(client: HttpClient, settings: BrevoSettings) -> None:
    """Create the attributes that are missing. What exists is left alone."""
    held = set(schemas.fields(client, settings)["fields"])
    for name, kind in schemas.definitions().items():
        if name not in held:
            try:
                client.post(f"{CONTACTS}/attributes/normal/{name}", {"type": kind})
            except (RejectedError, ConflictError):
                if name == PROFILE_ID:
                    raise


def lacks(settings: BrevoSettings) -> str | None:
    """What is missing for contacts to be written."""
    missing = "api_key" if settings.api_key is None else "" if settings.lists else "lists"
    return f"{missing}: is required to write contacts to Brevo" if missing else None


MAILING: Mailing[BrevoSettings] = Mailing(
    find=each,
    read=each,
    owned=owned,
    create=MailBatch(1, create),
    update=MailBatch(MANIFEST.limits.batch, update, alike=lambda entry: entry.key if entry.renames else ""),
    steps=(Step(SUBSCRIBED, lambda entry: entry.act == "ask", MailBatch(1, ask)),),
    guarded=True,
    waits_out=True,
    asks=lambda settings: settings.double_opt_in_template is not None,
    renames=frozenset({"subscribed", "pending", "none"}),
    retire=retire,
    erase=erase,
)

DESTINATION = destination(
    MAILING,
    MAP,
    prepare=prepare,
    authorise=authorise,
    lacks=lacks,
    api_root=lambda settings: settings.base_url or API_ROOT,
    check=schemas.check,
    fields=schemas.fields,
    waits=waits,
    status_table={402: AuthError},
)
