"""What ``hub reconcile`` shows of a destination: what does not stand there as Hub knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.cli import output

if TYPE_CHECKING:
    from hub.application.drift import Comparison

SHOWN = 20
"""Drifts that are shown."""


def show(done: Comparison) -> None:
    """Counts, and the first of what was found, without a value."""
    output.show(f"{done.connection}: {done.looked_at} records there compared with what Hub knows to stand in them")
    found = [(standing, count) for standing, count in sorted(done.found.items()) if count]
    output.show_table(("standing", "count"), found, empty="everything stands there as Hub knows it")
    rows = [(one.standing, one.external_id, one.property or "-", one.profile) for one in done.drifts[:SHOWN]]
    if rows:
        output.show_table(("", "record there", "property", "profile"), rows)
    if done.repaired:
        output.show(f"{done.repaired} records are being put right")
    elif done.open:
        output.show("--write puts Hub's values there again; --take takes what stands there for people's edits")


def document(done: Comparison) -> dict[str, Any]:
    """The same as JSON has it."""
    return {
        "connection": done.connection,
        "looked_at": done.looked_at,
        "found": dict(done.found),
        "drifts": [
            {
                "profile": one.profile,
                "external_id": one.external_id,
                "property": one.property or None,
                "standing": one.standing,
            }
            for one in done.drifts
        ],
        "repaired": done.repaired,
        "open": done.open,
    }
