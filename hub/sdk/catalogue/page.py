"""The page of a connector for people who choose one, and the index of all; Markdown, made from the code. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from hub.sdk.catalogue.entry import Entry
from hub.sdk.catalogue.mapped import Mapped
from hub.sdk.manifest import Limits, Manifest

_MADE = "Made by `python -m tests.architecture.connector_pages`; a test compares the two."
_FIXED = "from the settings, fixed, or Hub's own key"
_SAMPLE_LINES = 60


def page(entry: Entry, more: str) -> str:
    """The page of one connector; ``more`` is the link to what was written about it by hand."""
    manifest = entry.case.manifest
    lines = [
        f"# {manifest.name}",
        "",
        _MADE,
        "",
        f"`{manifest.slug}`: {', '.join(sorted(manifest.roles, reverse=True))}, channel {manifest.channel}.",
        f"[{more.rpartition('/')[2]}]({more}) has its set-up and quirks.",
        f"API {manifest.api_version}: <{manifest.docs_url}>." if manifest.api_version else f"<{manifest.docs_url}>.",
        "",
        f"**Tier: {entry.tier}.** Proven against: {', '.join(f'*{one}*' for one in entry.facts.proof.against)}.",
        "",
        *_table(("settings", "default", "meaning"), _settings(manifest)),
        *_maps(entry),
        *_sample(entry),
        "## What it can do, and what not",
        "",
        f"- Capabilities: {', '.join(sorted(manifest.capabilities)) or 'none'}.",
        f"- Limits: {_limits(manifest.limits)}.",
        *(f"- No {name}: {_sentence(reason)}" for name, reason in manifest.not_offered.items()),
        *([f"- Looked for at: {', '.join(f'<{page}>' for page in manifest.surveyed)}."] if manifest.surveyed else []),
        *(
            f"- After an undone merge: {_sentence(one)}"
            for one in (manifest.unmerge.cannot if manifest.unmerge else ())
        ),
        "",
        *_table(("event", "what becomes of it"), ((f"`{name}`", what) for name, what in manifest.topics.items())),
        "## Tier",
        "",
        *_table(
            ("tier", "rule", "state", "shown by, or why"),
            ((one.tier, one.promise, one.state, _linked(one.said)) for one in entry.verdicts),
        ),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def index(entries: Sequence[Entry]) -> str:
    """The page that lists all of them."""
    rows = (
        (
            f"[{entry.case.manifest.name}]({entry.case.id}.md)",
            ", ".join(sorted(entry.case.manifest.roles, reverse=True)),
            entry.tier,
            ", ".join(entry.facts.proof.against),
        )
        for entry in entries
    )
    rules = {one.promise: one.tier for entry in entries for one in entry.verdicts}
    head = [
        "# Connectors",
        "",
        _MADE,
        "",
        "The tier is worked out from what is there (`hub/sdk/catalogue/quality.py`).",
        "`hub connector show NAME` tells what is missing for the next one.",
        "",
        *_table(("connector", "role", "tier", "proven against"), rows),
        "## What a tier needs",
        "",
        *_table(("tier", "rule"), ((tier, promise) for promise, tier in rules.items())),
    ]
    return "\n".join(head).rstrip("\n") + "\n"


def settings_of(manifest: Manifest[Any]) -> list[dict[str, Any]]:
    """Every setting: name, required, default, secret, what."""
    return [
        {
            "name": name,
            "required": field.is_required(),
            "default": None if field.default is PydanticUndefined else str(field.default),
            "secret": is_secret(field),
            "what": field.description or "",
        }
        for name, field in manifest.settings.model_fields.items()
    ]


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting holds what nobody may read."""

    def held(annotation: Any) -> bool:
        return annotation is SecretStr or any(held(one) for one in get_args(annotation))

    return held(field.annotation)


def _settings(manifest: Manifest[Any]) -> Iterator[tuple[str, str, str]]:
    for one in settings_of(manifest):
        default = "required" if one["required"] else "" if one["default"] in (None, "None") else f"`{one['default']}`"
        yield f"`{one['name']}`{' (secret)' if one['secret'] else ''}", default, one["what"]


def _maps(entry: Entry) -> Iterator[str]:
    for title, mapped in (("a person", entry.people), ("an order", entry.orders)):
        if mapped is not None:
            yield from (f"## What is written of {title}", "", _HOW, "")
            yield from _table(("there", "from"), ((f"`{name}`", sources) for name, sources in rows_of(mapped)))
            yield from (f"Goes nowhere: {_names(mapped.left)}.", "")
    if entry.told is not None:
        yield from ("## What it tells", "", "As its samples show.", "")
        yield from (f"Told: {_names(entry.told.fields)}.", "", f"Not told: {_names(entry.told.left)}.", "")


_HOW = "Found by rendering an invented one that is filled everywhere, with the settings of the samples."


def rows_of(mapped: Mapped) -> Iterator[tuple[str, str]]:
    """Property, and what it is made of, in words."""
    for name in dict.fromkeys((*mapped.properties, *mapped.otherwise)):
        direct, otherwise = mapped.properties.get(name, ()), mapped.otherwise.get(name, ())
        said = [", ".join(direct)] if direct else []
        said += [f"at times {', '.join(otherwise)}"] if otherwise else []
        yield name, "; ".join(said) or _FIXED


def _sample(entry: Entry) -> Iterator[str]:
    if entry.sample is None:
        return
    yield from ("## A sample", "", f"Before (`{entry.sample.name}`):", "", *_json(entry.sample.before), "")
    yield from ("After:", "", *_json(entry.sample.after), "")


def _json(value: Any) -> Iterator[str]:
    lines = json.dumps(value, indent=2, ensure_ascii=False).splitlines()
    yield "```json"
    yield from lines[:_SAMPLE_LINES]
    if len(lines) > _SAMPLE_LINES:
        yield f"… {len(lines) - _SAMPLE_LINES} more lines"
    yield "```"


def _limits(limits: Limits) -> str:
    told = [f"{limits.batch} a call"]
    told += [f"{limits.max_bytes} bytes a call"] if limits.max_bytes else []
    told += [f"{limits.calls} calls in {limits.per_seconds:g} s"] if limits.calls else []
    return ", ".join(told)


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"


def _sentence(text: str) -> str:
    return text.rstrip(".") + "."


def _linked(said: str) -> str:
    return f"[{said}](../../{said})" if said.startswith("tests/") and " " not in said else said


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Sequence[str]:
    told = [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    return [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *told, ""] if told else []
