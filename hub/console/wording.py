"""Texts that Python holds and templates translate."""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a text for the catalogue; ``_(text)`` in a template says it in the reader's language."""
    return text


STATES = {
    "ok": N_("ok"),
    "silent": N_("no event yet"),
    "failing": N_("failing"),
    "resting": N_("resting"),
    "refused": N_("refused"),
    "paused": N_("paused"),
    "unrouted": N_("no route"),
    "in_sync": N_("in sync"),
    "pending": N_("pending"),
    "retrying": N_("retrying"),
    "delivered": N_("delivered"),
    "rejected": N_("rejected"),
    "dead": N_("dead"),
    "parked": N_("parked"),
    "done": N_("done"),
    "skipped": N_("skipped"),
    "suppressed": N_("suppressed"),
    "not_routed": N_("no route"),
    "opted_in": N_("opted in"),
    "opted_out": N_("opted out"),
    "unknown": N_("unknown"),
}
"""States as people read them."""

TONES = {
    "ok": "good", "in_sync": "good", "delivered": "good", "done": "good", "opted_in": "good",
    "pending": "busy", "retrying": "busy", "failing": "warn", "resting": "warn", "paused": "warn", "silent": "calm",
    "refused": "bad", "rejected": "bad", "dead": "bad", "parked": "bad", "opted_out": "bad", "suppressed": "bad",
}  # fmt: skip
"""How a state looks; whatever is not here is calm. A mark and a word tell it too, never the colour alone."""

NEEDS = {
    "review": N_("Are these two one person?"),
    "dead": N_("Deliveries gave up"),
    "rejected": N_("Deliveries were rejected"),
    "parked": N_("Events cannot be read"),
    "paused": N_("Destination is paused"),
    "refused": N_("Credentials or signatures are refused"),
    "failing": N_("Calls fail"),
    "silent": N_("No event came yet"),
}

KINDS = {
    "order": N_("Order"),
    "cart": N_("Cart"),
    "refund": N_("Refund"),
    "payment": N_("Payment"),
    "shipment": N_("Shipment"),
    "return": N_("Return"),
    "interaction": N_("Interaction"),
    "case": N_("Case"),
    "feedback": N_("Feedback"),
    "privacy": N_("Privacy request"),
    "sign_up": N_("Signed up"),
    "first_seen": N_("First seen"),
    "profile_change": N_("Details changed"),
    "consent": N_("Consent"),
    "deletion": N_("Deleted at the source"),
}
"""Kinds of a timeline's items."""

FIELDS = {
    "name": N_("Name"),
    "emails": N_("E-mail"),
    "phones": N_("Phone"),
    "addresses": N_("Address"),
    "birth_date": N_("Date of birth"),
    "language": N_("Language"),
    "company": N_("Company"),
    "loyalty_ids": N_("Loyalty card"),
    "accounts": N_("Account"),
    "tags": N_("Tag"),
    "contact_kinds": N_("Kind of contact"),
    "consents": N_("Consent"),
    "custom": N_("Own field"),
}
"""Fields of a profile; a value's field is one of them and perhaps ``.`` and a part."""

ROLES = {
    "viewer": N_("viewer"),
    "support": N_("support"),
    "operator": N_("operator"),
    "admin": N_("admin"),
}

# Events and Delivery
STATES |= {"retry": N_("tried again"), "unchanged": N_("nothing to write")}
TONES |= {"retry": "warn", "unchanged": "calm"}

EVENT_TYPES = {
    "CustomerEvent": N_("Customer"),
    "OrderEvent": N_("Order"),
    "OrderPartEvent": N_("Part of an order"),
    "CartEvent": N_("Cart"),
    "InteractionEvent": N_("Interaction"),
    "CaseEvent": N_("Case"),
    "FeedbackEvent": N_("Feedback"),
    "ProductEvent": N_("Product"),
    "ConsentEvent": N_("Consent"),
    "LinkEvent": N_("Link between records"),
    "DeletionEvent": N_("Deleted at the source"),
    "PrivacyEvent": N_("Privacy request"),
}
"""Canonical events as people read them."""

SUBJECTS = {"profile": N_("Person"), "order": N_("Order"), "activity": N_("Activity")}
"""What a delivery is of."""

ACTIONS = {
    "create": N_("creates a record"),
    "update": N_("updates a record"),
    "erase": N_("erases a record"),
    "nothing": N_("writes nothing"),
}
"""What a write does at the destination."""

SHELVES = {
    "waiting": N_("Waiting"),
    "retrying": N_("Retrying"),
    "failed": N_("Failed"),
    "dead": N_("Given up"),
    "rejected": N_("Rejected"),
    "refused": N_("Written without a value"),
    "delivered": N_("Delivered"),
}
"""Filters of deliveries."""

NEED_LEADS = {
    "dead": "/console/delivery?state=dead&destination=",
    "rejected": "/console/delivery?state=rejected&destination=",
    "parked": "/console/events?state=parked&connection=",
    "source": "/console/events?connection=",
    "destination": "/console/delivery?destination=",
}
"""Where a thing that needs a person is seen, before the name of its connection; by kind, else by role."""
