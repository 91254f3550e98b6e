"""Vendor payloads, from raw bytes to a checked schema, with one rule for what a source leaves out.

Null, an empty string and a missing field mean the same in every payload: the source does not tell (kit law S10).
The rule is built into the validators once per schema, and bytes are checked without a detour over dictionaries: a
payload has ten times the fields that are used, and rewriting each object first costs as much as the check itself.
Only a body that cannot be read so, or holds characters nobody sees, takes the longer way of ``hub.mapping.repair``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Protocol, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from hub.errors import PayloadError
from hub.mapping.body import json_tree
from hub.mapping.repair import TOLD, UNTOLD, repaired
from hub.mapping.time import instant
from hub.model.event import Note

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
    if UNTOLD in field["schema"].get("metadata", {}):
        return field
    told = _told(field["schema"])
    if field.get("default", ...) is None:
        told = core_schema.nullable_schema(told)  # what the other way gives too, but sooner
    # neither null nor "" is an int, so the field's own default stands in
    default = {**field, "schema": core_schema.int_schema(), "on_error": "default"}
    untold = core_schema.chain_schema([core_schema.literal_schema([None, ""]), default])
    ways: list[Any] = [(told, TOLD), (untold, UNTOLD)]
    return {**field, "schema": core_schema.union_schema(ways, mode="left_to_right", metadata={UNTOLD: True})}


def _told(schema: Any) -> Any:
    """The same schema, refusing null and ""."""
    kind = schema["type"]
    if kind == "nullable":
        return _told(schema["schema"])
    if kind == "str":
        return {**schema, "min_length": max(1, schema.get("min_length", 0))}
    if kind == "function-after":
        return {**schema, "schema": _told(schema["schema"])}
    if kind == "decimal":
        return core_schema.no_info_before_validator_function(_plain_number, schema)
    if kind in _REFUSES_EMPTY or schema.get("function", {}).get("function") in (_refuse_untold, _plain_number):
        return schema
    return core_schema.no_info_before_validator_function(_refuse_untold, schema)


def _plain_number(value: Any) -> Any:
    """12.0 as 12: pydantic reads a decimal of JSON so, and one of a tree not."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _refuse_untold(value: Any) -> Any:
    if value is None or value == "":
        raise PydanticCustomError("missing", "Field required")
    return value


Schema = TypeVar("Schema", bound=BaseModel)
Event = TypeVar("Event")

_SUSPECTS = b"\xc2\xcc\xcd\xd8\xe1\xe2\xe3\xef\xf3"
"""First bytes of the characters below in UTF-8. Looking for one byte is cheap, and most bodies have none of them."""
_ESCAPE = 0x5C
"""As a number: Python looks for that at once, and for bytes only after it has made and dropped an exception."""
_UNSEEN = re.compile(
    rb"\xc2[\x80-\x9f\xad]|[\xcc\xcd][\x80-\xbf]|\xd8\x9c|\xe1(?:\x85[\x9f\xa0]|[\x84-\x87]|\x9e[\xb4\xb5]|\xa0[\x8b-\x8f])"
    rb"|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xe3(?:\x82[\x99\x9a]|\x85\xa4)|\xef(?:\xb8[\x80-\x8f]|\xbb\xbf)"
    rb"|\xef\xbe\xa0|\xef\xbf[\xb9-\xbb\xbe\xbf]|\xf3\xa0"
)
_ESCAPED = re.compile(
    rb"\\[bf]|\\u(?:00[01][0-9a-f]|00[78][0-9a-f]|009[0-9a-f]|00ad|03[0-6][0-9a-f]|061c|11[0-9a-f]{2}|17b[45]|180[b-f]"
    rb"|200[b-f]|202[89a-e]|206[0-9a-f]|3099|309a|3164|fe0[0-9a-f]|feff|ffa0|fff[9a-f]|db40)",
    re.IGNORECASE,
)


def _holds_unseen(body: bytes) -> bool:
    """Whether a text of the body may need tidying. May be wrongly True, which costs time and nothing else."""
    if _ESCAPE in body and _ESCAPED.search(body):
        return True
    return not body.isascii() and any(byte in body for byte in _SUSPECTS) and _UNSEEN.search(body) is not None


def read(schema: type[Schema], body: bytes) -> Schema:
    """Like ``read_noting``, for whoever does not say what was left out (the name of an event)."""
    return read_noting(schema, body)[0]


def read_noting(schema: type[Schema], body: bytes) -> tuple[Schema, tuple[Note, ...]]:
    """Decode JSON and check it; every text comes out tidy (``hub.model.text``).

    An odd part that the schema can do without (an optional value, a member of a list) is left out, and a note says so;
    an empty container of the wrong kind counts as absent, and needs none. Raises PayloadError with the dotted path of
    what is needed and cannot be read, never with a value.
    """
    if body.find(b"NaN") < 0 and body.find(b"Infinity") < 0 and not _holds_unseen(body):
        try:
            return schema.model_validate_json(body), ()
        except ValidationError:
            pass  # the longer way tells what is wrong, or mends it
    return repaired(schema, json_tree(body))


def read_tree(schema: type[Schema], tree: Any) -> tuple[Schema, tuple[Note, ...]]:
    """The same for a decoded body (``hub.mapping.body``) or a part of one."""
    return repaired(schema, tree)


def _is_instant(text: str) -> str:
    try:
        instant(text, path="")
    except PayloadError:
        raise PydanticCustomError("time", "Not a time") from None
    return text


TimeText = Annotated[str, AfterValidator(_is_instant)]
"""A time as text, for mappings that read it themselves: one that is none is left out like any odd value."""


def plain(value: Any) -> Any:
    """The value of a custom field as it is; an object there is refused, and so left out with a note."""
    if isinstance(value, dict):
        raise PydanticCustomError("plain", "Neither text nor number nor a list of them")
    return value


PlainValue = Annotated[Any, AfterValidator(plain)]
"""What somebody wrote into a custom field: texts and numbers."""


class Read(Protocol):
    """``Reading.read``, as the readers of single topics get it."""

    def __call__(self, schema: type[Schema], body: bytes, /) -> Schema: ...


class Reading:
    """The bodies of one entry, and what of them was left out: ``parse`` makes one and gives its notes with its events.

    Where one entry brings several updates, each stands ``alone``.
    """

    def __init__(self) -> None:
        self.notes: list[Note] = []

    def read(self, schema: type[Schema], body: bytes) -> Schema:
        """``read_noting``, keeping the notes."""
        model, notes = read_noting(schema, body)
        self.notes += notes
        return model

    def tree(self, schema: type[Schema], tree: Any, path: str = "") -> Schema:
        """``read_tree``, keeping the notes; ``path`` is where the tree stands in its body."""
        try:
            model, notes = read_tree(schema, tree)
        except PayloadError as error:
            raise PayloadError(error.reason, path=_below(path, error.path)) from None
        self.notes += [Note(path=_below(path, note.path), reason=note.reason) for note in notes]
        return model

    def alone(self, update: Iterable[Event]) -> list[Event]:
        """The events of one update of several. One that cannot be read costs nothing but itself, and a note."""
        try:
            return list(update)
        except PayloadError as error:
            self.notes.append(Note(path=error.path, reason=f"{error.reason}, so this update is left out"))
            return []

    def of(self, events: Iterable[Event]) -> list[Event | Note]:
        """Events and notes, as ``parse`` gives them; raises PayloadError where notes are all there is."""
        told: list[Event | Note] = list(events)
        if not told and self.notes:
            raise PayloadError(self.notes[0].reason, path=self.notes[0].path)
        return [*told, *dict.fromkeys(self.notes)]


def _below(path: str, step: str) -> str:
    return f"{path}.{step}" if path and step else path or step
