"""The one error of an expression: what is wrong and where, never a value."""

from __future__ import annotations

import re

_TEXTS = re.compile(r"'(?:\\.|[^'\\])*'?|`(?:\\.|[^`\\])*`?|\"(?:\\.|[^\"\\])*\"?")
_BEFORE, _SHOWN = 24, 60


class ExpressionError(ValueError):
    """An expression that cannot be used, or a value it cannot work on.

    ``reason`` says what is wrong with the nearest right name, ``column`` (from 1) where, ``expression`` is the text
    around it. Texts and numbers written into the expression are shown as ``…``: they may name a person.
    """

    def __init__(self, reason: str, expression: str = "", column: int = 1) -> None:
        self.reason = reason
        self.column = column
        self.expression = shown(expression, column)
        where = f" (column {column} of {self.expression})" if self.expression else ""
        super().__init__(f"{reason}{where}")


def shown(expression: str, column: int) -> str:
    """The part of an expression around a column, its constants as ``…``."""
    hidden = _TEXTS.sub(lambda found: f"{found[0][0]}…{found[0][0]}", expression)
    lost = len(_TEXTS.sub(lambda found: f"{found[0][0]}…{found[0][0]}", expression[: column - 1]))
    start = max(0, min(lost, len(hidden)) - _BEFORE)
    cut = " ".join(hidden[start : start + _SHOWN].split())
    return f"{'… ' if start else ''}{cut}{' …' if len(hidden) > start + _SHOWN else ''}"
