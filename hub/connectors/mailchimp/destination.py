"""Writes contacts of one audience by the algorithm of ``hub.sdk.crm.mailing_writing``.

Each address is looked at before its contact is made: a contact that was archived would be subscribed again by a
creation, though it may have been unsubscribed before (github.com/strangerstudios/pmpro-mailchimp/pull/152,
github.com/spatie/laravel-newsletter/issues/172). New ones are made 500 a call by POST /lists/{id} without
``update_existing``; with it that call would set the subscription of those that are there, so that changes go out by
PATCH, without ``status``. ``status: pending`` lets Mailchimp send its confirmation mail, also to whoever unsubscribed;
no other status makes anybody a subscriber who is there already, but a contact that only bought (``transactional``).

Sources: the Marketing API 3.0 specification (members, tags, delete-permanent, merge-fields; ``skip_merge_validation``);
github.com/forem/forem/pull/6256 (pending asks again), github.com/ibericode/mailchimp-user-sync/issues/96 ("You can only
update email addresses for members with a status of subscribed"), github.com/brandonseydel/MailChimp.Net/issues/201 (a
new address that is there, "already in this list"), github.com/ibericode/mailchimp-for-wordpress/issues/798 ("Member In
Compliance State") and /673 ("Forgotten Email Not Subscribed": deleted for good, not even asked).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from hub.connectors.mailchimp.destination_fields import ARCHIVED, MAP, PROFILE_ID
from hub.connectors.mailchimp.manifest import MANIFEST, MailchimpSettings
from hub.connectors.mailchimp.schemas_members import Batched, Member, definitions, fields_of, hash_of
from hub.connectors.mailchimp.source import api_root, authorise
from hub.errors import ConflictError, NotFound, RejectedError
from hub.sdk.checked import Checked
from hub.sdk.crm.answers import read_as
from hub.sdk.crm.dialect import Answers, Call, Made, Problem, Script
from hub.sdk.crm.mailing import SUBSCRIBED, TAGS, Contact, Entry, MailBatch, Mailing, Step
from hub.sdk.crm.mailing_destination import destination
from hub.sdk.crm.mailing_rules import UNKNOWN_TIME
from hub.sdk.destination import HttpRequest
from hub.sdk.http import HttpClient, json_of
from hub.sdk.words import words_of

STATUS = {"subscribe": "subscribed", "ask": "pending", "unsubscribe": "unsubscribed"}
LOOSE = {"skip_merge_validation": "true"}
"""An audience may require fields that Hub does not know of somebody."""


def audience(settings: MailchimpSettings) -> str:
    """The path of the audience, without which no route leads here."""
    return f"/3.0/lists/{settings.audience}"


def member(record: str, settings: MailchimpSettings) -> str:
    """The path of a contact."""
    return f"{audience(settings)}/members/{record}"


def read(ids: Sequence[str], settings: MailchimpSettings) -> Iterator[Call[Sequence[Contact]]]:
    """The contacts of these ids, a call each; Mailchimp has no call for several."""

    def told(response: httpx.Response) -> Sequence[Contact]:
        return () if response.status_code == 404 else (read_as(Member, response).contact(),)

    for one in ids:
        yield Call(HttpRequest("GET", member(one, settings), None, accept=frozenset({404})), told)


def find(emails: Sequence[str], settings: MailchimpSettings) -> Iterator[Call[Sequence[Contact]]]:
    """The contacts of these addresses."""
    return read([hash_of(email) for email in emails], settings)


def create(entries: Sequence[Entry], settings: MailchimpSettings) -> Call[Answers]:
    """Make up to 500 contacts; one that is there stays as it is."""
    members = [
        {
            "email_address": entry.email,
            "status": STATUS[entry.act or "ask"],
            **_consented(entry),
            **fields_of(entry.fields),
        }
        for entry in entries
    ]

    def told(response: httpx.Response) -> Answers:
        answer = read_as(Batched, response)
        made = {one.id: Made(one.id, new=True) for one in answer.new_members}
        wrong = {
            hash_of(one.email_address): Problem(
                one.error, "conflict" if one.error_code == "ERROR_CONTACT_EXISTS" else "refused"
            )
            for one in answer.errors
        }
        found = {entry.key: made.get(hash_of(entry.email)) or wrong.get(hash_of(entry.email)) for entry in entries}
        return {key: answered for key, answered in found.items() if answered is not None}

    body = {"members": members, "update_existing": False}
    return Call(HttpRequest("POST", audience(settings), body, LOOSE), told)


def _consented(entry: Entry) -> dict[str, str]:
    """The status of a new contact, and when the person consented, as evidence that Mailchimp keeps."""
    at = str(entry.write.mirror.get(SUBSCRIBED) or UNKNOWN_TIME)
    evidence = {"timestamp_signup": at} if entry.act != "unsubscribe" and at != UNKNOWN_TIME else {}
    return {"status": STATUS[entry.act or "ask"], **evidence}


def update(entries: Sequence[Entry], settings: MailchimpSettings) -> Call[Answers]:
    """Change a contact, or unsubscribe it."""
    [entry] = entries
    body = {
        **fields_of(entry.fields),
        **({"email_address": entry.email} if entry.renames else {}),
        **({"status": "unsubscribed"} if entry.act == "unsubscribe" else {}),
    }
    return _patched(entry, body, settings)


def subscribe(entries: Sequence[Entry], settings: MailchimpSettings) -> Call[Answers]:
    """Ask a contact that is there, or subscribe one that only bought."""
    [entry] = entries
    return _patched(entry, {"status": STATUS[entry.act or "ask"]}, settings)


def _patched(entry: Entry, body: dict[str, Any], settings: MailchimpSettings) -> Call[Answers]:
    def told(response: httpx.Response) -> Answers:
        if response.is_success:
            return {entry.key: Made(read_as(Member, response).id)}
        if response.status_code == 404:
            return {entry.key: Problem(words_of(response), "gone")}
        taken = entry.renames and "already in this list" in response.text
        return {entry.key: Problem(words_of(response), "conflict" if taken else "refused")}

    path = member(str(entry.id), settings)
    return Call(HttpRequest("PATCH", path, body, LOOSE, accept=frozenset({400, 404})), told)


def tag(entries: Sequence[Entry], settings: MailchimpSettings) -> Call[Answers]:
    """Give and take Hub's tags; those that people gave stay."""
    [entry] = entries
    given = [{"name": name, "status": "active"} for name in entry.tag]
    taken = [{"name": name, "status": "inactive"} for name in entry.untag]

    def told(response: httpx.Response) -> Answers:
        if response.content:
            json_of(response)  # 204 has none; what breaks off is no answer
        return {entry.key: Made(str(entry.id))}

    return Call(HttpRequest("POST", f"{member(str(entry.id), settings)}/tags", {"tags": [*given, *taken]}), told)


def retire(contact: Contact, settings: MailchimpSettings) -> Script[None]:
    """Archive a contact, and note that it was Hub who did."""
    yield HttpRequest("PATCH", member(contact.id, settings), {"merge_fields": {ARCHIVED: "yes"}}, LOOSE)
    yield HttpRequest("DELETE", member(contact.id, settings), None)


def erase(contact: Contact, settings: MailchimpSettings) -> Script[None]:
    """Delete a contact with all that names it; Mailchimp takes the address back by its own form alone."""
    yield HttpRequest("POST", f"{member(contact.id, settings)}/actions/delete-permanent", None)


def home(settings: MailchimpSettings) -> Call[Any]:
    """The audience itself."""
    return Call(HttpRequest("GET", audience(settings), None, {"fields": "id"}), json_of)


def merge_fields(client: HttpClient, settings: MailchimpSettings) -> list[str]:
    """The tags of the merge fields there are."""
    told = json_of(client.get(f"{audience(settings)}/merge-fields", {"count": "1000", "fields": "merge_fields.tag"}))
    return [str(one["tag"]) for one in told.get("merge_fields", [])]


def prepare(client: HttpClient, settings: MailchimpSettings) -> None:
    """Create the merge fields that are missing, hidden from forms. What exists is left alone."""
    held = merge_fields(client, settings)
    for name, kind in definitions().items():
        if name not in held:
            try:
                client.post(
                    f"{audience(settings)}/merge-fields", {"tag": name, "name": name, "type": kind, "public": False}
                )
            except (RejectedError, ConflictError):
                if name == PROFILE_ID:
                    raise


def checked(client: HttpClient, settings: MailchimpSettings) -> Checked:
    """Whether the audience is there, and the merge fields. Writes nothing."""
    found = Checked()
    try:
        lacking = definitions().keys() - {*merge_fields(client, settings)}
    except NotFound:
        found.wrong.append(f"audience: there is no audience {settings.audience!r} in the account")
        return found
    told = f"made at the next start: {', '.join(sorted(lacking))}" if lacking else "all merge fields are there"
    found.works.append(told)
    return found


def fields(client: HttpClient, settings: MailchimpSettings) -> dict[str, list[str]]:
    """The merge fields there are."""
    return {"fields": ["language", *merge_fields(client, settings)]}


def lacks(settings: MailchimpSettings) -> str | None:
    """What is missing for contacts to be written."""
    missing = next((name for name in ("api_key", "audience") if getattr(settings, name) is None), None)
    return f"{missing}: is required to write contacts to Mailchimp" if missing else None


MAILING: Mailing[MailchimpSettings] = Mailing(
    find=find,
    read=read,
    create=MailBatch(MANIFEST.limits.batch, create),
    update=MailBatch(1, update),
    carries=lambda entry: bool(entry.fields) or entry.renames or entry.act == "unsubscribe",
    steps=(
        Step(
            SUBSCRIBED,
            lambda entry: entry.there is not None and entry.act in ("ask", "subscribe"),
            MailBatch(1, subscribe),
        ),
        Step(TAGS, lambda entry: bool(entry.tag or entry.untag), MailBatch(1, tag)),
    ),
    asks=lambda settings: True,
    renames=frozenset({"subscribed"}),
    retire=retire,
    erase=erase,
    home=home,
)

DESTINATION = destination(
    MAILING,
    MAP,
    prepare=prepare,
    authorise=authorise,
    api_root=api_root,
    lacks=lacks,
    check=checked,
    fields=fields,
    status_table={404: NotFound},
)
