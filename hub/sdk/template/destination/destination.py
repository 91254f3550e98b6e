"""New Connector as a destination: one request per contact.

What each request carries for proof is declared in ``manifest``. A contact is looked for by e-mail before it is created,
and again when its id is gone. Searches are POSTs: an e-mail address never stands in a URL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from hub.errors import ConflictError, NotFound, PayloadError, RejectedError, Unavailable
from hub.mapping.payload import Schema, read
from hub.sdk.destination import Destination, HttpRequest, Write, WriteResult
from hub.sdk.http import HttpClient
from hub.sdk.scrub import without

from . import schemas
from .manifest import API_ROOT, Settings, authorise
from .mapping import render


def plan(writes: Sequence[Write], settings: Settings) -> Sequence[HttpRequest]:
    """The request each write begins with."""
    return [_first(write) for write in writes]


def send(writes: Sequence[Write], client: HttpClient, settings: Settings) -> Sequence[WriteResult]:
    """One result per write. Raises RateLimited, Unavailable or AuthError for all of them."""
    return [_send(write, client, settings) for write in writes]


def _send(write: Write, client: HttpClient, settings: Settings) -> WriteResult:
    try:
        contact = _erase(write, client, settings) if write.erase else _upsert(write, client, settings)
    except ConflictError as error:
        return WriteResult(write.key, "retry", write.external_id, _reason(error, write), uncertain=True)
    except RejectedError as error:
        return WriteResult(write.key, "rejected", write.external_id, _reason(error, write))
    return WriteResult(write.key, "delivered", contact)


def _upsert(write: Write, client: HttpClient, settings: Settings) -> str:
    if write.external_id:
        try:
            return _contact(_call(client, settings, _update(write.external_id, write.properties)))
        except NotFound:
            pass  # deleted there: look for another contact of the person, else create one
    found = _find(write, client, settings)
    return _contact(_call(client, settings, _update(found[0], write.mirror) if found else _create(write)))


def _erase(write: Write, client: HttpClient, settings: Settings) -> str | None:
    contacts = [write.external_id, *write.merge] if write.external_id else _find(write, client, settings)
    for contact in contacts:
        try:
            _call(client, settings, HttpRequest("DELETE", f"contacts/{contact}", None))
        except NotFound:
            continue  # gone already
    return contacts[0] if contacts else None


def _find(write: Write, client: HttpClient, settings: Settings) -> list[str]:
    """The contacts the person has there, under any of the e-mails."""
    answers = [_call(client, settings, _search(email)) for name, email in write.match if name == "email"]
    return list(dict.fromkeys(contact.id for answer in answers for contact in _read(schemas.Found, answer).contacts))


def _first(write: Write) -> HttpRequest:
    if write.external_id:
        if write.erase:
            return HttpRequest("DELETE", f"contacts/{write.external_id}", None)
        return _update(write.external_id, write.properties)
    emails = [email for name, email in write.match if name == "email"]
    return _search(emails[0]) if emails else _create(write)


def _create(write: Write) -> HttpRequest:
    return HttpRequest("POST", "contacts", dict(write.mirror))


def _update(contact: str, properties: Mapping[str, Any]) -> HttpRequest:
    return HttpRequest("PATCH", f"contacts/{contact}", dict(properties))


def _search(email: str) -> HttpRequest:
    return HttpRequest("POST", "contacts/search", {"email": email})


def _contact(answer: httpx.Response) -> str:
    return _read(schemas.Contact, answer).id


def _read(schema: type[Schema], answer: httpx.Response) -> Schema:
    """The answer; one that cannot be read leaves the write uncertain."""
    try:
        return read(schema, answer.content)
    except PayloadError as error:
        raise Unavailable(f"the answer cannot be read: {error}", uncertain=True) from None


def _reason(error: Exception, write: Write) -> str:
    return without(str(error), [*write.mirror.values(), *(value for _, value in write.match)])


def _call(client: HttpClient, settings: Settings, request: HttpRequest) -> httpx.Response:
    return client.request(request.method, request.path, body=request.body)


DESTINATION: Destination[Settings] = Destination(
    render=render,
    plan=plan,
    send=send,
    authorise=authorise,
    api_root=lambda settings: API_ROOT,
)
