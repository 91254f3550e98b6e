"""Segments: named conditions over a profile, in the one expression language. Pure; asked as of a moment.

    segments:
      vip: {when: "traits.stage == 'loyal' && orders.totals.EUR >= `1000`", title: "Best customers"}
      win_back: "traits.stage == 'former' && consent.email == 'opted_in'"

A segment may name no other segment: which came first would decide.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.mapping.expression import ExpressionError
from hub.mapping.expression.when import Condition, compile_condition
from hub.model.profile import Profile

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")
_KEYS = ("when", "title")
MOST = 200


@dataclass(frozen=True, slots=True)
class Segment:
    """Profiles that meet ``when``; ``title`` is what people read."""

    name: str
    title: str
    when: Condition


def compile_segments(written: Any, connections: Collection[str] | None = None) -> tuple[list[Segment], list[str]]:
    """The segments of a file, and every fault with its path: a field there is none of names the nearest."""
    if not isinstance(written, Mapping):
        return [], ["segments: must hold one `name: condition`, or `name: {when: condition, title: text}`, per segment"]
    found: list[Segment] = []
    faults: list[str] = []
    for name, told in list(written.items())[:MOST]:
        path = f"segments.{name}"
        rule = {"when": told} if isinstance(told, str) else told
        if not _NAME.fullmatch(str(name)):
            faults.append(f"{path}: the name may hold small letters, digits, - and _, 50 at most")
        elif not isinstance(rule, Mapping) or not isinstance(rule.get("when"), str):
            faults.append(f"{path}: must be a condition, or hold `when`")
        elif unknown := [str(key) for key in rule if key not in _KEYS]:
            faults.append(f"{path}.{unknown[0]}: is unknown; a segment holds {' and '.join(_KEYS)}")
        else:
            try:
                condition = compile_condition(rule["when"], connections)
            except ExpressionError as error:
                faults.append(f"{path}.when: {error}")
                continue
            if any(field.startswith("traits.segments") for field in condition.fields):
                faults.append(f"{path}.when: names segments, and a segment may name no other")
            else:
                found.append(Segment(str(name), str(rule.get("title") or name), condition))
    if len(written) > MOST:
        faults.append(f"segments: {MOST} at most")
    return found, faults


def belongs(segments: Sequence[Segment], profile: Profile, now: datetime) -> tuple[tuple[str, ...], datetime | None]:
    """The segments of a profile, and when time alone may change that (None for never)."""
    names = tuple(segment.name for segment in segments if segment.when(profile, now))
    changes = (segment.when.next_change(profile, now) for segment in segments if segment.when.moving)
    return names, min((at for at in changes if at is not None), default=None)
