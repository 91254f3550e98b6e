"""Where two people live to bits. Pure, symmetric."""

from __future__ import annotations

from hub.matching.comparison import place_level
from hub.matching.features import Features, Place
from hub.matching.weights import Model

MOVED = frozenset({"neighbours", "moved_street", "moved_postal", "moved_city"})

Link = tuple[str, float, float | None]
"""Level, bits, and the most that the link proves by itself; None where it is none, and speaks of the two themselves."""


def linked(one: Features, other: Features, model: Model) -> Link:
    """The closest two places of two people who both tell one; an empty level says nothing."""
    w = model.weights
    level, a, b = place_level(one, other)
    if level == "door":
        return level, model.prior + w.bound_door + 3, w.bound_door
    if level == "street":
        return level, w.street, w.bound_area
    if level in ("postal_city", "postal"):
        return level, model.postal.get(a.postal, w.postal), w.bound_area
    if level == "postal_near":
        return level, w.postal - 2, w.bound_area
    if level == "city":
        return level, _city(a, b, model), w.bound_area
    if level in MOVED:
        return _moved(level, a, b, model)
    return level, w.city_different if level == "city_different" else w.address_different, None


def _city(a: Place, b: Place, model: Model) -> float:
    usual = model.weights.city
    return min(model.city.get(a.city, usual), model.city.get(b.city, usual))


def _moved(level: str, a: Place, b: Place, model: Model) -> Link:
    """Two doors near each other: of who moved, or whose address was mistyped, or of two people."""
    w = model.weights
    away = w.address_different + w.moved
    if level == "moved_city":
        bits = _city(a, b, model)
    elif level == "moved_postal":
        bits = model.postal.get(a.postal, w.postal)
    else:
        bits = w.street
    return level, bits + away, w.bound_area + away if bits + away > 0 else None
