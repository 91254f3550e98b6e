"""Meta's updates to canonical events, one update at a time.

Ids are scoped: the same person has another id at every page, account and WhatsApp business, so the business's own id
is part of every record key and account. Sources: see ``schemas``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from hub.connectors.meta.schemas import (
    Comment,
    Entry,
    Feed,
    Lead,
    LeadAnswers,
    Leadgen,
    Mention,
    MentionedItem,
    Rating,
)
from hub.errors import PayloadError
from hub.mapping.custom import texts
from hub.mapping.customer import CustomerField, customer
from hub.mapping.fieldmap import FieldMap
from hub.mapping.plain_text import short
from hub.mapping.time import epoch, instant
from hub.model.consent import Consent, ConsentChannel
from hub.model.customer import ChannelAccount
from hub.model.event import CanonicalEvent, ConsentEvent, CustomerEvent, FeedbackEvent, InteractionEvent
from hub.model.feedback import Feedback
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction

LEAD_FIELDS = FieldMap(
    LeadAnswers,
    {
        "first_name": "first_name",
        "last_name": "last_name",
        "full_name": "full_name",
        "email": ("email", "work_email"),
        "phone": ("phone_number", "work_phone_number"),
        "street": "street_address",
        "postal_code": ("post_code", "zip_code"),
        "city": "city",
        "region": ("state", "province"),
        "country": "country",
        "company": "company_name",
        "national_id": "national_id",
    },
    not_offered={
        "contact_kind": "a form does not say; it may be for applicants or suppliers as well",
        "external_id": "the lead's own id is the record key",
        "middle_name": "no standard question",
        "birth_date": "the notation follows the form's language (month or day first) and is not told",
        "house_number": "part of street_address",
        "line2": "no standard question",
        "language": "not told",
        "handle": "not told",
        "loyalty_id": "no standard question",
    },
)


def person_key(network: str, business: str, person: str) -> RecordKey:
    return RecordKey(kind="person", external_id=f"{network}:{business}:{person}")


def account(network: str, business: str, person: str, handle: str | None = None) -> ChannelAccount:
    return ChannelAccount(network=network, account_id=f"{business}:{person}", handle=handle)


def comment(entry: Entry, value: Comment, path: str) -> Iterator[CanonicalEvent]:
    """A comment under the account's own media; the account's own, and one without author, belong to nobody.

    Under an ad Meta may tell no more of its author than the name: a record of its own, whose handle proves nothing.
    """
    author, name = value.from_.id, value.from_.username
    if author == entry.id or not (author or name):
        return
    at = entry_time(entry, path)
    key = person_key("instagram", entry.id, author or f"@{(name or '').lower()}")
    accounts = (account("instagram", entry.id, author, name),) if author else ()
    handle: dict[CustomerField, tuple[str, ...]] = {} if author else {"handle": (name or "",)}
    yield CustomerEvent(occurred_at=at, customer=customer(key, handle, accounts=accounts))
    yield InteractionEvent(
        occurred_at=at,
        record=key,
        interaction=Interaction(
            external_id=value.id,
            kind="comment",
            channel="instagram",
            text=value.text,
            reference=value.parent_id or value.media.original_media_id or value.media.id,
            campaign=value.media.ad_id,
            details=texts([("media", value.media.media_product_type)]),
        ),
    )


def feed(entry: Entry, value: Feed, path: str, kind: str = "comment") -> Iterator[CanonicalEvent]:
    """What a person did on the page: commented, reacted, posted, edited, took back. The page's own acts are none.

    An edit stands beside what it changed, and says so in ``reference``: nothing that was said is written over.
    """
    author, subject = value.from_.id or value.sender_id, value.comment_id or value.post_id
    if author is None or author == entry.id or subject is None:
        return
    at = _feed_time(entry, value, path)
    verb, item = (value.verb or "add").lower(), (value.item or "post").lower()
    yield _on_facebook(entry, author, value.from_.name or value.sender_name, at)
    act = _feed_act(value, kind, item, verb, subject, author, at)
    yield InteractionEvent(occurred_at=at, interaction=act, record=person_key("facebook", entry.id, author))


def rating(entry: Entry, value: Rating, path: str) -> Iterator[CanonicalEvent]:
    """A recommendation of the page, which is one however often it is changed; what is said of it is said there."""
    author, story = value.reviewer_id or value.from_.id or value.sender_id, value.open_graph_story_id
    if (value.item or "rating").lower() != "rating":
        yield from feed(entry, value, path)
        return
    if author is None or author == entry.id or story is None:
        return
    at, kind = _feed_time(entry, value, path), (value.recommendation_type or "").lower()
    yield _on_facebook(entry, author, value.reviewer_name or value.from_.name or value.sender_name, at)
    gone, stars = (value.verb or "add").lower() in _GONE, value.rating or 0
    review = Feedback(
        external_id=story,
        kind="review",
        channel="facebook",
        rating=Decimal(stars) if stars in _STARS else None,
        text=short(value.review_text),
        answers={"recommendation": kind} if kind else {},
        state="withdrawn" if gone else "published",
    )
    yield FeedbackEvent(occurred_at=at, feedback=review, record=person_key("facebook", entry.id, author))


def _on_facebook(entry: Entry, author: str, name: str | None, at: datetime) -> CustomerEvent:
    key, person = person_key("facebook", entry.id, author), account("facebook", entry.id, author)
    return CustomerEvent(occurred_at=at, customer=customer(key, {"full_name": (name or "",)}, accounts=(person,)))


def _feed_time(entry: Entry, value: Feed, path: str) -> datetime:
    return epoch(value.created_time, path=f"{path}.created_time") if value.created_time else entry_time(entry, path)


_GONE = ("remove", "delete", "hide")
_STARS = range(1, 6)


def _feed_act(value: Feed, kind: str, item: str, verb: str, subject: str, author: str, at: datetime) -> Interaction:
    millis = int(at.timestamp() * 1000)
    if item in ("reaction", "like"):
        reacted = f"{subject}:{author}:{value.reaction_type or item}:{verb}"
        details = {"action": verb}
        return fact(
            "facebook", reacted, "reaction", text=value.reaction_type or item, reference=subject, details=details
        )
    if verb in _GONE:
        return status("facebook", f"{subject}:{verb}", "hidden" if verb == "hide" else "deleted", reference=subject)
    edited = verb in ("edit", "edited", "update")
    return fact(
        "facebook",
        f"{subject}:edited:{millis}" if edited else subject,
        kind,
        text=value.message,
        url=value.permalink_url or value.link or value.photo or value.video,
        reference=subject if edited else value.parent_id or (value.post_id if value.comment_id else None),
        details={"item": item} | ({"edited": "true"} if edited else {}),
    )


def mention(entry: Entry, value: Mention, found: MentionedItem | None, path: str) -> Iterator[CanonicalEvent]:
    """A mention with what was fetched about it; without an author (deleted, hidden) it belongs to nobody."""
    if found is None or found.username is None:
        return
    at = instant(found.timestamp, path=f"{path}.timestamp") if found.timestamp else entry_time(entry, path)
    key = person_key("instagram", entry.id, f"@{found.username.lower()}")
    yield CustomerEvent(occurred_at=at, customer=customer(key, {"handle": (found.username,)}))
    yield InteractionEvent(
        occurred_at=at,
        record=key,
        interaction=Interaction(
            external_id=value.comment_id or value.media_id or "",
            kind="mention",
            channel="instagram",
            text=found.text or found.caption,
            url=found.permalink,
            reference=value.media_id,
        ),
    )


def lead(
    value: Leadgen, found: Lead, consents: Mapping[str, ConsentChannel], *, region: str, path: str
) -> Iterator[CanonicalEvent]:
    """A filled-in lead form. Answers to the form's own questions become details of the interaction.

    A form that was tried out has Meta's own words in its answers, and is nobody's. A box that was checked is a consent
    where ``consents`` say of which channel; one that was not is no word on it.
    """
    at = epoch(value.created_time, path=f"{path}.created_time")
    answers = {answer.name: ", ".join(answer.values) for answer in found.field_data if answer.values}
    if any(text.startswith(_TRIED_OUT) for text in answers.values()):
        return
    standard = LeadAnswers.model_validate(answers)
    key = RecordKey(kind="lead", external_id=value.leadgen_id)
    form = value.form_id or found.form_id
    yield CustomerEvent(occurred_at=at, customer=customer(key, LEAD_FIELDS.read(standard), region=region))
    yield InteractionEvent(
        occurred_at=at,
        record=key,
        interaction=Interaction(
            external_id=value.leadgen_id,
            kind="lead_form",
            channel="facebook",
            reference=form,
            campaign=value.ad_id or found.ad_id,
            details={name: text for name, text in answers.items() if name not in LeadAnswers.model_fields}
            | {f"box.{box.checkbox_key}": str(box.is_checked).lower() for box in found.disclaimers},
        ),
    )
    for box in found.disclaimers:
        channel = consents.get(box.checkbox_key)
        if channel and box.is_checked:
            evidence = f"Meta lead form {form or ''}: box {box.checkbox_key}"
            consent = Consent(channel=channel, state="opted_in", at=at, evidence=evidence, explicit=True)
            yield ConsentEvent(occurred_at=at, record=key, consent=consent)


_TRIED_OUT = "<test lead:"


def fact(network: str, external_id: str, kind: str, **values: object) -> Interaction:
    return Interaction.model_validate({"external_id": external_id, "kind": kind, "channel": network, **values})


def status(network: str, external_id: str, status: str, **values: object) -> Interaction:
    return fact(network, external_id, "message_status", **{"direction": "out", **values}, details={"status": status})


def entry_time(entry: Entry, path: str) -> datetime:
    path = ".".join([*path.split(".")[:2], "time"])
    if entry.time is None:
        raise PayloadError("no time", path=path)
    return epoch(entry.time, path=path)
