"""Where values come from, in words for somebody who is asked by a customer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.mapping.time import UNTOLD

Json = Mapping[str, Any]
Events = Mapping[int, Json]

_LABELS = {
    "name": "Name",
    "birth_date": "Date of birth",
    "language": "Language",
    "company": "Company",
    "tags": "Tags",
    "emails": "E-mail",
    "phones": "Phone",
    "addresses": "Address",
    "accounts": "Account",
    "loyalty_ids": "Loyalty number",
    "contact_kinds": "Kind of contact",
    "consents": "Consent",
}
_CAME = {
    "webhook": "verified signature",
    "backfill": "read from the system's history",
    "file": "read from a file",
}


def value(golden: Json, events: Events) -> str:
    """A golden value: who told it, in which event, and why it won."""
    label = _label(golden["field"])
    act = ", an act of the person" if golden.get("explicit") else ""
    return f"{label} {plain(golden['value'])}: {source(golden, events)}{act}; {golden['rule']}."


def _label(field: str) -> str:
    """A field in words; one of a source's own by its name."""
    first, _, rest = field.partition(".")
    return _LABELS.get(first) or f"{rest or first} (a field of its own)"


def lost(candidate: Json, winner: Json, events: Events) -> str:
    """A candidate that is not used, and why; or who else told the same."""
    if plain(candidate["value"]) == plain(winner["value"]):
        return f"Also {source(candidate, events)}."
    return f"Not used: {plain(candidate['value'])}, {source(candidate, events)}, because {candidate['why']}."


def unused(candidate: Json, events: Events) -> str:
    """A value that no profile shows."""
    label = _label(candidate["field"])
    return f"{label} {plain(candidate['value'])}, {source(candidate, events)}, because {candidate['why']}."


def source(candidate: Json, events: Events) -> str:
    """Which record told it, when, and in which event."""
    when = "without a time of its own" if untold(candidate["at"]) else f"source time {moment(candidate['at'])}"
    return f"told by {record(candidate['record'])} in {event(candidate['event'], events)}, {when}"


def record(named: Json) -> str:
    """A record as its source calls it: ``shop-de (customer 207119551)``."""
    return f"{named['connection']} ({named['kind']} {named['external_id']})"


def event(number: int, events: Events) -> str:
    """An event that can be looked up with ``hub inbox show``."""
    known = events.get(number)
    if known is None:
        return f"event {number} (gone)"
    gone = ", its body is no longer kept" if known["erased"] else ""
    received = f"received {moment(known['received_at'])}{gone}"
    return f"event {number} (topic {known['topic']}, {_CAME[known['came']]}, {received})"


def totals(orders: Json) -> str:
    """What was ordered in all, and how that was found."""
    waiting = orders["open"]
    more = f" Not paid yet, and not in that: {waiting['count']}, {_sums(waiting)}." if waiting["count"] else ""
    return f"Orders {orders['count']}, {_sums(orders)}: {orders['rule']}.{more}"


def _sums(orders: Json) -> str:
    return ", ".join(f"{total['amount']} {total['currency']}" for total in orders["totals"]) or "nothing"


def order(one: Json, events: Events) -> str:
    """One order behind the totals, or one that does not count."""
    refunds = f" less {one['refunded']} refunded in {_numbers(one['refunds'])}" if one["refunds"] else ""
    if one["refunded_otherwise"]:
        refunds += f" (refunds in another currency are subtracted nowhere: {', '.join(one['refunded_otherwise'])})"
    counts = "" if one["counted"] else f", not counted, because it is {one['why']}"
    text = f"{one['connection']} order {one['external_id']} of {moment(one['at'])}: {one['amount']} {one['currency']}"
    return f"{text}{refunds}{counts}; by {record(one['record'])}, {event(one['event'], events)}."


def asked(at: Json) -> str:
    """A destination's property: what is there, and which of our values is behind it."""
    where = f"{at['destination']}.{at['property']}"
    own = "the profile's own id" if at.get("mapping") is None else "what the mapping file says of everybody"
    fields = " and ".join(at["fields"]) or own
    whose = f" of record {at['external_id']}" if at["external_id"] else ""
    text = f"{where}{whose} is {plain(at['value'])}, made of {fields}"
    if at["written_at"] is None:
        return f"{text}; it was not written there yet."
    if at["written"] == at["value"]:
        return f"{text}; written there on {moment(at['written_at'])}."
    return f"{text}; what was written there last, on {moment(at['written_at'])}, is {plain(at['written'])}."


def delivery(item: Json) -> str:
    """One try to write to a destination."""
    reason = f" ({item['reason']})" if item["reason"] else ""
    return (
        f"{moment(item['at'])} {item['destination']}: {item['outcome']}{reason}, because of {_numbers(item['events'])}"
    )


def moment(at: datetime | str) -> str:
    """A time to the second, in UTC."""
    known = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{known:%Y-%m-%d %H:%M:%S} UTC"


def untold(at: datetime | str) -> bool:
    """Whether a source told no time; of several values each is stamped a microsecond before the other."""
    return (datetime.fromisoformat(at) if isinstance(at, str) else at) <= UNTOLD


def plain(content: Any) -> str:
    """A value as people write it: a name in full, an address on one line."""
    if isinstance(content, Mapping):
        return _plain_mapping(content)
    if isinstance(content, list):
        return ", ".join(map(str, content))
    return "nothing" if content in (None, "") else str(content)


def _plain_mapping(item: Json) -> str:
    if "state" in item:
        what = f"{item['purpose']} by {item['channel']} " if "purpose" in item else ""
        how = "" if "explicit" not in item else " by an act of the person" if item["explicit"] else " without an act"
        evidence = f" ({item['evidence']})" if item.get("evidence") else ""
        return f"{what}{item['state'].replace('_', ' ')}{how}{evidence}"
    if "network" in item:
        return f"{item['network']}:{item['account_id']}"
    if {"full", "first", "last"} & item.keys():
        return str(item.get("full") or " ".join(filter(None, (item.get("first"), item.get("last")))))
    return ", ".join(str(part) for part in item.values() if part)


def _numbers(events: list[int]) -> str:
    return f"event{'s' * (len(events) > 1)} {', '.join(map(str, events))}" if events else "no event"
