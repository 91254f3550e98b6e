"""Bodies to trees of plain Python values, every text tidy, whatever sender and encoding did to them. Pure."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any, Never
from urllib.parse import parse_qsl

from python_multipart import parse_form
from python_multipart.exceptions import FormParserError

from hub.errors import PayloadError
from hub.model.text import tidy

if TYPE_CHECKING:
    from python_multipart.multipart import Field

_EXACT = 2**53


def json_tree(body: bytes) -> Any:
    """Decode JSON as senders write it: with half a surrogate, a raw line end in a text, a BOM, a byte that is no UTF-8.

    What has no meaning becomes U+FFFD. Raises PayloadError for what is no JSON at all.
    """
    try:
        text = body.decode("utf-8", "replace").removeprefix("\ufeff")
        return _tidied(json.loads(text, strict=False, parse_constant=_refuse, parse_float=_number))
    except (ValueError, RecursionError):
        raise PayloadError("not JSON") from None


def form_fields(body: bytes) -> dict[str, str]:
    """The fields of a form body by their full names, e.g. ``data[merges][FNAME]``; of two the last counts.

    Raises PayloadError for a body that cannot be one.
    """
    try:
        text = body.decode("utf-8", "replace").removeprefix("\ufeff")
        return {tidy(name): tidy(value) for name, value in parse_qsl(text, keep_blank_values=True, errors="replace")}
    except ValueError:
        raise PayloadError("not a form") from None


def multipart_fields(body: bytes, content_type: str) -> dict[str, str]:
    """The fields of a ``multipart/form-data`` body (RFC 7578), without its files; of two the last counts.

    Raises PayloadError for a body that cannot be one.
    """
    found: dict[str, str] = {}

    def keep(field: Field) -> None:
        name, value = ((part or b"").decode("utf-8", "replace") for part in (field.field_name, field.value))
        found[tidy(name)] = tidy(value)

    try:
        parse_form({"Content-Type": content_type.encode()}, BytesIO(body), keep, lambda file: file.close())
    except (FormParserError, ValueError, UnicodeError):
        raise PayloadError("not a form") from None
    return found


def _tidied(node: Any) -> Any:
    if isinstance(node, str):
        return tidy(node)
    if isinstance(node, dict):
        return {tidy(name): _tidied(value) for name, value in node.items()}
    if isinstance(node, list):
        return [_tidied(value) for value in node]
    return node


def _number(text: str) -> int | float:
    """12.0 as 12, which is how the short way reads it: an amount must not hang on the way it was read by."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < _EXACT else number


def _refuse(_: str) -> Never:
    raise ValueError("NaN and Infinity are no JSON")
