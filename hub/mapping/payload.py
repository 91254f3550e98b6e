"""Vendor payloads, from raw bytes to a checked schema, with one rule for what a source leaves out.

Null, an empty string and a missing field mean the same in every payload: the source does not tell (kit law S10).
"""

from __future__ import annotations

from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from hub.errors import PayloadError


class VendorModel(BaseModel):
    """Base of vendor schemas: unknown fields are ignored, null and "" count as absent, numbers may stand for text.

    Ids are best declared as ``str``: they are exact then, also beyond 2^53.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_untold(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {name: value for name, value in data.items() if value is not None and value != ""}
        return data


Schema = TypeVar("Schema", bound=BaseModel)


def read(schema: type[Schema], body: bytes) -> Schema:
    """Decode JSON and check it. Raises PayloadError with the dotted path of the first fault, never with a value."""
    try:
        return schema.model_validate(orjson.loads(body))
    except orjson.JSONDecodeError:
        raise PayloadError("not JSON") from None
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        reason = "missing" if fault["type"] == "missing" else "not readable"
        # `from None`: the text of pydantic's error quotes the payload
        raise PayloadError(reason, path=".".join(str(step) for step in fault["loc"])) from None
