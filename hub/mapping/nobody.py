"""What stands where there is no id. Pure."""

from __future__ import annotations

from functools import lru_cache

_NOBODY = frozenset(
    {"anonym", "anonymous", "distinctid", "false", "gast", "guest", "id", "ka", "keine", "keiner", "leer", "na", "nan"}
    | {"email", "nil", "none", "notauthenticated", "null", "objectobject", "true", "unbekannt", "undefined", "unknown"}
)
"""What programs write where there is no id. PostHog refuses to join by most of these
(https://posthog.com/docs/product-analytics/identify)."""


@lru_cache(maxsize=16_384)
def nobodys(value: str) -> bool:
    """Whether an id, number or handle is filler: a word for nothing, no letter or digit, zeros, four and more nines."""
    signs = "".join(filter(str.isalnum, value.lower()))
    return signs in _NOBODY or not signs.strip("0") or (len(signs) >= _ONE_SIGN and len(set(signs)) == 1)


_ONE_SIGN = 4
