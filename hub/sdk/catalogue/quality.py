"""The quality scale of connectors: bronze, silver and gold, worked out from facts. Pure; nobody declares a tier.

After Home Assistant's integration quality scale (developers.home-assistant.io/docs/core/integration-quality-scale):
each rule is done, to do, or not to be had of this system, with the reason. A tier is reached when no rule of it, or of
one below it, is to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hub.sdk.catalogue.proof import Proof

Tier = Literal["none", "bronze", "silver", "gold"]
State = Literal["done", "to do", "exempt"]
TIERS: tuple[Tier, ...] = ("bronze", "silver", "gold")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is there of a connector. ``missing`` are the samples it lacks, ``silent`` what it says nothing about."""

    source: bool
    destination: bool
    shipped: bool
    missing: str
    undocumented: tuple[str, ...]
    silent: tuple[str, ...]
    refused_values: bool
    live_check: bool
    mapping: bool
    backfill: bool
    sets_up: bool
    not_offered: Mapping[str, str]
    proof: Proof


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a rule stands: ``said`` is what shows it, what is to do, or why it cannot be had."""

    rule: str
    tier: Tier
    promise: str
    state: State
    said: str


_Finding = str | None
"""What shows that a rule is kept; None where it is not."""


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    tier: Tier
    promise: str
    find: Callable[[Facts], _Finding]
    to_do: Callable[[Facts], str]
    spared: Callable[[Facts], _Finding] = lambda facts: None
    """Why it does not apply, beside what the proof says."""


def _if(holds: bool, said: str) -> _Finding:
    return said if holds else None


def _spared_source(facts: Facts) -> _Finding:
    return _if(not facts.destination, "nothing is written there")


RULES: tuple[_Rule, ...] = (
    _Rule(
        "samples", "bronze", "a sample for every case it declares",
        lambda facts: _if(not facts.missing, "hub connector check finds them all"),
        lambda facts: facts.missing,
    ),
    _Rule(
        "kit", "bronze", "passes the contract kit",
        lambda facts: "tests/contract/test_connectors.py" if facts.shipped else facts.proof.kit,
        lambda facts: "name a test that runs the kit in the proof",
    ),
    _Rule(
        "documented", "bronze", "every setting is described, and there is a page to read",
        lambda facts: _if(not facts.undocumented, "README and settings"),
        lambda facts: f"describe {', '.join(facts.undocumented)}",
    ),
    _Rule(
        "said", "bronze", "says why it lacks what users would expect",
        lambda facts: _if(not facts.silent, "capabilities and not_offered"),
        lambda facts: f"neither a capability nor in not_offered: {', '.join(facts.silent)}",
    ),
    _Rule(
        "vendor", "silver", "checked against what the vendor itself publishes",
        lambda facts: facts.proof.vendor_spec or facts.proof.vendor_payloads,
        lambda facts: "a test against the vendor's own description of its API, or payloads it sends",
    ),
    _Rule(
        "hostile", "silver", "bears what fails and what is odd",
        lambda facts: facts.proof.hostile,
        lambda facts: "a test in which every call fails in every way, or that reads what broke others",
    ),
    _Rule(
        "refused_values", "silver", "one refused value costs only itself",
        lambda facts: _if(facts.refused_values, "a sample shows it"),
        lambda facts: "read which value a refusing answer names, and show it by a sample",
        lambda facts: facts.not_offered.get("refused values") or _spared_source(facts),
    ),
    _Rule(
        "live_check", "silver", "hub check --live tests its credentials",
        lambda facts: _if(facts.live_check, "check"),
        lambda facts: "a harmless request that needs the credentials",
    ),
    _Rule(
        "real_system", "gold", "run against the system itself",
        lambda facts: facts.proof.real_system,
        lambda facts: "a test below tests/real",
    ),
    _Rule(
        "mapping", "gold", "a mapping file can change what it writes",
        lambda facts: _if(facts.mapping, "own_fields"),
        lambda facts: "declare own_fields",
        _spared_source,
    ),
    _Rule(
        "backfill", "gold", "reads what was there before",
        lambda facts: _if(facts.backfill, "backfill"),
        lambda facts: "a backfill",
        lambda facts: facts.not_offered.get("backfill") or _if(not facts.source, "nothing is read from there"),
    ),
    _Rule(
        "set_up", "gold", "makes what it needs there by itself",
        lambda facts: _if(facts.sets_up, "prepare"),
        lambda facts: "create the fields Hub needs, or say in not_offered why it cannot",
        lambda facts: facts.not_offered.get("properties") or _spared_source(facts),
    ),
)  # fmt: skip


def judge(facts: Facts) -> Sequence[Verdict]:
    """How every rule stands, in the order of the tiers."""
    return [_verdict(rule, facts) for rule in RULES]


def _verdict(rule: _Rule, facts: Facts) -> Verdict:
    states: tuple[tuple[State, _Finding], ...] = (
        ("done", rule.find(facts)),
        ("exempt", {str(name): why for name, why in facts.proof.exempt.items()}.get(rule.name) or rule.spared(facts)),
    )
    state, said = next(((state, said) for state, said in states if said), ("to do", rule.to_do(facts)))
    return Verdict(rule.name, rule.tier, rule.promise, state, said)


def tier_of(verdicts: Sequence[Verdict]) -> Tier:
    """The best tier of which, and of those below it, nothing is to do."""
    reached: Tier = "none"
    for tier in TIERS:
        if any(verdict.tier == tier and verdict.state == "to do" for verdict in verdicts):
            break
        reached = tier
    return reached


def wanting(verdicts: Sequence[Verdict]) -> tuple[Tier, Sequence[Verdict]]:
    """The next tier, and what is to do for it; ("gold", ()) where there is none above."""
    reached = tier_of(verdicts)
    following = TIERS[min(0 if reached == "none" else TIERS.index(reached) + 1, len(TIERS) - 1)]
    return following, [verdict for verdict in verdicts if verdict.tier == following and verdict.state == "to do"]
