"""What a destination writes from what: found by rendering, so that it is what will be written. Pure.

Two invented people (and orders) are filled everywhere. One is rendered again and again, each time with one value of the
other in the place of its own: the properties that differ then are made of that value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from hub.model.consent import ConsentChannel
from hub.model.order import Order
from hub.model.profile import Profile
from hub.sdk.catalogue import filled
from hub.sdk.destination import Change, OrderChange, ProfileChange, Write
from hub.sdk.manifest import Capability, ConnectionSettings, ProfileSettings
from hub.sdk.registry import Connector
from hub.sdk.testkit.documents import Path, with_value

NO_VALUES = frozenset({"aliases", "destinations", "suppressed", "test"})
"""Fields of the models that say how a record is treated: nothing of them is there to be written."""

_NEEDED = ("id", "created_at", "updated_at", "external_id", "state", "placed_at", "currency", "total")
_OWN = re.compile(r"custom\.[^.|`\[]+")
_CHANNELS = frozenset(get_args(ConsentChannel))


@dataclass(frozen=True, slots=True)
class Mapped:
    """Property to what of the record it is made of, in the order in which they are written.

    ``otherwise``  what it is made of where all that is missing
    ``left``       what of the record goes nowhere; a part as a whole where nothing of it goes anywhere
    """

    properties: Mapping[str, tuple[str, ...]]
    otherwise: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left: tuple[str, ...] = ()


def people_of(connector: Connector, settings: ConnectionSettings) -> Mapped | None:
    """How people are written with these settings; None where the connector writes none."""
    destination = connector.destination
    if destination is None:
        return None

    def write(record: Profile) -> Write | None:
        return destination.render(ProfileChange(record, 1), settings)

    one, two = (filled.person(which, _own_names(settings)) for which in (0, 1))
    return _mapped(Profile, one, two, write)


def orders_of(connector: Connector, settings: ConnectionSettings) -> Mapped | None:
    """How orders are written with these settings; None where they are not."""
    destination = connector.destination
    if destination is None or Capability.ORDERS not in connector.manifest.capabilities:
        return None

    def write(record: Order) -> Write | None:
        change: Change = OrderChange(record, "shop", "shop:1001", "501", 1)
        return destination.render(change, settings)

    one, two = (filled.order(which, _own_names(settings)) for which in (0, 1))
    found = _mapped(Order, one, two, write)
    return found if found.properties else None


def _mapped(model: type[Any], one: Any, two: Any, write: Callable[[Any], Write | None]) -> Mapped:
    def values(tree: Any) -> dict[str, list[Any]]:
        return _values(write(model.model_validate(tree)))

    whole = values(one)
    least = {name: value for name, value in one.items() if name in _NEEDED and name in model.model_fields}
    properties: dict[str, list[str]] = {name: [] for name in whole}
    otherwise: dict[str, list[str]] = {}
    used: set[str] = set()
    names = {path: _name(one, path) for path, _ in _leaves(one) if not _tells_which(path)}
    for path in names:
        other = _at(two, path)
        direct = _differing(whole, values(with_value(one, path, other)))
        alone = _alone(one, two, least, path, values)
        for name in direct:
            properties.setdefault(name, []).append(names[path])
        for name in alone - direct:
            otherwise.setdefault(name, []).append(names[path])
        if direct | alone:
            used.add(names[path])
    left = [name for name in names.values() if name not in used]
    return Mapped(
        {name: _once(sources) for name, sources in properties.items()},
        {name: _once(sources) for name, sources in otherwise.items()},
        tuple(_gathered(_once(left), used)),
    )


def _alone(one: Any, two: Any, least: Any, path: Path, values: Callable[[Any], dict[str, list[Any]]]) -> set[str]:
    """The properties a value is written to where it is all that is known; none where it cannot stand alone."""
    if path[0] in least or any(isinstance(step, int) and step for step in path):
        return set()
    try:
        trees = [{**least, **_branch(tree, path)} for tree in (one, two)]
        return _differing(*(values(tree) for tree in trees))
    except ValidationError:
        return set()


def _branch(tree: Any, path: Path) -> Any:
    """The tree with nothing but what a path leads to; a list with nothing but that one."""
    if not path:
        return tree
    step, *below = path
    inner = _branch(tree[step], tuple(below))
    return [inner] if isinstance(step, int) else {step: inner}


def _tells_which(path: Path) -> bool:
    """Purpose and channel say of what a consent is; they are no values of their own."""
    return path[0] == "consents" and path[-1] in ("purpose", "channel")


def _values(write: Write | None) -> dict[str, list[Any]]:
    """What is written, by property; of a destination that takes whole documents, by the place in it."""
    if write is None:
        return {}
    body = dict(write.body) if write.body and not set(write.properties) - {"digest"} else None
    found: dict[str, list[Any]] = {}
    for path, value in _leaves(write.properties if body is None else body):
        found.setdefault(".".join(str(step) for step in path if isinstance(step, str)), []).append(value)
    return found


def _differing(one: Mapping[str, Any], two: Mapping[str, Any]) -> set[str]:
    return {name for name in (*one, *two) if one.get(name) != two.get(name)}


def _leaves(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(tree, Mapping):
        for name, child in tree.items():
            yield from _leaves(child, (*path, name))
    elif isinstance(tree, list | tuple):
        for index, child in enumerate(tree):
            yield from _leaves(child, (*path, index))
    else:
        yield path, tree


def _at(tree: Any, path: Path) -> Any:
    """What a path leads to; of fields by a name of their own, those of the same name."""
    for step in path:
        tree = tree[step]
    return tree


def _name(tree: Any, path: Path) -> str:
    """``addresses.0.city``; of a list with one part ``refunds.amount``, of consents ``consents.email.state``."""
    shown, current = list[str](), tree
    for step in path:
        if isinstance(step, int) and isinstance(current[step], Mapping):
            channel = current[step].get("channel")
            shown += [channel] if channel in _CHANNELS else [str(step)] if len(current) > 1 else []
        else:
            shown.append(str(step))
        current = current[step]
    return ".".join(shown)


def _gathered(left: Sequence[str], used: set[str]) -> Iterator[str]:
    """Parts of which nothing goes anywhere, told once and as a whole."""
    told: set[str] = set()
    for name in left:
        steps = name.split(".")
        heads = (".".join(steps[: end + 1]) for end in range(len(steps)))
        whole = next(head for head in heads if not any(one == head or one.startswith(f"{head}.") for one in used))
        if whole not in told:
            told.add(whole)
            yield whole


def _once(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _own_names(settings: ConnectionSettings) -> tuple[str, ...]:
    """The fields of the sources' own that these settings and the mapping file name."""
    maps = [value for value in vars(settings).values() if isinstance(value, Mapping)]
    named = [path for one in maps for path in one.values() if isinstance(path, str)]
    named += settings.mapped_from if isinstance(settings, ProfileSettings) else ()
    return _once([path.partition(".")[2] for path in named if _OWN.fullmatch(path)])


def unnamed(model: type[BaseModel], tree: Mapping[str, Any]) -> set[str]:
    """Fields of a model that a filled record does not fill; for the test that says there are none."""
    return set(model.model_fields) - set(tree) - NO_VALUES
