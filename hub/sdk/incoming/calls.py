"""What is asked of the system's API: what thin events lack, and its lists. Paths and queries are templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import Field, PlainValidator, model_validator

from hub.mapping.custom import text
from hub.mapping.expression import Expression
from hub.sdk.incoming.fields import Condition, Part, Reader, Text, compiled

_HOLE = re.compile(r"\{([^{}]*)\}")
PER_RUN = "since"
"""The one name in a list's query that is no expression."""


class Template:
    """A text with expressions in braces: ``/orders/{code}/``."""

    def __init__(self, given: str) -> None:
        self.text = given
        parts = _HOLE.split(given)
        self.parts: list[str | Expression] = []
        for place, part in enumerate(parts):
            expression = compiled(part) if place % 2 else None
            self.parts.append(expression if expression is not None else part)

    def __repr__(self) -> str:
        return f"Template({self.text!r})"

    def filled(self, reader: Reader, path: str, *, safe: str | None = "") -> str | None:
        """The text; None where a value is not told. Values are quoted for a URL's path unless ``safe`` is None."""
        found = []
        for part in self.parts:
            value = part if isinstance(part, str) else text(reader.raw(part, path))
            if value is None or value in (".", ".."):
                return None
            found.append(value if isinstance(part, str) or safe is None else quote(value, safe=safe))
        return "".join(found)


def _template(value: Any) -> Template:
    if not isinstance(value, str) or not value:
        raise ValueError("must be a text, with expressions in braces where they are needed")
    if value.count("{") != value.count("}"):
        raise ValueError("a brace is not closed")
    return Template(value)


Filled = Annotated[Template, PlainValidator(_template)]


def _path(value: Any) -> Template:
    found = _template(value)
    if not value.startswith("/") or value.startswith("//"):
        raise ValueError("must begin with /, below base_url")
    return found


PathTemplate = Annotated[Template, PlainValidator(_path)]


class Fetch(Part):
    """What an event lacks. ``of`` names one that is fetched before it, whose body the expressions then see."""

    path: PathTemplate
    query: Mapping[str, Filled] = Field(default_factory=dict)
    when: Condition = None
    of: str | None = None


def _query_value(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Listing(Part):
    """The system's own list of what it tells, for history. ``next`` or ``page`` leads to the next page."""

    path: Annotated[str, Field(pattern=r"^/[^/]")]
    query: Mapping[str, str | int] = Field(default_factory=dict)
    items: Condition = None
    next: Text = None
    page: str | None = None
    link_header: bool = False
    topic: str
    fetched_as: str | None = Field(None, alias="as")
    id: Text
    version: Text = None

    @model_validator(mode="after")
    def _ends(self) -> Listing:
        if sum((self.next is not None, self.page is not None, self.link_header)) > 1:
            raise ValueError("takes one of next, page and link_header")
        return self


class ApiAccess(Part):
    """How requests to the API prove who asks: ``api_token`` in a header after ``prefix``, or as Basic's password."""

    header: str = "authorization"
    prefix: str = "Bearer "
    user: str | None = None
