"""What the demo shows: one document of data, and a table that is read in ten seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from hub.cli import output
from hub.demo.laws import Verdict
from hub.demo.roles import Cast
from hub.demo.scenes import Undone
from hub.demo.state import State
from hub.demo.stories import table_of, tell
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
        "channels": [_channel(state, name, one) for name, one in connections.items() if _is_channel(one)],
        "people": len(cast.people),
        "bits": {"same": state.same, "ask": state.ask},
        "profiles": len(state.profiles),
        "merged": _merged(state, cast),
        "apart": _apart(state, cast),
        "quarantined": [
            {"kind": each.kind, "value": each.value, "records": each.carriers, "text": each.text}
            for each in state.quarantined
        ],
        "reviews": {
            "answered": [
                {
                    "review": each.review,
                    "answer": "accept",
                    "reason": each.doubt.reason,
                    "profiles": each.done["judged"]["profiles"],
                    "command": f"hub review accept {each.review['id']}",
                    "undo": each.done["judged"]["undo"],
                }
                for each in state.decided.answered
            ],
            "open": list(state.decided.open),
        },
        "splits": [_split(undone) for undone in state.decided.undone],
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


def _is_channel(connection: Connection) -> bool:
    """Whether customers come in by it: a CRM is read too, and shown on the other side."""
    return connection.connector.source is not None and connection.connector.manifest.channel != "crm"


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
                "why": list(dict.fromkeys(_words(pair) for pair in state.one_person[one.id]["pairs"])),
                "joins": [_join(pair) for pair in state.one_person[one.id]["pairs"]],
            }
        )
    return found


def _words(pair: Mapping[str, Any]) -> str:
    """Why two records are one, in short: what speaks most for it."""
    if pair["by"] != "evidence":
        return f"{pair['one']['connection']}: {pair['text']}" if pair["by"] == "link" else str(pair["text"])
    agreeing = sorted(pair["evidence"], key=lambda line: -line["weight"])[:3]
    texts = (line["text"].partition(":")[0] for line in agreeing if line["weight"] > 0)
    return f"{' · '.join(texts)} ({pair['weight']:.1f} bits)"


def _join(pair: Mapping[str, Any]) -> Json:
    return {
        "one": _record(pair["one"]),
        "other": _record(pair["other"]),
        "by": pair["by"],
        "text": pair["text"],
        "weight": pair["weight"],
        "evidence": pair["evidence"],
    }


def _record(record: Mapping[str, Any]) -> str:
    return f"{record['connection']}:{record['kind']}:{record['external_id']}"


def _apart(state: State, cast: Cast) -> list[Json]:
    groups: dict[str, list[str]] = {}
    for person in cast.people:
        if person.group:
            groups.setdefault(person.group, []).append(person.name)
    return [
        {"shared": group, "people": people, "why": list(state.guards.get(group, ()))}
        for group, people in groups.items()
    ]


def _split(undone: Undone) -> Json:
    lines = undone.done["destinations"]
    return {
        "people": list(undone.mistake.names),
        "why_merged": [_join(pair) for pair in undone.why],
        "reason": undone.mistake.reason,
        "command": f"hub profile split {undone.mistake.kept.profile} {undone.mistake.taken}",
        "before": list(undone.before),
        "after": list(undone.after),
        "destinations": [{name: line[name] for name in ("destination", "profile", "will", "text")} for line in lines],
        "cannot": list(dict.fromkeys(text for line in lines for text in line["cannot"])),
        "undo": undone.done["undo"],
    }


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
        "left_out": sorted(row["refused"] for row in state.outbox if row["refused"]),
    }


def show(shown: Json) -> None:
    """Print the document for people, on stdout."""
    console = output.SafeConsole()
    console = output.SafeConsole(width=min(console.width, WIDTH) if console.is_terminal else WIDTH)
    events = sum(channel["events"] for channel in shown["channels"])
    sent = sum(channel["sent"] for channel in shown["channels"])
    head = f"{sent} webhooks → {events} events → {shown['people']} people → {shown['crm']['contacts']} CRM contacts"
    seconds = shown["seconds"]
    console.print(Text(f"{head}   ({seconds['total']:.0f} s, {seconds['start']:.0f} s of them to start)", "bold"))
    console.print()
    console.print(_channels_table(shown))
    tell(shown, console)
    for part in (_crm_table, _laws_table):
        console.print()
        console.print(part(shown))
    if told := shown.get("insight"):
        console.print()
        console.print(Text("WHAT IT SAYS ABOUT CUSTOMERS", "bold"))
        for one in told:
            console.print(Text(f"  {one['about']}: {one['text']}"))
    if scene := shown.get("both_ways"):
        console.print()
        console.print(Text("MARKETING AND SALES", "bold"))
        for line in scene["told"]:
            console.print(Text(f"  {'✗ ' if line in scene['broken'] else ''}{line}"))
    held = sum(law["held"] for law in shown["laws"])
    style = "bold green" if shown["held"] else "bold red"
    console.print()
    console.print(Text(f"{held} of {len(shown['laws'])} laws held", style))


def _channels_table(shown: Json) -> Table:
    table = table_of("WHAT CAME IN")
    counts = ("sent", "events", "redelivered", "skipped", "parked", "refused")
    table.add_column("channel")
    for name in counts:
        table.add_column(name, justify="right")
    for channel in shown["channels"]:
        numbers = (str(channel[name] or "·") for name in counts)
        table.add_row(f"{channel['connection']} ({channel['system']})", channel["channel"], *numbers)
    return table


def _crm_table(shown: Json) -> Table:
    crm, table = shown["crm"], table_of("WHAT THE CRM GOT", "")
    table.add_row(
        "contacts",
        f"{crm['contacts']}: {crm['known_before']} it knew and {crm['created']} new, "
        f"{crm['merged_away']} of them merged into another",
    )
    table.add_row("deals", f"{crm['deals']} orders; e-mails unsubscribed: {crm['unsubscribed']}")
    answers = crm["answers"]
    named = {"429": "429", "500": "500", "silent": "no answer", "cut": "an answer cut off"}
    trouble = ", ".join(f"{answers.get(kind, 0)}× {words}" for kind, words in named.items())
    table.add_row("calls", f"{crm['calls']}, of them {answers.get('207', 0)}× partly refused (207), {trouble}")
    for refused in crm["left_out"]:
        table.add_row("left out", Text(f"of one contact, as the CRM refuses it: {refused}"))
    return table


def _laws_table(shown: Json) -> Table:
    table = table_of("LAWS", "", "CHECKED AND HELD" if shown["held"] else "CHECKED")
    for law in shown["laws"]:
        mark = Text("✓", "green") if law["held"] else Text("✗ broken", "bold red")
        table.add_row(Text(f"{law['law']} {law['title']}"), mark, Text(law["checked"]))
        for broken in Counter(law["broken"]).most_common(5):
            table.add_row("", "", Text(f"{broken[1]}× {broken[0]}", "red"))
    return table
