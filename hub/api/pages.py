"""Cursor pagination: ``{"items": [...], "next": "..." | null}``. A cursor is opaque, and holds ids and times only."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from hub.api.problems import ApiError

Item = TypeVar("Item")
Row = TypeVar("Row")
Key = TypeVar("Key")

Limit = Annotated[int, Query(ge=1, le=500, description="Items per page.")]
Cursor = Annotated[str | None, Query(description="`next` of the page before.", max_length=2_000)]


class Unreadable(BaseModel):
    """An item that cannot be read: broken, or of a newer Hub."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    reason: str = Field(description="What is wrong with it; no value of it.")


class Page(BaseModel, Generic[Item]):
    """One page; ``next`` is the cursor of the page after, null on the last."""

    items: list[Item]
    unreadable: list[Unreadable] = Field(
        default_factory=list,
        exclude_if=lambda items: not items,
        description="Items of this page that cannot be read, each with the reason; absent where there are none.",
    )
    next: str | None = Field(None, description="Give it back as `cursor`; null on the last page.")


def paged(rows: Sequence[Row], limit: int, key: Callable[[Row], Any]) -> tuple[Sequence[Row], str | None]:
    """Rows of one page and its cursor, from up to ``limit + 1`` rows; ``key`` names the last one."""
    kept = rows[:limit]
    more = len(rows) > limit
    return kept, urlsafe_b64encode(orjson.dumps(key(kept[-1]))).decode() if more else None


def position(cursor: str | None, read: Callable[[Any], Key]) -> Key | None:
    """What a cursor holds, or None at the start. Raises ApiError when it is none of ours."""
    if cursor is None:
        return None
    try:
        held = urlsafe_b64decode(cursor)
        if b"\\u0000" in held:
            raise ValueError
        return read(orjson.loads(held))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise ApiError(422, "the cursor is not one that this list gave") from None
