"""Rules that no linter knows, read from the syntax tree of every module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel

from hub.sdk import registry
from hub.settings import ConnectionConfig, HubSection, Route, Settings

ROOT = Path(__file__).parents[2]
LOG_CALLS = {"debug", "info", "warning", "error", "exception", "critical"}
CLOCKS = {"now", "utcnow", "today"}
CLOCK_EDGES = (
    "hub/api/", "hub/cli/", "hub/console/", "hub/demo/", "hub/sandbox/", "hub/workers/", "hub/bootstrap.py",
    "hub/intake/receive.py", "hub/sdk/testkit/",
)  # fmt: skip
"""Only the edges read the clock; all below is given the time, or a clock (``lambda: datetime.now(UTC)`` by default)."""


CALLED = re.compile(rf"\.({'|'.join(sorted(LOG_CALLS | CLOCKS))})\(|\bprint\(")
"""A module without any of these need not be parsed, which takes most of the time here."""


@cache
def calls() -> list[tuple[str, ast.Call]]:
    """Where, and what is called: read when a test asks, not whenever tests are collected."""
    return list(_calls())


def _calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted((ROOT / "hub").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "template" in path.parts or path.name.startswith("test_") or not CALLED.search(text):
            continue
        name = str(path.relative_to(ROOT))
        nodes = list(ast.walk(ast.parse(text)))
        handed_on = {id(node.body) for node in nodes if isinstance(node, ast.Lambda)}
        yield from ((name, node) for node in nodes if isinstance(node, ast.Call) and id(node) not in handed_on)


def attribute_calls() -> list[tuple[str, ast.Attribute, list[ast.expr]]]:
    """Where, what is called, and with which arguments."""
    return [
        (f"{name}:{call.lineno}", call.func, call.args)
        for name, call in calls()
        if isinstance(call.func, ast.Attribute)
    ]


def logged() -> list[tuple[str, ast.expr]]:
    return [
        (where, args[0])
        for where, function, args in attribute_calls()
        if function.attr in LOG_CALLS
        and isinstance(function.value, ast.Name)
        and "log" in function.value.id.lower()
        and args
    ]


def test_only_the_edges_read_the_clock():
    read = [
        where
        for where, function, _ in attribute_calls()
        if function.attr in CLOCKS and ast.unparse(function.value) in {"datetime", "date", "datetime.datetime"}
    ]
    assert [where for where in read if not where.startswith(CLOCK_EDGES)] == []


def test_log_events_are_dotted_constants():
    odd = [
        where
        for where, event in logged()
        if not (isinstance(event, ast.Constant) and isinstance(event.value, str) and "." in event.value)
        or " " in event.value
    ]
    assert odd == []


def test_only_the_demo_and_the_commands_speak_to_stdout():
    named = ((f"{name}:{call.lineno}", call.func) for name, call in calls() if isinstance(call.func, ast.Name))
    printed = [where for where, function in named if function.id == "print"]
    assert [where for where in printed if not where.startswith(("hub/cli/", "hub/demo/"))] == []


@pytest.mark.parametrize("model", [Settings, HubSection, ConnectionConfig, Route])
def test_every_setting_has_a_description(model: type[BaseModel]):
    assert [name for name, field in model.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("slug", registry.slugs())
def test_every_setting_of_a_connector_has_a_description(slug):
    fields = registry.get(slug).manifest.settings.model_fields
    assert [name for name, field in fields.items() if not field.description] == []
