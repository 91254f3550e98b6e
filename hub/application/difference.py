"""Two sets of rules, and two ways to cluster: what differs, and which rule made the difference. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import BaseModel

from hub.mapping.record_state import State
from hub.matching.blocking import identifiers
from hub.matching.everybody import Carried
from hub.matching.features import Features, features_of
from hub.matching.rules import IdentityRules
from hub.matching.scoring import Crowd, score
from hub.matching.version import Identity
from hub.matching.wording import lines

Json = dict[str, Any]

NAMED = 10
"""Values of a list that are named; of more, their number."""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule that differs; ``path`` as in the file. ``before`` and ``after`` are as JSON has them."""

    path: str
    before: Any
    after: Any

    @property
    def text(self) -> str:
        """``identifiers.phone.max_people 10 -> 2``; of lists, what came and what went."""
        if isinstance(self.before, list) and isinstance(self.after, list) and self.path != "identifiers":
            came = [value for value in self.after if value not in self.before]
            went = [value for value in self.before if value not in self.after]
            weighed = [
                f"{what} {_shown(values)}" for what, values in (("now has", came), ("has no longer", went)) if values
            ]
            return f"{self.path} {', and '.join(weighed) or 'is in another order'}"
        return f"{self.path} {_shown(self.before)} -> {_shown(self.after)}"

    def names(self, value: str) -> bool:
        """Whether a list has the value on one side only."""
        return (value in (self.before or ())) != (value in (self.after or ()))


def _shown(value: Any) -> str:
    if isinstance(value, list):
        more = [f"{len(value) - NAMED} more"] if len(value) > NAMED else []
        return ", ".join([*map(str, value[:NAMED]), *more])
    return "none" if value is None else str(value)


def rule_changes(before: BaseModel, after: BaseModel) -> list[RuleChange]:
    """Where two sets of rules differ, in the order of the file."""
    was, now = before.model_dump(mode="json"), after.model_dump(mode="json")
    differences = list(_differences("", was, now))
    if isinstance(before, IdentityRules) and list(was["identifiers"]) != list(now["identifiers"]):
        differences.append(RuleChange("identifiers", list(was["identifiers"]), list(now["identifiers"])))
    return differences


def _differences(path: str, before: Any, after: Any) -> Iterator[RuleChange]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            yield from _differences(f"{path}.{name}" if path else name, before.get(name), after.get(name))
    elif before != after:
        yield RuleChange(path, before, after)


def unused(kind: str, value: str, rules: IdentityRules) -> str:
    """Why an identifier proves nothing under these rules. Kind and value are those of ``blocking.identifiers``."""
    if rules.identifiers[kind].strength == "off":
        return "is off: it proves nothing"
    if kind == "email" and value.rpartition("@")[2] in rules.relay_domains:
        return "is a relay's address: it proves nothing"
    return "is blocked"


class Side(NamedTuple):
    """What pairs are weighed by: the rules before, or those after."""

    identity: Identity
    crowd: Crowd

    def weight(self, one: State, other: State) -> float:
        """Bits of two records."""
        return score(self.features_of(one), self.features_of(other), self.identity.model, self.crowd).weight

    def features_of(self, state: State) -> Features:
        """A record, as these rules compare it."""
        return features_of(state, self.identity.rules)

    def evidence(self, one: State, other: State) -> Json:
        """The evidence between two records as JSON."""
        scored = score(self.features_of(one), self.features_of(other), self.identity.model, self.crowd)
        shown = lines(one, other, scored, self.identity.model, self.identity.rules)
        return {
            "weight": round(scored.weight, 2),
            "same": self.identity.model.same,
            "evidence": [line.as_json() for line in shown],
        }


def compared(
    one: State,
    other: State,
    before: Side,
    after: Side,
    changes: Sequence[RuleChange],
    shared: Mapping[tuple[str, str], Carried],
) -> Json:
    """Two records before and after, and the rules that decided. ``shared``: what proves nothing after."""
    weighed = {"before": before.evidence(one, other), "after": after.evidence(one, other)}
    common = set(identifiers(after.features_of(one))) & set(identifiers(after.features_of(other)))
    carried = {key[0]: shared[key] for key in sorted(common) if key in shared}
    return {**weighed, "decided_by": decided_by(weighed, changes, carried)}


def decided_by(weighed: Mapping[str, Json], changes: Sequence[RuleChange], carried: Mapping[str, Carried]) -> list[str]:
    """The changed rules that changed the weight of this pair, in words; another reason where none did."""
    was, now = _by_feature(weighed["before"]), _by_feature(weighed["after"])
    reasons: list[str] = []
    for change in changes:
        area, _, rest = change.path.partition(".")
        kind, _, rule = rest.partition(".")
        feature = {"identifiers": kind, "role_inboxes": "email", "relay_domains": "email"}.get(area, "")
        if area == "thresholds":
            if _between(weighed, change):
                reasons.append(change.text)
        elif area == "identifiers" and not rest:
            continue
        elif feature and was.get(feature) != now.get(feature):
            reasons += _felt(change, rule, was.get(feature, []), now.get(feature, []), carried.get(feature))
    if not reasons and _enough(weighed["before"]) and _enough(weighed["after"]):
        reasons = [change.text for change in changes if change.path == "limits.records"]
    return reasons or ["another pair of theirs decided: this one is weighed alike"]


def _by_feature(weighed: Json) -> dict[str, list[Json]]:
    by_feature: defaultdict[str, list[Json]] = defaultdict(list)
    for line in weighed["evidence"]:
        by_feature[line["feature"]].append(line)
    return dict(by_feature)


def _enough(weighed: Json) -> bool:
    return bool(weighed["weight"] >= weighed["same"])


def _between(weighed: Mapping[str, Json], change: RuleChange) -> bool:
    low, high = sorted((change.before, change.after))
    if change.path != "thresholds.same":
        return False
    return any(low <= weighed[side]["weight"] < high for side in ("before", "after"))


def _felt(
    change: RuleChange, rule: str, was: Sequence[Json], now: Sequence[Json], carried: Carried | None
) -> Iterator[str]:
    """The change in words, if it can be what changed these lines."""
    values = list(dict.fromkeys(str(line[side]) for line in (*was, *now) for side in ("one", "other") if line[side]))
    value = f": {values[0]}" if values else ""
    shared_before, shared_now = (any(line["level"] == "shared" for line in weighed) for weighed in (was, now))
    if rule in ("max_people", "max_records"):
        count = carried and (carried.people if rule == "max_people" else carried.records)
        what = "people" if rule == "max_people" else "records"
        if shared_now and not shared_before and (count is None or count > change.after):
            many = f"{count} {what}" if count else f"too many {what}"
            yield f"{change.text}{value} is shared by {many}"
        elif shared_before and now and not shared_now:
            yield f"{change.text}{value} proves something again"
    elif shared_before != shared_now:
        return
    elif rule == "blocked":
        if any(change.names(one) for one in values):
            yield f"{change.text}{value}"
    else:
        yield f"{change.text}{value}"
