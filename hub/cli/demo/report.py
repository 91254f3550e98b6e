"""What the demo shows: one document of data, and a table that is read in ten seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hub.cli.demo.cast import Cast
from hub.cli.demo.laws import Verdict
from hub.cli.demo.state import State
from hub.sdk.connection import Connection

Json = dict[str, Any]
WIDTH = 100


def document(
    state: State, cast: Cast, verdicts: Sequence[Verdict], connections: Mapping[str, Connection], seconds: Json
) -> Json:
    """Everything the demo shows, as data."""
    return {
        "held": all(verdict.held for verdict in verdicts),
        "seconds": seconds,
        "channels": [_channel(state, name, one) for name, one in connections.items() if one.connector.source],
        "people": len(cast.people),
        "profiles": len(state.profiles),
        "merged": _merged(state, cast),
        "apart": _apart(cast),
        "crm": _crm(state),
        "laws": [
            {
                "law": verdict.law,
                "title": verdict.title,
                "held": verdict.held,
                "checked": verdict.checked,
                "numbers": dict(verdict.numbers),
                "broken": list(verdict.broken),
            }
            for verdict in verdicts
        ],
    }


def _channel(state: State, name: str, connection: Connection) -> Json:
    states = Counter(entry["state"] for (owner, _), entry in state.inbox.items() if owner == name)
    events = [key for key in state.sent.acknowledged if key[0] == name]
    return {
        "connection": name,
        "system": connection.connector.manifest.name.partition(" (")[0],
        "channel": connection.connector.manifest.channel,
        "sent": state.sent.by_connection[name],
        "events": len(events),
        "redelivered": sum(state.sent.acknowledged[key] - 1 for key in events),
        "done": states["done"],
        "skipped": states["skipped"],
        "parked": states["parked"],
        "refused": state.sent.refused[name],
    }


def _merged(state: State, cast: Cast) -> list[Json]:
    found = []
    for person in cast.people:
        profile = state.profile_of(person.anchors[0])
        one = state.profiles.get(profile) if profile else None
        if one is None or len(one.golden["records"]) < 2:
            continue
        found.append(
            {
                "name": one.golden.get("name", {}).get("full") or person.name,
                "profile": str(one.id),
                "featured": person.featured,
                "records": len(one.golden["records"]),
                "connections": sorted({record["connection"] for record in one.golden["records"]}),
                "emails": one.golden.get("emails", []),
                "retired_ids": sum(winner == one.id for winner, _ in state.retired.values()),
                "why": [words(pair) for pair in state.one_person[one.id]["pairs"]],
            }
        )
    return found


def words(pair: Mapping[str, Any]) -> str:
    """Why two records are one, in short."""
    if pair["by"] != "evidence":
        return str(pair["text"])
    agreeing = [line["text"] for line in pair["evidence"] if line["weight"] > 0]
    return f"{pair['weight']:.1f} bits: {'; '.join(agreeing)}"


def _apart(cast: Cast) -> list[Json]:
    groups: dict[str, list[str]] = {}
    for person in cast.people:
        if person.group:
            groups.setdefault(person.group, []).append(person.name)
    return [{"shared": group, "people": people} for group, people in groups.items()]


def _crm(state: State) -> Json:
    rows = Counter(row["state"] for row in state.outbox)
    return {
        "contacts": len(state.contacts),
        "known_before": state.crm_had,
        "created": state.crm["contacts_created"] - state.crm_had,
        "merged_away": state.crm["contacts_created"] - len(state.contacts),
        "deals": len(state.deals),
        "unsubscribed": state.crm["unsubscribed"],
        "calls": state.crm["calls"],
        "endpoints": state.crm["by_endpoint"],
        "answers": dict(sorted(state.crm["answers"].items())),
        "delivered": rows["delivered"],
        "rejected": rows["rejected"],
        "reasons": sorted({row["reason"] for row in state.outbox if row["state"] == "rejected"}),
    }


def show(shown: Json) -> None:
    """Print the document for people, on stdout."""
    console = Console()
    console = Console(width=min(console.width, WIDTH) if console.is_terminal else WIDTH, highlight=False)
    events = sum(channel["events"] for channel in shown["channels"])
    sent = sum(channel["sent"] for channel in shown["channels"])
    head = f"{sent} webhooks → {events} events → {shown['people']} people → {shown['crm']['contacts']} CRM contacts"
    seconds = shown["seconds"]
    console.print(Text(f"{head}   ({seconds['total']:.0f} s, {seconds['start']:.0f} s of them to start)", "bold"))
    for part in (_channels_table, _merged_table, _crm_table, _laws_table):
        console.print()
        console.print(part(shown))
    held = sum(law["held"] for law in shown["laws"])
    style = "bold green" if shown["held"] else "bold red"
    console.print()
    console.print(Text(f"{held} of {len(shown['laws'])} laws held", style))


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0), expand=False)


def _channels_table(shown: Json) -> Table:
    table = _table("WHAT CAME IN")
    counts = ("sent", "events", "redelivered", "skipped", "parked", "refused")
    table.add_column("channel")
    for name in counts:
        table.add_column(name, justify="right")
    for channel in shown["channels"]:
        numbers = (str(channel[name] or "·") for name in counts)
        table.add_row(f"{channel['connection']} ({channel['system']})", channel["channel"], *numbers)
    return table


def _merged_table(shown: Json) -> Table:
    table = _table("WHO WAS MERGED", "records", "AND WHY")
    featured = [one for one in shown["merged"] if one["featured"]]
    listed = featured[:6]
    for one in listed:
        table.add_row(one["name"], f"{one['records']} → 1", Text("; ".join(one["why"])))
    others = [one for one in shown["merged"] if one not in listed]
    if others:
        table.add_row(f"… and {len(others)} others", f"{sum(one['records'] for one in others)} → {len(others)}", "")
    for group in shown["apart"]:
        table.add_row("kept apart", str(len(group["people"])), Text(group["shared"]))
    return table


def _crm_table(shown: Json) -> Table:
    crm, table = shown["crm"], _table("WHAT THE CRM GOT", "")
    table.add_row(
        "contacts",
        f"{crm['contacts']}: {crm['known_before']} it knew and {crm['created']} new, "
        f"{crm['merged_away']} of them merged into another",
    )
    table.add_row("deals", f"{crm['deals']} orders; e-mails unsubscribed: {crm['unsubscribed']}")
    answers = crm["answers"]
    trouble = f"{answers.get('429', 0)}× 429, {answers.get('500', 0)}× 500, {answers.get('silent', 0)}× no answer"
    table.add_row("calls", f"{crm['calls']}, of them {answers.get('207', 0)}× partly refused (207), {trouble}")
    for reason in crm["reasons"]:
        table.add_row("refused", Text(f"{crm['rejected']} record: {reason[:140]}"))
    return table


def _laws_table(shown: Json) -> Table:
    table = _table("LAWS", "", "CHECKED AND HELD" if shown["held"] else "CHECKED")
    for law in shown["laws"]:
        mark = Text("✓", "green") if law["held"] else Text("✗ broken", "bold red")
        table.add_row(Text(f"{law['law']} {law['title']}"), mark, Text(law["checked"]))
        for broken in Counter(law["broken"]).most_common(5):
            table.add_row("", "", Text(f"{broken[1]}× {broken[0]}", "red"))
    return table
