"""Patterns of values that are never an identity: regular expressions that no value can make slow. Pure.

RE2 (PyPI ``google-re2``) instead of ``re``: it takes time linear in the value whatever the pattern, where ``(a+)+$``
would hold a worker for hours. It knows no look-around and no back-references; such a pattern is refused by name.
Syntax: https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import re2

LONGEST = 200
"""Characters of a pattern."""

_MEMORY = 1 << 20
"""Bytes that one compiled set of patterns may take."""


def checked(pattern: str) -> str:
    """The pattern itself. Raises ValueError, without the pattern, when it is none or would match everything."""
    if not 1 <= len(pattern) <= LONGEST:
        raise ValueError(f"must have 1 to {LONGEST} characters")
    try:
        compiled = re2.compile(pattern, _options())
    except re2.error as error:
        raise ValueError(f"is no regular expression (RE2): {_reason(error)}") from None
    except UnicodeEncodeError:
        raise ValueError("is no regular expression (RE2): it holds half a character") from None
    if compiled.search("") is not None:
        raise ValueError("matches everything, also nothing at all; to ignore a whole kind, use `strength: off`")
    return pattern


def matcher(patterns: Iterable[str]) -> Callable[[str], Any]:
    """A function that finds any of the patterns anywhere in a value, in upper or lower case."""
    return _compiled("|".join(f"(?:{pattern})" for pattern in patterns))


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> Callable[[str], Any]:
    search: Callable[[str], Any] = re2.compile(pattern, _options(memory=64 * _MEMORY)).search
    return search


def _options(memory: int = _MEMORY) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = memory
    return options


def _reason(error: Exception) -> str:
    """What is wrong, without the part of the pattern it is wrong in."""
    message = error.args[0] if error.args else ""
    text = message.decode("utf-8", "replace") if isinstance(message, bytes) else str(message)
    return text.partition(":")[0]
