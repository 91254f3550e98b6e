"""Conditions over a profile: an expression of which only true or false is wanted, asked for a moment.

    orders.count > `0` && consent.email == 'opted_in'
    one_of(country, 'DE', 'AT') || contains(tags, 'vip')
    orders.totals.EUR >= `500` && orders.last_at >= ago('90 days')
    !company && emails

A comparison with an absent value is false, except ``==`` and ``!=``. A time compares with the beginning of one
(``'2026-01'``; a time without a zone is UTC) and with ``ago('12 hours')``, ``ago('6 weeks')``: before the moment that
is passed in, and ``next_change`` says when that may make a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from pydantic import BaseModel

from hub.mapping.expression import functions_hub, functions_standard  # noqa: F401 - they declare the functions
from hub.mapping.expression.analysis import Analysis, Moving
from hub.mapping.expression.errors import ExpressionError
from hub.mapping.expression.evaluate import evaluate
from hub.mapping.expression.former import in_this_language
from hub.mapping.expression.functions_hub import is_false
from hub.mapping.expression.schema import PROFILE, Schema, Value
from hub.mapping.expression.syntax import Node, parse
from hub.model.profile import Profile

_TICK = timedelta(seconds=1)
_DAY_LONG = 10


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """A condition that was read. Pure, and it never raises: what cannot be worked out for a profile is false for it.

    ``fields`` are the fields of a profile it depends on.
    """

    text: str
    fields: frozenset[str]
    view: Callable[[BaseModel], dict[str, Value]]
    moving: tuple[Moving, ...]
    tree: Node

    def __call__(self, profile: Profile, now: datetime) -> bool:
        """Whether a profile meets it at this moment."""
        try:
            data = self.view(profile)
            return not is_false(evaluate(self.tree, data, self.text, now if self.moving else None))
        except ExpressionError:
            return False

    def next_change(self, profile: Profile, now: datetime) -> datetime | None:
        """When it may come out otherwise though the profile stays the same; None for never."""
        data = self.view(profile)
        moments = [moment for each in self.moving for moment in _turns(evaluate(each.node, data, ""), each.ago)]
        return min((moment for moment in moments if moment > now), default=None)


def compile_condition(text: str, connections: Collection[str] | None = None) -> Condition:
    """Read a condition; ``connections`` are the names that ``connections`` may hold, where they are known.

    Raises ExpressionError with what is wrong, where, and the nearest field or function; of a value that a field never
    has, which it has. One in the language before decision 0019 is refused with the way it is written now.
    """
    schema = PROFILE if connections is None else PROFILE.with_choices("connections", connections)
    try:
        return _compiled(text, schema)
    except ExpressionError as error:
        now_written = in_this_language(text)
        if now_written is None or not _is_right(now_written.text, schema):
            raise
        said = f"is not in the language of conditions (docs/expressions.md); write it as {now_written.shown}"
        raise ExpressionError(said) from error


def _compiled(text: str, schema: Schema) -> Condition:
    text = text.strip()
    tree = parse(text)
    analysis = Analysis(text, schema, {}, judges=True, moment=True)
    analysis.of(tree)
    return Condition(text, frozenset(analysis.fields), schema.viewer(analysis.roots), tuple(analysis.moving), tree)


def _is_right(text: str, schema: Schema) -> bool:
    try:
        _compiled(text, schema)
    except ExpressionError:
        return False
    return True


def _turns(value: Value, passed: timedelta) -> list[datetime]:
    """When a time is exactly so long ago, and the first moment it is longer ago."""
    if not isinstance(value, str):
        return []
    try:
        if len(value) == _DAY_LONG:
            found = date.fromisoformat(value)
            day = datetime(found.year, found.month, found.day, tzinfo=UTC) + passed
            return [day, day + timedelta(days=1)]
        moment = datetime.fromisoformat(value) + passed
        return [moment, moment + _TICK]
    except (ValueError, OverflowError):
        return []
