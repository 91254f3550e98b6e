"""Answers as models."""

from __future__ import annotations

from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from hub.errors import Unavailable

Model = TypeVar("Model", bound=BaseModel)


def read_as(model: type[Model], response: httpx.Response) -> Model:
    """An answer as a model. Raises Unavailable (uncertain) where it breaks off, or is not what the vendor describes."""
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        where = ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors()[:3]) or "the answer"
        request = response.request
        told = f"{request.method} {request.url.host}: cannot read {where}"
        raise Unavailable(told, uncertain=request.method != "GET") from None
