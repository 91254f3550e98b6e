"""What operators change about a connector's field map: ``config/mappings/<connection>.yaml``. Pure.

    tables:
      stages: {loyal: VIP, at_risk: Call}
    fields:                                    # of a person
      salutation: custom.anrede                # a path, or any expression (docs/expressions.md)
      full_name: {combine: [name.first, name.last]}
      stage: {value: custom.stage, lookup: stages, default: Customer, when: "orders.count > `0`"}
      source: {constant: Hub, write: only_if_empty}
      mobile: {mapped: phone}                  # what the connector would write to `phone`
      phone: {leave_out: true}
      company: {write: never_after_edit}       # the connector's own value, under another rule
    order_fields: {}                           # of an order, where the connector writes them

``compile_overrides`` reads it with every fault at once, ``Overrides.apply`` gives the values of one record, and
``decide`` whether a value may be written over what stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from hub.errors import did_you_mean
from hub.mapping.expression import (
    ORDER,
    PROFILE,
    Expression,
    ExpressionError,
    Schema,
    Value,
    compile_expression,
    plain,
    roots_of,
)
from hub.mapping.expression.functions import UnfitError, text_of
from hub.mapping.expression.functions_hub import is_false
from hub.yaml_file import describe, join

WriteRule = Literal["always", "only_if_empty", "never_after_edit"]
RULES: tuple[WriteRule, ...] = ("always", "only_if_empty", "never_after_edit")


def _scalar(value: Any) -> Any:
    if value is not None and not isinstance(value, str | bool | int | float):
        raise ValueError("must be a text, a number, true or false")
    return value


Constant = Annotated[Any, AfterValidator(_scalar)]
"""A text, number, true or false; null says nothing."""

_SOURCES = ("value", "constant", "combine", "mapped", "leave_out")


class FieldOverride(BaseModel):
    """One field of the destination. Without a source it is the connector's own value, under what else is said here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: str | None = Field(None, description="A path or an expression over the record.")
    constant: Constant = Field(None, description="The same value for everybody.")
    combine: tuple[str, ...] | None = Field(
        None, min_length=1, max_length=20, description="Paths or expressions, put together; what is empty is left out."
    )
    separator: str = Field(" ", max_length=20, description="What stands between the parts of `combine`.")
    mapped: str | None = Field(None, description="A field the connector writes: its value goes here.")
    leave_out: bool = Field(False, description="Nothing is written to this field.")
    lookup: str | None = Field(None, description="A table of this file, in which the value is a key.")
    default: Constant = Field(None, description="What is written where there is no value.")
    when: str | None = Field(None, description="A condition; where it does not hold, nothing is written.")
    write: WriteRule = Field(
        "always",
        description="`always`, `only_if_empty` there, or `never_after_edit`: no more once a person changed it there.",
    )

    @model_validator(mode="after")
    def _has_one_source(self) -> FieldOverride:
        given = [name for name in _SOURCES if name in self.model_fields_set and getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"takes one of {', '.join(_SOURCES)}, and has {' and '.join(given)}")
        if not given and self.model_fields_set <= {"separator"}:
            raise ValueError(f"says nothing; give it one of {', '.join(_SOURCES)}, or a rule such as write")
        if self.leave_out and len(self.model_fields_set) > 1:
            raise ValueError("is left out, so that nothing else may be said of it")
        return self


class OverrideFile(BaseModel):
    """All that a mapping file may hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tables: dict[str, dict[str, Constant]] = Field(
        default_factory=dict, description="Tables for `lookup`, by name: key to value."
    )
    fields: dict[str, str | FieldOverride] = Field(default_factory=dict, description="Fields of a person.")
    order_fields: dict[str, str | FieldOverride] = Field(default_factory=dict, description="Fields of an order.")


@dataclass(frozen=True, slots=True)
class Applied:
    """The values of one record by field, the rule of each that has one, and what could not be worked out.

    A fault names field, function and place, never a value; that field is not written this time.
    """

    values: Mapping[str, Value]
    rules: Mapping[str, WriteRule] = field(default_factory=dict)
    faults: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Field:
    rule: FieldOverride
    parts: tuple[Expression, ...]
    when: Expression | None
    table: Mapping[str, Value] | None

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """All that it reads from the record."""
        return (*self.parts, self.when) if self.when else self.parts


@dataclass(frozen=True, slots=True)
class Overrides:
    """Those of one connection for one kind of record."""

    by_field: Mapping[str, _Field]
    view: Callable[[BaseModel], Value]
    """A record as plain data, as far as these need it."""

    def __bool__(self) -> bool:
        return bool(self.by_field)

    @property
    def targets(self) -> tuple[str, ...]:
        """The destination's fields that are written to."""
        return tuple(name for name, held in self.by_field.items() if not held.rule.leave_out)

    @property
    def rules(self) -> Mapping[str, WriteRule]:
        """The rule of each field that is not simply written over."""
        return {name: held.rule.write for name, held in self.by_field.items() if held.rule.write != "always"}

    def fields_of(self, target: str) -> frozenset[str]:
        """The fields of the record that a destination's field is worked out from."""
        held = self.by_field.get(target)
        return frozenset().union(*(expression.fields for expression in held.expressions)) if held else frozenset()

    def apply(self, record: BaseModel, mapped: Mapping[str, Value]) -> Applied:
        """The values of a record: those the connector ``mapped``, changed as the operator wants it.

        What has no value is left out (absent is not null, kit law D2).
        """
        data = self.view(record)
        values = dict(mapped)
        rules: dict[str, WriteRule] = {}
        faults: list[str] = []
        for name, held in self.by_field.items():
            values.pop(name, None)
            try:
                value = _value(name, held, data, mapped)
            except (ExpressionError, UnfitError) as error:
                faults.append(f"{name}: {error}")
                continue
            if not _is_absent(value):
                values[name] = value
                if held.rule.write != "always":
                    rules[name] = held.rule.write
        return Applied(values, rules, tuple(faults))


NOTHING = Overrides({}, plain)


def _of(schema: Schema, by_field: Mapping[str, _Field]) -> Overrides:
    used = [expression for held in by_field.values() for expression in held.expressions]
    return Overrides(by_field, schema.viewer(roots_of(used)))


def _value(name: str, held: _Field, data: Value, mapped: Mapping[str, Value]) -> Value:
    rule = held.rule
    if rule.leave_out or (held.when is not None and is_false(held.when.read(data))):
        return None
    if rule.constant is not None:
        value = _plain(rule.constant)
    elif rule.combine is not None:
        texts = [text_of(part.read(data)) for part in held.parts]
        value = rule.separator.join(text for text in texts if text)
    elif held.parts:
        value = held.parts[0].read(data)
    else:
        value = mapped.get(rule.mapped or name)
    if held.table is not None and not _is_absent(value):
        value = held.table.get(text_of(value))
    return _plain(rule.default) if _is_absent(value) else value


def _is_absent(value: Value) -> bool:
    return value is None or value in ("", [], {})


@dataclass(frozen=True, slots=True)
class Compiled:
    """A mapping file: overrides for people and for orders."""

    people: Overrides = NOTHING
    orders: Overrides = NOTHING


@dataclass(frozen=True, slots=True)
class OwnFields:
    """What a destination writes by itself, and what of it nobody may change (laws L6, L7).

    ``written`` are its fields of a person, ``order_written`` those of an order (None: it writes none), ``kept`` those
    of either by which records are found and consents told. ``rules`` are those of ``write`` it keeps for people,
    ``order_rules`` those for orders. ``untold`` gives True for a field of which it cannot be told whether what
    stands there is what Hub wrote, so that it is not ``never_after_edit``.
    """

    written: Collection[str]
    kept: Collection[str] = ()
    order_written: Collection[str] | None = None
    rules: tuple[WriteRule, ...] = ("always",)
    order_rules: tuple[WriteRule, ...] = ("always",)
    untold: Callable[[str], bool] = lambda name: False


def compile_overrides(data: Mapping[str, Any], own: OwnFields) -> tuple[Compiled, list[str]]:
    """A mapping file's content, and all its faults as ``fields.stage.value: …``; with faults it is not to be used."""
    faults: list[str] = []
    known = {name: value for name, value in data.items() if name in OverrideFile.model_fields}
    try:
        OverrideFile.model_validate({name: {} for name in known} | {n: v for n, v in data.items() if n not in known})
    except ValidationError as error:
        faults += describe(error, OverrideFile)
    tables = _tables(known.get("tables") or {}, faults)
    people = _Reading("fields", PROFILE, tables, faults, own, own.written).read(known.get("fields") or {})
    told = known.get("order_fields") or {}
    if told and own.order_written is None:
        faults.append("order_fields: no orders are written there")
        told = {}
    orders = _Reading("order_fields", ORDER, tables, faults, own, own.order_written or ()).read(told)
    return Compiled(_of(PROFILE, people), _of(ORDER, orders)), faults


def _tables(told: Any, faults: list[str]) -> dict[str, Mapping[str, Value]]:
    try:
        read = OverrideFile.model_validate({"tables": told}).tables
    except ValidationError as error:
        faults += describe(error, OverrideFile)
        return {str(name): {} for name in told} if isinstance(told, dict) else {}
    return {name: {key: _plain(value) for key, value in table.items()} for name, table in read.items()}


def _plain(value: Constant) -> Value:
    return Decimal(repr(value)) if isinstance(value, float) else value


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads one section, noting all that is wrong with it."""

    where: str
    schema: Schema
    tables: Mapping[str, Mapping[str, Value]]
    faults: list[str]
    own: OwnFields
    written: Collection[str]

    def read(self, told: Any) -> dict[str, _Field]:
        if not isinstance(told, dict):
            self.faults.append(f"{self.where}: must hold `name: value` pairs")
            return {}
        found: dict[str, _Field] = {}
        for name, given in told.items():
            path = join(self.where, str(name))
            if name in self.own.kept:
                self.faults.append(f"{path}: is Hub's own and stays as it is")
                continue
            try:
                rule = FieldOverride.model_validate({"value": given} if isinstance(given, str) else given)
            except ValidationError as error:
                self.faults.extend(describe(error, FieldOverride, path))
                continue
            self.faults.extend(self._wrong_names(rule, str(name), path))
            table = self.tables.get(rule.lookup) if rule.lookup else None
            found[name] = _Field(rule, tuple(self._parts(rule, given, path)), self._when(rule, path), table)
        return found

    def _wrong_names(self, rule: FieldOverride, name: str, path: str) -> Iterator[str]:
        if rule.lookup and rule.lookup not in self.tables:
            near = did_you_mean(rule.lookup, self.tables)
            yield f"{join(path, 'lookup')}: there is no table {rule.lookup!r}{near}"
        kept, of = (self.own.rules, "") if self.where == "fields" else (self.own.order_rules, " for orders")
        if rule.write not in kept:
            yield f"{join(path, 'write')}: this connection keeps no other rule{of} than {' and '.join(kept)}"
        elif rule.write == "never_after_edit" and self.own.untold(name):
            yield f"{join(path, 'write')}: whether a person changed this field there cannot be told"
        if rule.mapped and rule.mapped not in self.written:
            near = did_you_mean(rule.mapped, self.written)
            yield f"{join(path, 'mapped')}: the connector writes no {rule.mapped!r}{near}"
        if name not in self.written and not rule.model_fields_set & {"value", "constant", "combine", "mapped"}:
            near = did_you_mean(name, self.written)
            yield f"{path}: the connector writes no {name!r} of which this could be said{near}"

    def _parts(self, rule: FieldOverride, given: Any, path: str) -> Iterator[Expression]:
        told = [] if rule.value is None else [(path if isinstance(given, str) else join(path, "value"), rule.value)]
        told += [(join(path, "combine", index), part) for index, part in enumerate(rule.combine or ())]
        for where, text in told:
            if one := self._expression(text, where):
                yield one

    def _when(self, rule: FieldOverride, path: str) -> Expression | None:
        return None if rule.when is None else self._expression(rule.when, join(path, "when"), judged=True)

    def _expression(self, text: str, path: str, *, judged: bool = False) -> Expression | None:
        try:
            return compile_expression(text, self.schema, self.tables, judged=judged)
        except ExpressionError as error:
            self.faults.append(f"{path}: {error}")
            return None


def unknown_targets(overrides: Overrides, there: Collection[str], where: str = "fields") -> list[str]:
    """Faults of fields that the destination does not have, with the nearest it has; ``there`` are all its fields."""
    return [
        f"{join(where, name)}: there is no such field there{did_you_mean(name, there)}"
        for name in sorted(overrides.targets)
        if name not in there
    ]


def decide(
    rule: WriteRule, *, wrote: Value, there: Value, is_read: bool, is_new: bool
) -> Literal["write", "leave", "read"]:
    """Whether a value may be written over what stands there.

    ``wrote`` is what Hub last wrote to this field (None: nothing), ``there`` what stands there now, as far as it was
    read (``is_read``); a new record is empty. ``read`` asks for it to be read first.
    """
    if rule == "always" or is_new:
        return "write"
    if not is_read:
        return "read"
    if _is_absent(there):
        # Emptied there by a person after Hub filled it: that is an edit, too.
        return "leave" if rule == "never_after_edit" and not _is_absent(wrote) else "write"
    if rule == "only_if_empty":
        return "leave"
    return "write" if not _is_absent(wrote) and as_written(there) == as_written(wrote) else "leave"


def as_written(value: Value) -> Value:
    """A value so that it compares with what a CRM gives back of it, which may be a text: 7 and "7"."""
    return value if isinstance(value, list | dict) else text_of(value)
