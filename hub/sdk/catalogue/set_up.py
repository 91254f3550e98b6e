"""The steps of a connector's set-up at the vendor, as its README numbers them."""

from __future__ import annotations

import re
from pathlib import Path


def set_up(readme: Path) -> list[str]:
    """The steps as plain text without Markdown; none where there is no such page."""
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
    steps = [step for step in steps if not re.fullmatch(r"Configure[^.]*[:.]?", step)]  # that has just been done
    return [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", step) for step in steps]


def named(step: str, name: str, public_url: str) -> str:
    """A step with this installation's address and the connection's name in place of the README's words for them."""
    with_url = re.sub(r"(https://)?<(hub\.)?public_url>", lambda _: public_url, step)
    by_name = re.sub(r"(`hub [a-z ]*)\bcrm`", rf"\g<1>{name}`", with_url)  # what a README calls its connection
    return by_name.replace("<connection>", name)
