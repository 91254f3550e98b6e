"""The rules and weights in force: the active stored version, or the configuration when no version is stored."""

from __future__ import annotations

from dataclasses import dataclass

from hub.learning import splink_model
from hub.matching import rules as identity_rules
from hub.matching.rules import IdentityRules
from hub.matching.version import Identity, identity
from hub.profiles.survivorship import SurvivorshipRules
from hub.rules import RuleSet
from hub.store import versions
from hub.store.database import Session


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules and weights that identity and survivorship decide by. One batch uses one of these throughout."""

    identity: Identity
    survivorship: SurvivorshipRules


def configured(rules: IdentityRules | None = None, survivorship: SurvivorshipRules | None = None) -> InForce:
    """What is in force when no version is stored: these rules, or the defaults, with the shipped weights."""
    return InForce(identity(rules or IdentityRules()), survivorship or SurvivorshipRules())


def in_force(
    session: Session, rules: IdentityRules, survivorship: SurvivorshipRules, read: dict[int, InForce]
) -> InForce:
    """What is in force now. ``rules`` and ``survivorship`` are configured; ``read`` caches the version read last."""
    version = versions.active_id(session)
    cached = read.get(version)
    if cached is None:
        # Threads share ``read``: another one may clear it at any time.
        cached = _read(session, version, rules, survivorship)
        read.clear()
        read[version] = cached
    return cached


def supposed(session: Session, rules: RuleSet, current: InForce) -> InForce:
    """What would be in force with these rules. Rules that are not given, and the weights, stay as they are now."""
    version = current.identity.version
    row = versions.get(session, version) if version else None
    model = splink_model.loaded(row.model) if row and row.model else None
    return InForce(
        identity(rules.identity or current.identity.rules, model, version), rules.survivorship or current.survivorship
    )


def _read(session: Session, version: int, rules: IdentityRules, survivorship: SurvivorshipRules) -> InForce:
    row = versions.get(session, version) if version else None
    if row is None:
        return configured(rules, survivorship)
    return InForce(
        identity(
            identity_rules.loaded(row.rules) if row.rules else rules,
            splink_model.loaded(row.model) if row.model else None,
            version,
            row.restores,
        ),
        SurvivorshipRules.model_validate_json(row.survivorship) if row.survivorship else survivorship,
    )
