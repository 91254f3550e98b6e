"""What ``hub identity status`` tells."""

from __future__ import annotations

from typing import Any

from hub.application.calibrate import calibrated
from hub.application.in_force import in_force
from hub.cli import output
from hub.matching.rules import IdentityRules
from hub.profiles.survivorship import SurvivorshipRules
from hub.store import identity_status, marks, versions
from hub.store.database import Session
from hub.store.identity_status import Quarantined
from hub.store.versions import VersionRow


def collected(session: Session, rules: IdentityRules, survivorship: SurvivorshipRules, limit: int) -> dict[str, Any]:
    """Everything as JSON has it, lists of up to ``limit`` items; ``rules`` and ``survivorship`` are configured."""
    holds_by = in_force(session, rules, survivorship, {}).identity
    limits = holds_by.rules.limits
    large = identity_status.large(session, limits.records, limits.orders, limits.revenue)
    return {
        "version": _version(versions.get(session, holds_by.version) if holds_by.version else None),
        "weights": _version(versions.origin(session)),
        "thresholds": {"same": holds_by.model.same, "ask": holds_by.model.ask},
        **identity_status.counts(session),
        "quarantined": {
            "count": identity_status.quarantined_count(session),
            "items": [
                _quarantined(each, holds_by.rules)
                for each in identity_status.quarantined(session, limit, list(holds_by.rules.order))
            ],
        },
        "limits": {"records": limits.records, "orders": limits.orders, "revenue": str(limits.revenue)},
        "above_limits": {
            "count": len(large),
            "items": [
                {"profile": each.profile, "records": each.records, "orders": each.orders, "revenue": str(each.revenue)}
                for each in large[:limit]
            ],
        },
        "set_aside_items": [
            {"id": mark, "records": [str(one) for one in of], "reason": reason}
            for mark, of, reason in marks.set_aside(session, limit)
        ],
        "holds": {"count": identity_status.holds_count(session), "items": identity_status.holds(session, limit)},
        "calibration": calibrated(session, holds_by.model),
    }


def _version(row: VersionRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {"id": row.id, "by": row.by, "at": row.created_at, "note": row.note, "records": row.records}


def _quarantined(held: Quarantined, rules: IdentityRules) -> dict[str, Any]:
    most = {str(kind): rule.max_people for kind, rule in rules.identifiers.items()}
    return {
        "kind": held.kind,
        "value": held.value,
        "more_people_than": most.get(held.kind),
        "carriers": held.carriers,
        "profiles": held.profiles,
        "since": held.since,
        "text": held.text,
    }


def show(told: dict[str, Any]) -> None:
    """The same for people."""
    output.show(f"in force: {_said(told['version'], 'the rules of the configuration')}")
    weights = told["weights"]
    output.show(
        f"weights: {_said(weights, 'as shipped')}" + (f", from {weights['records']:,} records" if weights else "")
    )
    output.show(f"training by itself: {'on' if told['automatic_training'] else 'off'}")
    columns = ("records", "profiles", "waiting", "placing", "open_reviews")
    output.show_table(
        ("records", "profiles", "to be resolved again", "batches to be placed", "open reviews"),
        [[told[each] for each in columns]],
    )
    if told["set_aside"]:
        _show_list(
            {"count": told["set_aside"], "items": told["set_aside_items"]},
            "set aside, because Hub failed to place them (hub identity retry)",
            ("id", "records", "because"),
            lambda each: (each["id"], ", ".join(each["records"]), each["reason"]),
        )
    _show_list(
        told["quarantined"],
        "identifiers that prove nothing, because too many share them",
        ("kind", "value", "records", "profiles", "since", ""),
        lambda each: (
            each["kind"], each["value"], each["carriers"], each["profiles"], f"{each['since']:%Y-%m-%d %H:%M}",
            each["text"],
        ),
    )  # fmt: skip
    limits = told["limits"]
    most = f"{limits['records']} records, {limits['orders']} orders, {limits['revenue']} revenue"
    _show_list(
        told["above_limits"],
        f"profiles above the limits ({most})",
        ("profile", "records", "orders", "revenue"),
        lambda each: (each["profile"], each["records"], each["orders"], each["revenue"]),
    )
    _show_list(
        told["holds"],
        "merges held for a person to decide (hub review)",
        ("id", "since", "profiles", "because"),
        lambda each: (
            each["id"], f"{each['at']:%Y-%m-%d %H:%M}", ", ".join(map(str, each["profiles"])), each["reason"],
        ),
    )  # fmt: skip
    _show_calibration(told["calibration"])


def _show_calibration(told: dict[str, Any]) -> None:
    output.show("")
    output.show(
        f"what people answered, by the bits at which they were asked: {told['answered']:,}"
        f" (beside it {told['joined_by_hand']:,} joined and {told['taken_apart_by_hand']:,} taken apart by hand)"
    )
    if told["answered"]:
        output.show_table(
            ("bits", "should be one person", "answered", "accepted", "refused", "accepted of 100"),
            [
                (
                    _span(band["since"], band["until"]), "{:.0%} to {:.0%}".format(*band["probability"]),
                    band["answered"], band["accepted"], band["refused"],
                    f"{100 * band['accepted'] / band['answered']:.0f}" if band["answered"] else "",
                )
                for band in told["bands"]
            ],
        )  # fmt: skip
    output.show(told["text"])


def _span(since: float | None, until: float | None) -> str:
    if since is None:
        return f"below {until:g}"
    return f"{since:g} and more" if until is None else f"{since:g} to {until:g}"


def _said(version: dict[str, Any] | None, otherwise: str) -> str:
    if version is None:
        return otherwise
    return f"version {version['id']} by {version['by']} at {version['at']:%Y-%m-%d %H:%M}: {version['note']}"


def _show_list(listed: dict[str, Any], title: str, columns: tuple[str, ...], row: Any) -> None:
    output.show("")
    output.show(f"{title}: {listed['count']:,}")
    if listed["items"]:
        output.show_table(columns, [row(each) for each in listed["items"]])
    if listed["count"] > len(listed["items"]):
        output.say(f"{listed['count'] - len(listed['items']):,} more; --limit shows more")
