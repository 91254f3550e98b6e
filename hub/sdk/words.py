"""The other side's own words in an error, and what of them Hub may repeat (law L11)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeGuard

import httpx
import orjson

LONGEST = 300
"""Characters of an answer that are kept."""

_EMAIL = re.compile(r"[^\s\"'<>:,;()\[\]]+@[^\s\"'<>:,;()\[\]]+")
_XML_TEXT = re.compile(r">([^<>]+)</")
_PHONE = re.compile(r"(?:\+|\b00)\d[\d ()/.\-]{5,}\d")


def words_of(response: httpx.Response) -> str:
    """``message``, ``detail`` or ``error`` of a JSON body, else a cut of the text, without people's values.

    Where the body itself has none of these, its ``errors`` are read (Freshsales), or the first of them (Square), its
    ``error`` where that is an object (Google: https://google.aip.dev/193, Microsoft), or the first of the body itself
    where that is a list (Salesforce). Of several messages all are told.
    """
    try:
        decoded = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return without(response.text[:LONGEST], sent_in(response.request))
    for source in _places(decoded):
        for name in ("message", "detail", "title", "error"):
            told = source.get(name)
            told = "; ".join(filter(_is_text, told)) if isinstance(told, list) else told
            if _is_text(told) and told.strip():
                return without(told[:LONGEST], sent_in(response.request))
    return response.reason_phrase


def without(words: str, values: Iterable[str]) -> str:
    """``words`` without these values, e-mails and phone numbers; ``…`` stands for each."""
    for value in sorted((value for value in values if value in words), key=len, reverse=True):
        words = words.replace(value, "…")
    return _PHONE.sub("…", _EMAIL.sub("…", words))


def sent_in(request: httpx.Request) -> set[str]:
    """The texts of a request's body, JSON or XML: systems repeat what they refuse."""
    try:
        content = request.content
    except httpx.RequestNotRead:
        return set()
    try:
        return texts_in(orjson.loads(content))
    except orjson.JSONDecodeError:
        return texts_in([html.unescape(one) for one in _XML_TEXT.findall(content.decode(errors="replace"))])


def texts_in(value: Any) -> set[str]:
    """The texts of plain data, wherever they stand, that are long enough to tell something."""
    return {text for text in _texts(value) if len(text) > 2}


def _places(decoded: Any) -> Iterator[dict[str, Any]]:
    first = decoded[:1] if isinstance(decoded, list) else [decoded]
    for body in first:
        if isinstance(body, dict):
            yield body
            for listed in (body.get("errors"), body.get("error")):
                within = listed[:1] if isinstance(listed, list) else [listed]
                yield from (one for one in within if isinstance(one, dict))


def _is_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for held in value.values():
            yield from _texts(held)
    elif isinstance(value, list | tuple):
        for held in value:
            yield from _texts(held)
