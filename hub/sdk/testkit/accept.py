"""Writes what a connector gives now as what is expected of it; the difference is reviewed like code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hub.sdk.testkit.cases import ConnectorCase, SourceCase, WriteCase
from hub.sdk.testkit.wire import as_json, replayed


def accept(case: ConnectorCase) -> list[Path]:
    """Write ``expected.json`` of every delivery and ``write``, ``requests`` and ``result`` of every change.

    Gives the files that changed. Raises AssertionError where a delivery cannot be read, or a send asks for more
    requests than ``responses.json`` answers: there is nothing to accept.
    """
    changed: list[Path] = []
    for delivery in case.source_cases if case.connector.source else ():
        changed += _accept_delivery(delivery)
    for change in case.write_cases if case.connector.destination else ():
        changed += _accept_change(change)
    return changed


def _accept_delivery(case: SourceCase) -> list[Path]:
    outcome = case.outcome(case.entry)
    assert "unreadable" not in outcome, f"{case.id}: cannot be read, at {outcome.get('unreadable')!r}"
    return _write(case.sample.folder / "expected.json", outcome)


def _accept_change(case: WriteCase) -> list[Path]:
    folder = case.sample.folder
    write = case.destination.render(case.sample.change, case.settings)
    changed = _write(folder / "write.json", as_json(write))
    requests = [] if write is None else case.destination.plan([write], case.settings)
    changed += _write(folder / "requests.json", as_json(list(requests)))
    if write is not None and (folder / "responses.json").exists():
        results, _ = replayed(case, [write], case.sample.exchange("responses"))
        changed += _write(folder / "result.json", as_json(list(results)))
    return changed


def _write(path: Path, value: Any) -> list[Path]:
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    if path.exists() and json.loads(path.read_text(encoding="utf-8")) == value:
        return []
    path.write_text(text, encoding="utf-8")
    return [path]
