"""A cluster's records to one golden profile: which value wins, and why. Pure.

The same candidates give the profile and its explanation, so that neither can drift from the other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field

from hub.mapping.record_state import State, moment

Strategy = Literal["newest", "source_rank", "most_complete", "most_frequent", "longest_lived"]
SINGLE = ("name", "birth_date", "language", "company", "national_id", "tags")
LISTS = ("emails", "phones", "addresses", "accounts", "loyalty_ids")
_RULES: Mapping[Strategy, str] = {
    "newest": "newest source time",
    "source_rank": "source rank, then newest source time",
    "most_complete": "most complete, then newest source time",
    "most_frequent": "told by most records, then newest source time",
    "longest_lived": "oldest source time",
}


class SurvivorshipRules(BaseModel):
    """Per attribute, what decides between values of several records; ``newest`` where nothing is said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    attributes: Mapping[
        Literal[
            "name",
            "birth_date",
            "language",
            "company",
            "national_id",
            "tags",
            "emails",
            "phones",
            "addresses",
            "accounts",
            "loyalty_ids",
        ],
        Strategy,
    ] = Field(default_factory=dict)


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
    for attribute in SINGLE:
        found = ranked(single(ordered, attribute), _strategy(rules, attribute))
        if found:
            result[attribute] = found[0].value
    result.pop("national_id", None)
    for attribute in LISTS:
        values = [c.value for c in survivors(ordered, attribute, rules)]
        if values:
            result[attribute] = values
    consents = [summary for summary, _ in consent_decisions(ordered)]
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
    """Every record's value of a single-valued attribute."""
    return [Candidate(held[0], leaf, *held[1]) for leaf in leaves if (held := leaf.state.get(attribute)) is not None]


def survivors(leaves: Iterable[Leaf], attribute: str, rules: SurvivorshipRules) -> list[Candidate]:
    """The values of a list attribute, one candidate per value (the best), in order of preference."""
    by_key: defaultdict[str, list[Candidate]] = defaultdict(list)
    for candidate in _items(leaves, attribute):
        by_key[candidate.key].append(candidate)
    strategy = _strategy(rules, attribute)
    best = [ranked(candidates, strategy)[0] for candidates in by_key.values()]
    return ranked(best, strategy)


def _items(leaves: Iterable[Leaf], attribute: str) -> Iterator[Candidate]:
    contact = attribute in ("emails", "phones")
    for leaf in leaves:
        for key, (value, stamp) in leaf.state.get(attribute, {}).items():
            if not contact:
                yield Candidate(value, leaf, stamp[0], stamp[1], stamp[2], key)
            elif value[1]:
                yield Candidate(key, leaf, stamp[0], stamp[1], stamp[2], key)


def ranked(candidates: Sequence[Candidate], strategy: Strategy = "newest") -> list[Candidate]:
    """Best first. After the strategy: newest source time, arrival, source rank, record id; never chance."""
    if len(candidates) < 2:
        return list(candidates)

    def newest(c: Candidate) -> tuple[Any, ...]:
        return (-c.at, -c.received, c.leaf.rank, c.leaf.id, c.key)

    if strategy == "source_rank":
        return sorted(candidates, key=lambda c: (c.leaf.rank, *newest(c)))
    if strategy == "most_complete":
        return sorted(candidates, key=lambda c: (-len(orjson.dumps(c.value)), *newest(c)))
    if strategy == "most_frequent":
        told = Counter(orjson.dumps(c.value) for c in candidates)
        return sorted(candidates, key=lambda c: (-told[orjson.dumps(c.value)], *newest(c)))
    if strategy == "longest_lived":
        return sorted(candidates, key=lambda c: (c.at, c.leaf.rank, c.leaf.id, c.key))
    return sorted(candidates, key=newest)


def consent_decisions(leaves: Iterable[Leaf]) -> list[tuple[dict[str, Any], list[Candidate]]]:
    """Per purpose and channel: the state that holds (law L7), and every statement heard, the deciding one first.

    The newest opt-out holds against everything but a newer explicit opt-in; without an opt-out the newest statement
    holds. At the same moment the opt-out wins.
    """
    heard: defaultdict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for candidate in _items(leaves, "consents"):
        purpose, channel, _, _ = candidate.key.rsplit("|", 3)
        heard[purpose, channel].append(candidate)
    decisions = []
    for (purpose, channel), statements in sorted(heard.items()):
        deciding = _deciding(statements)
        _, _, state, _ = deciding.key.rsplit("|", 3)
        summary: dict[str, Any] = {
            "purpose": purpose,
            "channel": channel,
            "state": state,
            "at": moment(deciding.at).isoformat().replace("+00:00", "Z"),
        }
        if deciding.value:
            summary["evidence"] = deciding.value
        rest = [c for c in ranked(statements) if c is not deciding]
        decisions.append((summary, [deciding, *rest]))
    return decisions


def _deciding(statements: Sequence[Candidate]) -> Candidate:
    opt_outs = ranked([c for c in statements if "|opted_out|" in c.key])
    if not opt_outs:
        return ranked(statements)[0]
    loosening = ranked([c for c in statements if c.key.endswith("|opted_in|explicit")])
    if loosening and loosening[0].at > opt_outs[0].at:
        return loosening[0]
    return opt_outs[0]


def explain(leaves: Sequence[Leaf], rules: SurvivorshipRules) -> list[dict[str, Any]]:
    """For every golden value: the record, event, time and rule that won, and the candidates that lost."""
    ordered = sorted(leaves, key=lambda leaf: leaf.id)
    explained = []
    for attribute in SINGLE:
        strategy = _strategy(rules, attribute)
        found = ranked(single(ordered, attribute), strategy)
        if found:
            explained.append(_explained(attribute, _RULES[strategy], found))
    for attribute in LISTS:
        strategy = _strategy(rules, attribute)
        by_key: defaultdict[str, list[Candidate]] = defaultdict(list)
        for candidate in _items(ordered, attribute):
            by_key[candidate.key].append(candidate)
        for place, kept in enumerate(survivors(ordered, attribute, rules)):
            candidates = ranked(by_key[kept.key], strategy)
            explained.append(_explained(f"{attribute}.{place}", _RULES[strategy], candidates))
    for place, (summary, statements) in enumerate(consent_decisions(ordered)):
        rule = "an opt-out holds until a newer explicit opt-in; else the newest statement"
        entry = _explained(f"consents.{place}", rule, statements)
        explained.append({**entry, "value": summary})
    return explained


def _explained(field: str, rule: str, candidates: Sequence[Candidate]) -> dict[str, Any]:
    winner, *losers = candidates
    return {"field": field, "rule": rule, **_source(winner), "lost": [_source(loser) for loser in losers]}


def _source(candidate: Candidate) -> dict[str, Any]:
    leaf = candidate.leaf
    return {
        "value": candidate.value if candidate.value is not None else candidate.key,
        "record": {"connection": leaf.connection, "kind": leaf.kind, "external_id": leaf.external_id},
        "event": candidate.event,
        "at": moment(candidate.at).isoformat().replace("+00:00", "Z"),
    }


def _strategy(rules: SurvivorshipRules, attribute: str) -> Strategy:
    return rules.attributes.get(attribute, "newest")  # type: ignore[call-overload,no-any-return]
