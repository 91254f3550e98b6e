"""Explains a golden value, or a property at a destination, by the events it came from. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from hub.errors import did_you_mean
from hub.model.profile import Profile
from hub.profiles import wording
from hub.profiles.properties import behind
from hub.profiles.reasons import explain, unused
from hub.profiles.survive import Ranks, leaves
from hub.profiles.survivorship import LISTS, SINGLE, SurvivorshipRules
from hub.sdk.connection import Connection, counting_placed_orders
from hub.sdk.manifest import ProfileSettings
from hub.store import explanations, profiles, records, suppressions
from hub.store.database import Session
from hub.store.explanations import CountedOrder, ToldEvent

OWN = frozenset((*SINGLE, *LISTS, "custom", "consents", "orders", "records", "traits"))
"""The first parts of the names of our own fields; any other name is a property at a destination."""

_OF_NO_VALUE = frozenset({"orders", "records"})

MOST_ORDERS = 1_000
"""Orders that are listed, the newest first."""

Connections = Mapping[str, Connection]
Json = dict[str, Any]


def explanation(
    session: Session,
    profile_id: UUID,
    rules: SurvivorshipRules,
    ranks: Ranks,
    *,
    field: str | None = None,
    connections: Connections | None = None,
    identifiers: Sequence[Json] = (),
) -> Json | None:
    """Why a profile is as it is; None when there is none. A retired id is followed.

    ``values``: who told each golden value, by which rule it won, and what lost; ``orders``: what the totals are made
    of; ``events``: every event behind them, by inbox id. ``field`` leaves what is under it: one of ours (``emails``,
    ``emails.0``, ``consents.email``, ``orders``) or a property at a destination (``crm.firstname``, ``firstname``);
    where such a property comes from stands under ``asked``. ``identifiers`` is which record carries what.
    """
    row = profiles.get(session, profile_id)
    if row is None:
        return None
    profile, connections = row.profile(), connections or {}
    asked = _asked(session, profile, field, connections) if field else []
    fields = None if field is None else _fields(field, asked)
    # Who told what is in the records' states, of which there may be thousands; orders and joins need none of them.
    rows = [] if fields is not None and fields <= _OF_NO_VALUE else records.of_profile(session, row.id)
    record_leaves = leaves([*rows, *suppressions.heard(session, rows)], ranks)
    orders = _orders(session, profile, connections) if _wanted(fields, "orders") else None
    document: Json = {
        "id": row.id,
        "asked": asked,
        "values": [value for value in explain(record_leaves, rules) if _is_wanted(value, fields)],
        "unused": [value for value in unused(record_leaves) if _wanted(fields, value["field"])],
        "orders": orders,
        "identifiers": list(identifiers),
        "history": profiles.history(session, row.id),
        "deliveries": explanations.attempts(session, row.id),
    }
    events = explanations.events(session, _behind(document, whole=fields is None))
    document["events"] = [_event(event, connections) for event in events.values()]
    _put_into_words(document)
    return document


def answers(document: Json, field: str | None) -> bool:
    """Whether the explanation has anything about the field; always true without a field."""
    return field is None or bool(
        document["values"] or document["orders"] or document["unused"] or document["asked"] or is_who(field)
    )


def nearest(session: Session, profile_id: UUID, field: str, connections: Connections) -> str:
    """The nearest name to one that nothing is known of, to be put after a fault; "" where none is near.

    Known are our own fields, and what connectors and mapping files write to destinations, or wrote there.
    """
    mirrors = explanations.mirrors(session, profile_id)
    known = {name: one for name, one in connections.items() if one.connector.destination is not None}
    prefix = field.partition(".")[0]
    names = set() if prefix in known else set(OWN)
    for destination, connection in known.items():
        own, settings = connection.connector.own_fields, connection.settings
        fields = own(settings) if own and isinstance(settings, ProfileSettings) else None
        written = {*(fields.written if fields else ()), *mirrors.get(destination, ({}, None))[0]}
        names |= {f"{destination}.{name}" for name in written} if prefix in known else written
    return "" if field in names else did_you_mean(field, sorted(names))


def is_who(field: str | None) -> bool:
    """Whether the question is why the records are one person: the field ``records``, or no field."""
    return field is None or field == "records"


# -- what is asked for ------------------------------------------------------------------------------------------------


def _asked(session: Session, profile: Profile, field: str, connections: Connections) -> list[Json]:
    """The properties at destinations that have this name, each with the golden values it is made of."""
    if _own(field) in OWN:
        return []
    prefix, _, rest = field.partition(".")
    known = {name: one for name, one in connections.items() if one.connector.destination is not None}
    looked_at = {prefix: known[prefix]} if prefix in known and rest else known
    name = rest if prefix in looked_at and rest else field
    mirrors = explanations.mirrors(session, profile.id)
    there = {place.connection: place for place in profile.destinations}
    properties = []
    for destination, connection in looked_at.items():
        origin = behind(profile, connection, name)
        if origin is None:
            continue
        mirror, written_at = mirrors.get(destination, ({}, None))
        place = there.get(destination)
        asked: Json = {
            "destination": destination,
            "property": name,
            "value": origin.value,
            "fields": list(origin.fields),
            "mapping": None if origin.reads is None else list(origin.reads),
            "written": mirror.get(name),
            "written_at": written_at if name in mirror else None,
            "external_id": place.external_id if place else None,
            "state": place.state if place else None,
        }
        properties.append({**asked, "text": wording.asked(asked)})
    if not properties and prefix in known and rest and _own(rest) in OWN:
        return [
            {"destination": prefix, "property": rest, "fields": [_normal(rest)], "text": f"{field}: our own {rest}"}
        ]
    return properties


def _own(field: str) -> str:
    first = field.partition(".")[0]
    return "consents" if first == "consent" else first


def _normal(field: str) -> str:
    first, dot, rest = field.partition(".")
    return f"{_own(first)}{dot}{rest}"


def _fields(field: str, asked: Sequence[Json]) -> frozenset[str]:
    if asked:
        return frozenset(one for each in asked for one in each["fields"])
    return frozenset((_normal(field),))


def _wanted(fields: frozenset[str] | None, name: str) -> bool:
    return fields is None or any(_under(name, field) or _under(field, name) for field in fields)


def _under(name: str, field: str) -> bool:
    return name == field or name.startswith(f"{field}.")


def _is_wanted(value: Json, fields: frozenset[str] | None) -> bool:
    """A consent is also found by its channel: ``consents.email``, ``consents.marketing.email``."""
    if _wanted(fields, value["field"]):
        return True
    if fields is None or not value["field"].startswith("consents."):
        return False
    purpose, channel = value["value"]["purpose"], value["value"]["channel"]
    return not fields.isdisjoint((f"consents.{channel}", f"consents.{purpose}", f"consents.{purpose}.{channel}"))


# -- what is behind it ------------------------------------------------------------------------------------------------


def _orders(session: Session, profile: Profile, connections: Connections) -> Json | None:
    listed = explanations.orders(session, profile.id, MOST_ORDERS + 1)
    if not listed:
        return None
    placed = counting_placed_orders(connections)
    return {
        **profile.orders.model_dump(mode="json"),
        "rule": "added up anew from the orders, less their refunds",
        "orders": [_order(order, placed) for order in listed[:MOST_ORDERS]],
        "more": len(listed) > MOST_ORDERS,
    }


def _order(order: CountedOrder, placed: Collection[str]) -> Json:
    why = _why_not(order, placed)
    return {
        "connection": order.connection,
        "external_id": order.external_id,
        "record": order.record.model_dump(),
        "at": order.at,
        "amount": format(order.amount, "f"),
        "refunded": format(order.refunded, "f"),
        "currency": order.currency,
        "counted": why is None,
        "why": why,
        "event": order.event,
        "refunds": order.refunds,
        "refunded_otherwise": order.otherwise,
    }


def _why_not(order: CountedOrder, placed: Collection[str]) -> str | None:
    """Why an order is left out of the totals; None where it counts."""
    if order.deleted:
        return "deleted at the source"
    if not order.counted:
        return "no sale: a test, cancelled or failed"
    return "open: nobody has paid it yet" if order.unpaid and order.connection not in placed else None


def _behind(document: Json, *, whole: bool) -> set[int]:
    ids = {source["event"] for value in document["values"] for source in (value, *value["lost"])}
    ids |= {value["event"] for value in document["unused"]}
    if document["orders"]:
        ids |= {event for order in document["orders"]["orders"] for event in (order["event"], *order["refunds"])}
    if whole:
        ids |= {item["event"] for item in document["identifiers"]}
        ids |= {event for item in document["deliveries"] for event in item["events"]}
    return ids


def _event(event: ToldEvent, connections: Connections) -> Json:
    return {
        "id": event.id,
        "connection": event.connection,
        "topic": event.topic,
        "event_id": event.event_id,
        "received_at": event.received_at,
        "came": came(event.headers, connections.get(event.connection)),
        "erased": event.erased,
    }


def came(headers: Mapping[str, str], connection: Connection | None) -> str:
    """How an event came: ``webhook`` (its signature was verified at the door), ``backfill``, or ``file``.

    Nothing gets in over HTTP without a verified signature, and every HTTP request names its host; what a backfill
    reads does not come in a request of the sender's.
    """
    if "host" in headers:
        return "webhook"
    return "file" if connection is not None and connection.connector.manifest.channel == "file" else "backfill"


def _put_into_words(document: Json) -> None:
    events = {event["id"]: event for event in document["events"]}
    for value in document["values"]:
        value["text"] = wording.value(value, events)
        for lost in value["lost"]:
            lost["text"] = wording.lost(lost, value, events)
    for value in document["unused"]:
        value["text"] = wording.unused(value, events)
    if document["orders"]:
        document["orders"]["text"] = wording.totals(document["orders"])
        for order in document["orders"]["orders"]:
            order["text"] = wording.order(order, events)
    for item in document["deliveries"]:
        item["text"] = wording.delivery(item)
