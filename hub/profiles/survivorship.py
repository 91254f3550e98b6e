"""A cluster's records to one golden profile: which value wins, and why. Pure.

The same candidates give the profile and its explanation, so that neither can drift from the other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic import Field

from hub.mapping.name import fold
from hub.mapping.record_state import State, former, is_undated, moment, said_by
from hub.profiles.completeness import completeness
from hub.profiles.ownership import OwnershipRules, is_released, precedence

Strategy = Literal["newest", "source_rank", "most_complete", "most_frequent", "longest_lived"]
SINGLE = ("name", "birth_date", "language", "company", "tags")
"""Of these a profile has one value each. A national id is evidence for identity, and never part of a profile."""
LISTS = ("emails", "phones", "addresses", "accounts", "loyalty_ids", "contact_kinds")


class SurvivorshipRules(OwnershipRules):
    """Per attribute, what decides between values of several records; ``newest`` where nothing is said."""

    attributes: Mapping[
        Literal[
            "name",
            "birth_date",
            "language",
            "company",
            "national_id",  # decides nothing any more, and is accepted because copied files still have it
            "tags",
            "emails",
            "phones",
            "addresses",
            "accounts",
            "loyalty_ids",
            "contact_kinds",
        ],
        Strategy,
    ] = Field(default_factory=dict)


_PLAIN = SurvivorshipRules()


class Leaf(NamedTuple):
    """One record of a cluster. ``rank`` is its connection's source rank: the lower wins."""

    id: UUID
    connection: str
    kind: str
    external_id: str
    rank: int
    state: State


class Candidate(NamedTuple):
    """A value one record offers; ``at`` is in microseconds since 1970 (UTC), ``event`` the inbox id behind it."""

    value: Any
    leaf: Leaf
    at: int
    received: int
    event: int
    key: str = ""


def golden(leaves: Sequence[Leaf], orders: Mapping[str, Any], rules: SurvivorshipRules) -> dict[str, Any]:
    """The golden values of a cluster as JSON, in the shape of ``hub.model.profile.Profile`` without ids and times.

    ``orders`` is the summary that was recomputed from the facts.
    """
    ordered = sorted(leaves, key=lambda leaf: leaf.id)
    result: dict[str, Any] = {}
    attributes = {attribute for leaf in ordered for attribute in leaf.state}
    for attribute in SINGLE:
        if attribute not in attributes:
            continue
        candidates = ranked(single(ordered, attribute), attribute, rules)
        if candidates:
            result[attribute] = candidates[0].value
    for attribute in LISTS:
        if attribute not in attributes:
            continue
        values = [c.value for c in survivors(ordered, attribute, rules)]
        if values:
            result[attribute] = values
    if "custom" in attributes:
        result["custom"] = {c.key: c.value for c in sorted(survivors(ordered, "custom", rules), key=lambda c: c.key)}
    consents = [summary for summary, _ in consent_decisions(ordered)] if "consents" in attributes else []
    if consents:
        result["consents"] = consents
    if orders:
        result["orders"] = dict(orders)
    result["records"] = [
        {"connection": leaf.connection, "kind": leaf.kind, "external_id": leaf.external_id}
        for leaf in sorted(ordered, key=lambda leaf: (leaf.connection, leaf.kind, leaf.external_id))
    ]
    if any("erasure" in leaf.state for leaf in ordered):
        result["suppressed"] = True
    return result


def single(leaves: Iterable[Leaf], attribute: str) -> list[Candidate]:
    """One candidate per record that has a value of a single-valued attribute."""
    return [
        Candidate(item[0], leaf, *item[1])
        for leaf in leaves
        if (item := leaf.state.get(attribute)) is not None
        and not is_released(leaf.kind, leaf.state, attribute, "", item[1][0])
    ]


def survivors(leaves: Sequence[Leaf], attribute: str, rules: SurvivorshipRules) -> list[Candidate]:
    """The values of a list attribute, one candidate per value (the best), in order of preference."""
    return [candidates[0] for candidates in by_value(leaves, attribute, rules)]


def by_value(leaves: Sequence[Leaf], attribute: str, rules: SurvivorshipRules) -> list[list[Candidate]]:
    """The values of a list attribute in order of preference: of each its candidates, the best first."""
    candidates = ranked(list(items(leaves, attribute)), attribute, rules)
    if len(candidates) < 2:
        return [[candidate] for candidate in candidates]
    by_key: defaultdict[str, list[Candidate]] = defaultdict(list)
    same = _same_place(candidates) if attribute == "addresses" else {}
    for candidate in candidates:
        by_key[same.get(candidate.key, candidate.key) or candidate.value].append(candidate)
    return list(by_key.values())


def _same_place(addresses: Sequence[Candidate]) -> dict[str, str]:
    """The key of each address to its place: one street and postal code are one place, unless countries differ."""
    countries: defaultdict[str, set[str]] = defaultdict(set)
    for candidate in addresses:
        place, _, country = candidate.key.rpartition("|")
        countries[place].add(country)
    return {
        candidate.key: place
        for candidate in addresses
        if (place := candidate.key.rpartition("|")[0]) and all(place.split("|")) and len(countries[place] - {""}) < 2
    }


def items(leaves: Sequence[Leaf], attribute: str, *, usable: bool = True) -> Iterator[Candidate]:
    contact = attribute in ("emails", "phones")
    replaced = replaced_values(leaves, attribute)
    for leaf in leaves:
        for key, (value, stamp) in leaf.state.get(attribute, {}).items():
            if replaced and is_former(leaf, key, stamp, replaced):
                continue
            if is_released(leaf.kind, leaf.state, attribute, key, stamp[0]):
                continue
            if not contact:
                yield Candidate(value, leaf, stamp[0], stamp[1], stamp[2], key)
            elif bool(value[1]) is usable:
                yield Candidate(key, leaf, stamp[0], stamp[1], stamp[2], key)


_Replaced = Mapping[tuple[str, str], tuple[int, frozenset[UUID]]]
"""(Connection, value) to when the source last sent it in a full list, and the records of which it is a former value."""


def replaced_values(leaves: Iterable[Leaf], attribute: str) -> _Replaced:
    former_values: dict[tuple[str, str], tuple[int, frozenset[UUID]]] = {}
    for leaf in leaves:
        for value in former(leaf.state, attribute):
            last, records = former_values.get((leaf.connection, value), (0, frozenset()))
            told_at = leaf.state["whole"][attribute][value][0]
            former_values[leaf.connection, value] = max(last, told_at), records | {leaf.id}
    return former_values


def is_former(leaf: Leaf, value: str, stamp: Sequence[int], replaced: _Replaced) -> bool:
    """Whether the source replaced the value in this record; of a guest's record, also in another one since."""
    last, records = replaced.get((leaf.connection, value), (0, frozenset()))
    if leaf.id in records:
        return True
    return bool(records) and "whole" not in leaf.state and bool(stamp[0] <= last)


def ranked(candidates: Sequence[Candidate], attribute: str = "", rules: SurvivorshipRules = _PLAIN) -> list[Candidate]:
    """Best first: what people pinned, the field's masters, the strategy, newest source time, source rank, record key.

    When an event arrived decides nothing between records: two histories told in another order give the same profile.
    """
    if len(candidates) < 2:
        return list(candidates)
    order = _order(candidates, attribute, rules)
    return sorted(candidates, key=_newest if order is None else lambda c: (*order(c), *_newest(c)))


def _order(
    candidates: Sequence[Candidate], attribute: str, rules: SurvivorshipRules
) -> Callable[[Candidate], tuple[Any, ...]] | None:
    """What values are sorted by before their time; None where that alone decides."""
    before, first = precedence(rules, attribute, candidates), firsts(candidates, strategy_of(rules, attribute))
    if before is None:
        return None if first is None else lambda c: (first(c),)
    # Of what people said the newest counts, whatever the strategy.
    return lambda c: (*before(c), None if first is None or not before(c)[0] else first(c))


def _newest(c: Candidate) -> tuple[Any, ...]:
    return -c.at, c.leaf.rank, c.leaf.connection, c.leaf.kind, c.leaf.external_id, c.key


def firsts(candidates: Iterable[Candidate], strategy: Strategy) -> Callable[[Candidate], Any] | None:
    """The key that a strategy sorts by first, the least being the best; None for ``newest``."""
    if strategy == "source_rank":
        return lambda c: c.leaf.rank
    if strategy == "most_complete":
        return lambda c: tuple(-part for part in completeness(c.value))
    if strategy == "most_frequent":
        records_telling = Counter(map(sameness, candidates))
        return lambda c: -records_telling[sameness(c)]
    if strategy == "longest_lived":
        return lambda c: c.at
    return None


def sameness(candidate: Candidate) -> Hashable:
    """A key that is equal for candidates of the same value: Müller and Mueller have the same, also in capitals.

    Names are compared by first, middle and last name (by ``full`` when there are none), list values by the key under
    which a record's state keeps them: the normalised address, number or place.
    """
    value = candidate.value
    if candidate.key:
        return candidate.key
    if isinstance(value, Mapping):
        parts = tuple(fold(str(value.get(part) or "")) for part in ("first", "middle", "last"))
        return parts if any(parts) else fold(str(value.get("full") or ""))
    if isinstance(value, list):
        return tuple(sorted(fold(str(item)) or str(item) for item in value))
    return fold(str(value)) or str(value)


def consent_decisions(leaves: Sequence[Leaf]) -> list[tuple[dict[str, Any], list[Candidate]]]:
    """Per purpose and channel: the state that holds (law L7), and every statement heard, the deciding one first.

    The newest opt-out holds against everything but a newer explicit opt-in; without an opt-out, or after such an
    opt-in, the newest statement holds, also a double opt-in begun since. At the same moment the stricter one wins.
    """
    heard: defaultdict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for candidate in items(leaves, "consents"):
        purpose, channel, _, _ = said_by(candidate.key)
        heard[purpose, channel].append(candidate)
    decisions = []
    for (purpose, channel), statements in sorted(heard.items()):
        deciding = _deciding(statements)
        summary: dict[str, Any] = {
            "purpose": purpose,
            "channel": channel,
            "state": state_and_act(deciding)[0],
            "at": iso(deciding.at),
        }
        if deciding.value:
            summary["evidence"] = deciding.value
        rest = [c for c in sorted(statements, key=_strictest) if c is not deciding]
        decisions.append((summary, [deciding, *rest]))
    return decisions


def state_and_act(statement: Candidate) -> tuple[str, str]:
    """The state of a statement of consent, and whether it was an act of the person: ``opted_in``, ``explicit``."""
    _, _, state, act = said_by(statement.key)
    return state, act


_STRICT = {"opted_out": 0, "pending": 1, "unknown": 2, "opted_in": 3}


def _strictest(c: Candidate) -> tuple[Any, ...]:
    state, act = state_and_act(c)
    return -c.at, _STRICT[state], act, *_newest(c)


def _deciding(statements: Sequence[Candidate]) -> Candidate:
    proved = any(state_and_act(c) == ("opted_in", "explicit") for c in statements)
    typed = ("pending", "implied") if proved else ()  # anybody can type an address: it undoes nothing that was proved
    newest_first = sorted((c for c in _once(statements) if state_and_act(c) != typed), key=_strictest)
    if (opt_out := next((c for c in newest_first if state_and_act(c)[0] == "opted_out"), None)) is None:
        return newest_first[0]
    loosening = next((c for c in newest_first if state_and_act(c) == ("opted_in", "explicit")), None)
    if loosening is None or loosening.at <= opt_out.at:
        return opt_out
    return loosening if state_and_act(newest_first[0])[0] == "opted_in" else newest_first[0]


def _once(statements: Sequence[Candidate]) -> list[Candidate]:
    """Without what tells an act again: one without a time of its own was done when its evidence came first."""
    first: dict[str, Candidate] = {}
    for c in sorted(statements, key=lambda c: (c.at, _newest(c))):
        first.setdefault(c.key, c)
    return [c for c in statements if not is_undated(c.key) or first[c.key] is c]


def iso(micros: int) -> str:
    """Source time as text."""
    return moment(micros).isoformat().replace("+00:00", "Z")


def strategy_of(rules: SurvivorshipRules, attribute: str) -> Strategy:
    return rules.attributes.get(attribute, "newest")  # type: ignore[call-overload,no-any-return]
