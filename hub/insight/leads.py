"""Leads: who has not bought yet, what is known of each at a moment, and what became of them. Pure.

What is known is as of a moment: a label must not leak into what it is foretold from. So only what has a time of its own
counts (visits, forms, mails, calls …), and nothing that an order tells of a person.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hub.insight.touches import channel_of

HALF_LIFE = 14.0
"""Days after which what somebody did weighs half as much."""

AGES = (1.0, 3.0, 7.0, 14.0, 28.0, 56.0, 112.0)
"""Days after the first contact at which a lead of the past is looked at: close together where much happens."""

NUMBERS: Mapping[str, str] = {
    "visits": "visits of pages",
    "products": "products looked at",
    "carts": "carts and checkouts begun",
    "forms": "forms sent",
    "mail_clicks": "clicks in mails",
    "replies": "answers to mails",
    "messages": "messages and comments",
    "talks": "calls and appointments",
    "store_visits": "visits to a store",
    "refusals": "mails refused or complained about",
    "silent_days": "days since the last contact",
    "known_days": "days since the first contact",
}
"""What is counted of a lead, in words; sums of what happened halve every ``HALF_LIFE`` days."""

WORDS: Mapping[str, str] = {
    "source": "first heard of by",
    "came_by": "came by",
    "address": "kind of address",
}
"""What is one of several, in words."""

FEATURES = (*NUMBERS, *WORDS)

_COUNTED: Mapping[str, str] = {
    "page_viewed": "visits", "screen_viewed": "visits", "searched": "visits", "product_viewed": "products",
    "product_added": "carts", "checkout_started": "carts", "cart": "carts", "lead_form": "forms",
    "form_submitted": "forms", "email_subscribed": "forms", "email_clicked": "mail_clicks", "email_replied": "replies",
    "message": "messages", "comment": "messages", "mention": "messages", "reaction": "messages", "call": "talks",
    "appointment": "talks", "store_visit": "store_visits", "email_unsubscribed": "refusals",
    "email_complained": "refusals", "email_bounced": "refusals",
}  # fmt: skip

KINDS = frozenset(_COUNTED)
"""Kinds of interactions that are counted; ``cart`` stands for a cart that was told of."""

OWN = frozenset(_COUNTED) - {"email_bounced"}
"""What a person does, and not what happens to them: contact."""

FREE_MAIL = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "outlook.de", "hotmail.com", "hotmail.de", "live.com", "yahoo.com",
    "yahoo.de", "icloud.com", "me.com", "aol.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de", "t-online.de",
    "freenet.de", "posteo.de", "mailbox.org", "proton.me", "protonmail.com", "bluewin.ch", "orange.fr", "free.fr",
    "laposte.net", "libero.it", "wp.pl", "mail.ru", "qq.com", "163.com",
})  # fmt: skip
"""Where anybody gets an address; every other domain is taken for somebody's own."""


@dataclass(frozen=True, slots=True)
class Story:
    """One lead. Times are days since 1970, with fractions.

    ``happened`` are (time, feature) of ``NUMBERS``, oldest first; ``contacts`` the times of what was the person's own.
    ``won`` and ``lost`` are the first time of each, None until then.
    """

    known_since: float
    happened: tuple[tuple[float, str], ...] = ()
    contacts: tuple[float, ...] = ()
    source: str = ""
    came_by: str = "direct"
    address: str = "none"
    won: float | None = None
    lost: float | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One thing of a person's history: an interaction, ``order`` or ``cart``; ``payload`` as it is stored."""

    at: float
    kind: str
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What decides a lead: an ``order``, or an interaction of a kind and, where one is named, with a subject."""

    kind: str
    subject: str | None = None

    def fits(self, one: Told) -> bool:
        """Whether this is it."""
        return one.kind == self.kind and (self.subject is None or one.payload.get("subject") == self.subject)


def story(
    known_since: float,
    told: Iterable[Told],
    *,
    source: str = "",
    email: str | None = None,
    won: Sequence[Outcome] = (Outcome("order"),),
    lost: Sequence[Outcome] = (),
) -> Story:
    """What a history says of a lead; the same in whatever order it was told."""
    ordered = sorted(told, key=lambda one: (one.at, one.kind))
    since = min([known_since, *(one.at for one in ordered)])
    happened, contacts = list[tuple[float, str]](), list[float]()
    came_by: str | None = None
    for one in ordered:
        if one.kind not in _COUNTED or one.payload.get("direction", "in") == "out":
            continue
        happened.append((one.at, _COUNTED[one.kind]))
        if one.kind in OWN:
            contacts.append(one.at)
            came_by = came_by or channel_of(one.payload)
    return Story(
        since,
        tuple(happened),
        tuple(contacts),
        source,
        came_by or "direct",
        address_kind(email),
        next((one.at for one in ordered if any(each.fits(one) for each in won)), None),
        next((one.at for one in ordered if any(each.fits(one) for each in lost)), None),
    )


def address_kind(email: str | None) -> str:
    """``own`` domain, ``free`` mail, or ``none``."""
    domain = (email or "").rpartition("@")[2].strip().lower()
    return "none" if not domain else "free" if domain in FREE_MAIL else "own"


def is_open(one: Story, at: float) -> bool:
    """Whether the lead is one at that moment: known, not won, and not lost without a contact since."""
    if one.known_since > at or (one.won is not None and one.won <= at):
        return False
    if one.lost is None or one.lost > at:
        return True
    place = bisect_right(one.contacts, at)
    return place > 0 and one.contacts[place - 1] > one.lost


def last_contact(one: Story, at: float) -> float:
    """The time of the last contact by then; the first one known where the person did nothing."""
    place = bisect_right(one.contacts, at)
    return max(one.contacts[place - 1], one.known_since) if place else one.known_since


Columns = Mapping[str, NDArray[Any]]
"""Features of several leads, each an array: numbers, or words."""


def columns(stories: Sequence[Story], moments: Sequence[float]) -> Columns:
    """What was known of each at its moment."""
    size = len(stories)
    told: dict[str, NDArray[Any]] = {name: np.zeros(size) for name in NUMBERS}
    for row, (one, at) in enumerate(zip(stories, moments, strict=True)):
        for when, name in one.happened:
            if when > at:
                break
            told[name][row] += 0.5 ** ((at - when) / HALF_LIFE)
        told["silent_days"][row] = max(0.0, at - last_contact(one, at))
        told["known_days"][row] = max(0.0, at - one.known_since)
    for name in WORDS:
        told[name] = np.array([getattr(one, name) for one in stories], dtype=object)
    return told


@dataclass(frozen=True, slots=True)
class Labelled:
    """Leads of the past: ``who`` is the place of the story, ``moments`` when it was looked at, ``won`` 1 or 0."""

    who: NDArray[np.int64]
    moments: NDArray[np.float64]
    won: NDArray[np.float64]


def labelled(stories: Sequence[Story], today: float, days: float) -> Labelled:
    """What became, within so many days, of leads as they were at their ``AGES``; what is not over yet is left out."""
    who, moments, won = list[int](), list[float](), list[float]()
    for place, one in enumerate(stories):
        for age in AGES:
            at = one.known_since + age
            if at + days > today or not is_open(one, at):
                break
            until = at + days
            decided = (
                one.won is not None and one.won <= until and not (one.lost is not None and at < one.lost < one.won)
            )
            who.append(place)
            moments.append(at)
            won.append(float(decided))
    return Labelled(np.array(who, dtype=np.int64), np.array(moments, dtype=np.float64), np.array(won, dtype=np.float64))


def steady_moment(one: Story, now: float) -> float:
    """As of when a lead is told: the last contact, and then once a week, so that a quiet night writes few."""
    since = last_contact(one, now)
    return since + 7.0 * ((now - since) // 7.0)


def next_moment(one: Story, now: float) -> float:
    """When the lead is to be told anew though nothing happened."""
    return steady_moment(one, now) + 7.0
