"""What people changed in a CRM and is to stay: the ``write`` rules of a mapping file (``hub.mapping.overrides``).

What is left alone does not count as written: the mirror keeps what Hub wrote before, so that the next change of the
profile asks again, and nothing loops meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.mapping.expression.functions import text_of
from hub.mapping.overrides import WriteRule, decide
from hub.sdk.crm.calls import Caller
from hub.sdk.crm.dialect import Item, Orders, People
from hub.sdk.destination import Change, Write
from hub.sdk.manifest import ConnectionSettings, ProfileSettings, Settings

Form = Callable[[str, Any], Any]
"""What was written to a property, as the CRM gives it back."""


_SECTIONS: Mapping[str, str] = {"profile": "fields", "order": "order_fields"}
"""The section of a mapping file for each kind of write that has one."""


def with_rules(write: Write | None, change: Change, settings: ConnectionSettings) -> Write | None:
    """The write with the rules of its properties, and with what Hub last wrote to them. Pure."""
    section = _SECTIONS.get(write.kind) if write else None
    if write is None or section is None or write.erase or not isinstance(settings, ProfileSettings):
        return write
    rules = settings.write_rules(section)
    if not rules:
        return write
    rules = {name: rule for name, rule in rules.items() if name in write.mirror}
    wrote = {name: change.mirror[name] for name in rules if change.mirror.get(name) not in (None, "")}
    # Where nobody knows whether this is carried out, either value is Hub's own.
    unsure = {
        name: list(dict.fromkeys((*_several(wrote.get(name)), write.properties[name])))
        for name in rules
        if write.properties.get(name)
    }
    return replace(write, rules=rules, wrote=wrote, unsure={**write.unsure, **unsure}) if rules else write


def is_ruled(item: Item) -> bool:
    """True when the record has to be read before the item is written."""
    return bool(item.write.rules.keys() & item.properties.keys())


def obeyed(people: People[Settings] | Orders[Settings], caller: Caller[Settings], items: Sequence[Item]) -> list[Item]:
    """The items without what is to stay as it is there, which ``Item.left`` names. Raises the error tree.

    A record that is gone is left for the update to find out.
    """
    ruled = [item for item in items if item.id and is_ruled(item)]
    if not ruled or people.values is None:
        return list(items)
    names = tuple(dict.fromkeys(name for item in ruled for name in item.write.rules if name in item.properties))
    ids = sorted({str(item.id) for item in ruled})
    told = caller.run(people.values(ids, names, caller.settings))

    def form(name: str, value: Any) -> Any:
        return people.form(name, value, caller.settings) if people.form else value

    return [_obeying(item, told[str(item.id)], form) if str(item.id) in told else item for item in items]


def mirrored(item: Item, mirror: Mapping[str, Any]) -> dict[str, Any]:
    """A mirror with what Hub wrote before in place of what was left alone now."""
    kept = {name: value for name, value in mirror.items() if name not in item.left}
    wrote = item.write.wrote
    return {**kept, **{name: wrote[name] for name in sorted(item.left) if name in wrote and mirror.get(name) != ""}}


def _obeying(item: Item, there: Mapping[str, Any], form: Form) -> Item:
    write = item.write
    left = frozenset(
        name
        for name, rule in write.rules.items()
        if name in item.properties
        and is_left(rule, item.properties[name], write.wrote.get(name), there.get(name), lambda v, n=name: form(n, v))  # type: ignore[misc]
    )
    properties = {name: value for name, value in item.properties.items() if name not in left}
    return replace(item, properties=properties, left=left)


def is_left(
    rule: WriteRule, value: Any, wrote: Any, there: Any, form: Callable[[Any], Any] = lambda value: value
) -> bool:
    """Whether what stands ``there`` stays. What is cleared (``value`` "") is cleared only where it is Hub's own."""
    own = next((one for one in _several(wrote) if same(form(one), there)), None)
    held = there if own is not None else wrote
    applying: WriteRule = "never_after_edit" if value == "" else rule
    return decide(applying, wrote=held, there=there, is_read=True, is_new=False) == "leave"


def same(one: Any, other: Any) -> bool:
    """Whether two spellings are one value: 7 and "7.0", or one moment with and without milliseconds."""
    left, right = _spelt(one), _spelt(other)
    if left == right:
        return True
    for read in (_number, _moment):
        first, second = read(left), read(right)
        if first is not None and second is not None:
            return bool(first == second)
    return False


def _several(value: Any) -> tuple[Any, ...]:
    """What Hub wrote last; several where an attempt of unknown outcome was among them."""
    return tuple(value) if isinstance(value, list) else () if value in (None, "") else (value,)


def _spelt(value: Any) -> str:
    return ";".join(map(_spelt, value)) if isinstance(value, list | tuple) else text_of(_plain(value)).strip()


def _plain(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) else value


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
