"""Tasks as planned activities (to-dos) of their contact, due on a day and for whom the settings name.

They are loaded under an External ID of Hub's, as notes are; who has done one takes it away, as Odoo has it.

Sources: odoo/odoo addons/mail/models/mail_activity.py (``res_model_id``, ``res_id``, ``date_deadline``, ``user_id``,
``note`` is HTML), …/mail_activity_mixin.py (a record that is deleted takes its activities along), addons/mail/data/
mail_activity_type_data.xml (``mail.mail_activity_data_todo``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hub.connectors.odoo import schemas
from hub.connectors.odoo.activities import ACTIVITIES
from hub.connectors.odoo.manifest import OdooSettings
from hub.connectors.odoo.schemas import call
from hub.sdk.crm import Activities, Batch, Call, Item, Script
from hub.sdk.crm.activities import are_wanted, as_html, day_due, reference, task_words, user_of
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import ActivityChange

MODEL = "mail.activity"


def properties(change: ActivityChange, settings: OdooSettings) -> dict[str, str]:
    """The columns of a to-do; without an owner it is Hub's user's."""
    title, lines = task_words(change, named=True)
    owner = user_of(change, settings)
    return {
        "summary": title,
        "note": as_html(lines),
        "date_deadline": day_due(change),
        "activity_type_id/id": "mail.mail_activity_data_todo",
        "res_model_id/id": "base.model_res_partner",
        **({"user_id/.id": owner} if owner else {}),
    }


def append(items: Sequence[Item], settings: OdooSettings) -> Call[Answers]:
    """Load to-dos, each at its contact."""
    rows = [
        {**item.properties, "id": f"__hub__.task_{item.write.key}", "res_id": item.write.links[0]} for item in items
    ]
    names = sorted(rows[0])
    data = [[str(one.get(name, "")) for name in names] for one in rows]
    return Call(
        call(settings, MODEL, "load", fields=names, data=data), lambda response: schemas.answers(response, items)
    )


def move(kept: str, other: str, settings: OdooSettings) -> Script[None]:
    """Give Hub's to-dos of a contact to the one that it is merged into."""
    yield from _change([other], {"res_id": kept}, settings)


def blank(contacts: Sequence[Any], settings: OdooSettings) -> Script[None]:
    """Empty Hub's to-dos of contacts that Odoo will not delete."""
    yield from _change(contacts, {"summary": "", "note": ""}, settings)


def _change(contacts: Sequence[Any], values: dict[str, str], settings: OdooSettings) -> Script[None]:
    if not are_wanted(settings, tasks=True):
        return
    domain = [["res_model", "=", "res.partner"], ["res_id", "in", [int(one) for one in contacts]]]
    ours = [*domain, ["note", "like", reference("")]]
    found = schemas.records((yield call(settings, MODEL, "search_read", domain=ours, fields=["id"], order="id")))
    if found:
        data = [[str(one["id"]), *values.values()] for one in found]
        schemas.loaded((yield call(settings, MODEL, "load", fields=[".id", *values], data=data)))


TASKS: Activities[OdooSettings] = Activities(
    own="",
    properties=properties,
    create=Batch(40, append, alike=lambda item: frozenset(item.properties)),
    checks_person=True,
)
HISTORY = replace(ACTIVITIES, tasks=TASKS)
