"""Activities as notes in the chatter of their contact.

They are loaded, not posted: ``message_post`` takes a text for HTML in one version and escapes it in the next, tells
every follower, and posts once more when it is called again (odoo/odoo#129977, pantalytics/odoo-mcp-pro#147,
ivnvxd/mcp-server-odoo#50). An External ID of Hub's keeps an entry from being made twice; by its Message-Id, which is
indexed, Hub's are told from all others.

Sources: odoo/odoo addons/mail/models/mail_message.py (fields; who may write), …/mail_thread.py (a record that is
deleted takes its messages along), odoo/addons/base/models/ir_fields.py (``res_id`` is loaded as a number).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.connectors.odoo import schemas
from hub.connectors.odoo.manifest import OdooSettings
from hub.connectors.odoo.schemas import call
from hub.sdk.crm import Activities, Batch, Call, Item, Script, facts
from hub.sdk.crm.activities import are_wanted, as_html, words
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import ActivityChange

MODEL = "mail.message"
MESSAGE_ID = "<hub-activity-{}@hub.invalid>"


def properties(change: ActivityChange, _: OdooSettings) -> dict[str, str]:
    """The columns of an activity's note; Odoo shows the body as HTML."""
    return {
        "body": as_html(words(change)),
        "date": facts.day_and_time(change.at),
        "message_id": MESSAGE_ID.format(change.key),
        "message_type": "comment",
        "subtype_id/id": "mail.mt_note",
        "model": "res.partner",
    }


def append(items: Sequence[Item], settings: OdooSettings) -> Call[Answers]:
    """Load notes, each at its contact."""
    rows = [
        {**item.properties, "id": f"__hub__.activity_{item.write.key}", "res_id": item.write.links[0]} for item in items
    ]
    data = [[str(one[name]) for name in sorted(one)] for one in rows]
    sent = call(settings, MODEL, "load", fields=sorted(rows[0]), data=data)
    return Call(sent, lambda response: schemas.answers(response, items))


def move(kept: str, other: str, settings: OdooSettings) -> Script[None]:
    """Give Hub's notes of a contact to the one that it is merged into."""
    yield from _change([other], {"res_id": kept}, settings)


def blank(contacts: Sequence[Any], settings: OdooSettings) -> Script[None]:
    """Empty Hub's notes of contacts that Odoo will not delete; those of a deleted one are gone with it."""
    yield from _change(contacts, {"body": "", "message_id": ""}, settings)


def _change(contacts: Sequence[Any], values: dict[str, str], settings: OdooSettings) -> Script[None]:
    if not are_wanted(settings):
        return
    domain = [["model", "=", "res.partner"], ["res_id", "in", [int(one) for one in contacts]]]
    ours = [*domain, ["message_id", "=like", MESSAGE_ID.format("%")]]
    found = schemas.records((yield call(settings, MODEL, "search_read", domain=ours, fields=["id"], order="id")))
    if found:
        data = [[str(one["id"]), *values.values()] for one in found]
        schemas.loaded((yield call(settings, MODEL, "load", fields=[".id", *values], data=data)))


ACTIVITIES: Activities[OdooSettings] = Activities(
    own="", properties=properties, create=Batch(40, append), checks_person=True
)
