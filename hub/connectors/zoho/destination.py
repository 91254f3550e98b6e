"""Writes profiles as contacts and orders as deals, 100 in a call, by the algorithm of ``hub.sdk.crm``.

A new contact is inserted, not upserted: an upsert by ``Hub_Profile_ID`` also compares every other field that the
account marked as unique, so that where the e-mail is one it would overwrite another profile's contact. Hub looks first
whether the person is there, and Zoho CRM refuses a second record of one profile. A deal is upserted by its key.

Sources: see ``schemas``, and zoho.com/crm/developer/docs/api/v8/upsert-records.html ("How does the duplicate check
work?"), …/merge-records.html (done at once, or scheduled where a record has more than 1,000 related ones; 400
NOT_ALLOWED where that runs already), …/get-merge-status.html, …/delete-records.html, help.zoho.com "recycle bin" (what
was deleted is kept for 60 days).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from hub.connectors.zoho import schemas, schemas_setup
from hub.connectors.zoho.activities_tasks import HISTORY
from hub.connectors.zoho.manifest import ZohoSettings
from hub.connectors.zoho.mapping import ACCOUNT, COMPANY, EMAIL_OPT_OUT, MAP
from hub.connectors.zoho.schemas import SIZE, by_id, outcome, query, records, request, rows, writing
from hub.connectors.zoho.schemas_fields import EMAILS, ORDER_KEY, PROFILE_ID
from hub.errors import RejectedError, Unavailable
from hub.sdk.crm import Batch, Call, Companies, Dialect, Found, Item, Key, Orders, People, Problem, Script, destination
from hub.sdk.crm.dialect import EMAIL, Answers
from hub.sdk.crm.standing import Values, named, standing

READ = ("Email", PROFILE_ID)
BLANK = (
    *("First_Name", "Email", "Secondary_Email", "Phone", "Mobile", "Home_Phone", "Other_Phone", "Date_of_Birth"),
    *("Title", "Description", "Mailing_Street", "Mailing_City", "Mailing_Zip", PROFILE_ID),
)
BUSY_SECONDS = 10.0
"""How long Hub waits for a merge that Zoho CRM does in the background."""


def batch(method: str, path: str, unique: str | None = None) -> Batch[ZohoSettings]:
    """A call that inserts (POST), updates (PUT), or upserts by a field of ours."""

    def call(items: Sequence[Item], settings: ZohoSettings) -> Call[Answers]:
        return writing(method, path, items, settings, unique)

    return Batch(SIZE, call)


def find(keys: Sequence[Key], _: ZohoSettings) -> Iterator[Call[Sequence[Found]]]:
    """The contacts with any of these ids of ours or e-mails, the oldest first."""
    named = [("Email" if name == EMAIL else name, value) for name, value in keys]
    return (Call(asked, schemas.people) for asked in query("Contacts", READ, named))


def read(ids: Sequence[str], _: ZohoSettings) -> Iterator[Call[Sequence[Found]]]:
    """The contacts behind these ids. One that was merged exists no more, and nothing tells what it became part of."""
    return (Call(asked, schemas.people) for asked in by_id("Contacts", ids, READ))


def values(module: str) -> Any:
    """What stands in these fields of these records; a company is its account's name."""

    def told(response: httpx.Response, _: Sequence[str]) -> Values:
        return {record: schemas.plain(row) for record, row in records(response).items()}

    return standing(lambda ids, names, _: by_id(module, ids, names), told)


def merge(kept: str, gone: str, settings: ZohoSettings) -> Script[str]:
    """Merge the second contact into the first, which keeps its values but for one that Hub writes again at once.

    Where Zoho CRM does it in the background, Hub waits: a record that is being merged is locked.
    """
    path = f"/Contacts/{kept}/actions/merge"
    fields = [{"api_name": EMAILS}] if settings.custom_fields == "all" else []
    body = {"merge": [{"data": [{"id": gone, "_fields": fields}], "master_record_fields": []}]}
    told = outcome((yield request("POST", path, body)), "merge")
    if told.code == "SUCCESS":
        return kept
    jobs = rows((yield request("GET", path)), "merge")
    if told.code == "SCHEDULED" and [job.get("status") for job in jobs] == ["COMPLETED"]:
        return kept
    if any(job.get("status") in ("SCHEDULED", "RUNNING") for job in jobs):
        raise Unavailable("Zoho CRM is merging the contacts", retry_after=BUSY_SECONDS, uncertain=True)
    raise RejectedError(f"Zoho CRM does not merge the contacts: {told.words}")


def erase(record: str, _: ZohoSettings) -> Script[None]:
    """Empty a contact, then delete it: the recycle bin keeps what was deleted."""
    blank = {"id": record, "Last_Name": "[erased]", EMAIL_OPT_OUT: True, **dict.fromkeys(BLANK)}
    yield request("PUT", "/Contacts", {"data": [blank], "trigger": []})
    told = outcome((yield request("DELETE", f"/Contacts/{record}", None, {"wf_trigger": "false"})))
    if told.status != "success":
        raise RejectedError(f"Zoho CRM does not delete the contact: {told.code}")


def deals_of(keys: Sequence[Key], _: ZohoSettings) -> Iterator[Call[Sequence[Found]]]:
    """The deals with these keys."""
    return (Call(asked, schemas.owned(ORDER_KEY)) for asked in query("Deals", (ORDER_KEY,), keys))


def accounts_of(names: Sequence[str], _: ZohoSettings) -> Iterator[Call[Sequence[Found]]]:
    """The accounts of these names."""

    def found(response: httpx.Response) -> Sequence[Found]:
        return named(COMPANY, ((record, row.get("Account_Name")) for record, row in records(response).items()))

    keys = [("Account_Name", name) for name in names]
    return (Call(asked, found) for asked in query("Accounts", ("Account_Name",), keys))


def account(name: str, _: ZohoSettings) -> Call[str]:
    """A new account, or the one that Zoho CRM says has the name."""

    def made(response: Any) -> str:
        answer = outcome(response).answer
        if not isinstance(answer, Problem):
            return answer.id
        if answer.holders:
            return answer.holders[0]
        raise RejectedError(answer.words)

    return Call(request("POST", "/Accounts", {"data": [{"Account_Name": name}]}), made)


DIALECT: Dialect[ZohoSettings] = Dialect(
    people=People(
        own=PROFILE_ID,
        email="Email",
        find=find,
        read=read,
        values=values("Contacts"),
        opt_outs=MAP.subjects(),
        update=batch("PUT", "/Contacts"),
        create=batch("POST", "/Contacts"),
        merge=merge,
        erase=erase,
    ),
    orders=Orders(
        own=ORDER_KEY,
        find=deals_of,
        update=batch("PUT", "/Deals"),
        create=batch("POST", "/Deals/upsert", ORDER_KEY),
        link_property="Contact_Name",
        values=values("Deals"),
    ),
    companies=Companies(name=COMPANY, id=ACCOUNT, find=accounts_of, create=account),
    activities=HISTORY,
)

DESTINATION = destination(
    DIALECT,
    MAP,
    prepare=schemas_setup.prepare,
    api_root=lambda settings: settings.api,
    refusals=schemas.refusals,
    check=schemas_setup.check,
    fields=schemas_setup.fields,
)
