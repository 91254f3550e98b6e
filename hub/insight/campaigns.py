"""By which campaign somebody came: the name that a link tells, or that of the mail. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hub.insight.attribution import REPEATED
from hub.insight.touches import Happened, channel_of, channel_of_order
from hub.mapping.came import came_by

MOST = 200
"""Campaigns that stand for themselves in a currency: links with a name for each person would be rows of one."""

OTHERS = "(others)"
_MAIL = "email"
_LONGEST = 100


@dataclass(frozen=True, slots=True, order=True)
class Campaign:
    """A campaign of a channel; ``name`` is empty where the touch names none."""

    channel: str
    name: str = ""

    @property
    def label(self) -> str:
        """As a step of a path: of touches without a campaign it is the channel, so that models know ``direct``."""
        return f"{self.channel}\n{self.name}" if self.name else self.channel


def campaign_of(label: str) -> Campaign:
    """The campaign that a label is of."""
    channel, _, name = label.partition("\n")
    return Campaign(channel, name)


def of_interaction(told: Mapping[str, Any]) -> Campaign | None:
    """The campaign of an interaction, as it is stored: of its link where it has a name, else its own.

    None for what is no touch.
    """
    channel = channel_of(told)
    if channel is None:
        return None
    details = told.get("details")
    read = details if isinstance(details, Mapping) else {}
    linked = came_by(str(told.get("url") or "")).get("utm_campaign") or read.get("utm_campaign")
    return Campaign(channel, _name(linked or told.get("campaign") or read.get("campaign")))


def of_order(told: Mapping[str, Any]) -> Campaign | None:
    """The campaign that an order, as it is stored, says it came by; None where it says nothing of how it came."""
    channel, custom = channel_of_order(told), told.get("custom")
    if channel is None or not isinstance(custom, Mapping):
        return None
    return Campaign(channel, _name(custom.get("utm_campaign") or custom.get("campaignCode")))


def _name(told: object) -> str:
    """Without differences of case and spaces, by which one campaign would be two; nothing that may be an address."""
    name = " ".join(str(told or "").split())[:_LONGEST].casefold()
    return "" if "@" in name else name


def one_visit(seen: Iterable[tuple[Campaign, float, bool]]) -> list[tuple[Campaign, float]]:
    """Touches without what a click in a mail led to (campaign, time in seconds, whether it is such a click).

    The mail's own name may be another one than that of its links: the page that the click opened, within half an hour,
    is no second touch.
    """
    every = sorted(seen)
    clicks = sorted(at for _, at, click in every if click)
    return [
        (campaign, at) for campaign, at, click in every if click or campaign.channel != _MAIL or not _near(clicks, at)
    ]


def _near(times: Sequence[float], at: float) -> bool:
    place = bisect_left(times, at - REPEATED)
    return place < len(times) and times[place] <= at + REPEATED


def few(people: Sequence[Sequence[Happened]], most: int = MOST) -> tuple[list[list[Happened]], int]:
    """The same with the campaigns that most people were touched by, the rest of a channel as one; and how many that is.

    Of campaigns with as many people the first of the alphabet stay.
    """
    touched = Counter(
        label for person in people for label in {one.channel for one in person if one.channel and "\n" in one.channel}
    )
    rest = set(sorted(touched, key=lambda one: (-touched[one], one))[most:])
    joined = {one: Campaign(campaign_of(one).channel, OTHERS).label for one in rest}
    told = [
        [replace(one, channel=joined[one.channel]) if one.channel in joined else one for one in person]
        for person in people
    ]
    return told, len(rest)


def begun(people: Iterable[Iterable[Happened]]) -> dict[str, float]:
    """When each was first seen, in seconds."""
    found: defaultdict[str, float] = defaultdict(lambda: float("inf"))
    for person in people:
        for one in person:
            if one.channel is not None:
                found[one.channel] = min(found[one.channel], one.at)
    return dict(found)
