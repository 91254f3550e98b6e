"""Reads back the opt-outs that were written (law L7): an answer of 200 is no proof that one stands there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hub.sdk.crm.calls import Caller
from hub.sdk.crm.dialect import People
from hub.sdk.crm.opt_outs import said
from hub.sdk.crm.results import Results
from hub.sdk.crm.rules import same
from hub.sdk.destination import Write, WriteResult
from hub.sdk.manifest import Settings


def _to_confirm(write: Write, people: People[Settings]) -> dict[str, Any]:
    """What of a write has to be read back: the CRM's own opt-outs, and consents that Hub writes as opted out."""
    if write.kind != "profile" or write.erase:
        return {}
    refused = {name: value for name, value in write.properties.items() if value == "opted_out"}
    return {**refused, **said(write, people)}


def confirm(people: People[Settings], caller: Caller[Settings], results: Results, writes: Sequence[Write]) -> None:
    """Read back the opt-outs that were just written to records which stood there; what does not stand is said again.

    A record that was made just now never held anything else. Raises the error tree.
    """
    told = [(write, wanted) for write in writes if (wanted := _to_confirm(write, people))]
    asked = [
        (write, wanted, results.by_key[write.key])
        for write, wanted in told
        if results.is_delivered(write) and write.key not in results.made
    ]
    if people.values is None or not asked:
        return
    names = tuple(dict.fromkeys(name for _, wanted, _ in asked for name in wanted))
    ids = sorted({str(result.external_id) for _, _, result in asked})
    there = caller.run(people.values(ids, names, caller.settings))
    for write, wanted, result in asked:
        held = there.get(str(result.external_id))
        if held is None:
            continue  # it is gone, or was merged: nobody is written to under it
        stands = all(
            _stands(people.form(name, value, caller.settings) if people.form else value, held.get(name))
            for name, value in wanted.items()
            if name not in _dropped(result, write)
        )
        if stands:
            results.by_key[write.key] = replace(result, confirmed=True)
        else:
            results.retry(write, "the opt-out does not stand there yet", uncertain=False)


def _stands(value: Any, there: Any) -> bool:
    """Whether a value is the one that stands there: a tick may be written "1" and read as true."""
    ticks = _TICKS.get(str(value).lower()), _TICKS.get(str(there).lower())
    return same(value, there) or (None not in ticks and ticks[0] == ticks[1])


_TICKS = {"1": True, "true": True, "0": False, "false": False}


def _dropped(result: WriteResult, write: Write) -> set[str]:
    """Properties that were left out of a write, because the CRM refuses them."""
    return set() if result.mirror is None else write.properties.keys() - result.mirror.keys()
