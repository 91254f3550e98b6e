"""Mapping files over a declared destination: what they may change, and what stands there. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx

from hub.mapping.overrides import RULES, OwnFields
from hub.model.order import Order
from hub.model.profile import Profile
from hub.sdk.crm import Script
from hub.sdk.declared.answers import Answers, Records, as_error, content, reader
from hub.sdk.declared.fields import as_json
from hub.sdk.declared.model import Declaration, Reading
from hub.sdk.destination import HttpRequest
from hub.sdk.manifest import ConnectionSettings, ProfileSettings

There = Mapping[str, Mapping[str, Any]]
"""Fields and what they hold, by the record's id."""


def own_fields(declaration: Declaration, settings: Any) -> OwnFields:
    """What a mapping file may change: not what records are found by or linked with, no list of people's, no opt-out."""
    person, order = declaration.person, declaration.order
    kept = {person.own, person.email, *person.opt_out, *person.in_rows}
    kept |= {name for name in (order.own, order.person) if name} if order else set()
    return OwnFields(
        (*person.fields, *settings.profile_fields),
        kept=tuple(kept),
        order_written=tuple(order.fields) if order else None,
        rules=RULES,
        order_rules=RULES if order and order.read else RULES[:1],
        # a request of its own writes it, and the record need not tell it
        untold=lambda name: name in person.apart,
    )


def finished(record: Profile | Order, own: Mapping[str, Any], settings: ConnectionSettings) -> Mapping[str, Any]:
    """What the declaration gives of a record, changed as the connection's mapping file says; as JSON holds it."""
    section = "fields" if isinstance(record, Profile) else "order_fields"
    if not isinstance(settings, ProfileSettings) or not settings.overrides[section]:
        return own
    exact = {name: Decimal(repr(value)) if isinstance(value, float) else value for name, value in own.items()}
    return {name: as_json(value) for name, value in settings.applied(record, exact).values.items()}


def values_of(
    read: Reading,
    requests: Sequence[tuple[Sequence[str], HttpRequest]],
    answers: Answers,
    records: Records,
    within: str | None,
    names: Sequence[str],
) -> Script[There]:
    """What stands in these fields, by id as asked for; ``within`` is where a record that was read has its fields."""
    items, place = reader(read.items), reader(within)
    found: dict[str, Mapping[str, Any]] = {}
    for asked, request in requests:
        response = yield replace(request, accept=request.accept | frozenset({404, 410}))
        if problem := answers.problem(response):
            if problem.kind == "gone":
                continue
            raise as_error(problem, response)
        for body in _listed(items(content(response)) if items else content(response)):
            for one in records.found(body):
                held = place(body) if place else body
                told = {name: at(held, name) for name in names}
                found |= dict.fromkeys({one.id, *one.formerly} & {*asked}, told)
    return found


def at(body: Any, name: str) -> Any:
    """What a body has under ``a.b``."""
    for part in name.split("."):
        body = body.get(part) if isinstance(body, Mapping) else None
    return body


def names_in(read: Reading, response: httpx.Response, answers: Answers) -> list[str]:
    """The names of the fields there are, from the answer to the question for them."""
    names, body = reader(read.items), answers.body(response)
    return [str(name) for name in _listed(names(body) if names else body) if isinstance(name, str) and name]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
