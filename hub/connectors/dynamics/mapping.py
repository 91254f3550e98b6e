"""Golden profiles and orders to the columns of contacts and of Hub's own table; pure.

Values stand here as text, as the mirror keeps them; ``schemas.fields_of`` makes Dataverse's forms of them. Source:
learn.microsoft.com/power-apps/developer/data-platform/reference/entities/contact (columns and their lengths,
``donotbulkemail``, ``donotphone``, ``donotpostalmail``).
"""

from __future__ import annotations

from hub.connectors.dynamics.manifest import DynamicsSettings
from hub.connectors.dynamics.schemas_fields import CONTACT, FIELDS, ORDER_KEY, PROFILE_ID
from hub.sdk.crm import facts
from hub.sdk.crm.mapped import CrmMap

COMPANY = "parentcustomerid_account"
"""Where a contact's write names its company; ``ACCOUNT`` takes its place."""

ACCOUNT = f"{COMPANY}@odata.bind"


def person(settings: DynamicsSettings) -> dict[str, str]:
    """Columns of a contact."""
    return {
        "firstname": "name.first",
        "lastname": "last_name",
        "emailaddress1": "emails.0",
        "telephone1": "phones.0",
        "address1_line1": "addresses.0.line1",
        "address1_line2": "addresses.0.line2",
        "address1_postalcode": "addresses.0.postal_code",
        "address1_city": "addresses.0.city",
        "address1_stateorprovince": "addresses.0.region",
        "address1_country": "addresses.0.country",
        "birthdate": "birth_date",
        **({COMPANY: "company"} if settings.accounts != "none" else {}),
    }


_ORDER = {
    ORDER_KEY: "key",
    "hub_name": "title",
    "hub_amount": "net",
    "hub_currency": "currency",
    "hub_placed_on": "placed_on",
    "hub_state": "state",
}

MAP: CrmMap[DynamicsSettings] = CrmMap(
    own=PROFILE_ID,
    order_own=ORDER_KEY,
    email="emailaddress1",
    phone="telephone1",
    lines="hub_lines",
    link_property=CONTACT,
    facts={name: fact for fact in facts.NAMES if (name := f"hub_{fact}") in FIELDS["contact"]},
    person=person,
    order=lambda _: _ORDER,
    order_fields=lambda settings: settings.order_fields,
    more_of_order=lambda change, _: {"hub_name": facts.title(change)[:100], "hub_stage": facts.sale(change)},
    also_of_order=("hub_stage",),
    moment=facts.instant,
    archives={"statecode": "1"},
    opt_outs={"donotbulkemail": ("email",), "donotphone": ("phone",), "donotpostalmail": ("post",)},
    essential_too=("hub_currency", "hub_stage", "subject", "notetext", "description"),
)
