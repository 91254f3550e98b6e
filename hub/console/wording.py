"""Texts that Python holds and templates translate."""

from __future__ import annotations

from hub.console.insight_words import (
    GROUPS as GROUPS,
)
from hub.console.insight_words import (
    LIFE as LIFE,
)
from hub.console.insight_words import (
    LIFE_MEANS as LIFE_MEANS,
)
from hub.console.insight_words import (
    LIFE_NEXT as LIFE_NEXT,
)
from hub.console.insight_words import (
    MODELS as MODELS,
)
from hub.console.marking import N_
from hub.console.people_words import (
    AGREEMENT as AGREEMENT,
)
from hub.console.people_words import (
    ANSWERED as ANSWERED,
)
from hub.console.people_words import (
    ANSWERS as ANSWERS,
)
from hub.console.people_words import (
    APART_BY as APART_BY,
)
from hub.console.people_words import (
    CAME as CAME,
)
from hub.console.people_words import (
    DECISIONS as DECISIONS,
)
from hub.console.people_words import (
    DO as DO,
)
from hub.console.people_words import (
    FEATURES as FEATURES,
)
from hub.console.people_words import (
    JOINED_BY as JOINED_BY,
)
from hub.console.people_words import (
    LEVELS as LEVELS,
)
from hub.console.people_words import (
    LOST as LOST,
)
from hub.console.people_words import (
    RULES as RULES,
)
from hub.console.people_words import (
    VERDICTS as VERDICTS,
)
from hub.console.people_words import (
    WAITS as WAITS,
)
from hub.console.people_words import (
    WHY_SENT as WHY_SENT,
)
from hub.console.people_words import (
    WILL as WILL,
)

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

# -- Connections, Rules, Settings --------------------------------------------------------------------------------------

ROLE_MEANS = {
    "viewer": N_("sees everything but personal data"),
    "support": N_("sees people in full"),
    "operator": N_("acts: replays, merges, pauses"),
    "admin": N_("all: rules, connections, people"),
}
"""What a role may, in a line."""

KEPT = {
    "bodies": N_("Bodies of events"),
    "attempts": N_("Attempts to deliver"),
    "outcomes": N_("Why events were skipped"),
    "visits": N_("Visits of pages"),
}
"""What retention removes."""

AREAS = {
    "session": N_("Sign-in"),
    "profile": N_("People"),
    "review": N_("Reviews"),
    "event": N_("Events"),
    "delivery": N_("Delivery"),
    "connection": N_("Connections"),
    "rules": N_("Rules"),
    "insight": N_("Insight"),
    "user": N_("Users"),
    "token": N_("API tokens"),
}
"""What stands before the dot of an action."""

ACTIONS = {
    "session.open": N_("signed in"),
    "session.refused": N_("could not sign in"),
    "profile.list": N_("was shown a list of people"),
    "user.connect": N_("connected a user with the OpenID provider"),
    "rules.try": N_("tried rules"),
    "profile.view": N_("looked at a person"),
    "user.add": N_("added a user"),
    "user.role": N_("changed a role"),
    "user.password": N_("changed a password"),
    "user.link": N_("made a link to sign in"),
    "user.remove": N_("removed a user"),
    "token.create": N_("made a token"),
    "token.revoke": N_("revoked a token"),
    "connection.add": N_("added a connection"),
    "connection.test": N_("tested credentials"),
    "connection.subscribe": N_("put webhooks back"),
    "connection.backfill": N_("began to read history"),
    "connection.pause": N_("held a connection"),
    "connection.resume": N_("resumed"),
    "connection.retry": N_("tried again at once"),
    "event.view": N_("looked at an event"),
    "event.body": N_("took the body of an event"),
    "event.replay": N_("replayed an event"),
    "event.replay_parked": N_("replayed all that could not be read"),
    "delivery.view": N_("looked at a delivery"),
    "delivery.dry_run": N_("looked at what would be sent"),
    "delivery.redrive": N_("redrove deliveries"),
    "review.accept": N_("answered that they are one person"),
    "review.reject": N_("answered not now"),
    "review.never": N_("answered that they are two people"),
    "review.undo": N_("took an answer back"),
    "profile.note": N_("wrote a note"),
    "profile.trait": N_("set a stage or a score"),
    "profile.trait_withdrawn": N_("took back a stage or a score"),
    "profile.merge": N_("merged two people"),
    "profile.split": N_("split a person"),
    "profile.never": N_("kept two people apart"),
    "profile.undo": N_("took a decision back"),
    "connection.compare": N_("compared a source with Hub"),
    "rules.apply": N_("applied rules"),
    "rules.rollback": N_("rolled rules back"),
    "insight.try": N_("tried what customers are weighed by"),
    "insight.apply": N_("put a model in force"),
    "insight.rollback": N_("took a model back"),
}
"""What is in the audit log, in words."""

IDENTIFIERS = {
    "link": N_("Link of the source"),
    "account": N_("Account"),
    "loyalty": N_("Loyalty card"),
    "email": N_("E-mail"),
    "national_id": N_("National id"),
    "handle": N_("Public name"),
    "phone": N_("Phone"),
}
"""Kinds of identifiers."""

STRENGTHS = {"certain": N_("certain"), "strong": N_("strong"), "weak": N_("weak"), "off": N_("off")}

STRATEGIES = {
    "newest": N_("the newest"),
    "source_rank": N_("by rank of the source"),
    "most_complete": N_("the most complete"),
    "most_frequent": N_("the most frequent"),
    "longest_lived": N_("the longest lived"),
}
"""What decides between values."""

STAGES = {
    "reading": N_("reading records"),
    "comparing": N_("comparing records"),
    "clustering": N_("joining records"),
    "folding": N_("folding values"),
}
"""What a trial is at."""

WRITES = {
    "creates": N_("created"),
    "updates": N_("updated"),
    "merges": N_("merged"),
    "restores": N_("restored"),
    "orders": N_("orders moved"),
}
"""What a destination would get."""

CHANNELS = {
    "web": N_("web shop"),
    "till": N_("till"),
    "email": N_("e-mail"),
    "social": N_("social media"),
    "crm": N_("CRM"),
    "file": N_("file"),
    "any": N_("anything"),
}
"""Where a connector's system meets people."""

STANDINGS = {
    "same": N_("all here"),
    "missing": N_("missing"),
    "older": N_("older here"),
    "deleted": N_("deleted there"),
    "waiting": N_("still waiting"),
    "parked": N_("cannot be read"),
    "skipped": N_("of no interest"),
    "repaired": N_("fetched"),
}
"""How an item of a source stands here."""

JOBS = {
    "test": N_("Asking the outside system …"),
    "webhooks": N_("Asking the vendor for its webhooks …"),
    "history": N_("Reading the history …"),
    "compare": N_("Comparing with the source …"),
}
"""What goes on in the background."""

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

WRITE_ACTIONS = {
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
