"""When a value was somebody's: where the rules set ``within_days``, only tellings that are near in time join. Pure.

A value is taken to be its owner's for half the window before and after the time it was told, so that two tellings are
near enough when their periods overlap, and so that the periods of a cluster run into one another where they do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hub.matching.blocking import Id
from hub.matching.features import Features, Period
from hub.matching.kinds import BY_NAME, KINDS

_FIELDS = {kind.name: (kind.field_name, *kind.beside) for kind in KINDS}
_Spans = Mapping[str, Sequence[tuple[int, int]]]


def contemporary(one: Features, other: Features) -> tuple[Features, Features]:
    """Both sides, without the values that the other side had at another time: those are no evidence."""
    for kind in sorted({each.kind for each in one.periods} & {each.kind for each in other.periods}):
        mine, theirs = _spans(one, kind), _spans(other, kind)
        apart = {value for value in mine.keys() & theirs.keys() if not _meet(mine[value], theirs[value])}
        left, right = ({value: spans for value, spans in side.items() if value not in apart} for side in (mine, theirs))
        one = _without(one, kind, mine.keys() - _met(left, right))
        other = _without(other, kind, theirs.keys() - _met(right, left))
    return one, other


def _spans(person: Features, kind: str) -> _Spans:
    by_value: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    key = BY_NAME[kind].key
    for period in person.periods:
        if period.kind == kind:
            by_value[key(period.value)].append((period.since, period.until))
    return by_value


def _meet(some: Iterable[tuple[int, int]], others: Collection[tuple[int, int]]) -> bool:
    return any(since <= end and start <= until for since, until in some for start, end in others)


def _met(mine: _Spans, theirs: _Spans) -> set[str]:
    their_spans = [span for spans in theirs.values() for span in spans]
    return {value for value, spans in mine.items() if _meet(spans, their_spans)}


def _without(person: Features, kind: str, values: Collection[str]) -> Features:
    if not values:
        return person
    key = BY_NAME[kind].key
    kept: dict[str, Any] = {
        name: tuple([value for value in getattr(person, name) if key(value) not in values]) for name in _FIELDS[kind]
    }
    return replace(person, **kept)


def united(person: Features, periods: Iterable[Period]) -> Features:
    """The features with all periods of their values; periods that overlap become one."""
    spans: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for period in periods:
        spans[period.kind, period.value].append((period.since, period.until))
    carried = {(kind, value) for kind, names in _FIELDS.items() for name in names for value in getattr(person, name)}
    joined = [
        Period(kind, value, since, until)
        for (kind, value), of_value in sorted(spans.items())
        if (kind, value) in carried
        for since, until, _ in _runs((since, until, None) for since, until in of_value)
    ]
    return replace(person, periods=tuple(joined))


def _runs(periods: Iterable[tuple[int, int, Any]]) -> list[tuple[int, int, list[Any]]]:
    """Periods that overlap, directly or through others, as one period, each with the records it comes from."""
    runs: list[tuple[int, int, list[Any]]] = []
    for since, until, whom in sorted(periods, key=lambda each: each[:2]):
        if runs and since <= runs[-1][1]:
            start, end, carriers = runs[-1]
            carriers.append(whom)
            runs[-1] = start, max(end, until), carriers
        else:
            runs.append((since, until, [whom]))
    return runs


def at_one_time(kind: str, value: str, carriers: Sequence[Id], people: Mapping[Id, Features]) -> list[list[Id]]:
    """The carriers of a value in groups whose periods run into one another; all of them where no window is set."""
    periods = [
        (period.since, period.until, one)
        for one in carriers
        for period in people[one].periods
        if period.kind == kind and period.value == value
    ]
    if not periods:
        return [list(carriers)]
    return [sorted(set(group)) for _, _, group in _runs(periods)]
