"""Notices to people: e-mail, Slack, Teams, webhooks and a hundred more, by PyPI ``apprise``.

An address is an Apprise URL (https://github.com/caronc/apprise/wiki), such as ``mailto://…``, ``slack://…``,
``json://host/path``. It holds its credentials: no text here has more of it than the word before ``://``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

SECONDS = 20
"""How long one address may take: then it failed. It is not tried again at once, as it may have worked all the same."""

_MOST = 8_000
"""Characters of a notice; more than most services take is cut by Apprise."""

Kind = Literal["info", "success", "warning", "failure"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A text for people, without personal data. ``kind`` colours it where the service has colours."""

    title: str
    text: str
    kind: Kind = "info"


@dataclass(frozen=True, slots=True)
class Sent:
    """``service`` is the word before ``://``; ``number`` the place in the configuration, from 1 on."""

    number: int
    service: str
    ok: bool


def service_of(url: str) -> str:
    """The word before ``://``, all of an address that may be shown."""
    scheme, separator, _ = url.partition("://")
    return scheme.lower() if separator and scheme.isalnum() else "unknown"


def fault_of(url: str) -> str | None:
    """What is wrong with an address, without any of it; None where Apprise can use it."""
    import apprise

    with _silent():
        made = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if made is not None:
        return None
    service = service_of(url)
    if service == "unknown":
        return "is no Apprise URL, such as mailto://… or slack://… (https://github.com/caronc/apprise/wiki)"
    known = service in {scheme for plugin in apprise.Apprise().details()["schemas"] for scheme in _schemes(plugin)}
    return f"lacks something that {service}:// needs" if known else f"{service}:// is no service that Apprise knows"


def _schemes(plugin: dict[str, object]) -> list[str]:
    found: list[str] = []
    for name in ("protocols", "secure_protocols"):
        told = plugin.get(name)
        found += [told] if isinstance(told, str) else list(told) if isinstance(told, list | tuple | set) else []
    return found


def send(urls: Sequence[str], notice: Notice) -> list[Sent]:
    """Send a notice to every address, each on its own: one that fails keeps it from no other. Never raises."""
    import apprise

    return [Sent(number, service_of(url), _sent(apprise, url, notice)) for number, url in enumerate(urls, start=1)]


def _sent(apprise: object, url: str, notice: Notice) -> bool:
    with _silent():
        try:
            one = apprise.Apprise()  # type: ignore[attr-defined]
            return bool(
                one.add(url)
                and one.notify(notice.text[:_MOST], title=notice.title[:200], notify_type=notice.kind, timeout=SECONDS)
            )
        except Exception:  # whatever a service's code raises: its text may hold the address
            return False


class _silent:  # noqa: N801 - a context manager, used like a function
    """Apprise writes addresses and what they answered to its log."""

    def __enter__(self) -> None:
        logging.getLogger("apprise").disabled = True

    def __exit__(self, *_: object) -> None:
        return None
