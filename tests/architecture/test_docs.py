"""Documents that are derived from the code, and records that name what enforces them."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from hub import errors
from hub.cli.check import inspected
from hub.mapping.overrides import OwnFields, compile_overrides
from hub.sdk import registry
from hub.yaml_file import Reader
from tests.architecture import expressions_page, kpis_page, pipeline_page
from tests.architecture.errors_page import classes, page

ROOT = Path(__file__).parents[2]
DECISIONS = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))


def test_the_page_of_errors_is_the_code():
    assert (ROOT / "docs/errors.md").read_text(encoding="utf-8") == page(), (
        "run: python -m tests.architecture.errors_page"
    )


def test_every_error_stands_in_the_tree():
    tree = errors.__doc__ or ""
    assert [kind.__name__ for kind in classes() if kind.__name__ not in tree] == []


def test_the_readme_lists_every_connector():
    listed = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Channels and destinations")[2]
    assert [slug for slug in registry.slugs() if f"| [{slug}](" not in listed] == []


def test_the_readme_says_whether_a_connector_is_source_or_destination():
    listed = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Channels and destinations")[2]
    told = dict(re.findall(r"^\| \[(\w+)\]\([^|]*\|[^|]*\| (.+) \|$", listed, re.MULTILINE))
    roles = {slug: " and ".join(sorted(registry.get(slug).manifest.roles, reverse=True)) for slug in told}
    assert told == roles


def test_the_configuration_that_a_page_shows_has_no_key_that_hub_does_not_know(tmp_path):
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("hub/connectors/*/README.md")]
    shown = [
        (path, textwrap.dedent(block))
        for path in pages
        for block in re.findall(r"^ *```yaml\n(.*?)^ *```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    ]
    unknown = []
    for shows, block in shown:
        if re.match(r"connections:|routes:", block):
            (tmp_path / "hub.yaml").write_text(block, encoding="utf-8")
            _, _, faults = inspected(tmp_path / "hub.yaml", dict.fromkeys(re.findall(r"\$\{(\w+)", block), "x" * 40))
            unknown += [f"{shows.relative_to(ROOT)}: {fault}" for fault in faults if "unknown key" in fault]
    assert unknown == []


def test_the_page_says_of_every_crm_and_mailing_system_what_becomes_of_whoever_leaves_it():
    page = (ROOT / "docs/hand-over-and-consent.md").read_text(encoding="utf-8")
    table = page.partition("### What becomes of somebody")[2].partition("### ")[0]
    told = [registry.get(slug).manifest for slug in registry.slugs() if registry.get(slug).destination]
    people = [one.name.removeprefix("Microsoft ") for one in told if one.channel in ("crm", "newsletter", "email")]
    assert len(people) > 14
    assert [name for name in people if name not in table] == []


def test_decisions_are_numbered_without_gaps():
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_parts_and_names_files_that_exist(path):
    text = path.read_text(encoding="utf-8")
    assert re.match(rf"# {path.name[:4]}\. .+\n\nStatus: \w+.*\nDate: \d{{4}}-\d\d-\d\d\n", text)
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences", "Alternatives", "Enforced by"]
    enforcing = re.findall(r"`([\w./-]+)`", text.partition("## Enforced by")[2])
    assert enforcing
    assert [name for name in enforcing if not (ROOT / name).exists()] == []


def test_the_page_of_the_pipeline_is_the_code():
    assert pipeline_page.PAGE.read_text(encoding="utf-8") == pipeline_page.page(), (
        "run: python -m tests.architecture.pipeline_page"
    )


def test_the_page_of_expressions_is_the_code_and_its_mapping_file_is_right():
    page = expressions_page.PAGE.read_text(encoding="utf-8")
    assert page == expressions_page.page(), "run: python -m tests.architecture.expressions_page"
    [sample] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    own = OwnFields(("phone",), order_written=())
    assert compile_overrides(Reader(None).pairs(sample), own)[1] == []


def test_the_page_of_key_figures_is_the_code():
    assert kpis_page.PAGE.read_text(encoding="utf-8") == kpis_page.page(), "run: python -m tests.architecture.kpis_page"
