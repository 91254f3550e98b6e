"""All that is told of one connector, gathered from its code and its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hub.sdk.catalogue.facts import facts_of
from hub.sdk.catalogue.mapped import Mapped, orders_of, people_of
from hub.sdk.catalogue.proof import Proof
from hub.sdk.catalogue.quality import Facts, Tier, Verdict, judge, tier_of
from hub.sdk.catalogue.told import Told, told_by
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.documents import Embedded, decode
from hub.sdk.testkit.samples import read_json


@dataclass(frozen=True, slots=True)
class Sample:
    """What came in, or was to be written, and what was made of it, as JSON."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Entry:
    """A connector in the catalogue; maps are those of the settings of its samples."""

    case: ConnectorCase
    facts: Facts
    verdicts: Sequence[Verdict]
    people: Mapped | None
    orders: Mapped | None
    told: Told | None
    sample: Sample | None

    @property
    def tier(self) -> Tier:
        """The tier it reaches."""
        return tier_of(self.verdicts)


def entry_of(case: ConnectorCase, *, declared: Proof | None = None) -> Entry:
    """Everything about a connector with its folder; ``declared`` as in ``facts_of``."""
    facts = facts_of(case, declared=declared)
    return Entry(
        case,
        facts,
        judge(facts),
        people_of(case.connector, case.settings),
        orders_of(case.connector, case.settings),
        told_by(case),
        _sample(case),
    )


def _sample(case: ConnectorCase) -> Sample | None:
    """The creation of a person; of a source its shortest delivery that tells something."""
    create = case.folder / "samples" / "write" / "create"
    if create.is_dir():
        write = read_json(create / "write.json")
        return Sample(
            "write/create", read_json(create / "change.json")["profile"], write.get("body") or write["properties"]
        )
    told = [one.sample for one in case.source_cases if one.sample.expected.get("events")]
    if not told:
        return None
    chosen = min(told, key=lambda sample: (len(sample.body), sample.id))
    body = decode(chosen.body, form=chosen.form)
    if chosen.form:
        body = {name: value.value if isinstance(value, Embedded) else value for name, value in body.items()}
    return Sample(chosen.id, body, chosen.expected["events"])
