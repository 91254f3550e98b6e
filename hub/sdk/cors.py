"""What a page on another host needs before its browser sends, and to see an answer. For public sources; pure.

Source: https://fetch.spec.whatwg.org/#http-cors-protocol.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hub.sdk.source import RawDelivery, Reply

_TOKENS = re.compile(r"[\w\-, ]{1,500}")
_DAY = "86400"


def shown(asked: Mapping[str, str], more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The headers without which no page sees an answer, by the request's; ``more`` go out with them alone.

    No cookie means anything at a public source, so any page may ask.
    """
    origin = asked.get("origin")
    if not origin or not origin.isprintable() or not origin.isascii():
        return {"vary": "origin"}
    return {"access-control-allow-origin": origin, **(more or {}), "vary": "origin"}


def may_send(delivery: RawDelivery, methods: str, headers: str) -> Reply:
    """The answer to a browser that asks before it sends; ``headers`` where it names none that can be."""
    names = delivery.headers.get("access-control-request-headers", "")
    return Reply(
        204,
        headers={
            "access-control-allow-methods": methods,
            "access-control-allow-headers": names if _TOKENS.fullmatch(names) else headers,
            "access-control-max-age": _DAY,
        },
    )
