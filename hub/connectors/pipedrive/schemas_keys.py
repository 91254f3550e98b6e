"""What a field of an account is known by there, as settings and answers have it.

Source: pipedrive.readme.io/docs/core-api-concepts-custom-fields (keys of 40 characters; options have ids).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class FieldKey(BaseModel):
    """A field of this account: its key, type, and the ids of its options by their labels in small letters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    type: str = "varchar"
    options: Mapping[str, int] = Field(default_factory=dict)


def _key(value: Any) -> Any:
    return {"key": value} if isinstance(value, str) else value


Keys = Mapping[str, Annotated[FieldKey, BeforeValidator(_key)]]
