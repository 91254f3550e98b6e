"""Forms to canonical events. Pure.

A record is one address at one form: its id is a digest of the address, so that every sending, confirmation and
unsubscribing of it is one record's, in whichever order they come.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from hub.connectors.forms.manifest import FormsSettings
from hub.connectors.forms.mapping_links import SAID
from hub.connectors.forms.schemas import Form
from hub.errors import PayloadError
from hub.mapping.custom import text, texts
from hub.mapping.customer import CustomerField, customer
from hub.mapping.fieldmap import FieldMap
from hub.mapping.time import instant
from hub.model.consent import Consent, ConsentState
from hub.model.customer import CustomerSnapshot
from hub.model.event import CanonicalEvent, CustomerEvent, InteractionEvent
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction, InteractionKind

FORM = FieldMap(
    Form,
    {
        "first_name": "fields.first_name",
        "last_name": "fields.last_name",
        "full_name": "fields.full_name",
        "email": "fields.email",
        "phone": "fields.phone",
        "birth_date": "fields.birth_date",
        "street": "fields.street",
        "house_number": "fields.house_number",
        "line2": "fields.line2",
        "postal_code": "fields.postal_code",
        "city": "fields.city",
        "region": "fields.region",
        "country": "fields.country",
        "company": "fields.company",
        "language": "language",
    },
    not_offered={
        "external_id": "a digest of the address is the record key",
        "middle_name": "forms ask for first and last name",
        "national_id": "no form may ask for it",
        "loyalty_id": "kept as a custom field: what somebody types proves no card",
        "handle": "kept as a custom field: what somebody types proves no account",
        "contact_kind": "whoever signs up may be anything to the business",
    },
)
_UNPROVEN: tuple[CustomerField, ...] = ("email", "language")


def record_key(email: str) -> RecordKey:
    """The record of an address; the digest keeps it out of ids, which are shown to everybody."""
    digest = hashlib.blake2b(email.strip().lower().encode(), digest_size=16).hexdigest()
    return RecordKey(kind="subscriber", external_id=digest)


def events_of(form: Form, settings: FormsSettings) -> Iterator[CanonicalEvent]:
    """What one of the three tells. Raises PayloadError for another."""
    at = instant(form.at, path="at")
    done = instant(form.done_at, path="done_at") if form.done_at else at
    match form.type:
        case "submitted":
            asked = settings.confirm == "double"
            granted: ConsentState = "pending" if asked else "opted_in"
            act = form.vouched and not asked
            state = _consent(granted, at, _stood(form), act=act) if form.newsletter else ()
            believed = form.vouched or not asked
            yield CustomerEvent(occurred_at=at, customer=_person(form, state, settings, believed=believed))
            yield _happened(form, "form_submitted", at, {} if believed or form.newsletter else _claimed(form))
        case "confirmed":
            link = f"link of the mail, used {done:%Y-%m-%d %H:%M} UTC{f', {form.family}' if form.family else ''}"
            state = _consent("opted_in", done, f"double opt-in: {link}; {_stood(form)}")
            yield CustomerEvent(occurred_at=done, customer=_person(form, state, settings, believed=True))
            yield _happened(form, "email_subscribed", done)
        case "unsubscribed":
            state = _consent("opted_out", done, f"link to unsubscribe, used {done:%Y-%m-%d %H:%M} UTC")
            yield CustomerEvent(occurred_at=done, customer=_person(form, state, settings, believed=False))
            yield _happened(form, "email_unsubscribed", done)
        case _:
            raise PayloadError("none that a form sends", path="type")


def _person(form: Form, consents: tuple[Consent, ...], settings: FormsSettings, *, believed: bool) -> CustomerSnapshot:
    """Who it is. Of what nobody vouches for only the address counts, and the language of the page."""
    told = FORM.read(form)
    fields = told if believed else {name: told[name] for name in _UNPROVEN if name in told}
    custom = {name: value for name, value in form.custom.items() if name not in SAID}
    return customer(
        record_key(form.fields.email),
        fields,
        region=settings.default_region,
        consents=consents,
        custom=custom if believed else None,
    )


def _consent(state: ConsentState, at: datetime, evidence: str, *, act: bool = True) -> tuple[Consent, ...]:
    # Anybody can type an address: that somebody asked for mail is no act of the one it belongs to.
    return (Consent(channel="email", state=state, at=at, evidence=evidence, explicit=act),)


def _claimed(form: Form) -> dict[str, str]:
    """What a contact form tells of its sender, which nobody has proved: it is read with the message, and no more."""
    fields = form.fields.model_dump(exclude={"email"}, exclude_none=True)
    return texts({**fields, **{name: value for name, value in form.custom.items() if name not in SAID}}.items())


def _stood(form: Form) -> str:
    page = f" on {form.page}" if form.page else ""
    return f"form{page}, text {form.text_version}: {form.consent_text}"


def _happened(
    form: Form, kind: InteractionKind, at: datetime, claimed: Mapping[str, str] = MappingProxyType({})
) -> InteractionEvent:
    extra = form.custom
    written = kind == "form_submitted"
    interaction = Interaction(
        external_id=f"{form.type}:{form.id}",
        channel="web" if written else "email",
        kind=kind,
        url=form.page,
        subject=text(extra.get("subject")) if written else None,
        text=text(extra.get("message")) if written else None,
        details={**claimed, **texts({"text_version": form.text_version, "family": form.family}.items())},
    )
    return InteractionEvent(occurred_at=at, record=record_key(form.fields.email), interaction=interaction)
