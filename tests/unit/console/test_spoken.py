"""What the core says, in German."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hub
from hub.application.standing import _silent
from hub.console.measures import measures
from hub.console.spoken import sentences, spoken
from hub.insight.kpis import KPIS
from hub.matching.wording import SENTENCES, sentence
from hub.outbox.health import of_destination, of_source
from hub.sdk import registry
from hub.sdk.catalogue.set_up import set_up
from hub.sdk.connection import Connection
from hub.store.rests import Part
from hub.store.stats import Trouble

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize("values", [("Anna", "Anne"), (None, None), ("a: b", "50 %")])
def test_every_piece_of_evidence_is_told_in_german(values: tuple[str | None, str | None]):
    for feature, level in SENTENCES:
        english = sentence(feature, level, *values)
        german = spoken("de", english)
        assert german != english
        assert all(value in german for value in values if value and value in english)
        assert spoken("de", f"{english} (+2.5 bits)") == f"{german} (+2.5 Bit)"
        assert spoken("en", english) == english


TROUBLES = [
    Trouble(paused_at=NOW, paused_by="ops"),
    Trouble(since=NOW, failures=3, refused=True),
    Trouble(since=NOW, failures=3, refused=True, token_wanted=True),
    Trouble(since=NOW, failures=3, not_before=NOW, resting=True),
    Trouble(since=NOW, failures=1),
    Trouble(since=NOW, failures=2, signatures=True),
    Trouble(since=NOW, failures=1, signatures=True, accepted_at=NOW),
    Trouble(since=NOW, silent=True),
    Trouble(since=NOW, failures=1, refused=True, forbidden=True),
    *(Trouble(since=NOW, failures=1, part=part) for part in get_args(Part)),
]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_all_advice_on_a_connection_is_told_in_german(trouble: Trouble):
    for health in (
        of_destination("crm", trouble),
        of_source("crm", trouble),
        of_destination("crm", None, routed=False),
    ):
        for text in (health.advice, health.reason):
            assert not text or spoken("de", text) != text, text
    assert "`hub outbox resume crm`" in spoken("de", of_destination("crm", TROUBLES[0]).advice)


@given(st.text())
def test_no_text_is_too_odd(text: str):
    assert isinstance(spoken("de", text), str)


def test_a_sentence_nobody_put_into_words_stays_as_it_is():
    assert spoken("de", "the CRM said: nope") == "the CRM said: nope"


def test_each_german_sentence_has_the_values_of_the_english_one():
    for _, patterns in [sentences("de")]:
        for pattern, said in patterns:
            assert all(f"%({name})s" in said for name in pattern.groupindex)


# -- what can reach a page -----------------------------------------------------------------------------------------

HUB = Path(hub.__file__).parent
RAISED = {"RefusedError", "NotFound", "RejectedError", "Unavailable", "UnreadableError", "ConfigError", "HubError",
          "ConflictError", "PayloadError", "Outcome"}  # fmt: skip
SPEAKING = ("application", "console", "identity", "profiles")
TOLD = ("columns", "note", "notes", "missing")


def sample(node: ast.expr) -> str | None:
    """A text as it reads with values in it; None for what is no text of ours."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts = enumerate(node.values)
        return "".join(str(part.value) if isinstance(part, ast.Constant) else f"X{place}" for place, part in parts)
    return None


def texts_in(node: ast.AST) -> list[str]:
    """All texts in an expression, each whole."""
    if isinstance(node, ast.expr) and (text := sample(node)):
        return [text]
    return [text for inner in ast.iter_child_nodes(node) for text in texts_in(inner)]


def refusals() -> list[str]:
    """Every text of an error that the use-cases behind the pages raise."""
    found = []
    for path in (path for room in SPEAKING for path in (HUB / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED:
                given = [one for arg in node.args for one in (arg.elts if isinstance(arg, ast.List) else [arg])]
                found += [text for one in given if (text := sample(one))]
    return sorted(set(found))


def reports() -> list[str]:
    """What stands on the page Insight: columns, notes, definitions, and what models say."""
    paths = [*(HUB / "insight").glob("*.py"), *(HUB / "application").glob("report*.py")]
    found = [text for kpi in KPIS for text in (kpi.name, kpi.definition, kpi.unit)]
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            said = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append"
            if said and isinstance(node.func.value, ast.Name) and node.func.value.id in ("said", "notes"):  # type: ignore[attr-defined]
                found += [text for arg in node.args if (text := sample(arg))]  # type: ignore[attr-defined]
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "").strip("_").lower() in TOLD:
                found += texts_in(node.value)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Report":
                found += [text for arg in node.args[2:] for text in texts_in(arg)]
    return sorted({text for text in found if not re.fullmatch(r"[A-Z]{3}|segments?|X\d(: X\d)?", text)})


def steps() -> list[str]:
    """Vendor steps of the wizard, and what connectors do not offer; commands and settings are the same everywhere."""
    found: list[str] = []
    for slug in registry.slugs():
        found += set_up(registry.folder(slug) / "README.md")
        found += [text for pair in registry.get(slug).manifest.not_offered.items() for text in pair]
    return sorted({text for text in found if re.search(r"\w", re.sub(r"`[^`]*`", "", text))})


def skips() -> list[str]:
    """Why an event is not read, as the page Events tells it."""
    found = set()
    for path in HUB.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "SkipEvent":
                found |= {text for arg in node.args if (text := sample(arg))}
    return sorted(found)


def test_reports_without_a_page_of_their_own_have_a_german_name():
    plain = [one.title for one in measures().values() if one.template == "insight/table.html" and one.order == 1_000]
    assert [title for title in plain if spoken("de", title) == title] == ["Personas"]  # as German calls them


def test_advice_on_a_source_that_says_nothing_is_german_to_its_end():
    for slug in registry.slugs():
        connection = Connection(slug, registry.get(slug), registry.get(slug).manifest.settings.model_construct())
        said = spoken("de", _silent(connection))
        assert not re.search(r"\b(its|they|reads|with)\b", said), said


@pytest.mark.parametrize("told", [refusals, reports, steps, skips])
def test_what_can_reach_a_page_is_told_in_german(told: Callable[[], list[str]]):
    texts = told()
    same = {"webhook", "Webhook", "segment", "title"}  # words that German has as well
    assert len(texts) > 20
    assert [text for text in texts if spoken("de", text) == text and text not in same] == []
