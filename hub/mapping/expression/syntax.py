"""JMESPath text to a syntax tree, within limits, each name and constant with its column.

The parser is that of PyPI ``jmespath`` (https://jmespath.org/specification.html). Nothing is evaluated here.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import jmespath
from jmespath.exceptions import ArityError, EmptyExpressionError, IncompleteExpressionError, LexerError, ParseError
from jmespath.lexer import Lexer

from hub.mapping.expression.errors import ExpressionError

Node = dict[str, Any]

LONGEST = 1000
"""Characters of an expression."""

DEEPEST = 40
"""Levels of its syntax tree: all that evaluates it is recursive."""

WIDEST = 100
"""How many times larger than what it is given a result may become, as far as the expression alone can tell.

``[@, @] | [@, @] | …`` doubles at each step: without a bound a hundred characters never end.
"""

_LONGEST_NUMBER = 40
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]{1,4}\])*")
_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)|\[([0-9]+)\]")


def plain_path(text: str) -> tuple[str | int, ...] | None:
    """The steps of ``addresses[0].city``; None for what is more than a plain dotted path."""
    if not _PATH.fullmatch(text):
        return None
    return tuple(name or int(index) for name, index in _STEP.findall(text))


def parse(text: str) -> Node:
    """The tree, the caller's own. Raises ExpressionError."""
    if len(text) > LONGEST:
        raise ExpressionError(f"is longer than {LONGEST} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # `text` in backticks without quotes: refused here, deprecated there
            tree: Node = jmespath.compile(text.strip() and text).parsed
            tokens = list(Lexer().tokenize(text))
    except EmptyExpressionError:
        raise ExpressionError("is empty") from None
    except IncompleteExpressionError:
        raise ExpressionError("ends too early", text, len(text)) from None
    except LexerError as error:
        raise ExpressionError(_unreadable(text, error.lexer_position), text, error.lexer_position + 1) from None
    except ArityError as error:
        raise ExpressionError(str(error), text) from None
    except ParseError as error:
        raise ExpressionError(_unexpected(text, error), text, error.lex_position + 1) from None
    except (PendingDeprecationWarning, UnicodeError):
        raise ExpressionError("backticks hold JSON; a text stands in single quotes, as in 'DE'", text) from None
    except (RecursionError, MemoryError):
        raise ExpressionError("is nested too deeply", text) from None
    except ValueError:
        raise ExpressionError("holds a constant that is no JSON", text) from None
    if _depth(tree) > DEEPEST:
        raise ExpressionError(f"is nested more than {DEEPEST} levels deep", text)
    tree = deepcopy(tree)  # the parser keeps its own for the next who asks
    _place(tree, iter(tokens))
    _check_constants(tree, text)
    if _growth(tree) > WIDEST:
        raise ExpressionError("may make a result far larger than what it is given", text)
    return tree


def in_order(node: Node) -> list[Node]:
    """What a node consists of, in the order of the text."""
    parts = [child for child in node.get("children", ()) if isinstance(child, dict)]
    return [parts[0], parts[2], parts[1]] if node["type"] == "filter_projection" else parts


def _unreadable(text: str, position: int) -> str:
    found = text[position : position + 1]
    if found == "=":
        return "a comparison for equality is written =="
    if found in ("'", '"', "`"):
        return f"the {found} that begins here has no end, or holds what it may not"
    if found in ("-", "+", "/", "%", "*"):
        return "numbers are worked out by functions: add, sub, mul, div"
    return "holds a character that means nothing here"


def _unexpected(text: str, error: ParseError) -> str:
    kind = str(error.token_type)
    if kind == "NUMBER":
        before = text[: error.lex_position].rstrip()
        if before.endswith("."):
            return "of a list one is named in brackets, the first as [0]"
        return f"a number stands in backticks: `{error.token_value}`"
    if kind == "UNQUOTED_IDENTIFIER":
        instead = {"and": "&&", "or": "||", "not": "!", "in": "one_of(value, 'a', 'b') or contains(list, 'a')"}
        if error.token_value in instead:
            return f"{error.token_value!r} is written {instead[error.token_value]}"
    if kind == "STAR":
        return "numbers are worked out by functions: add, sub, mul, div"
    if kind == "QUOTED_IDENTIFIER":
        return "a text stands in single quotes, as in 'DE'; double quotes are for names of fields"
    return "cannot be read from here on"


def _depth(tree: Node) -> int:
    level, depth = [tree], 0
    while level and depth <= DEEPEST:
        level = [child for node in level for child in node.get("children", ()) if isinstance(child, dict)]
        depth += 1
    return depth


def _place(node: Node, tokens: Iterator[Node]) -> None:
    """Give each name and constant its column: they come in the tree in the order of the text."""
    kind = node["type"]
    if kind in ("field", "function_expression", "key_val_pair"):
        wanted: tuple[str, ...] = ("unquoted_identifier", "quoted_identifier")
    elif kind == "literal":
        wanted = ("literal",)
    else:
        wanted = ()
    token = next((token for token in tokens if token["type"] in wanted), None) if wanted else None
    node["column"] = token["start"] + 1 if token else int(bool(wanted))
    node["quoted"] = token is not None and token["type"] == "quoted_identifier"
    for child in in_order(node):
        _place(child, tokens)
    if not wanted:
        node["column"] = next((child["column"] for child in in_order(node) if child["column"]), 1)


def _check_constants(node: Node, text: str) -> None:
    if node["type"] == "literal" and not _is_sound(node["value"]):
        raise ExpressionError("holds a number that is none, or too large", text, node["column"])
    for child in in_order(node):
        _check_constants(child, text)


def _is_sound(value: Any) -> bool:
    match value:
        case float():
            return abs(value) < float(f"1e{_LONGEST_NUMBER}")  # False for NaN, too
        case bool() | None | str():
            return True
        case int():
            return bool(abs(value) < 10**_LONGEST_NUMBER)
        case list():
            return all(map(_is_sound, value))
        case dict():
            return all(map(_is_sound, value.values()))
    return False


def _growth(node: Node) -> int:
    """How many times its input a node's result, and what is made on the way, may be."""
    parts = [_growth(child) for child in in_order(node)]
    kind = node["type"]
    if not parts:
        return 1
    if kind in ("multi_select_list", "multi_select_dict"):
        return sum(parts)
    if kind == "function_expression":
        items = [part for part, child in zip(parts, in_order(node), strict=True) if child["type"] == "expref"]
        return max(1, sum(parts) - sum(items)) * max(items, default=1)
    if kind in ("comparator", "or_expression", "and_expression", "not_expression", "key_val_pair", "expref", "flatten"):
        return max(parts)
    grown = 1
    for part in parts:
        grown *= part
    return grown
