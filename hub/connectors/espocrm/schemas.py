"""What EspoCRM's API is asked, and what it answers, as far as Hub uses it.

Errors have an empty body and their reason in ``X-Status-Reason``; a refused value is named in the body since version
8.1, and in that header before (github.com/espocrm/espocrm application/Espo/Core/Api/ErrorOutput.php,
…/Core/FieldValidation/Exceptions/ValidationError.php). A possible duplicate is a 409 with the records as an array
(…/Core/Record/Service.php, processDuplicateCheck). Lists of records tell no further e-mails of one; a record read by
its id does (…/Resources/metadata/app/fieldProcessing.json).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx
import orjson

from hub.errors import AuthError, Refusal, RejectedError, Unavailable
from hub.sdk.destination import HttpRequest
from hub.sdk.words import sent_in, without

API = "/api/v1"
REFUSED = frozenset({400, 403, 404, 409})
"""Statuses whose reason is in a header: read here, not by the client."""

Row = Mapping[str, Any]
"""One e-mail or phone of a record: itself, ``primary``, ``optOut``, ``invalid``, of a phone also ``type``."""

_HEADER = re.compile(r"field: (\w+), type: (\w+)")


def search(entity: str, attribute: str, values: Iterable[str], select: str = "id") -> HttpRequest:
    """Ask for the records of which ``attribute`` is one of ``values``, the oldest first.

    As many as the installation gives at once, 200 by default. ``where`` has the alias ``whereGroup`` since version 9.0;
    an older one would ignore that, and give every record (docs.espocrm.com/development/api-search-params).
    """
    query = {"where[0][type]": "in", "where[0][attribute]": attribute}
    query |= {f"where[0][value][{number}]": value for number, value in enumerate(values)}
    query |= {"attributeSelect": select, "orderBy": "createdAt", "order": "asc"}
    return HttpRequest("GET", f"{API}/{entity}", None, query, {"x-no-total": "true"}, REFUSED)


def read_list(response: httpx.Response) -> Sequence[Mapping[str, Any]]:
    """The records of a search. Raises Unavailable when the answer breaks off, AuthError where the role forbids it."""
    if not response.is_success:
        raise (AuthError if response.status_code == 403 else RejectedError)(said(response))
    listed = _decoded(response)
    records = listed.get("list") if isinstance(listed, dict) else None
    if not isinstance(records, list):
        raise Unavailable("EspoCRM's answer cannot be read", uncertain=True)
    return [record for record in records if isinstance(record, dict) and record.get("id")]


def read_record(response: httpx.Response) -> Mapping[str, Any]:
    """One record. Raises Unavailable (uncertain) when the answer breaks off: it may be written."""
    record = _decoded(response)
    if not isinstance(record, dict) or not isinstance(record.get("id"), str):
        raise Unavailable("EspoCRM's answer cannot be read", uncertain=True)
    return record


def read_duplicates(response: httpx.Response) -> tuple[str, ...]:
    """The ids of the records that a 409 names; none where it is about something else, such as a lock."""
    named = _decoded(response)
    return tuple(one["id"] for one in named if isinstance(one, dict) and "id" in one) if isinstance(named, list) else ()


def said(response: httpx.Response) -> str:
    """EspoCRM's own words about a refusal, without people's values.

    Raises AuthError for a 403 and Unavailable for any other refusal that is not EspoCRM's own: those have a reason in
    the header, or no body, or one of JSON. A web page is a proxy's or a firewall's.
    """
    reason = response.headers.get("x-status-reason")
    foreign = reason is None and bool(response.content.strip()) and _decoded(response) is None
    if response.status_code == 403 and reason is None:
        raise AuthError(f"403 {response.reason_phrase} without a reason of EspoCRM's: a firewall, or no API user's key")
    if foreign:
        uncertain = response.request.method != "GET"
        raise Unavailable(f"{response.status_code}: the answer is a web page, not EspoCRM's", uncertain=uncertain)
    words = without((reason or response.reason_phrase)[:300], sent_in(response.request))
    return f"EspoCRM answered {response.status_code}: {words}"


def refused_by(response: httpx.Response) -> tuple[Refusal, ...]:
    """The values at fault, by body or header."""
    named = _HEADER.search(response.headers.get("x-status-reason", ""))
    return refusals(_decoded(response)) or (_refusal(*named.groups()) if named else ())


def refusals(body: Any) -> tuple[Refusal, ...]:
    """The value that an error's body names: one field, and the check that it did not pass."""
    told = body.get("messageTranslation") if isinstance(body, Mapping) else None
    data = told.get("data") if isinstance(told, Mapping) and told.get("label") == "validationFailure" else None
    field, kind = (data.get("field"), data.get("type")) if isinstance(data, Mapping) else (None, None)
    return _refusal(field, kind) if isinstance(field, str) and isinstance(kind, str) else ()


def _refusal(field: str, kind: str) -> tuple[Refusal, ...]:
    return (Refusal("amountCurrency" if kind == "validCurrency" else field, kind),)


def _decoded(response: httpx.Response) -> Any:
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
