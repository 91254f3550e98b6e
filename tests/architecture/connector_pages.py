"""Writes docs/connectors: ``python -m tests.architecture.connector_pages``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from hub.sdk import registry
from hub.sdk.catalogue.entry import Entry, entry_of
from hub.sdk.catalogue.page import index, page
from hub.sdk.declared.connector import read_declaration
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.declared import case_of

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "connectors"
SHIPPED = sorted(path.parent.name for path in (ROOT / "hub" / "connectors").glob("*/__init__.py"))
DECLARED = sorted((ROOT / "config" / "destinations").glob("*.yaml"))


def entries() -> Iterator[tuple[Entry, str]]:
    """Every connector that is shipped, with the path of what was written about it by hand."""
    for slug in SHIPPED:
        case = ConnectorCase(registry.get(slug), registry.folder(slug))
        yield entry_of(case), f"../../hub/connectors/{slug}/README.md"
    for path in DECLARED:
        with TemporaryDirectory(prefix="hub-page-") as folder:
            entry = entry_of(case_of(path, Path(folder)), declared=read_declaration(path).proof)
        yield entry, f"../../config/destinations/{path.name}"


def pages() -> dict[str, str]:
    """Text by file name."""
    found = list(entries())
    return {"README.md": index([entry for entry, _ in found])} | {
        f"{entry.case.id}.md": page(entry, more) for entry, more in found
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    made = pages()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    for path in FOLDER.glob("*.md"):
        if path.name not in made:
            path.unlink()
