"""The e-mails of a contact: records of their own, which others share, each with its opt-out.

Sources: see ``hub.connectors.suitecrm.destination``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.connectors.suitecrm.manifest import SuiteSettings
from hub.connectors.suitecrm.mapping import EMAIL, OPTED_OUT
from hub.connectors.suitecrm.schemas import delete, get, is_gone, one, read_one, save, several, where, words
from hub.errors import Refusal, RejectedError, Unavailable
from hub.sdk.crm import Item, Script

ADDRESSES = "email_addresses"
MOST_ADDRESSES = 10
"""Addresses of one contact that SuiteCRM takes at once: email1 to email10."""


def settle(record: str, item: Item, _: SuiteSettings) -> Script[None]:
    """Give a contact its main e-mail, and keep the others it has, each with its opt-out."""
    if EMAIL not in item.properties:
        return
    wanted = str(item.properties[EMAIL])
    main = (yield from _main(record)).lower() if item.id else ""
    if main == wanted.lower():
        return
    there = several((yield get(f"Contacts/{record}/relationships/{ADDRESSES}"))) if item.id else ()
    kept = [row for row in there if row.text("email_address").lower() not in (main, wanted.lower())]
    known = several((yield where("EmailAddresses", "email_address_caps", wanted.upper()))) if wanted else ()
    out = any(row.text("opt_out") == "1" for row in (*there, *known)) or item.properties.get(OPTED_OUT) == "1"
    for row in there:
        yield delete(f"Contacts/{record}/relationships/{ADDRESSES}/{row.id}")
    emails = [one for one in (wanted, *(row.text("email_address") for row in kept)) if one][:MOST_ADDRESSES]
    if not emails:
        return
    body = {f"email{place}": email for place, email in enumerate(emails, start=1)}
    answer = yield save("Contacts", record, {**body, **({OPTED_OUT: "1"} if out else {})})
    if said := words(answer):
        raise RejectedError(said)
    if wanted and wanted.lower() not in (one(answer).text(EMAIL).lower(), (yield from _main(record)).lower()):
        raise RejectedError("SuiteCRM does not take the e-mail", refused=[Refusal(EMAIL, "is not taken")])


def _main(record: str) -> Script[str]:
    """The main e-mail of a contact. Raises Unavailable where the contact has gone meanwhile."""
    response = yield get(f"Contacts/{record}", gone=True)
    if is_gone(response):
        raise Unavailable("the contact was deleted meanwhile", uncertain=True)
    return read_one(response).text(EMAIL)


def opt_out(emails: Sequence[str], _: SuiteSettings) -> Script[Mapping[str, str]]:
    """Opt these addresses out, whoever has them."""
    refused: dict[str, str] = {}
    for email in emails:
        for row in several((yield where("EmailAddresses", "email_address_caps", email.upper()))):
            if row.text("opt_out") != "1" and (said := words((yield save("EmailAddresses", row.id, {"opt_out": "1"})))):
                refused[email] = said
    return refused
