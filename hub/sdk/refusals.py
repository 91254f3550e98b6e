"""One refused value never loses the record: it goes out with the next value of its kind, or without that property.

A connector only tells which properties were refused (``Destination.refusals``, ``WriteResult.refused``). Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hub.errors import Refusal
from hub.sdk.destination import Write, WriteResult


@dataclass(frozen=True, slots=True)
class Spared:
    """A write on its way without what was refused of it so far. ``first`` is the write as it was rendered."""

    first: Write
    write: Write
    refused: tuple[Refusal, ...] = ()


def spare(before: Spared, refused: Sequence[Refusal], *, essential: Collection[str]) -> Spared | None:
    """The same write without the refused values; None where that would not help.

    That is so when one of them is ``essential`` (a record without it could not be found again), or none of them is
    in the write.
    """
    write = before.write
    named = [each for each in refused if each.property in write.properties or each.property in write.mirror]
    if not named or any(each.property in essential for each in named):
        return None
    properties, mirror, others = dict(write.properties), dict(write.mirror), dict(write.alternatives)
    for each in named:
        left = () if each.missing else others.pop(each.property, ())
        if left:
            others[each.property] = left[1:]
        for held in (properties, mirror):
            if held.pop(each.property, None) is not None and left:
                held[each.property] = left[0]
    values = {(each.property, str(write.mirror.get(each.property))) for each in named}
    match = tuple(pair for pair in write.match if pair not in values)
    changed = replace(write, properties=properties, mirror=mirror, match=match, alternatives=others)
    return Spared(before.first, changed, (*before.refused, *named))


def delivered(result: WriteResult, spared: Spared, held: Mapping[str, Any]) -> WriteResult:
    """The result of a spared write: what it went out without, and what stands there now.

    Of a record that was there before, what was refused still has the value it ``held``.
    """
    mirror = dict(spared.write.mirror if result.mirror is None else result.mirror)
    if spared.first.external_id and result.external_id == spared.first.external_id:
        gone = {each.property for each in spared.refused} - mirror.keys()
        mirror |= {name: held[name] for name in gone if name in held}
    return replace(result, mirror=mirror, refused=spared.refused)
