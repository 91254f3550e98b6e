"""Keys with a name guard: what a careful shop builds by itself. Records that share a key are one person.

Keys are the exact e-mail, phone, national id, card and handle, unless first names clearly differ; and first and last
name together with the date of birth, the postal code or the street.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations, pairwise

from rapidfuzz.distance import JaroWinkler

from hub.matching.everybody import components

_IDENTIFIERS = ("email", "phone", "national_id", "loyalty_id", "handle")
_BESIDE = ("birth_date", "postal_code", "street")
_ALIKE = 0.85
"""Of Jaro and Winkler: below it, two first names differ."""

_MOST = 300
"""Records that one value may have: above, no pair of them is looked at."""


def clusters(plain: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Record to what its person is called by."""
    records = list(plain)
    number = {record: place for place, record in enumerate(records)}
    person = {record: record for record in records}
    for group in components(len(records), ((number[one], number[other]) for one, other in _ties(plain))):
        person |= dict.fromkeys((records[member] for member in group), records[group[0]])
    return person


def _ties(plain: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """The pairs of records that share a key, and whose first names do not speak against it."""
    held: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for record, row in plain.items():
        for key in _keys(row):
            held[key].append(record)
    for key, members in held.items():
        if len(members) > _MOST:
            continue
        if key[0] in _IDENTIFIERS:
            pairs = combinations(members, 2)
            yield from ((one, other) for one, other in pairs if not _differ(plain[one], plain[other]))
        else:
            yield from pairwise(members)


def _keys(row: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    for column in _IDENTIFIERS:
        if value := row.get(column):
            yield column, value
    name = row.get("first_name", ""), row.get("last_name", "")
    if all(name):
        for column in _BESIDE:
            if value := row.get(column):
                yield "name", *name, column, value


def _differ(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    a, b = one.get("first_name", ""), other.get("first_name", "")
    if not a or not b or (a[0] == b[0] and 1 in (len(a), len(b))):
        return False
    return not (a.startswith(b) or b.startswith(a)) and JaroWinkler.similarity(a, b) < _ALIKE
