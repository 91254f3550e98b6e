"""What goes into a declared system's fields: expressions over a profile or an order, to JSON values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hub.mapping.expression import ORDER, Expression, Schema, compile_expression, plain, roots_of
from hub.mapping.expression.schema import Shape
from hub.model.profile import Profile
from hub.sdk.crm import facts
from hub.sdk.destination import OrderChange

_BESIDE: Mapping[str, Shape] = {
    "net": Shape("number", "net"),
    "stage": Shape("text", "stage", choices=("open", "won", "lost")),
    "key": Shape("text", "key"),
    "connection": Shape("text", "connection"),
    "deleted": Shape("truth", "deleted"),
}
ORDERS: Schema = replace(ORDER, shape=replace(ORDER.shape, fields={**ORDER.shape.fields, **_BESIDE}))
"""An order as expressions see it, with what was told apart from it: ``net`` of refunds, ``stage`` (open, won, lost),
``key`` (Hub's own id), ``connection``, ``deleted``."""


class Fields:
    """Compiled expressions by the field they fill."""

    def __init__(self, fields: Mapping[str, str], schema: Schema) -> None:
        self._expressions: dict[str, Expression] = {
            name: compile_expression(text, schema) for name, text in fields.items()
        }
        self._view = schema.viewer(roots_of(tuple(self._expressions.values())))

    def of_profile(self, profile: Profile) -> dict[str, Any]:
        """Field to value; what the profile does not know is left out."""
        return self._read(self._view(profile))

    def of_order(self, change: OrderChange) -> dict[str, Any]:
        """Field to value; what the order does not tell is left out."""
        beside = {
            "net": plain(change.net),
            "stage": facts.sale(change),
            "key": change.key,
            "connection": change.connection,
            "deleted": change.deleted,
        }
        return self._read({**self._view(change.order), **beside})

    def _read(self, view: Mapping[str, Any]) -> dict[str, Any]:
        values = ((name, as_json(expression.read(view))) for name, expression in self._expressions.items())
        return {name: value for name, value in values if value not in (None, "", [], {})}


def as_json(value: Any) -> Any:
    """Plain data as JSON holds it: a whole number stays whole."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {name: as_json(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(one) for one in value]
    return value


def nested(properties: Mapping[str, Any], clear: Any) -> dict[str, Any]:
    """Properties as a body holds them: ``a.b`` within ``a``, and ``clear`` for what is to be cleared."""
    body: dict[str, Any] = {}
    for name, value in properties.items():
        *parts, last = name.split(".")
        place = body
        for part in parts:
            place = place.setdefault(part, {})
        place[last] = clear if value == "" else value
    return body
