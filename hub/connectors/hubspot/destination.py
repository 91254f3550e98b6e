"""Writes profiles as contacts and orders as deals, in batches of 100, by the algorithm of ``hub.sdk.crm``.

A new contact is upserted by ``hub_profile_id``, a unique property of ours, not by e-mail: HubSpot does not support
partial upserts by e-mail, and an upsert by e-mail would take over a contact that is another profile's. Where HubSpot
knows the e-mail already, it refuses the record with a conflict; then the contact is looked up and updated.

Sources: developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide (upsert, merge, additional
e-mails), …/api-reference/legacy/crm/objects/contacts/v1/get-contacts-v1-secondary-email-vid-email-email (an additional
e-mail is taken away), developers.hubspot.com/changelog/updated-merge-functionality-for-contacts-and-companies (a merged
contact's id leads to what it was merged into), …/api-reference/error-handling (objectWriteTraceId, 207, 423, 477),
…/crm/associations/associate-records, …/legacy/communication-preferences/status/batch/unsubscribe-contacts-batch,
…/2026-03/crm/objects/line-items/guide (line items need no product, a price is not negative) and
…/line-items/batch/upsert-line-items, knowledge.hubspot.com/records/use-line-items-with-deals (200 are shown; a deal's
amount does not follow line items that are not added by hand).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx

from hub.connectors.hubspot import schemas
from hub.connectors.hubspot.activities_tasks import HISTORY
from hub.connectors.hubspot.manifest import API_ROOT, MANIFEST, HubSpotSettings
from hub.connectors.hubspot.mapping import MAP
from hub.connectors.hubspot.schemas import CONTACTS, DEALS, LINES, batch, read_answer, read_errors, read_records
from hub.connectors.hubspot.schemas_fields import DEFINITIONS, LINE_KEY, ORDER_KEY, PROFILE_ID, is_needed
from hub.errors import ConflictError, Unavailable
from hub.sdk.crm import Batch, Call, Dialect, Found, Item, Key, Lines, Orders, People, Script, destination
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.dialect import EMAIL, Answers
from hub.sdk.crm.standing import Values, standing
from hub.sdk.destination import HttpRequest
from hub.sdk.http import HttpClient, json_of
from hub.sdk.manifest import Limits

SIZE = MANIFEST.limits.batch
LINKS = "/crm/v4/associations/deals/contacts/batch"
LINES_BELOW = "/crm/v4/associations/line_items/deals/batch"
UNSUBSCRIBE = "/communication-preferences/v4/statuses/batch/unsubscribe-all"
REFUSED = frozenset({400, 403, 404, 405, 409, 410})


def writing(path: str, action: str, id_property: str | None = None) -> Batch[HubSpotSettings]:
    """A batch call that writes contacts or deals."""

    def call(items: Sequence[Item], _: HubSpotSettings) -> Call[Answers]:
        return Call(batch(path, action, items, id_property), lambda response: read_answer(response).by_key(items))

    return Batch(SIZE, call)


def find(keys: Sequence[Key], _: HubSpotSettings) -> Iterator[Call[Sequence[Found]]]:
    """The contacts that have any of these ids of ours or e-mails."""
    for name in (PROFILE_ID, EMAIL):
        for chunk in chunks((value for key, value in keys if key == name), SIZE):
            yield Call(read_records(CONTACTS, chunk, id_property=name), schemas.read_found)


def read(ids: Sequence[str], _: HubSpotSettings) -> Iterator[Call[Sequence[Found]]]:
    """The contacts behind these ids; one that was merged answers as what it was merged into."""
    return (Call(read_records(CONTACTS, chunk), schemas.read_found) for chunk in chunks(ids, SIZE))


def values(path: str, *more: str) -> Any:
    """What stands in these properties of contacts or deals; of a merged one under each of its ids."""

    def told(response: httpx.Response, _: Sequence[str]) -> Values:
        read = read_answer(response).results
        return {one: record.properties for record in read for one in (record.id, *record.several(schemas.MERGED))}

    def asked(ids: Sequence[str], names: Sequence[str], _: HubSpotSettings) -> Iterator[HttpRequest]:
        return (read_records(path, part, (*names, *more)) for part in chunks(ids, SIZE))

    return standing(asked, told)


def merge(primary: str, other: str, _: HubSpotSettings) -> Script[str]:
    """Merge ``other`` into ``primary``; the answer names the record that remains."""
    body = {"primaryObjectId": primary, "objectIdToMerge": other}
    return schemas.read_record((yield HttpRequest("POST", f"{CONTACTS}/merge", body))).id


def free(contact: str, key: Key, _: HubSpotSettings) -> Script[None]:
    """Take an additional e-mail from a contact. HubSpot offers no way to do so that does not name it in the path."""
    path = f"{schemas.SECONDARY}{contact}/email/{quote(key[1], safe='')}"
    yield HttpRequest("DELETE", path, None, accept=REFUSED)


def erase(contact: str, _: HubSpotSettings) -> Script[None]:
    """Delete a contact for good, as the GDPR has it."""
    yield HttpRequest("POST", f"{CONTACTS}/gdpr-delete", {"objectId": contact})


def opt_out(emails: Sequence[str], _: HubSpotSettings) -> Script[Mapping[str, str]]:
    """Unsubscribe these from everything."""
    body = {"inputs": list(emails)}
    errors = read_errors((yield HttpRequest("POST", UNSUBSCRIBE, body, query={"channel": "EMAIL"})))
    return {"": errors[0].message} if errors else {}


def link(pairs: Sequence[tuple[str, str]], _: HubSpotSettings, *, path: str = LINKS) -> Script[Mapping[str, str]]:
    """Associate deals with contacts, or line items with deals."""
    body = {"inputs": [{"from": {"id": one}, "to": {"id": other}} for one, other in pairs]}
    errors = read_errors((yield HttpRequest("POST", f"{path}/associate/default", body)))
    return {"": errors[0].message} if errors else {}


def unlink(pairs: Sequence[tuple[str, str]], _: HubSpotSettings) -> Script[None]:
    """Take deals from contacts."""
    contacts: dict[str, list[dict[str, str]]] = {}
    for deal, contact in pairs:
        contacts.setdefault(deal, []).append({"id": contact})
    body = {"inputs": [{"from": {"id": deal}, "to": several} for deal, several in contacts.items()]}
    yield HttpRequest("POST", f"{LINKS}/archive", body)


def find_lines(keys: Sequence[Key], _: HubSpotSettings) -> Iterator[Call[Sequence[Found]]]:
    """The line items that carry these keys of ours."""
    return schemas.owned(LINES, LINE_KEY, [key for _, key in keys])


def delete_lines(ids: Sequence[str], _: HubSpotSettings) -> Script[None]:
    """Take line items away."""
    yield HttpRequest("POST", f"{LINES}/batch/archive", {"inputs": [{"id": one} for one in ids]})


def prepare(client: HttpClient, settings: HubSpotSettings) -> None:
    """Create the property group ``hub`` and the properties that are missing. What exists (409) is left alone."""
    for kind, definitions in DEFINITIONS.items():
        if not is_needed(kind, settings):
            continue
        path = f"/crm/v3/properties/{kind}"
        existing = {found["name"] for found in json_of(client.get(path))["results"]}
        missing = [definition for definition in definitions if definition["name"] not in existing]
        if missing:
            with suppress(ConflictError):
                client.post(f"{path}/groups", {"name": "hub", "label": "Hub"})
            with suppress(ConflictError):
                client.post(f"{path}/batch/create", {"inputs": missing})


DIALECT: Dialect[HubSpotSettings] = Dialect(
    people=People(
        own=PROFILE_ID,
        unique=frozenset({EMAIL}),
        find=find,
        read=read,
        values=values(CONTACTS, schemas.MERGED),
        update=writing(CONTACTS, "update"),
        upsert=writing(CONTACTS, "upsert", PROFILE_ID),
        merge=merge,
        free=free,
        erase=erase,
        opt_out=opt_out,
        opt_out_size=SIZE,
    ),
    orders=Orders(
        own=ORDER_KEY,
        upsert=writing(DEALS, "upsert", ORDER_KEY),
        link=link,
        unlink=unlink,
        link_size=SIZE,
        lines=Lines(
            own=LINE_KEY,
            upsert=writing(LINES, "upsert", LINE_KEY),
            find=find_lines,
            link=partial(link, path=LINES_BELOW),
            delete=delete_lines,
        ),
        values=values(DEALS),
    ),
    activities=HISTORY,
    opts_out=lambda write, settings: settings.unsubscribe and MAP.ends_mailings(write),
)

DESTINATION = destination(
    DIALECT,
    MAP,
    prepare=prepare,
    authorise=lambda settings: {"authorization": f"Bearer {settings.access_token.get_secret_value()}"},
    api_root=lambda settings: settings.base_url or API_ROOT,
    refusals=schemas.refusals,
    check=schemas.check,
    fields=schemas.fields,
    status_table={477: Unavailable},
    limits=lambda settings: Limits(batch=SIZE, calls=settings.calls_per_10_seconds, per_seconds=10.0),
)
