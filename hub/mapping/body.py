"""Bodies to trees of plain Python values, every text tidy, whatever sender and encoding did to them. Pure."""

from __future__ import annotations

import json
import re
from io import BytesIO
from typing import TYPE_CHECKING, Any, Never
from urllib.parse import parse_qsl

import orjson
from python_multipart import parse_form
from python_multipart.exceptions import FormParserError

from hub.errors import PayloadError
from hub.model.text import is_tidy, tidy

if TYPE_CHECKING:
    from python_multipart.multipart import Field

_EXACT = 2**53
_MAY_BE_UNTIDY = re.compile(r"\\[ubfr]")
"""What in the text of a tree of tidy characters may stand for another one."""


def json_tree(body: bytes) -> Any:
    """Decode JSON as senders write it: with half a surrogate, a raw line end in a text, a BOM, a byte that is no UTF-8.

    What has no meaning becomes U+FFFD. Raises PayloadError for what is no JSON at all.
    """
    try:
        return _quickly(body)
    except (ValueError, RecursionError):
        pass  # it is not as it should be, or has a number that only the long way keeps
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


def _quickly(body: bytes) -> Any:
    """The same tree in a third of the time, of what is written as JSON should be. Raises ValueError for all else."""
    tree, text = orjson.loads(body), body.decode()
    if not is_tidy(text) or _MAY_BE_UNTIDY.search(text):
        return _tidied(_exact(tree))
    flat = type(tree) is dict and all(type(value) is str for value in tree.values())
    return tree if flat else _exact(tree)


def _exact(node: Any) -> Any:
    """Numbers as the long way has them. Raises ValueError for one that this way has not kept in full."""
    kind = type(node)
    if kind is str:
        return node
    if kind is dict:
        return {name: value if type(value) is str else _exact(value) for name, value in node.items()}
    if kind is list:
        return [_exact(value) for value in node]
    if kind is float:
        if abs(node) >= _EXACT:
            raise ValueError("an integer of more than 64 bits is a float here")
        return int(node) if node.is_integer() else node
    return node


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
