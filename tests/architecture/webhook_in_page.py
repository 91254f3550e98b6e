"""Writes the fields of docs/webhook-in.md: ``python -m tests.architecture.webhook_in_page``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pydantic import BaseModel

from hub.connectors.webhook_in.schemas import Rule
from hub.sdk.incoming.fields import Part

PAGE = Path(__file__).parents[2] / "docs" / "webhook-in.md"
HEADING = "## Fields\n"


def page(text: str) -> str:
    """The page with the fields there are now."""
    return f"{text.partition(HEADING)[0]}{HEADING}\n" + "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "Made by `python -m tests.architecture.webhook_in_page`. **Bold** ones are needed. Where there may be several"
    yield "parts, a list is taken or one; `items` is the expression for the members, and without it there is one part."
    yield ""
    yield "| in a rule | fields |"
    yield "|---|---|"
    seen: dict[str, type[BaseModel]] = {}
    for name, info in Rule.model_fields.items():
        if model := _part(info.annotation):
            seen[name] = model
            for path, inner in _below(name, model):
                seen.setdefault(path, inner)
    for path, model in seen.items():
        yield f"| `{path}` | {', '.join(_fields(model))} |"


def _below(path: str, model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, info in model.model_fields.items():
        if inner := _part(info.annotation):
            yield f"{path}.{name}", inner
            yield from _below(f"{path}.{name}", inner)


def _fields(model: type[BaseModel]) -> Iterator[str]:
    for name, info in model.model_fields.items():
        yield f"**{name}**" if info.is_required() else name


def _part(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    return next((found for one in get_args(annotation) if (found := _part(one))), None)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
