"""Vendor payloads, from raw bytes to a checked schema, with one rule for what a source leaves out.

Null, an empty string and a missing field mean the same in every payload: the source does not tell (kit law S10).
The rule is built into the validators once per schema, and bytes are checked without a detour over dictionaries: a
payload has ten times the fields that are used, and rewriting each object first costs as much as the check itself.
"""

from __future__ import annotations

from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from hub.errors import PayloadError

_TOLD, _UNTOLD = "<told>", "<untold>"
"""How pydantic's errors name the two ways to read an optional field."""

_REFUSES_EMPTY = frozenset(
    {
        "bool",
        "int",
        "float",
        "decimal",
        "date",
        "datetime",
        "tuple",
        "list",
        "set",
        "frozenset",
        "dict",
        "model",
        "definition-ref",  # stands for a model
    }
)
"""Kinds of schema that take neither null nor "" by themselves."""


class VendorModel(BaseModel):
    """Base of vendor schemas: unknown fields are ignored, null and "" count as absent, numbers may stand for text.

    Ids are best declared as ``str``: they are exact then, also beyond 2^53.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        inner: Any = handler.resolve_ref_schema(schema)
        while "fields" not in inner:  # validators of the whole model lie around its fields
            inner = inner["schema"]
        for field in inner["fields"].values():
            field["schema"] = _tolerant(field["schema"])
        return schema


def _tolerant(field: Any) -> Any:
    """A field's schema for which null and "" are absent. One that is so already is given back as it is."""
    if field["type"] != "default":
        return _told(field)
    if _UNTOLD in field["schema"].get("metadata", {}):
        return field
    told = _told(field["schema"])
    if field.get("default", ...) is None:
        told = core_schema.nullable_schema(told)  # what the other way gives too, but sooner
    # neither null nor "" is an int, so the field's own default stands in
    default = {**field, "schema": core_schema.int_schema(), "on_error": "default"}
    untold = core_schema.chain_schema([core_schema.literal_schema([None, ""]), default])
    ways: list[Any] = [(told, _TOLD), (untold, _UNTOLD)]
    return {**field, "schema": core_schema.union_schema(ways, mode="left_to_right", metadata={_UNTOLD: True})}


def _told(schema: Any) -> Any:
    """The same schema, refusing null and ""."""
    kind = schema["type"]
    if kind == "nullable":
        return _told(schema["schema"])
    if kind == "str":
        return {**schema, "min_length": max(1, schema.get("min_length", 0))}
    if kind == "function-after":
        return {**schema, "schema": _told(schema["schema"])}
    if kind in _REFUSES_EMPTY or schema.get("function", {}).get("function") is _refuse_untold:
        return schema
    return core_schema.no_info_before_validator_function(_refuse_untold, schema)


def _refuse_untold(value: Any) -> Any:
    if value is None or value == "":
        raise PydanticCustomError("missing", "Field required")
    return value


Schema = TypeVar("Schema", bound=BaseModel)


def read(schema: type[Schema], body: bytes) -> Schema:
    """Decode JSON and check it. Raises PayloadError with the dotted path of the first fault, never with a value."""
    try:
        if b"NaN" in body or b"Infinity" in body:
            orjson.loads(body)  # pydantic takes the bare words for numbers; in JSON they only stand in texts
        return schema.model_validate_json(body)
    except orjson.JSONDecodeError:
        raise PayloadError("not JSON") from None
    except ValidationError as error:
        raise _first_fault(error) from None  # `from None`: the text of pydantic's error quotes the payload


def _first_fault(error: ValidationError) -> PayloadError:
    faults = error.errors(include_url=False, include_context=False)
    fault = next(fault for fault in faults if _UNTOLD not in fault["loc"])
    if fault["type"] == "json_invalid":
        return PayloadError("not JSON")
    loc = [step for step in fault["loc"] if step != _TOLD]
    is_field = bool(loc) and isinstance(loc[-1], str)  # neither the whole nor an item of a list
    untold = fault["type"] == "missing" or (is_field and (fault["input"] is None or fault["input"] == ""))
    return PayloadError("missing" if untold else "not readable", path=".".join(str(step) for step in loc))
