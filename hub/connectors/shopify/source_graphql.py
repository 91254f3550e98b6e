"""One call of Shopify's GraphQL Admin API: its answers are 200 also when something is wrong.

Sources: https://shopify.dev/docs/api/admin-graphql (errors, THROTTLED, ACCESS_DENIED) and
https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits: a query has to have its ``requestedQueryCost`` in
the bucket, which fills by ``restoreRate`` points a second and gives back what the query did not need.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from hub.connectors.shopify.manifest import ShopifySettings
from hub.errors import AuthError, HubError, RateLimited, RejectedError, Unavailable
from hub.sdk.http import HttpClient, json_of


class TooCostlyError(RejectedError):
    """The query costs more than any query may: it has to ask for less."""


_CODES: Mapping[str, type[HubError]] = {
    "MAX_COST_EXCEEDED": TooCostlyError,
    "ACCESS_DENIED": AuthError,
    "INTERNAL_SERVER_ERROR": Unavailable,
    "TIMEOUT": Unavailable,
}


def ask(
    client: HttpClient, settings: ShopifySettings, query: str, variables: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    """The answer's ``data``. The client's next call waits until the bucket holds what this one asked for.

    Raises RateLimited with the seconds until then, AuthError without the scope, Unavailable, RejectedError.
    """
    asked = {"query": query, **({"variables": dict(variables)} if variables else {})}
    answer = json_of(client.post(f"admin/api/{settings.api_version}/graphql.json", asked))
    seconds = seconds_until_room((answer.get("extensions") or {}).get("cost"))
    errors = answer.get("errors") or ()
    if errors and not _only_extras(errors):
        raise _error_of(errors, seconds)
    client.hold(seconds)
    return answer.get("data") or {}


def data_of(response: httpx.Response) -> Mapping[str, Any]:
    """The ``data`` of an answer to what Hub writes. Raises as ``ask`` does."""
    answer = json_of(response)
    told = answer if isinstance(answer, dict) else {}
    if errors := told.get("errors"):
        raise _error_of(errors, seconds_until_room((told.get("extensions") or {}).get("cost")))
    found = told.get("data")
    if not isinstance(found, dict):
        raise Unavailable("the GraphQL Admin API gave no data", uncertain=True)
    return found


_EXTRAS = ("retailLocation", "customerJourneySummary")


def _only_extras(errors: Any) -> bool:
    """Whether only what needs more than the scope of orders is denied: everything else is told all the same.

    Where an order was made needs ``read_locations``; the page of a visit is protected customer data.
    """
    paths = [one.get("path") or [""] if isinstance(one, dict) else [""] for one in errors]
    return all(any(extra in path for extra in _EXTRAS) for path in paths)


def seconds_until_room(cost: Any) -> float:
    """How long until a query like this one fits into the bucket again; nought where the answer does not tell. Pure."""
    told = cost if isinstance(cost, dict) else {}
    status = told.get("throttleStatus") or {}
    asked, there, rate = (
        _number(told.get("requestedQueryCost")),
        _number(status.get("currentlyAvailable")),
        _number(status.get("restoreRate")),
    )
    return max(0.0, (asked - there) / rate) if rate > 0 and "currentlyAvailable" in status else 0.0


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _error_of(errors: Any, seconds: float) -> HubError:
    found = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    codes = [str((one.get("extensions") or {}).get("code") or "") for one in found]
    words = "; ".join(str(one.get("message") or "") for one in found) or str(errors)
    message = f"the GraphQL Admin API refused: {words[:300]}"
    if "THROTTLED" in codes or words == "Throttled":
        return RateLimited("the GraphQL Admin API throttled", retry_after=seconds or None)
    kind: type[HubError] = next((_CODES[code] for code in codes if code in _CODES), RejectedError)
    return kind(message)
