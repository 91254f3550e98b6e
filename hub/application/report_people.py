"""Reports on groups of people: personas, what people buy next, and campaigns with a control group."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from hub.application.recommend import ORDERS, goods
from hub.insight import holdout, personas
from hub.insight.clusters import STABLE
from hub.insight.customers import Customers
from hub.insight.homes import home_of, in_words
from hub.insight.model import Model
from hub.insight.reports import Cell, Report
from hub.store import customer_stats, touches
from hub.store.database import Session
from hub.store.records import golden_of
from hub.store.text import or_else

LOOKED_AT = 5_000
"""Customers of whom products are looked at."""

MOST_HISTORIES = 2_000_000
TYPICAL = 3
HELD_OUT = "held out"
"""The subject of what a source tells (``tracked``) of people whom a campaign was kept from."""


def persona_report(session: Session, model: Model, told: Customers, currencies: Sequence[str]) -> Report:
    """Each persona in words: how many, their share of revenue, what they buy more of, and typical histories."""
    columns = (
        "persona", "what sets it apart", "customers", "share", "currency", "share of revenue", "buys more of",
        "lives in", "born",
        *(f"typical history {number + 1}" for number in range(TYPICAL)),
    )  # fmt: skip
    held = model.personas
    if held is None:
        said = [line for line in model.said if "persona" in line]
        notes = tuple(said) or ("too little data: nothing is fitted yet (`hub insight run`)",)
        return Report("personas", "Personas", columns, [], notes)
    if not len(told.counts):
        return Report("personas", "Personas", columns, [], ("too little data: nobody has ordered yet",))
    day = np.full(len(told.counts), float(told.as_of))
    ranks = held.ranks(told, currencies, day)
    groups = held.of(told, currencies, day)
    sampled = customer_stats.sampled_ids(session, told.as_of, len(told.counts))
    ids, vias = [one for one, _ in sampled[:LOOKED_AT]], [via for _, via in sampled]
    goods_of = _favourites(session, ids, groups, len(held.groups))
    homes_of = _homes(session, ids, groups, len(held.groups))
    total, named = told.total(), np.array(list(currencies), dtype=object)
    rows: list[tuple[Cell, ...]] = []
    for place, persona in enumerate(held.groups):
        mine = groups == place
        words = ", ".join(personas.in_words(persona.centre)) or "like everybody"
        stories = [
            personas.journey(told, row, currencies[row], vias[row] if row < len(vias) else "a shop")
            for row in personas.typical(ranks, groups, held.centres, place, TYPICAL)
        ]
        for currency in sorted(set(named[mine].tolist())):
            everybody = float(total[named == currency].sum())
            share = round(float(total[mine & (named == currency)].sum()) / everybody, 4) if everybody else None
            number = int((mine & (named == currency)).sum())
            rows.append(
                (persona.name, words, number, round(float(mine.mean()), 4), currency, share,
                 ", ".join(goods_of[place]), *homes_of[place], *(stories + [""] * TYPICAL)[:TYPICAL])
            )  # fmt: skip
    notes = (
        f"resamples agree on these groups by {held.agreement:.2f} ({STABLE} is needed; seed {held.seed})",
        "a persona is the group of the nearest: histories are of single customers, without names or dates",
    )
    return Report("personas", "Personas", columns, rows, notes)


def _favourites(session: Session, ids: Sequence[Any], groups: Any, number: int) -> list[list[str]]:
    """Of each group up to five products that clearly more of it than of everybody buy."""
    mine = goods(touches.bought(session, ids, ORDERS)) if ids else {}
    everybody, by_group = Counter[str](), [Counter[str]() for _ in range(number)]
    sizes = Counter[int]()
    for row, one in enumerate(ids):
        group = int(groups[row])
        sizes[group] += 1
        for item in mine[one].days if one in mine else ():
            everybody[item] += 1
            by_group[group][item] += 1
    told = []
    for group in range(number):
        lifts = [
            (many / sizes[group] - everybody[item] / len(ids), item)
            for item, many in by_group[group].items()
            if many >= 5 and many / sizes[group] >= 1.2 * everybody[item] / len(ids)
        ]
        told.append([item for _, item in sorted(lifts, key=lambda one: (-one[0], one[1]))[:5]])
    return told


def _homes(session: Session, ids: Sequence[UUID], groups: Any, number: int) -> list[tuple[str, str]]:
    """Of each group where it lives, and when it was born, as far as people told it."""
    read = {one: or_else(text, {}) for one, text in golden_of(session, ids).items()} if ids else {}
    homes = [home_of(golden if isinstance(golden := read.get(one), dict) else {}) for one in ids]
    return [
        in_words([home for row, home in enumerate(homes) if int(groups[row]) == group], homes)
        for group in range(number)
    ]


def up_sell_report(session: Session) -> Report:
    """Which dearer product owners of another one of its category moved on to, the surest first."""
    columns = ("product", "then", "by", "of", "share")
    best = sorted(touches.steps(session), key=lambda row: (-row.moved / row.owners, row.item, row.other))[:50]
    rows: list[tuple[Cell, ...]] = [
        (row.item, row.other, row.moved, row.owners, row.moved / row.owners) for row in best
    ]
    missing = "too little data: no five owners moved on to a dearer product of one category (the catalogue tells which)"
    return Report("up-sell", "Bought later, and dearer", columns, rows, () if rows else (missing,))


def replenishment_report(session: Session) -> Report:
    """What is used up and bought again, and after how many days."""
    columns = ("product", "again after days", "bought it again", "of", "share")
    used = [row for row in touches.habits(session) if row.gap_days > 0]
    best = sorted(used, key=lambda row: (-row.again, row.item))[:50]
    rows: list[tuple[Cell, ...]] = [
        (row.item, row.gap_days, row.again, row.bought, row.again / row.bought) for row in best
    ]
    missing = "too little data: no product was bought again by five customers and a fifth of its buyers"
    return Report("replenishment", "Bought again", columns, rows, () if rows else (missing,))


def holdout_report(session: Session) -> Report:
    """What campaigns of the last year brought, against those whom they were kept from; the last one first."""
    columns = (
        "campaign", "written from", "currency", "written to", "held out", "share who ordered",
        "share of those held out", "share more", "at least", "at most",
        "brought", "brought at least", "brought at most",
    )  # fmt: skip
    now = session.now()
    groups: defaultdict[str, dict[bool, list[dict[str, float]]]] = defaultdict(lambda: {True: [], False: []})
    window = timedelta(days=holdout.DAYS)
    begun: dict[str, datetime] = {}
    for rows in touches.histories(session, now - timedelta(days=365), MOST_HISTORIES):
        first: dict[str, tuple[Any, bool]] = {}
        for row in rows:
            told = _campaign(row.payload) if row.net is None else None
            if told is not None and told[0] not in first and row.at <= now - window:
                first[told[0]] = row.at, told[1]
        for campaign, (at, held) in first.items():
            begun[campaign] = min(at, begun.get(campaign, at))
            spent: defaultdict[str, float] = defaultdict(float)
            for row in rows:
                if row.net and row.currency and at < row.at <= at + window:
                    spent[row.currency] += row.net
            groups[campaign][held].append(dict(spent))
    found: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    for campaign, each in sorted(groups.items(), key=lambda one: (-begun[one[0]].timestamp(), one[0])):
        if not each[True]:
            continue
        for currency in sorted({name for side in each.values() for one in side for name in one}) or ["-"]:
            written, held_out = ([one.get(currency, 0.0) for one in each[side]] for side in (False, True))
            told_of = holdout.compare(written, held_out)
            if isinstance(told_of, str):
                notes.append(f"{campaign}: {told_of}")
                break
            shares = (told_of.share_written, told_of.share_held, *told_of.more)
            found.append(
                (campaign, begun[campaign].date().isoformat(), currency, told_of.written, told_of.held,
                 *(round(one, 4) for one in shares), *(round(one, 2) for one in told_of.brought))
            )  # fmt: skip
            if not told_of.certain:
                notes.append(f"{campaign} in {currency}: the difference may be an accident")
    if not found and not notes:
        notes.append(f"no control group: nothing was told of people {HELD_OUT} from a campaign (docs/insight.md)")
    return Report("holdout", "What campaigns brought", columns, found, tuple(notes))


def _campaign(payload: Any) -> tuple[str, bool] | None:
    """The campaign that an interaction is of, and whether it was kept from the person; None where it is of none."""
    details = payload.get("details")
    named = payload.get("campaign") or (details.get("campaign") if isinstance(details, dict) else None)
    kind = payload.get("kind")
    if not named:
        return None
    if kind == "tracked" and str(payload.get("subject") or "").strip().lower() == HELD_OUT:
        return str(named), True
    sent = kind in ("email_sent", "email_delivered") or (kind == "message" and payload.get("direction") == "out")
    return (str(named), False) if sent else None
