"""The steps of a connector's set-up at the vendor, as its README numbers them."""

from __future__ import annotations

import re
from pathlib import Path

_OF_ONE = "connector subscribe|connector try|connections authorise|backfill|reconcile"
"""Commands that take the name of a connection."""


def set_up(readme: Path, *, addresses: bool = False) -> list[str]:
    """The steps as plain text without Markdown; none where there is no such page.

    ``addresses``: with those of links, for where nobody can click.
    """
    try:
        text = readme.read_text(encoding="utf-8")
    except OSError:
        return []
    found = re.search(r"^## Set-?up$(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE | re.IGNORECASE)
    if found is None:
        return []
    prose = re.sub(r"^\s*```.*?```\s*$", "", found[1], flags=re.DOTALL | re.MULTILINE)
    lines = re.split(r"^\d+\. ", prose.strip(), flags=re.MULTILINE)
    # What follows a step, a table or a part of its own, belongs to no step.
    lines = [re.split(r"^(?: *\||#{2,} |\n(?!   ))", line, maxsplit=1, flags=re.MULTILINE)[0] for line in lines]
    steps = [" ".join(line.split()) for line in lines if line.strip()]
    # that has just been done
    steps = [step for step in steps if not re.fullmatch(r"(Configure|Write the connection)[^.]*[:.]?", step)]
    return [re.sub(r"\[([^\]]*)\]\(([^)]*)\)", _link if addresses else r"\1", step) for step in steps]


def _link(found: re.Match[str]) -> str:
    """A link's words, with its address where that leads out of the repository."""
    words, address = found[1], found[2]
    if not address.startswith("https://"):
        return words
    return address if words == address.removeprefix("https://").rstrip("/") else f"{words} ({address})"


def named(step: str, name: str, public_url: str) -> str:
    """A step with this installation's address and the connection's name in place of the README's words for them."""
    with_url = re.sub(r"(https://)?<(hub\.)?public_url>", lambda _: public_url, step)
    # what a README calls its connection
    by_name = re.sub(rf"(`hub (?:{_OF_ONE}) )(?!-)[\w-]+", rf"\g<1>{name}", with_url)
    return by_name.replace("<connection>", name)
