"""docs/connectors is what the code says, and every proof it speaks of is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.model.order import Order
from hub.model.profile import Profile
from hub.sdk.catalogue import filled
from hub.sdk.catalogue.entry import Entry
from hub.sdk.catalogue.mapped import unnamed
from hub.sdk.catalogue.page import index, page
from tests.architecture.connector_pages import FOLDER, ROOT, entries
from tests.contract.vendor_payloads import _FINDERS
from tests.support.crm import doubles


@pytest.fixture(scope="module")
def found() -> list[tuple[Entry, str]]:
    return list(entries())


def test_the_pages_of_connectors_are_the_code(found: list[tuple[Entry, str]]) -> None:
    made = {f"{entry.case.id}.md": page(entry, more) for entry, more in found}
    made["README.md"] = index([entry for entry, _ in found])
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    differing = sorted(name for name in {*made, *there} if made.get(name) != there.get(name))
    assert differing == [], "run: python -m tests.architecture.connector_pages"


def test_every_proof_is_there_and_about_that_connector(found: list[tuple[Entry, str]]) -> None:
    for entry, _ in found:
        for what, path in entry.facts.proof.tests.items():
            assert (ROOT / path).is_file(), f"{entry.case.id}: {path} is not there"
            assert is_about(what, path, entry.case.id), f"{entry.case.id}: {path} is not about it"


def test_no_proof_that_is_there_goes_untold(found: list[tuple[Entry, str]]) -> None:
    for entry, _ in found:
        proof, slug = entry.facts.proof, entry.case.id
        assert bool(proof.vendor_payloads) == (slug in _FINDERS), slug
        assert bool(proof.real_system) == (ROOT / f"tests/real/test_{slug}.py").exists(), slug
        assert proof.hostile or slug not in doubles(), slug


def is_about(what: str, path: str, slug: str) -> bool:
    """Whether a test is about a connector: those about all of a kind list theirs, the others name it."""
    if what == "vendor_payloads":
        return slug in _FINDERS
    if Path(path).name == "test_crm_hostile.py":
        return slug in doubles()
    # The kit runs over every declaration that is shipped, by their folder.
    named = "test_a_shipped_declaration_obeys_every_law_of_the_kit" if what == "kit" else slug
    return named in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize(("model", "make"), [(Profile, filled.person), (Order, filled.order)])
def test_the_invented_records_are_filled_everywhere(model: type[Profile | Order], make: object) -> None:
    trees = [make(which) for which in (0, 1)]  # type: ignore[operator]
    for tree in trees:
        model.model_validate(tree)
        assert unnamed(model, tree) == set()


def test_no_tier_is_declared_by_hand(found: list[tuple[Entry, str]]) -> None:
    assert {entry.tier for entry, _ in found} <= {"bronze", "silver", "gold"}
