"""Why each golden value won and the others lost: of the same candidates that ``survivorship`` decides between. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from hub.model.event import CONTACT_LISTS
from hub.profiles.ownership import Why, precedence, why
from hub.profiles.survivorship import (
    LISTS,
    SINGLE,
    Candidate,
    Leaf,
    Strategy,
    SurvivorshipRules,
    by_value,
    consent_decisions,
    firsts,
    is_former,
    iso,
    items,
    ranked,
    replaced_values,
    sameness,
    single,
    state_and_act,
    strategy_of,
)

_RULES: Mapping[Strategy, str] = {
    "newest": "newest source time",
    "source_rank": "source rank, then newest source time",
    "most_complete": "most complete, then newest source time",
    "most_frequent": "told by most records, then newest source time",
    "longest_lived": "oldest source time",
}


def explain(leaves: Sequence[Leaf], rules: SurvivorshipRules) -> list[dict[str, Any]]:
    """For every golden value: the record, event, time and rule that won, and what lost, each candidate with why."""
    ordered = sorted(leaves, key=lambda leaf: leaf.id)
    explained = []
    for attribute in SINGLE:
        best_first = ranked(single(ordered, attribute), attribute, rules)
        if best_first:
            explained.append(_explained(attribute, best_first, attribute, rules, best_first))
    for attribute in LISTS:
        values = by_value(ordered, attribute, rules)
        everybody = [candidate for candidates in values for candidate in candidates]
        for place, candidates in enumerate(values):
            explained.append(_explained(f"{attribute}.{place}", candidates, attribute, rules, everybody))
    explained += [
        _explained(f"custom.{candidates[0].key}", candidates, "custom", rules, candidates)
        for candidates in by_value(ordered, "custom", rules)
    ]
    for place, (summary, statements) in enumerate(consent_decisions(ordered)):
        winner, *losers = statements
        lost = [{**_source(c, _consent_lost(winner, c)), "value": _statement(c)} for c in losers]
        shown = {**_source(winner), "value": summary, "explicit": state_and_act(winner)[1] == "explicit"}
        explained.append({"field": f"consents.{place}", "rule": _consent_rule(winner, losers), **shown, "lost": lost})
    return explained


def unused(leaves: Iterable[Leaf]) -> list[dict[str, Any]]:
    """Values of records that no profile shows: unusable ones (``null``, 000000), and those their source replaced."""
    ordered = sorted(leaves, key=lambda leaf: leaf.id)
    junk = [
        {"field": attribute, **_source(candidate, "it is no address or number that could be somebody's")}
        for attribute in ("emails", "phones")
        for candidate in ranked(list(items(ordered, attribute, usable=False)))
    ]
    return junk + [
        {"field": attribute, **_source(candidate, "its source has replaced it since")}
        for attribute in CONTACT_LISTS
        for candidate in ranked(list(_former_items(ordered, attribute)))
    ]


def _former_items(leaves: Sequence[Leaf], attribute: str) -> Iterator[Candidate]:
    replaced = replaced_values(leaves, attribute)
    for leaf in leaves if replaced else ():
        for key, (value, stamp) in leaf.state.get(attribute, {}).items():
            if is_former(leaf, key, stamp, replaced) and (attribute not in ("emails", "phones") or value[1]):
                shown = key if attribute in ("emails", "phones") else value
                yield Candidate(shown, leaf, stamp[0], stamp[1], stamp[2], key)


def _explained(
    field: str,
    candidates: Sequence[Candidate],
    attribute: str,
    rules: SurvivorshipRules,
    everybody: Sequence[Candidate],
) -> dict[str, Any]:
    winner, *losers = candidates
    strategy = strategy_of(rules, attribute)
    first, before = firsts(everybody, strategy), precedence(rules, attribute, everybody)
    beaten = [one for one in everybody if before is not None and before(one) > before(winner)]
    rule = _HELD[why(rules, attribute, winner, beaten[0])] if beaten else _RULES[strategy]
    lost = []
    for loser in losers:
        if before is not None and before(winner) != before(loser):
            reason = why(rules, attribute, winner, loser)
            same = "the same value, " if sameness(winner) == sameness(loser) else ""
            lost.append(_source(loser, same + _LOST_TO[reason]))
        else:
            lost.append(_source(loser, _lost_by(winner, loser, strategy, first)))
    return {"field": field, "rule": rule, **_source(winner), "lost": lost}


_HELD: Mapping[Why, str] = {
    "pin": "a person pinned it in Hub, until a person changes it",
    "edit": "a person typed it, until a person changes it",
    "owner": "its source is the master of this field",
}
_LOST_TO: Mapping[Why, str] = {
    "pin": "a person pinned another value in Hub",
    "edit": "a person typed another value",
    "owner": "its source is not the master of this field",
}


def _source(candidate: Candidate, why: str | None = None) -> dict[str, Any]:
    leaf = candidate.leaf
    return {
        "value": candidate.value if candidate.value is not None else candidate.key,
        "record": {"connection": leaf.connection, "kind": leaf.kind, "external_id": leaf.external_id},
        "event": candidate.event,
        "at": iso(candidate.at),
        **({"why": why} if why else {}),
    }


_LOST: Mapping[Strategy, str] = {
    "source_rank": "its source ranks lower",
    "most_complete": "less complete",
    "most_frequent": "told by fewer records",
    "longest_lived": "newer",
}


def _lost_by(winner: Candidate, loser: Candidate, strategy: Strategy, first: Callable[[Candidate], Any] | None) -> str:
    same = "the same value, " if sameness(winner) == sameness(loser) else ""
    if first is not None and first(winner) != first(loser):
        return same + _LOST[strategy]
    if winner.at != loser.at:
        return same + "older"
    if winner.leaf.rank != loser.leaf.rank:
        return same + "of the same time, and its source ranks lower"
    return same + "of the same time and source rank, and later in the order of records"


def _statement(c: Candidate) -> dict[str, Any]:
    state, act = state_and_act(c)
    return {"state": state, "explicit": act == "explicit", **({"evidence": c.value} if c.value else {})}


def _consent_rule(winner: Candidate, losers: Iterable[Candidate]) -> str:
    if state_and_act(winner)[0] == "opted_out":
        return "an opt-out holds until a newer explicit opt-in"
    if state_and_act(winner)[0] == "opted_in" and any(state_and_act(loser)[0] == "opted_out" for loser in losers):
        return "an explicit opt-in newer than every opt-out"
    return "newest statement"


def _consent_lost(winner: Candidate, loser: Candidate) -> str:
    if loser.at < winner.at:
        return "older"
    if loser.at == winner.at:
        return "of the same time, and not stricter"
    return "newer, but only an explicit opt-in ends an opt-out"
