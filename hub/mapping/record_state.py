"""What one source has told of one customer, value by value, each with its stamp. Pure.

A state is plain JSON. Single values (``name``, ``birth_date`` …) are ``[value, stamp]``; lists (``emails`` …) are maps
of a key to ``[value, stamp]``. A stamp is ``[occurred, received, inbox id]``, times in microseconds since 1970 (UTC).
The newest source time wins, arrival breaks ties: merging is commutative, associative and idempotent, so the order in
which events are applied does not matter (law L3).

``whole`` tells, list by list, when each value was last told by an event that tells the list in full
(``CustomerEvent.whole``): what the newest of these leaves out is ``former``. That follows from two maps in which the
newest wins, so that it does not depend on the order of events either.

``since`` tells, for what people ask "since when" about (``DATED``), when a value was told first, as
``[occurred, inbox id]``: of what is not held any more, and of what was told again. The earliest wins.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence, Set
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, assert_never

import orjson

from hub.mapping.address import street_key
from hub.mapping.name import fold
from hub.mapping.time import UNTOLD
from hub.model.address import Address
from hub.model.consent import Consent
from hub.model.customer import ChannelAccount, ContactPoint, CustomerSnapshot
from hub.model.event import ConsentEvent, ContactList, CustomerEvent, DeletionEvent, PrivacyEvent

State = dict[str, Any]
Stamp = list[int]
_NONE: Set[str] = frozenset()
_DAY = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


_TOLD = {"name", "birth_date", "birth_digits", "language", "company", "national_id", "contact_kinds", "tags", "emails",
         "phones", "addresses", "custom", "accounts", "loyalty_ids", "identifiers"}  # fmt: skip
"""What a snapshot tells, each with its stamp; of a consent the time is its own."""

EXPLICIT, _OF_ACT = "explicit", "#"

DATED = ("name", "birth_date", "company", "emails", "phones", "addresses")
"""The attributes whose changes are on the timeline."""


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def moment(micros_since_epoch: int) -> datetime:
    """The inverse of ``micros``, aware UTC; what lies beyond the years 1 to 9999 is the first or last of them."""
    try:
        return _EPOCH + timedelta(microseconds=micros_since_epoch)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if micros_since_epoch > 0 else datetime.min.replace(tzinfo=UTC)


def apply_customer(state: State, event: CustomerEvent, stamp: Stamp) -> None:
    """Take in a snapshot. What it does not tell stays as it was."""
    customer = event.customer
    if customer.name is not None:
        _put_name(state, customer.name.model_dump(exclude_none=True), stamp)
    if customer.birth_date is not None:
        _put(state, "birth_date", customer.birth_date.isoformat(), stamp)
    for attribute in ("birth_digits", "language", "company", "national_id"):
        value = getattr(customer, attribute)
        if value is not None:
            _put(state, attribute, value, stamp)
    if customer.tags:
        _put(state, "tags", list(customer.tags), stamp)
    _apply_lists(state, customer, stamp)
    _apply_whole(state, event, stamp)
    for attribute in event.released:
        _item(state, "released", attribute, True, stamp)
    for consent in customer.consents:
        _apply_consent(state, consent, stamp, alone=False)


def apply_again(state: State, event: CustomerEvent, stamp: Stamp) -> None:
    """Make room for a snapshot that an earlier release took in, and that is taken in once more after this.

    A contact that is read otherwise now would stay beside the right one for ever. Where it names no time, its values
    had the time of its file, and would stand above all that such a file tells from now on. Where it names a time ahead
    of its arrival, they had that time, and would stand above everything.
    """
    for name in ("emails", "phones"):
        points = getattr(event.customer, name)
        told = {point.value for point in points}
        held = state.get(name, {})
        wrong = [value for value, item in held.items() if value not in told and item[1][1:] == stamp[1:]]
        if name in event.whole and told and wrong:
            state[name] = {value: item for value, item in held.items() if value not in wrong}
            _apply_points(state, name, points, stamp)
    if event.occurred_at == UNTOLD:
        _set_back(state, _TOLD, stamp, after=stamp[0])
    elif stamp[0] == stamp[1]:
        _set_back(state, _TOLD | {"consents"}, stamp, after=stamp[1] + _DAY)
        for told in state.get("whole", {}).values():
            for value, at in told.items():
                if at[1] == stamp[1] and at[0] > stamp[1] + _DAY:
                    told[value] = stamp[:2]


def _set_back(state: State, names: Set[str], stamp: Stamp, *, after: int) -> None:
    """Give what this entry stamped with a time ``after`` that the time of ``stamp``; the first stays the first."""
    for name in names & state.keys():
        held = state[name]
        own = [held[1]] if isinstance(held, list) else [item[1] for item in held.values()]
        own = sorted((one for one in own if one[1:] == stamp[1:] and one[0] > after), reverse=True)
        for place, one in enumerate(own):
            one[0] = stamp[0] - place


def _apply_whole(state: State, event: CustomerEvent, stamp: Stamp) -> None:
    for name in event.whole:
        _tell_whole(state, name, _told_values(event.customer, name), stamp)


def _apply_lists(state: State, customer: CustomerSnapshot, stamp: Stamp) -> None:
    # Within one snapshot the first is the one to prefer: later ones are stamped a microsecond older each.
    _apply_points(state, "emails", customer.emails, stamp)
    _apply_points(state, "phones", customer.phones, stamp)
    for place, address in enumerate(customer.addresses):
        _item(state, "addresses", address_key(address), address.model_dump(exclude_none=True), _after(stamp, place))
    for account in customer.accounts:
        _item(state, "accounts", _account_key(account), account.model_dump(), stamp)
    for name, text in customer.custom.items():
        _item(state, "custom", name, text, stamp)
    if customer.contact_kind:
        _item(state, "contact_kinds", "", customer.contact_kind, stamp)  # one for each source: the newest
    for loyalty_id in customer.loyalty_ids:
        _item(state, "loyalty_ids", loyalty_id, loyalty_id, stamp)
    for extra in customer.identifiers:
        _item(state, "identifiers", f"{extra.kind}:{extra.value}", extra.strength, stamp)


def _apply_points(state: State, name: str, points: Sequence[ContactPoint], stamp: Stamp) -> None:
    for place, point in enumerate(points):
        _item(state, name, point.value, [point.original, point.usable], _after(stamp, place))


def _account_key(account: ChannelAccount) -> str:
    return f"{account.network}:{account.account_id}"


def _told_values(customer: CustomerSnapshot, name: ContactList) -> list[str]:
    match name:
        case "emails" | "phones":
            return [point.value for point in getattr(customer, name)]
        case "accounts":
            return [_account_key(account) for account in customer.accounts]
        case "loyalty_ids":
            return list(customer.loyalty_ids)
        case _:
            assert_never(name)


def _tell_whole(state: State, name: ContactList, values: list[str], stamp: Stamp) -> None:
    if not values:
        return
    told = state.setdefault("whole", {}).setdefault(name, {})
    for value in values:
        told[value] = max(told.get(value, stamp[:2]), stamp[:2])


def former(state: State, name: str) -> Set[str]:
    """The values of a list that the source itself has replaced, and nobody told of this record since."""
    told: dict[str, Any] = state.get("whole", {}).get(name, {})
    if len(told) < 2:
        return _NONE
    newest, items = max(told.values()), state.get(name, {})
    return {value for value, at in told.items() if at < newest and value in items and items[value][1][:2] < newest}


def current(state: State, name: str) -> dict[str, Any]:
    """The items of a list without the former ones."""
    items: dict[str, Any] = state.get(name, {})
    gone = former(state, name) if len(items) > 1 else _NONE
    return {value: item for value, item in items.items() if value not in gone} if gone else items


def apply_consent(state: State, event: ConsentEvent, stamp: Stamp) -> None:
    """Take in a change of consent that came alone."""
    _apply_consent(state, event.consent, stamp, alone=True)


def apply_link(state: State, digest: str, stamp: Stamp, *, once: bool = False) -> None:
    """Note that the source calls this record and another, which carries the same digest, one person.

    ``once``: this record can be one person's only. ``links_of`` has what that makes of it.
    """
    _item(state, "links_once" if once else "links", digest, True, stamp)


def links_of(state: State) -> dict[str, Any]:
    """The digests that hold: of those told ``once`` none where there are two. That is the same in whatever order."""
    links: dict[str, Any] = state.get("links", {})
    once: dict[str, Any] = state.get("links_once", {})
    return {**links, **once} if len(once) == 1 else links


def apply_deletion(state: State, event: DeletionEvent, stamp: Stamp) -> None:
    """Note that the source deleted this record; its values stay."""
    _put(state, "deleted", event.reason, stamp)


def apply_privacy(state: State, event: PrivacyEvent, stamp: Stamp) -> None:
    """Note that the person asked to be erased: nothing may be sent any more."""
    if event.action != "access":
        _put(state, "erasure", event.action, stamp)


def address_key(address: Address) -> str:
    """One key per place: folded street and number, postal code, country."""
    return "|".join((street_key(address.line1 or ""), fold(address.postal_code or ""), address.country or ""))


def _apply_consent(state: State, consent: Consent, stamp: Stamp, *, alone: bool) -> None:
    # The newest of every kind is kept, so that a later copied flag can never hide an explicit opt-out (law L7).
    at = micros(consent.at) if consent.at else stamp[0]
    heard = [at, *stamp[1:]]
    said = f"{consent.purpose}|{consent.channel}|{consent.state}"
    if consent.at is None and consent.state == "opted_in":
        # It is told again with every state of its record, or of an act that has no time of its own: the oldest is kept.
        act = alone and consent.explicit
        key = f"{said}|{EXPLICIT}{_OF_ACT}{_digest(consent.evidence)}" if act else f"{said}|untold"
        _oldest(state, key, consent, heard)
        return
    _item(state, "consents", f"{said}|{'explicit' if consent.explicit else 'implied'}", consent.evidence, heard)


def _oldest(state: State, key: str, consent: Consent, heard: Stamp) -> None:
    held = state.setdefault("consents", {}).setdefault(key, [consent.evidence, heard])
    if _newer(held[0], held[1], [consent.evidence, heard]):
        state["consents"][key] = [consent.evidence, heard]


def _digest(evidence: str | None) -> str:
    return blake2b((evidence or "").encode(), digest_size=8).hexdigest()


def said_by(key: str) -> tuple[str, str, str, str]:
    """Purpose, channel, state and act of a statement that a record's state holds under ``key``."""
    purpose, channel, state, act = key.rsplit("|", 3)
    return purpose, channel, state, act.partition(_OF_ACT)[0]


def is_undated(key: str) -> bool:
    """Whether it is an act of which its source tells no time: it was done when its evidence came first."""
    return _OF_ACT in key.rpartition("|")[2]


def _after(stamp: Stamp, place: int) -> Stamp:
    return [stamp[0] - place, stamp[1], stamp[2]] if place else stamp


def _put_name(state: State, name: dict[str, str], stamp: Stamp) -> None:
    before = _folded(state["name"][0]) if "name" in state else None
    _put(state, "name", name, stamp)
    if before is None:
        return
    current = _folded(state["name"][0])
    others: list[list[str]] = state.get("other_names", [])
    # In place: a file that gives all its rows one id tells thousands of names of one record.
    for other in (before, _folded(name), current):
        place = bisect_left(others, other)
        is_there = others[place : place + 1] == [other]
        if other == current and is_there:
            del others[place]
        elif other != current and not is_there:
            others.insert(place, other)
    if others:
        state["other_names"] = others


def _folded(name: dict[str, str]) -> list[str]:
    return [fold(name.get("first", "")), fold(name.get("last", ""))]


def _put(state: State, name: str, value: Any, stamp: Stamp) -> None:
    held = state.get(name)
    if held is not None and name in DATED and held != [value, stamp]:
        before, text = text_of(held[0]), text_of(value)
        firsts = {before: _first_told(state, name, before, held[1])}
        firsts[text] = min(_first_told(state, name, text, stamp), firsts.get(text, [stamp[0], stamp[2]]))
        newer = [value, stamp] if _newer(value, stamp, held) else held
        for told, first in firsts.items():
            _keep_first(state, name, told, first, newer[1] if told == text_of(newer[0]) else None)
    if held is None or _newer(value, stamp, held):
        state[name] = [value, stamp]


def _item(state: State, name: str, key: str, value: Any, stamp: Stamp) -> None:
    items = state.setdefault(name, {})
    held = items.get(key)
    if held is not None and name in DATED and held[1] != stamp:
        first = min(_first_told(state, name, key, held[1]), [stamp[0], stamp[2]])
        _keep_first(state, name, key, first, stamp if _newer(value, stamp, held) else held[1])
    if held is None or _newer(value, stamp, held):
        items[key] = [value, stamp]


def text_of(value: Any) -> str:
    """A single value as ``since`` names it: a name by its whole text."""
    return str(value["full"] if isinstance(value, dict) and "full" in value else value)


def _first_told(state: State, name: str, key: str, stamp: Stamp) -> list[int]:
    told: list[int] = [stamp[0], stamp[2]]
    known = state["since"].get(name, {}).get(key) if "since" in state else None
    return told if known is None else min(known, told)


def _keep_first(state: State, name: str, key: str, first: list[int], held: Stamp | None) -> None:
    """Note it, unless the stamp that is held for the value tells the same."""
    if held is None or first != [held[0], held[2]]:
        state.setdefault("since", {}).setdefault(name, {})[key] = first
    elif key in state.get("since", {}).get(name, ()):
        del state["since"][name][key]
        if not state["since"][name]:
            del state["since"][name]
        if not state["since"]:
            del state["since"]


def told_since(state: State, name: str) -> dict[str, list[int]]:
    """All values an attribute has or had, and when each was told first: ``[occurred, inbox id]``."""
    found: dict[str, list[int]] = dict(state.get("since", {}).get(name, {}))
    held = state.get(name)
    if isinstance(held, dict):
        items = {key: item[1] for key, item in held.items()}
    else:
        items = {text_of(held[0]): held[1]} if held else {}
    return {key: [stamp[0], stamp[2]] for key, stamp in items.items()} | found


def first_told(state: State) -> datetime | None:
    """When anything of a record was told first, by the source's own time; None where nothing was."""
    stamps = [since[0] for name in DATED for since in told_since(state, name).values()]
    lists = ("accounts", "loyalty_ids", "identifiers")
    stamps += [item[1][0] for name in lists for item in state.get(name, {}).values()]
    return moment(min(stamps)) if stamps else None


def _newer(value: Any, stamp: Stamp, held: list[Any]) -> bool:
    if stamp[:2] != held[1][:2]:
        return bool(stamp[:2] > held[1][:2])
    return orjson.dumps(value) > orjson.dumps(held[0])
