"""What an expression means, before there is any data: its fields, its kind, and all that is wrong with it.

The tree that ``syntax.parse`` gave is completed on the way: functions are bound, constants become exact, tables are put
in, and comparisons of times are made comparisons of texts of one length.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from hub.errors import did_you_mean
from hub.mapping.expression.errors import ExpressionError
from hub.mapping.expression.fitting import SAID, UNFIT, WANTED, constant, either, list_of, wrong_value
from hub.mapping.expression.functions import FUNCTIONS, Function
from hub.mapping.expression.schema import ANY, ORIGINS, Kind, Schema, Shape, Value, plain
from hub.mapping.expression.syntax import Node
from hub.mapping.expression.times import HOW_LONG, comparable, passed

Tables = Mapping[str, Mapping[str, Value]]

TRUTH, TEXT, NULL = Shape("truth"), Shape("text"), Shape("null")
_TIMES: tuple[Kind, ...] = ("moment", "day")
_DAY_LONG = 10


@dataclass(frozen=True, slots=True, eq=False)
class Moving:
    """A comparison of a time with how long ago something was: it comes out otherwise once that has passed."""

    node: Node
    ago: timedelta


@dataclass(slots=True)
class Analysis:
    """Goes through one tree.

    ``judges``: only true or false is wanted of it; ``moment``: it is asked for one, so that ``ago`` means something.
    """

    text: str
    schema: Schema | None
    tables: Tables
    judges: bool = False
    moment: bool = False
    fields: set[str] = field(default_factory=set)
    roots: set[str] = field(default_factory=set)
    moving: list[Moving] = field(default_factory=list)

    def of(self, tree: Node) -> Shape:
        """The shape of what the expression gives. Raises ExpressionError with the first thing that is wrong."""
        root = self.schema.shape if self.schema else ANY
        found = self.judged(tree, root) if self.judges else self.shape(tree, root)
        self._used(found)
        return found

    def fault(self, node: Node, reason: str) -> ExpressionError:
        return ExpressionError(reason, self.text, node["column"] or 1)

    # -- the kinds of nodes --------------------------------------------------------------------------------------------

    def shape(self, node: Node, current: Shape) -> Shape:
        """What a node gives where ``current`` is what it is asked of."""
        children = node.get("children", [])
        match node["type"]:
            case "field":
                return self.named(node, current)
            case "subexpression" | "index_expression" | "pipe":
                if node["type"] != "pipe" and children[0]["type"] == "not_expression":
                    raise self.fault(children[0], "`!` reaches up to the first dot or bracket only; write !(a.b)")
                for child in children:
                    current = self.shape(child, current)
                return current
            case "identity" | "current":
                return current
            case "literal":
                node["value"] = plain(node["value"])
                return constant(node["value"])
            case "index":
                return self.one_of(node, current)
            case "slice":
                if children[2] == 0:
                    raise self.fault(node, "a slice cannot go by steps of 0")
                return self.listed(node, current)
            case "flatten":
                found = self.listed(children[0], self.shape(children[0], current))
                return found.item if found.item and found.item.kind == "list" else found
            case "projection":
                found = self.listed(children[0], self.shape(children[0], current))
                return list_of(self._kept(self.shape(children[1], found.item or ANY)))
            case "value_projection":
                self._used(self.shape(children[0], current))
                return list_of(self.shape(children[1], ANY))
            case "filter_projection":
                found = self.listed(children[0], self.shape(children[0], current))
                item = found.item or ANY
                self.judged(children[2], item)
                return list_of(self._kept(self.shape(children[1], item)))
            case "comparator":
                return self.compared(node, current)
            case "and_expression":
                self._used(self.judged(children[0], current))
                return self.shape(children[1], current)
            case "or_expression":
                return either([self._kept(self.shape(child, current)) for child in children])
            case "not_expression":
                self._used(self.judged(children[0], current))
                return TRUTH
            case "multi_select_list":
                return list_of(either([self._kept(self.shape(child, current)) for child in children]))
            case "multi_select_dict":
                pairs = [(child["value"], child["children"][0]) for child in children]
                return Shape("object", fields={name: self._kept(self.shape(child, current)) for name, child in pairs})
            case "function_expression":
                return self.applied(node, current)
            case "expref":
                raise self.fault(node, "`&` stands before an argument of map, sort_by, min_by and max_by only")
        raise self.fault(node, "cannot be used here")

    def judged(self, node: Node, current: Shape) -> Shape:
        """A part of which only true or false is wanted: a number alone is always true, so it was meant otherwise."""
        if node["type"] in ("and_expression", "or_expression"):
            return either([self._kept(self.judged(child, current)) for child in node["children"]])
        found = self.shape(node, current)
        if found.kind == "number" and found.path:
            raise self.fault(node, f"{found.path} is a number, which always counts as true; compare it: > `0`")
        if found.is_constant and not isinstance(found.constant, bool):
            raise self.fault(node, "a constant is always the same; compare it with a field")
        return found

    def named(self, node: Node, current: Shape) -> Shape:
        """One field by its name."""
        name = str(node["value"])
        if current.kind == "any":
            if current is ANY and self.schema is None:
                self.fields.add(name)
            return ANY
        if name in current.fields:
            found = current.fields[name]
            if self.schema is None:
                return found
            if current is self.schema.shape:
                if found.kind != "object" or f"{name}.{next(iter(found.fields), '')}" not in self.schema.views:
                    self.roots.add(name)
            elif found.path in self.schema.views:
                self.roots.add(found.path)
            return found
        if current.rest is not None:
            return Shape(current.rest.kind, f"{current.path}.{name}" if current.path else name)
        if current.kind == "null":
            return NULL
        if node["quoted"]:
            raise self.fault(node, "double quotes are for names of fields, and there is no such field; "
                             "a text stands in single quotes, as in 'DE'")  # fmt: skip
        raise self.fault(node, self._no_field(name, current))

    def _no_field(self, name: str, current: Shape) -> str:
        path = f"{current.path}.{name}" if current.path else name
        if current.kind == "list":
            if any(currency in current.fields for currency in ("EUR",)):
                return f"{name!r} is no ISO 4217 currency, such as EUR; or name one amount: {current.path}[0].amount"
            listed = f"{current.path} is a list" if current.path else "this is a list"
            near = did_you_mean(path, self.schema.paths() if self.schema else ())
            return f"{listed}; name one with [0], or all with [*], before .{name}{'' if current.item else near}"
        if current.kind != "object":
            return f"{current.path or 'this'} is {SAID[current.kind]} and has no {name!r}"
        if self.schema is None or not (current.path or current is self.schema.shape):
            return f"there is no {name!r}{did_you_mean(name, current.fields)}"
        near = did_you_mean(path, self.schema.paths()) or did_you_mean(name, current.fields)
        return f"{self.schema.called} has no {path!r}{near}"

    def one_of(self, node: Node, current: Shape) -> Shape:
        return self.listed(node, current).item or ANY

    def listed(self, node: Node, current: Shape) -> Shape:
        """What has to be a list."""
        if current.kind in ("any", "null"):
            return ANY
        if current.kind != "list":
            raise self.fault(node, f"{current.path or 'this'} is {SAID[current.kind]}, and no list")
        self._used(current)
        return current

    # -- functions -----------------------------------------------------------------------------------------------------

    def applied(self, node: Node, current: Shape) -> Shape:
        """A function: there is one of this name, and its arguments are what it takes."""
        name, arguments = str(node["value"]), node["children"]
        known = FUNCTIONS.get(name)
        if known is None:
            raise self.fault(node, f"there is no function {name!r}{did_you_mean(name, FUNCTIONS)}")
        if wrong := known.arity_fault(len(arguments)):
            raise self.fault(node, wrong)
        if name == "ago":
            raise self.fault(node, "ago stands beside a time in a condition only: orders.last_at >= ago('90 days')")
        node["function"] = known
        if name == "lookup":
            self._put_in_table(node)
        shapes: list[Shape] = [ANY] * len(arguments)
        for position in _values_first(arguments):
            argument = arguments[position]
            wanted = known.kind(position)
            if wanted == "each":
                shapes[position] = self._each(node, position, shapes, known)
            elif argument["type"] == "expref":
                raise self.fault(argument, f"{name} takes no `&` there: {known.example}")
            elif wanted == "truth":
                self._used(self.judged(argument, current))
            else:
                shapes[position] = self._kept(self.shape(argument, current))
                self._check_argument(known, position, argument, shapes[position])
        self._check_membership(node, known, shapes)
        return self._given(known, shapes)

    def _each(self, node: Node, position: int, shapes: list[Shape], known: Function) -> Shape:
        argument = node["children"][position]
        if argument["type"] != "expref":
            raise self.fault(argument, f"{known.name} takes an expression with & there: {known.example}")
        items = next((shape.item for shape in shapes if shape.kind == "list" and shape.item), ANY)
        return self._kept(self.shape(argument["children"][0], items))

    def _put_in_table(self, node: Node) -> None:
        first = node["children"][0]
        if first["type"] != "literal" or not isinstance(first["value"], str):
            raise self.fault(node, "lookup takes the name of a table in quotes: lookup('stages', …)")
        if first["value"] not in self.tables:
            near = did_you_mean(first["value"], self.tables)
            there = f"; there is {', '.join(sorted(self.tables))}" if self.tables else "; there is none here"
            raise self.fault(first, f"there is no table of this name{near or there}")
        first["value"] = dict(self.tables[first["value"]])

    def _check_argument(self, known: Function, position: int, node: Node, found: Shape) -> None:
        wanted = known.kind(position)
        if position in known.fixed and not found.is_constant:
            raise self.fault(node, f"{known.name} takes a constant there: {known.example}")
        fault = known.faults.get(position) if isinstance(found.constant, str) else None
        if fault and (wrong := fault(found.constant)):
            raise self.fault(node, f"{known.name}: {wrong}")
        unfit = UNFIT[wanted]
        if found.kind in unfit:
            what = f"{found.path} is {SAID[found.kind]}" if found.path else f"this is {SAID[found.kind]}"
            raise self.fault(node, f"{known.name} takes {WANTED[wanted]}; {what}")
        if wanted == "number" and found.is_constant and isinstance(found.constant, str):
            raise self.fault(node, f"{known.name} takes a number; one stands in backticks, as in `5`")

    def _check_membership(self, node: Node, known: Function, shapes: list[Shape]) -> None:
        """``contains`` and ``one_of`` with values that are never there."""
        if known.name == "one_of":
            for argument, option in zip(node["children"][1:], shapes[1:], strict=True):
                self._check_value(argument, shapes[0], option)
        if known.name == "contains" and shapes[0].kind == "list":
            many, sought = shapes
            if many.item is not None and sought.is_constant:
                self._check_value(node["children"][1], many.item, sought)
            listed = node["children"][0]
            options = listed["value"] if listed["type"] == "literal" else _texts_in(listed)
            for option in options:
                self._check_value(listed, sought, constant(option))

    def _given(self, known: Function, shapes: list[Shape]) -> Shape:
        if known.name in ("default", "not_null"):
            return either(shapes)
        if known.name == "if":
            return either(shapes[1:])
        if known.name in ("sort", "sort_by", "reverse", "unique"):
            return Shape(shapes[0].kind, item=shapes[0].item)
        if known.name in ("min", "max", "min_by", "max_by"):
            return shapes[0].item or ANY
        if known.name == "map":
            return list_of(shapes[0])
        if known.name == "split":
            return list_of(TEXT)
        return Shape(known.gives)

    # -- comparisons ---------------------------------------------------------------------------------------------------

    def compared(self, node: Node, current: Shape) -> Shape:
        """A comparison: one that cannot come out both ways is a mistake."""
        sides = node["children"]
        if sides[0]["type"] == "not_expression" and sides[1]["type"] != "literal":
            raise self.fault(node, "`!` reaches up to the comparison only; write !(a == b)")
        shapes = [ANY if _is_ago(side) else self._kept(self.shape(side, current)) for side in sides]
        for one, other in ((0, 1), (1, 0)):
            if _is_ago(sides[other]):
                self._moves(node, one, other, shapes[one], current)
            elif shapes[other].is_constant and not shapes[one].is_constant:
                self._check_compared(node, shapes[one], sides[other], shapes[other])
                self._as_long(node, one, other, shapes)
        if {shapes[0].kind, shapes[1].kind} == {"moment", "day"}:
            node["children"] = [_cut(side, _DAY_LONG) for side in sides]
        return TRUTH

    def _check_compared(self, node: Node, found: Shape, side: Node, other: Shape) -> None:
        if found.kind == "list" and other.kind != "list" and other.constant is not None and found.path:
            if found.fields and found.item and found.item.kind == "object":
                raise self.fault(
                    node,
                    f"{found.path!r} holds one amount per currency; name it: {found.path}.EUR"
                    if "EUR" in found.fields
                    else f"{found.path} is a list; name one: {found.path}.email",
                )
            raise self.fault(node, f"{found.path} is a list; write contains({found.path}, '…')")
        if other.kind == "list" and found.kind not in ("list", "any") and found.path:
            raise self.fault(side, f"{found.path} is no list; write one_of({found.path}, '…', '…')")
        self._check_value(side, found, other)

    def _check_value(self, node: Node, found: Shape, other: Shape) -> None:
        if other.is_constant and found.path and (wrong := wrong_value(found, other.constant)):
            raise self.fault(node, f"{found.path} {wrong}")

    def _as_long(self, node: Node, one: int, other: int, shapes: list[Shape]) -> None:
        """A time beside the beginning of one, ``'2026-01'``, is cut to its length: so they compare as ops mean it."""
        value = shapes[other].constant
        if shapes[one].kind not in _TIMES or not isinstance(value, str) or (text := comparable(value)) is None:
            return
        if shapes[one].kind == "day":
            text = text[:_DAY_LONG]
        sides = node["children"]
        sides[other]["value"] = text
        sides[one] = _cut(sides[one], len(text))

    def _moves(self, node: Node, one: int, other: int, found: Shape, current: Shape) -> None:
        sides = node["children"]
        said = sides[other]["children"]
        how_long = passed(said[0].get("value")) if len(said) == 1 else None
        if how_long is None:
            raise self.fault(sides[other], f"ago takes {HOW_LONG}")
        if not self.moment or self.schema is None or current is not self.schema.shape:
            raise self.fault(
                sides[other], "ago is for conditions of routes, outside of brackets: those are asked again in time"
            )
        if found.kind not in _TIMES or not found.path:
            raise self.fault(sides[one], "ago stands beside a time, such as orders.last_at")
        self.moving.append(Moving(sides[one], how_long))
        ago: Node = {"type": "ago", "children": [], "ago": how_long, "column": sides[other]["column"]}
        sides[other] = _cut(ago, _DAY_LONG) if found.kind == "day" else ago

    # -- fields used ---------------------------------------------------------------------------------------------------

    def _kept(self, found: Shape) -> Shape:
        self._used(found)
        return found

    def _used(self, found: Shape) -> None:
        """Note a field of the record; what a derived name is read from counts as well."""
        if self.schema is not None and found is self.schema.shape:
            self.roots.update(found.fields)
        if not found.path:
            return
        if self.schema is not None and found.kind == "object" and found.path in self.schema.views:
            self.roots.add(found.path)
        head, _, rest = found.path.partition(".")
        origin = ORIGINS.get(head)
        if origin is None:
            self.fields.add(found.path)
        else:
            self.fields.add(f"{origin}.{rest}" if rest else origin)


def _values_first(arguments: list[Node]) -> Iterator[int]:
    """Positions of the arguments, those with ``&`` last: they are read over the items of a list beside them."""
    yield from sorted(range(len(arguments)), key=lambda position: arguments[position]["type"] == "expref")


def _texts_in(node: Node) -> list[Value]:
    """The constants among the items of a list that is put together: ['DE', 'AT']."""
    parts = node["children"] if node["type"] == "multi_select_list" else []
    return [part["value"] for part in parts if part["type"] == "literal"]


def _is_ago(node: Node) -> bool:
    return bool(node["type"] == "function_expression" and node["value"] == "ago")


def _cut(node: Node, length: int) -> Node:
    return {"type": "cut", "children": [node], "length": length, "column": node["column"]}
