"""Files of rules: identity, survivorship, or both in one, and segments; read as strictly as the settings.

Which rules a file holds is told by its keys. Every fault is reported at once with its path and line, and nothing of a
file with a fault is used.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from hub.errors import ConfigError, did_you_mean
from hub.insight.lead_rules import LeadRules, compile_leads
from hub.insight.qualification import Qualification
from hub.insight.qualification_rules import compile_qualification
from hub.insight.segments import Segment, compile_segments
from hub.matching.kinds import BY_NAME
from hub.matching.rules import IdentityRules, normalised
from hub.profiles.ownership import OTHERS, OwnershipRules
from hub.profiles.survivorship import SurvivorshipRules
from hub.yaml_file import Reader, add_new, describe, join, line_hint


class _Both(IdentityRules, SurvivorshipRules):
    """All that a file of rules may hold."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """What a file holds; None: nothing of that kind, so that what is in force stays."""

    identity: IdentityRules | None = None
    survivorship: SurvivorshipRules | None = None


def load_rules(source: Path | str, environment: Mapping[str, str] | None = None, *, region: str = "DE") -> RuleSet:
    """Read a file (a Path) or a text of rules. Raises ConfigError with every fault.

    ``environment`` puts in ``${NAME}`` and ``${file:...}``; without it they are plain text, as for a text that came
    over the network. ``region`` reads blocked phone numbers that name no country (ISO 3166).
    """
    reader = Reader(environment, example="identifiers")
    read = reader.open(source) if isinstance(source, Path) else reader.pairs(source)
    data = {name: value for name, value in read.items() if value is not None}
    rules = _validated(data, region, reader.faults)
    if reader.faults:
        raise ConfigError([f"{_where(source)}{fault}{line_hint(fault, reader.lines)}" for fault in reader.faults])
    return rules


def load_identity_rules(
    source: Path | str, environment: Mapping[str, str] | None = None, *, region: str = "DE"
) -> IdentityRules:
    """The identity rules of a file or text, the defaults where it says nothing; see ``load_rules``."""
    rules = load_rules(source, environment, region=region)
    if rules.identity is None and rules.survivorship is not None:
        raise ConfigError([f"{_where(source)}holds survivorship rules only, no identity rules"])
    return rules.identity or IdentityRules()


def load_survivorship_rules(
    source: Path | str, environment: Mapping[str, str] | None = None, *, region: str = "DE"
) -> SurvivorshipRules:
    """The survivorship rules of a file or text, the defaults where it says nothing; see ``load_rules``."""
    rules = load_rules(source, environment, region=region)
    if rules.survivorship is None and rules.identity is not None:
        raise ConfigError([f"{_where(source)}holds identity rules only, no survivorship rules"])
    return rules.survivorship or SurvivorshipRules()


def load_ownership(
    source: Path | str, environment: Mapping[str, str] | None = None, connections: Collection[str] | None = None
) -> OwnershipRules:
    """The masters of fields, of a file or text; see ``load_segments``. Raises ConfigError with every fault."""
    reader = Reader(environment, example="owners")
    data = {name: value for name, value in _open(reader, source).items() if value is not None}
    try:
        found = OwnershipRules.model_validate(data)
    except ValidationError as error:
        add_new(reader.faults, describe(error, OwnershipRules))
        found = OwnershipRules()
    add_new(reader.faults, _strangers(found, connections))
    if reader.faults:
        raise ConfigError([f"{_where(source)}{fault}{line_hint(fault, reader.lines)}" for fault in reader.faults])
    return found


def _open(reader: Reader, source: Path | str) -> Mapping[str, Any]:
    return reader.open(source) if isinstance(source, Path) else reader.pairs(source)


def _strangers(rules: OwnershipRules, connections: Collection[str] | None) -> Iterator[str]:
    """Names of owners that no connection has."""
    if connections is None:
        return
    known = {*connections, OTHERS}
    for part in ("owners", "pinned"):
        for field, names in getattr(rules, part).items():
            for name in names:
                if name not in known:
                    yield f"{join(part, field)}: there is no connection {name!r}{did_you_mean(name, sorted(known))}"


def owned(rules: SurvivorshipRules, ownership: OwnershipRules) -> SurvivorshipRules:
    """Survivorship with what a file of its own says of ownership; what the survivorship file says itself stays."""
    told = {name: {**getattr(ownership, name), **getattr(rules, name)} for name in OwnershipRules.model_fields}
    return rules.model_copy(update=told)


def load_segments(
    source: Path | str, environment: Mapping[str, str] | None = None, connections: Collection[str] | None = None
) -> list[Segment]:
    """The segments of a file or text. Raises ConfigError with every fault; a name there is none of, with the nearest.

    ``connections`` are the names that conditions may hold.
    """
    return _section("segments", compile_segments, source, environment, connections)


def load_leads(
    source: Path | str, environment: Mapping[str, str] | None = None, connections: Collection[str] | None = None
) -> LeadRules:
    """What a file or text says of leads; see ``load_segments``. Raises ConfigError with every fault."""
    return _section("leads", compile_leads, source, environment, connections)


def load_qualification(
    source: Path | str, environment: Mapping[str, str] | None = None, connections: Collection[str] | None = None
) -> Qualification:
    """The funnel of a file or text; see ``load_segments``. Raises ConfigError with every fault."""
    return _section("qualification", compile_qualification, source, environment, connections)


Compiled = TypeVar("Compiled")


def _section(
    name: str,
    compile_it: Callable[[Any, Collection[str] | None], tuple[Compiled, list[str]]],
    source: Path | str,
    environment: Mapping[str, str] | None,
    connections: Collection[str] | None,
) -> Compiled:
    """A file or text that holds one section of this name."""
    reader = Reader(environment, example=name)
    data = reader.open(source) if isinstance(source, Path) else reader.pairs(source)
    found, faults = compile_it(data.get(name, {}), connections)
    faults += [f"{key}: is unknown; a file of {name} holds `{name}`" for key in data if key != name]
    add_new(reader.faults, faults)
    if reader.faults:
        raise ConfigError([f"{_where(source)}{fault}{line_hint(fault, reader.lines)}" for fault in reader.faults])
    return found


def dumped(rules: RuleSet) -> str:
    """Canonical JSON of the rules, complete with defaults; ``load_rules`` is the inverse, whatever the region."""
    parts = [part.model_dump(mode="json") for part in (rules.identity, rules.survivorship) if part is not None]
    return orjson.dumps({name: value for part in parts for name, value in part.items()}).decode()


def _where(source: Path | str) -> str:
    return f"{source}: " if isinstance(source, Path) else ""


def _validated(data: Mapping[str, Any], region: str, faults: list[str]) -> RuleSet:
    try:
        _Both.model_validate(data, context={"region": region})
    except ValidationError as error:
        add_new(faults, describe(error, _Both))
    add_new(faults, _blocked_faults(data, region))
    if faults:
        return RuleSet()
    own = {name: value for name, value in data.items() if name in IdentityRules.model_fields}
    others = {name: value for name, value in data.items() if name not in own}
    return RuleSet(
        IdentityRules.model_validate(own, context={"region": region}) if own else None,
        SurvivorshipRules.model_validate(others) if others else None,
    )


def _blocked_faults(data: Mapping[str, Any], region: str) -> Iterator[str]:
    """Blocked values that no record can carry: whoever wrote them meant another."""
    kinds = data.get("identifiers")
    for kind, rule in kinds.items() if isinstance(kinds, dict) else ():
        values = rule.get("blocked") if isinstance(rule, dict) and kind in BY_NAME else None
        for place, value in enumerate(values if isinstance(values, list) else ()):
            if isinstance(value, str | int) and normalised(kind, str(value), region) is None:
                yield f"{join('identifiers', kind, 'blocked', place)}: {BY_NAME[kind].fault}"
