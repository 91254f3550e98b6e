"""What every canonical type shares: frozen, strict about names, aware UTC times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Never

from pydantic import AfterValidator, BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from hub.model.text import PLAIN, tidy


class Frozen(BaseModel):
    """An immutable value; an unknown field is a mistake in the code that builds it.

    Every text in it is tidy (``hub.model.text``), whoever builds it: no connector can forget. An optional text of
    which nothing is left is None.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        inner: Any = handler.resolve_ref_schema(schema)
        while "fields" not in inner:  # validators of the whole model lie around its fields
            inner = inner["schema"]
        for field in inner["fields"].values():
            field["schema"] = _tidied(field["schema"])
        return schema


def _tidied(schema: Any) -> Any:
    """The same schema with every text in it tidied; a subclass meets schemas that are so already."""
    match schema["type"]:
        case "str":
            return _text(schema, schema, tidy)
        case "nullable" if schema["schema"]["type"] == "str":
            return {**schema, "schema": _text(schema["schema"], schema, lambda text: tidy(text) or None)}
        case "default" | "nullable" | "function-after":
            return {**schema, "schema": _tidied(schema["schema"])}
        case "tuple":
            return {**schema, "items_schema": [_tidied(item) for item in schema["items_schema"]]}
        case "dict":
            return {
                **schema,
                "keys_schema": _tidied(schema["keys_schema"]),
                "values_schema": _tidied(schema["values_schema"]),
            }
    return schema


def _text(schema: Any, otherwise: Any, tidied: Callable[[str], str | None]) -> CoreSchema:
    """Two ways to read a text: one that is tidy already costs no call into Python, else ``otherwise``."""

    def read(value: Any) -> Any:
        return tidied(value) if isinstance(value, str) else value

    def described(_: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema)

    return core_schema.union_schema(
        [
            {**schema, "pattern": PLAIN},
            core_schema.no_info_before_validator_function(read, otherwise),
        ],
        mode="left_to_right",
        serialization=core_schema.simple_ser_schema("str"),
        metadata={"pydantic_js_functions": [described]},
    )


def aware_utc(value: datetime) -> datetime:
    """The same time in UTC. Raises ValueError for one without a zone."""
    if value.tzinfo is None:
        raise ValueError("time without a zone")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


UtcDatetime = Annotated[datetime, AfterValidator(aware_utc)]
"""A point in time, always aware and in UTC."""


class FrozenTexts(dict[str, str]):
    """Texts by name that cannot be changed, so that a value that holds them can be compared and hashed."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def _unchangeable(self, *_: object, **__: object) -> Never:
        raise TypeError("a canonical value is never changed")

    __setitem__ = __delitem__ = update = setdefault = pop = popitem = clear = _unchangeable
    __ior__ = _unchangeable


Texts = Annotated[Mapping[str, str], AfterValidator(FrozenTexts)]
"""Texts by name; the default is ``Field(default_factory=FrozenTexts)``."""
