"""What a source tells: the canonical fields that its samples give, and those that none gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from hub.model.customer import CustomerSnapshot
from hub.model.order import Order
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.samples import read_json

PARTS: Mapping[str, type[BaseModel]] = {"customer": CustomerSnapshot, "order": Order}
_OWN = frozenset({"customer.key", "customer.left_out", "customer.birth_digits", "order.test"})
"""Not values that a source tells of somebody: how a record is named, and what was not taken over."""


@dataclass(frozen=True, slots=True)
class Told:
    """``fields`` as ``customer.name.first``, ``left`` those of the models that no sample tells; both in their order."""

    fields: tuple[str, ...]
    left: tuple[str, ...]


def told_by(case: ConnectorCase) -> Told | None:
    """What the samples of a source give; None for what is no source."""
    if case.connector.source is None:
        return None
    found: set[str] = set()
    for sample in case.source_cases:
        for event in read_json(sample.sample.folder / "expected.json").get("events", []):
            found.update(name for part in PARTS for name in _names(event.get(part), part))
    heads = {".".join(name.split(".")[:2]) for name in found}
    told_parts = [part for part in PARTS if any(name.startswith(f"{part}.") for name in found)]
    every = [f"{part}.{name}" for part in told_parts for name in PARTS[part].model_fields]
    order = {name: place for place, name in enumerate(every)}
    fields = sorted(found, key=lambda name: (order[".".join(name.split(".")[:2])], name))
    return Told(
        tuple(name for name in fields if not any(name.startswith(own) for own in _OWN)),
        tuple(name for name in every if name not in heads and name not in _OWN),
    )


def _names(tree: Any, path: str) -> Iterator[str]:
    if path.endswith(".custom"):
        if tree:
            yield path
    elif isinstance(tree, Mapping):
        for name, child in tree.items():
            yield from _names(child, f"{path}.{name}")
    elif isinstance(tree, list):
        for child in tree:
            yield from _names(child, path)
    elif tree is not None:
        yield path
