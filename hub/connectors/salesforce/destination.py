"""Writes profiles as contacts or leads and orders as opportunities, 200 in a call, by the algorithm of ``hub.sdk.crm``.

A person is upserted by ``Hub_Profile_Id__c``, an external id of ours. Salesforce lets any number of records have one
e-mail, so that Hub looks first whether the person is there. Sources: see ``schemas``, and
developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-opportunitycontactrole.html
(the contacts of an opportunity; one of them is primary), …/docs/platform/api-rest/guide/
resources-composite-sobjects-collections-delete.html (ids in the query), …/docs/atlas.en-us.apexcode.meta/apexcode/
langCon_apex_dml_examples_merge.htm (merge in Apex; the class is in the README), …/docs/atlas.en-us.api.meta/api/
sforce_api_calls_emptyrecyclebin.htm (what was deleted is kept for 15 days).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from hub.connectors.salesforce import schemas, schemas_setup
from hub.connectors.salesforce.activities_tasks import HISTORY
from hub.connectors.salesforce.manifest import MANIFEST, SalesforceSettings
from hub.connectors.salesforce.mapping import COMPANY, EMAIL_OPT_OUT, MAP
from hub.connectors.salesforce.schemas import APEX_MERGE, SIZE, answer, any_of, fitting, query, request
from hub.connectors.salesforce.schemas_fields import MERGED_INTO, ORDER_KEY, PROFILE_ID
from hub.errors import RejectedError, Unavailable
from hub.sdk.crm import Batch, Call, Companies, Dialect, Found, Item, Key, Orders, People, Problem, Script, destination
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.dialect import EMAIL, Answers
from hub.sdk.crm.standing import Values, named, standing
from hub.sdk.destination import HttpRequest

BLANK = ("FirstName", "Email", "Phone", "MobilePhone", "Title", "Description", PROFILE_ID)
BLANK_CONTACT = (
    "Birthdate",
    "HomePhone",
    "OtherPhone",
    *(f"Mailing{part}" for part in ("Street", "City", "PostalCode")),
)
BLANK_LEAD = ("Street", "City", "PostalCode")


def people(*, key: str | None = None) -> Batch[SalesforceSettings]:
    """A call that updates people by id, or upserts them by ``key``. Those of one account stand together.

    Rows of one account lock each other where they are spread over calls (SFDO-Community/declarative-lookup-rollup-
    summaries#450).
    """

    def call(items: Sequence[Item], settings: SalesforceSettings) -> Call[Answers]:
        ordered = sorted(items, key=lambda item: str(item.properties.get("AccountId") or ""))
        return Call(schemas.collection(ordered, settings, settings.sobject, key=key), schemas.results(ordered))

    return Batch(SIZE, call)


def opportunities(*, key: str | None = None) -> Batch[SalesforceSettings]:
    """A call that updates opportunities by id, or upserts them by ``key``."""

    def call(items: Sequence[Item], settings: SalesforceSettings) -> Call[Answers]:
        return Call(schemas.collection(items, settings, "Opportunity", key=key), schemas.results(items))

    return Batch(SIZE, call)


def find(keys: Sequence[Key], settings: SalesforceSettings) -> Iterator[Call[Sequence[Found]]]:
    """The people with any of these ids of ours or e-mails, the oldest first.

    A converted lead comes last: it cannot be written to any more, and no second one is made beside it.
    """
    fields = f"SELECT Id, Email, {PROFILE_ID} FROM {settings.sobject} WHERE "
    order = "IsConverted, CreatedDate" if settings.sobject == "Lead" else "CreatedDate"
    named = [("Email" if name == EMAIL else name, value) for name, value in keys]
    for several in fitting(named, 2 * SIZE):  # most people have two keys: our id and an e-mail
        soqls = [f"{fields}{any_of(part)} ORDER BY {order}" for part in several]
        yield Call(query(soqls), _people)


def read(ids: Sequence[str], settings: SalesforceSettings) -> Iterator[Call[Sequence[Found]]]:
    """The people behind these ids; one that was merged answers as what it was merged into."""
    names = ("IsDeleted", "Email", PROFILE_ID)
    fields = ", ".join(("Id", "MasterRecordId", *names, *(f"MasterRecord.{name}" for name in names)))
    for several in fitting(("Id", one) for one in ids):
        soqls = [f"SELECT {fields} FROM {settings.sobject} WHERE {any_of(part)}" for part in several]
        yield Call(query(soqls, deleted=True), _people)


def values(sobject: str = "") -> Any:
    """What stands in these fields of people, or of other records; the company is its account's name."""

    def asked(ids: Sequence[str], names: Sequence[str], settings: SalesforceSettings) -> Iterator[HttpRequest]:
        columns = ", ".join("Account.Name" if name == COMPANY else name for name in names)
        wanted = f"SELECT Id, {columns} FROM {sobject or settings.sobject} WHERE "
        return (query([wanted + any_of(part) for part in several]) for several in fitting(("Id", one) for one in ids))

    def told(response: httpx.Response, _: Sequence[str]) -> Values:
        return {
            str(row["Id"]): {**row, COMPANY: (row.get("Account") or {}).get("Name")} for row in schemas.rows(response)
        }

    return standing(asked, told)


def _people(response: Any) -> Sequence[Found]:
    return [found for row in schemas.rows(response) if (found := schemas.found(row)) is not None]


def merge(kept: str, gone: str, settings: SalesforceSettings) -> Script[str]:
    """Merge by the org's own Apex class, or leave the second record to people: marked, no more Hub's, opted out."""
    if settings.merge == "apex":
        body = {"kept": kept, "gone": gone}
        answer((yield HttpRequest("POST", APEX_MERGE, body, accept=frozenset({403}))))
    else:
        left = {PROFILE_ID: None, MERGED_INTO: kept, EMAIL_OPT_OUT: True}
        yield from _done(request("PATCH", f"/sobjects/{settings.sobject}/{gone}", left))
    return kept


def erase(record: str, settings: SalesforceSettings) -> Script[None]:
    """Empty a record, then delete it: the recycle bin keeps what was deleted for 15 days."""
    path = f"/sobjects/{settings.sobject}/{record}"
    more = BLANK_CONTACT if settings.sobject == "Contact" else BLANK_LEAD
    blank = {"LastName": "[erased]", EMAIL_OPT_OUT: True, **dict.fromkeys((*BLANK, *more))}
    yield request("PATCH", path, blank, also={400, 404})
    deleted = yield request("DELETE", path, also={400})
    if deleted.is_success and deleted.content:
        raise Unavailable("Salesforce does not say that the record is deleted", uncertain=True)
    if not deleted.is_success:
        # The message names the person and the cases that keep the record.
        codes = {error.code for error in schemas.errors_of(answer(deleted))}
        raise RejectedError(f"Salesforce does not delete the record: {', '.join(sorted(codes))}")


def link(pairs: Sequence[tuple[str, str]], _: SalesforceSettings) -> Script[Mapping[str, str]]:
    """Give opportunities their contacts, where they do not have them; the first is the primary one."""
    held = schemas.rows((yield from _roles(pairs)))
    there = {(row["OpportunityId"], row["ContactId"]) for row in held}
    led = {row["OpportunityId"] for row in held if row.get("IsPrimary")}
    lacking = [pair for pair in pairs if pair not in there]
    if not lacking:
        return {}
    roles = [
        {"OpportunityId": order, "ContactId": contact, "IsPrimary": order not in led} for order, contact in lacking
    ]
    made = schemas.outcomes((yield schemas.creations("OpportunityContactRole", roles)))
    told = {order: one.answer for (order, _), one in zip(lacking, made, strict=False)}
    return {order: found.words for order, found in told.items() if isinstance(found, Problem)}


def unlink(pairs: Sequence[tuple[str, str]], _: SalesforceSettings) -> Script[None]:
    """Take opportunities from contacts."""
    held = schemas.rows((yield from _roles(pairs)))
    ids = [str(row["Id"]) for row in held if (row["OpportunityId"], row["ContactId"]) in pairs]
    for several in chunks(ids, SIZE):
        yield from _done(request("DELETE", f"/composite/sobjects?ids={','.join(several)}&allOrNone=false"))


def _roles(pairs: Sequence[tuple[str, str]]) -> Script[Any]:
    orders = list(dict.fromkeys(("OpportunityId", order) for order, _ in pairs))
    fields = "SELECT Id, OpportunityId, ContactId, IsPrimary FROM OpportunityContactRole WHERE "
    return (yield query([f"{fields}{any_of(orders)}"]))


def _done(asked: HttpRequest) -> Script[None]:
    response = yield asked
    if response.status_code == 403:
        answer(response)


def orders_of(keys: Sequence[Key], _: SalesforceSettings) -> Iterator[Call[Sequence[Found]]]:
    """The opportunities with these order keys."""
    for several in fitting(keys):
        soqls = [f"SELECT Id, {ORDER_KEY} FROM Opportunity WHERE {any_of(part)}" for part in several]
        yield Call(query(soqls), lambda got: [Found(str(row["Id"]), row[ORDER_KEY]) for row in schemas.rows(got)])


def accounts_of(names: Sequence[str], _: SalesforceSettings) -> Iterator[Call[Sequence[Found]]]:
    """The accounts of these names, the oldest first; Salesforce compares without case."""
    for several in fitting(("Name", name) for name in names):
        soqls = [f"SELECT Id, Name FROM Account WHERE {any_of(part)} ORDER BY CreatedDate DESC" for part in several]
        yield Call(query(soqls), lambda got: named(COMPANY, ((row["Id"], row["Name"]) for row in schemas.rows(got))))


def account(name: str, _: SalesforceSettings) -> Call[str]:
    return Call(request("POST", "/sobjects/Account", {"Name": name}), schemas.saved)


DIALECT: Dialect[SalesforceSettings] = Dialect(
    people=People(
        own=PROFILE_ID,
        email="Email",
        find=find,
        read=read,
        values=values(),
        opt_outs=MAP.subjects(),
        update=people(),
        upsert=people(key=PROFILE_ID),
        merge=merge,
        erase=erase,
    ),
    orders=Orders(
        own=ORDER_KEY,
        find=orders_of,
        update=opportunities(),
        create=opportunities(key=ORDER_KEY),
        link=link,
        unlink=unlink,
        link_size=SIZE,
        values=values("Opportunity"),
    ),
    companies=Companies(name=COMPANY, id="AccountId", find=accounts_of, create=account),
    activities=HISTORY,
)

DESTINATION = destination(
    DIALECT,
    MAP,
    prepare=schemas_setup.prepare,
    api_root=lambda settings: settings.base_url or f"https://{settings.my_domain}",
    refusals=schemas.refusals,
    check=schemas_setup.check,
    fields=schemas_setup.fields,
    limits=lambda _: MANIFEST.limits,
)
