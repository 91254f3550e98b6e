"""The canonical laws (S8): what every value of the model has to look like, beyond its type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from babel import Locale
from pydantic import BaseModel

from hub.model.address import Address
from hub.model.customer import ContactPoint, CustomerSnapshot
from hub.model.identifier import Identifier, RecordKey
from hub.model.money import CURRENCIES, Money
from hub.model.order import Cart, Order
from hub.model.text import tidy

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_AS_WRITTEN = (".text", ".original", ".subject")
_EMAIL = re.compile(r"[^\s@A-Z]+@[^\s@A-Z]+\.[^\s@A-Z]{2,}")


def faults(event: BaseModel) -> list[str]:
    """What is not canonical in an event, as ``path: what is wrong``."""
    return list(_faults(event, type(event).__name__))


def _faults(node: Any, path: str) -> Iterator[str]:
    if isinstance(node, BaseModel):
        yield from (f"{path}: {fault}" for fault in _own_faults(node))
        for name in type(node).model_fields:
            yield from _faults(getattr(node, name), f"{path}.{name}")
    elif isinstance(node, list | tuple):
        for index, child in enumerate(node):
            yield from _faults(child, f"{path}.{index}")
    elif isinstance(node, datetime):
        if node.utcoffset() != timedelta(0):
            yield f"{path}: not in UTC"
    elif isinstance(node, float):
        yield f"{path}: a float"
    elif isinstance(node, Decimal) and not node.is_finite():
        yield f"{path}: not finite"
    elif isinstance(node, str) and tidy(node) != node:
        yield f"{path}: holds characters that nobody sees, or is not composed"
    elif isinstance(node, str) and not path.endswith(_AS_WRITTEN) and (not node or node != node.strip()):
        yield f"{path}: empty, or white space around it"


def _own_faults(node: BaseModel) -> Iterator[str]:
    if isinstance(node, CustomerSnapshot):
        yield from (f"emails.{i}: not normalised" for i, p in enumerate(node.emails) if p.usable and not _is_email(p))
        yield from (f"phones.{i}: not E.164" for i, p in enumerate(node.phones) if p.usable and not _is_phone(p))
        if node.language is not None and not re.fullmatch(r"[a-z]{2}", node.language):
            yield "language is not ISO 639-1"
    elif isinstance(node, Address):
        if node.country is not None and node.country not in Locale("en").territories:
            yield "country is not ISO 3166-1 alpha-2"
    elif isinstance(node, Money | Order | Cart):
        if node.currency not in CURRENCIES:
            yield "currency is not ISO 4217"
        if (
            isinstance(node, Order)
            and node.contact_email is not None
            and node.contact_email != node.contact_email.lower()
        ):
            yield "contact_email is not in lower case"
        if isinstance(node, Order) and node.contact_phone is not None and not _E164.fullmatch(node.contact_phone):
            yield "contact_phone is not E.164"
    elif isinstance(node, Identifier):
        if node.kind == "email" and not _EMAIL.fullmatch(node.value):
            yield "an e-mail identifier is not normalised"
        if node.kind == "phone" and not _E164.fullmatch(node.value):
            yield "a phone identifier is not E.164"
    elif isinstance(node, RecordKey) and not node.external_id:
        yield "no external id"


def _is_email(point: ContactPoint) -> bool:
    return bool(_EMAIL.fullmatch(point.value))


def _is_phone(point: ContactPoint) -> bool:
    return bool(_E164.fullmatch(point.value))
