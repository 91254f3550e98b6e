"""Mailchimp as a source: audience webhooks and members.

In: form bodies (https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/), unsigned: the secret is
the query parameter ``secret`` of the webhook's URL. Out: subscribers, consents, bounces. Mailchimp names no event, so
the event id is a digest of what makes an event one: type, time, audience, member and addresses.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

import orjson

from hub.connectors.mailchimp import mapping, schemas
from hub.connectors.mailchimp.destination_fields import ARCHIVED, MAP, PROFILE_ID
from hub.connectors.mailchimp.manifest import MailchimpSettings
from hub.connectors.mailchimp.schemas_members import hash_of, state_of
from hub.connectors.mailchimp.subscriptions import SECRET, SUBSCRIPTIONS, TOPICS, audiences
from hub.errors import ConfigError, NotFound, PayloadError, SkipEvent, VerificationError
from hub.mapping.address import country
from hub.mapping.body import form_fields, json_tree
from hub.mapping.customer import CustomerFields, customer
from hub.mapping.mail_event import Happened, MailEvent, mail_events
from hub.mapping.payload import Reading, read, read_tree
from hub.mapping.time import instant
from hub.model.consent import Consent
from hub.model.customer import CustomerSnapshot
from hub.model.event import CanonicalEvent, CustomerEvent, DeletionEvent, InteractionEvent, LinkEvent, Note
from hub.model.identifier import RecordKey
from hub.model.interaction import InteractionKind
from hub.sdk.checked import Checked
from hub.sdk.crm.mailing import Contact
from hub.sdk.crm.mailing_reading import of_address, reads, returned
from hub.sdk.crm.reading import KIND
from hub.sdk.http import HttpClient, basic, json_of
from hub.sdk.lists import in_turn
from hub.sdk.paginate import keyset, offset
from hub.sdk.signatures import UrlSecret
from hub.sdk.source import BackfillItem, EventName, InboxEntry, Listed, Part, RawDelivery, Reply, Source

_DATA_CENTRE = re.compile(r".+-([a-z]{2}\d{1,3})")
_PAGE = 1000
"""The most members one call gives (Marketing API 3.0, GET /lists/{list_id}/members)."""


IN_URL: UrlSecret[MailchimpSettings] = UrlSecret(SECRET, secrets=lambda settings: settings.webhook_secret)
verify, sign = IN_URL.verify, IN_URL.sign


def answer(delivery: RawDelivery, settings: MailchimpSettings) -> Reply | None:
    """Mailchimp calls the URL with GET when the webhook is saved and wants a 200; with a wrong secret it gets none."""
    if delivery.method not in ("GET", "HEAD"):
        return None
    try:
        verify(delivery, settings)
    except VerificationError:
        return Reply(status=401, body=b"wrong secret")
    return Reply(status=200, body=b"ok")


def name_event(delivery: RawDelivery, settings: MailchimpSettings) -> EventName:
    if delivery.body.startswith(b"{"):
        member = read(schemas.Member, delivery.body)
        return EventName(event_id=_member_id(member.list_id, member.email_address, member.last_changed), topic="member")
    fields = form_fields(delivery.body)
    event, _ = read_tree(schemas.Event, fields)
    # There is no id, and two changes of one member may fall into one second: all that is told names the event.
    parts = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    return EventName(event_id=hashlib.sha256(parts.encode()).hexdigest(), topic=event.type)


def _member_id(list_id: str, email: str, last_changed: str) -> str:
    return f"member:{list_id}:{hash_of(email)}:{last_changed}"


def parse(entry: InboxEntry, settings: MailchimpSettings) -> Sequence[CanonicalEvent | Note]:
    reading = Reading()
    return reading.of(_read(entry, reading, settings))


def _read(entry: InboxEntry, reading: Reading, settings: MailchimpSettings) -> list[CanonicalEvent]:
    if entry.topic == "member":
        merges = json_tree(entry.body).get("merge_fields")
        return _member(reading.read(schemas.Member, entry.body), merges if isinstance(merges, dict) else {}, settings)
    if entry.topic == "campaign":
        raise SkipEvent("a campaign's state concerns no person")
    if entry.topic not in TOPICS:
        raise SkipEvent(f"topic not read: {entry.topic}")
    form = form_fields(entry.body)
    if entry.topic == "upemail":
        return _address_changed(reading.tree(schemas.EmailChange, form), settings)
    told = _Told(reading.tree(schemas.Subscriber, schemas.with_groups(form)), schemas.merges_of(form), settings, entry)
    if entry.topic == "subscribe":
        return told.with_(mapping.opt_in(told.source), "email_subscribed")
    if entry.topic == "unsubscribe":
        return _left(told)
    if entry.topic == "cleaned":
        return told.of_address("complained" if told.source.reason == "abuse" else "bounced")
    return told.with_(None, None)


def _member(source: schemas.Member, merges: dict[str, Any], settings: MailchimpSettings) -> list[CanonicalEvent]:
    """A member as it stands there. One that somebody put away is not there any more."""
    key = mapping.record_key(settings, source.list_id, source.email_address)
    at = instant(source.last_changed, path="last_changed")
    if source.status == "archived":
        if merges.get(ARCHIVED):
            raise SkipEvent("Hub put it away")
        return [DeletionEvent(occurred_at=at, record=key)]
    custom = schemas.own_fields(merges)
    if source.last_note and source.last_note.note:
        custom = {"note": source.last_note.note, **custom}
    who = mapping.member(source, key, _home(merges, settings.default_region), custom=custom)
    state = state_of(source.status or "", source.unsubscribe_reason, archived=False)
    stands = Contact(key.external_id, source.email_address, state, at)
    return [_state(who, merges, at), *of_address(stands, settings, source="mailchimp", at=at)]


def _state(who: CustomerSnapshot, merges: Mapping[str, Any], at: datetime, *, sent: bool = False) -> CanonicalEvent:
    """The state of a contact that Hub may have written, or of a subscriber of another audience."""
    if who.key.kind == KIND:
        return returned(who, str(merges.get(PROFILE_ID) or "") or None, at, sent=sent)
    return CustomerEvent(occurred_at=at, customer=who, whole=("emails", "phones"))


def _home(merges: Mapping[str, Any], default: str) -> str:
    """Where numbers are dialled: the first country that any address names."""
    return next(filter(None, map(country, schemas.countries(dict(merges)))), default)


@dataclass(frozen=True, slots=True)
class _Told:
    """A subscriber as an event tells them."""

    source: schemas.Subscriber
    merges: Mapping[str, Any]
    settings: MailchimpSettings
    entry: InboxEntry

    def with_(self, consent: Consent | None, kind: InteractionKind | None) -> list[CanonicalEvent]:
        """The subscriber, with consent and interaction where the event is about one."""
        at, key = mapping.fired_at(self.source), self.key
        custom = schemas.own_fields(dict(self.merges))
        home = _home(self.merges, self.settings.default_region)
        snapshot = mapping.subscriber(self.source, key, home, consent=consent, custom=custom)
        events: list[CanonicalEvent] = [_state(snapshot, self.merges, at, sent=True)]
        if kind is not None:
            interaction = mapping.interaction(self.source, kind, self.entry.event_id)
            events.append(InteractionEvent(occurred_at=at, interaction=interaction, record=key))
        return events

    def of_address(self, what: Happened) -> list[CanonicalEvent]:
        """A bounce or complaint, told of the address as every sending system tells it."""
        source = self.source
        at = mapping.fired_at(source)
        told = MailEvent(self.entry.event_id, at, source.email, what, campaign=source.campaign_id, reason=source.reason)
        return mail_events(told, source="mailchimp", region=self.settings.default_region)

    @property
    def key(self) -> RecordKey:
        return mapping.record_key(self.settings, self.source.list_id, self.source.email)


def _left(told: _Told) -> list[CanonicalEvent]:
    source = told.source
    if source.action == "delete":
        # Somebody, or Hub, took the address off the audience: no word of the person.
        if told.merges.get(ARCHIVED):
            raise SkipEvent("Hub put it away")
        return [DeletionEvent(occurred_at=mapping.fired_at(source), record=told.key)]
    if source.reason == "abuse":
        return [*told.with_(mapping.opt_out(source, "complaint on"), None), *told.of_address("complained")]
    return told.with_(mapping.opt_out(source, "unsubscribed from"), "email_unsubscribed")


def _address_changed(source: schemas.EmailChange, settings: MailchimpSettings) -> list[CanonicalEvent]:
    """The new address, of which nothing else is told; the old one is no longer this person's, whoever uses it next."""
    at = mapping.fired_at(source)
    new, old = (mapping.record_key(settings, source.list_id, email) for email in (source.new_email, source.old_email))
    address: CustomerFields = {"email": (source.new_email,)}
    region = settings.default_region
    who = customer(new, address, region=region)
    is_contact = new.kind == KIND
    state = returned(who, None, at, sent=True) if is_contact else CustomerEvent(occurred_at=at, customer=who)
    if new == old:
        return [state]
    reason, into = "e-mail address changed at the source", new if is_contact else None
    link = LinkEvent(occurred_at=at, records=(new, old), reason=reason, into=into)
    moved = customer(old, address, region=region)
    return [link, state, CustomerEvent(occurred_at=at, customer=moved, whole=("emails",))]


def _members(http: HttpClient, settings: MailchimpSettings, since: datetime | None, at: Any) -> Part:
    """All members of each audience, by last change, oldest first.

    ``since_last_changed`` is asked for a second early: the reference does not say whether it leaves out its own.
    """
    begin: dict[str, Any] = {"from": since.isoformat(timespec="seconds") if since else "", "seen": 0}
    number, state, walked = at or (0, begin, audiences(http, settings))
    if not walked:
        return Part([])
    query = {"count": str(_PAGE), "offset": str(offset(state)), "sort_field": "last_changed", "sort_dir": "ASC"}
    if state["from"]:
        early = datetime.fromisoformat(state["from"]) - timedelta(seconds=1)
        query["since_last_changed"] = early.isoformat(timespec="seconds")
    answer = json_of(http.get(f"/3.0/lists/{walked[number]}/members", query))
    found, total = answer.get("members") or (), answer.get("total_items")
    fresh, going_on = keyset(found, "last_changed", state)
    items = [_item(one) for one in fresh]
    more = offset(state) + len(found) < total if total is not None else len(found) == _PAGE
    first = total if at is None and len(walked) == 1 else None
    if going_on and more:
        return Part(items, [number, going_on, walked], first)
    return Part(items, [number + 1, begin, walked] if number + 1 < len(walked) else None, first)


LISTS = {"members": Listed(_members, quiet=timedelta(0))}
backfill = partial(in_turn, LISTS)


def _item(found: Mapping[str, Any]) -> BackfillItem:
    body = orjson.dumps(found)
    try:
        member = read(schemas.Member, body)
        event_id = _member_id(member.list_id, member.email_address, member.last_changed)
    except PayloadError:
        # Kept under a digest of its own, so that it is parked for somebody to see and the walk goes on.
        event_id = "member:" + hashlib.sha256(body).hexdigest()
    return BackfillItem(event_id=event_id, topic="member", body=body)


def check(http: HttpClient, settings: MailchimpSettings) -> Checked:
    """Ask with the key, then for the audiences: https://mailchimp.com/developer/marketing/api/ping/, …/api/lists/."""
    found = Checked(untested=["webhook_secret: only a real event can tell"])
    if settings.api_key is None:
        found.untested.append("the API: no api_key is set, so there is no backfill")
        return found
    http.get("/3.0/ping")
    found.works.append("the key is accepted")
    for audience in settings.audiences:
        try:
            http.get(f"/3.0/lists/{quote(audience, safe='')}", {"fields": "id"})
        except NotFound:
            found.wrong.append(f"audiences: there is no audience {audience!r} in the account")
    return found


def authorise(settings: MailchimpSettings) -> Mapping[str, str]:
    if settings.api_key is None:
        return {}
    return basic("hub", settings.api_key.get_secret_value())


def api_root(settings: MailchimpSettings) -> str:
    """Raises ConfigError when there is no key, or it names no data centre."""
    if settings.api_key is None:
        raise ConfigError(["api_key: is required to call Mailchimp"])
    match = _DATA_CENTRE.fullmatch(settings.api_key.get_secret_value())
    if match is None:
        raise ConfigError(["api_key: has to end in its data centre, such as -us21"])
    return f"https://{match.group(1)}.api.mailchimp.com"


SOURCE = Source(
    parse=parse,
    verify=verify,
    sign=sign,
    name_event=name_event,
    answer=answer,
    backfill=backfill,
    lists=LISTS,
    subscriptions=SUBSCRIPTIONS,
    authorise=authorise,
    check=check,
    api_root=api_root,
    reads=reads(MAP),
)
