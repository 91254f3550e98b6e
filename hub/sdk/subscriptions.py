"""Webhook subscriptions at the vendor: what a source connector says of them, and which of ours are missing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic

from hub.sdk.http import HttpClient
from hub.sdk.manifest import Settings


@dataclass(frozen=True, slots=True)
class Subscription:
    """One webhook at the vendor. ``topic`` is as the manifest names it; ``active`` is False once the vendor gave up."""

    id: str
    topic: str
    url: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Subscriptions(Generic[Settings]):
    """How webhooks are made at a vendor. Each function raises the error tree.

    listed   every webhook that these credentials may see, of whichever address
    create   makes webhooks of these topics to this address
    remove   takes one away; NotFound where it is gone already is no error
    topics   what is subscribed to, where that is not every topic of the manifest; may depend on the settings
    renews   ``create`` also puts back what is inactive, where one webhook carries many topics or a key of its own
    after    what a person has to do once webhooks were made, in one sentence; nothing where ""
    """

    listed: Callable[[HttpClient, Settings], Iterable[Subscription]]
    create: Callable[[HttpClient, Settings, str, Sequence[str]], None]
    remove: Callable[[HttpClient, Settings, Subscription], None]
    topics: Sequence[str] | Callable[[Settings], Sequence[str]] = ()
    renews: bool = False
    after: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the webhooks to one address are. ``doubled`` are further ones of a topic that has one already."""

    kept: tuple[Subscription, ...] = ()
    inactive: tuple[Subscription, ...] = ()
    doubled: tuple[Subscription, ...] = ()
    lacking: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        """Every topic comes, each once."""
        return not (self.lacking or self.inactive or self.doubled)


def standing(found: Iterable[Subscription], topics: Sequence[str], url: str) -> Standing:
    """Sort what was found. Webhooks of other addresses and other topics are somebody else's, and left out."""
    own = [one for one in found if one.url.rstrip("/") == url.rstrip("/") and one.topic in topics]
    kept: dict[str, Subscription] = {}
    doubled: list[Subscription] = []
    for one in sorted(own, key=lambda one: (one.topic, one.id)):
        if not one.active:
            continue
        if one.topic in kept:
            doubled.append(one)
        else:
            kept[one.topic] = one
    return Standing(
        kept=tuple(kept.values()),
        inactive=tuple(one for one in own if not one.active),
        doubled=tuple(doubled),
        lacking=tuple(topic for topic in topics if topic not in kept),
    )
