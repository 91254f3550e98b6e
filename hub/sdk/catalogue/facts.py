"""Gathers what there is of a connector: its declaration, its folder, and the proof in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from hub.sdk import registry
from hub.sdk.catalogue.proof import Proof, read_proof
from hub.sdk.catalogue.quality import Facts
from hub.sdk.manifest import Capability
from hub.sdk.registry import Connector
from hub.sdk.testkit.backfill_laws import law_s15_backfill_is_declared_and_sampled
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.parse_laws import law_s13_topics_and_samples_match
from hub.sdk.testkit.render_laws import law_d1_every_case_is_there

_EXPECTED_OF_DESTINATIONS = (Capability.MERGE, Capability.ERASE, Capability.ORDERS, Capability.CONSENT)


def facts_of(case: ConnectorCase, *, declared: Proof | None = None) -> Facts:
    """The facts of a connector with its folder; ``declared`` is the proof of one that is a declaration and has none.

    A declaration's samples are made by the kit, and its page is the declaration. Raises ConfigError for a wrong proof.
    """
    connector = case.connector
    source, destination = connector.source, connector.destination
    manifest = connector.manifest
    return Facts(
        source=source is not None,
        destination=destination is not None,
        shipped=declared is None and case.folder.parent == _shipped(),
        missing="" if declared else _missing(case),
        undocumented=tuple(_undocumented(connector, None if declared else case.folder)),
        silent=tuple(_silent(connector)),
        refused_values=_a_value_was_refused(case.folder),
        live_check=bool((source and source.check) or (destination and destination.check) or manifest.files),
        mapping=connector.own_fields is not None,
        backfill=source is not None and source.backfill is not None,
        sets_up=Capability.PROPERTIES in manifest.capabilities,
        not_offered=_reasons(connector),
        proof=declared or read_proof(case.folder),
    )


def _shipped() -> Path:
    return Path(registry.__file__).parents[1] / "connectors"


def _missing(case: ConnectorCase) -> str:
    try:
        if case.connector.source:
            law_s13_topics_and_samples_match(case)
            law_s15_backfill_is_declared_and_sampled(case)
        if case.connector.destination:
            law_d1_every_case_is_there(case)
    except AssertionError as error:
        return str(error)
    return ""


def _undocumented(connector: Connector, folder: Path | None) -> Iterator[str]:
    fields = connector.manifest.settings.model_fields
    yield from (name for name, field in fields.items() if not field.description)
    if folder is not None and not (folder / "README.md").exists():
        yield "README.md"


def _silent(connector: Connector) -> Iterator[str]:
    manifest = connector.manifest
    expected = [Capability.BACKFILL] if connector.source else []
    # A vendor that sends deliveries may send requests to erase or tell, too.
    expected += [Capability.PRIVACY] if Capability.WEBHOOK in manifest.capabilities else []
    expected += _EXPECTED_OF_DESTINATIONS if connector.destination else ()
    yield from (one for one in expected if one not in manifest.capabilities and one not in manifest.not_offered)


def _a_value_was_refused(folder: Path) -> bool:
    results = sorted((folder / "samples" / "write").glob("*/result.json"))
    return any(row.get("refused") for path in results for row in json.loads(path.read_bytes()))


def _reasons(connector: Connector) -> dict[str, str]:
    return {str(name): reason for name, reason in connector.manifest.not_offered.items()}
