"""A postal address, spelled as the source spelled it; comparison keys are derived in ``hub.mapping.address``."""

from __future__ import annotations

from hub.model.base import Frozen


class Address(Frozen):
    """``country`` is ISO 3166-1 alpha-2 or None when it could not be told."""

    line1: str | None = None
    line2: str | None = None
    postal_code: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None
    company: str | None = None
