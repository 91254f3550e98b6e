"""Who became one person and why, who did not, what waits for a person, and what a person took back: for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hub.cli.review import side_by_side

Json = dict[str, Any]
MOST_JOINS = 2
"""People of more joins than this are told in short."""

MOST_CASES = 2
"""Reviews and splits that are told, of each kind."""


def tell(shown: Json, console: Console) -> None:
    """Print the stories of the document."""
    for part in (_merged, _apart, _doubtful, _taken_back):
        console.print()
        part(shown, console)


def table_of(*columns: str) -> Table:
    """A table of the report."""
    return Table(*columns, box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0), expand=False)


def _merged(shown: Json, console: Console) -> None:
    console.print(Text("WHO BECAME ONE PERSON, AND WHY", "bold"))
    bits = shown["bits"]
    console.print(
        f"Each bit of evidence doubles the odds that two records are one person. From {bits['same']:.1f} bits on they "
        f"are merged, from {bits['ask']:.1f} on a person is asked."
    )
    featured = [one for one in shown["merged"] if one["featured"]]
    told = sorted({one["featured"]: one for one in reversed(featured)}.values(), key=lambda one: len(one["joins"]))
    for one in told:
        console.print(Text.assemble((one["name"], "bold"), f": {one['featured']}; {one['records']} records → 1 person"))
        if len(one["joins"]) <= MOST_JOINS:
            for join in one["joins"]:
                _evidence(join, console)
        else:
            for line in one["why"]:
                console.print(Padding(Text(f"- {line}"), (0, 0, 0, 2)))
    others = [one for one in shown["merged"] if one not in told]
    if others:
        console.print(f"… and {len(others)} more people of {sum(one['records'] for one in others)} records")


def _evidence(join: Json, console: Console) -> None:
    systems = " and ".join(join[side].partition(":")[0] for side in ("one", "other"))
    console.print(Padding(Text(f"{systems}: {join['text']}"), (0, 0, 0, 2)))
    console.print(Padding(_lines(join["evidence"]), (0, 0, 0, 4)))


def _lines(evidence: Sequence[Json]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    for line in evidence:
        table.add_row(f"{line['weight']:+.1f}", Text(line["text"].rpartition(" (")[0]))
    return table


def _apart(shown: Json, console: Console) -> None:
    table = table_of("WHO WAS KEPT APART", "people", "BECAUSE")
    for group in shown["apart"]:
        table.add_row(Text(group["shared"]), str(len(group["people"])), Text("\n".join(group["why"])))
    console.print(table)
    for one in shown["quarantined"][:MOST_CASES]:
        console.print(
            f"hub identity status: a {one['kind']} on {one['records']} records is in quarantine; it {one['text']}"
        )


def _doubtful(shown: Json, console: Console) -> None:
    answered, waiting = shown["reviews"]["answered"], shown["reviews"]["open"]
    console.print(Text(f"WHAT ONLY A PERSON CAN TELL: {len(answered)} answered, {len(waiting)} open", "bold"))
    for one in answered[:MOST_CASES]:
        _review(one["review"], console)
        console.print(f"  answered: {one['command']}  ({one['reason']}): one person now")
        console.print(f"  to take it back: {', then '.join(one['undo'])}")
    for review in waiting[:MOST_CASES]:
        _review(review, console)
        console.print(f"  open: hub review accept {review['id']}, or reject, or reject --never")


def _review(review: Json, console: Console) -> None:
    stake = review["stake"]
    worth = ", ".join(f"{total['amount']} {total['currency']}" for total in stake["revenue"])
    weight = f"{review['weight']:.1f} bits" if review["weight"] is not None else "held by a guard"
    orders = f"{stake['orders']} order{'' if stake['orders'] == 1 else 's'}"
    console.print(f"{weight}, {review['waits']}; at stake: {orders}{', ' if worth else ''}{worth}")
    table = table_of("", "one", "other")
    for label, one, other in side_by_side(review):
        table.add_row(label, Text(one), Text(other))
    console.print(Padding(table, (0, 0, 0, 2)))
    console.print(Padding(_lines(review["evidence"]), (0, 0, 0, 2)))


def _taken_back(shown: Json, console: Console) -> None:
    console.print(Text("WHAT A PERSON TOOK BACK", "bold"))
    for split in shown["splits"][:MOST_CASES]:
        console.print(f"{' and '.join(split['people'])}: taken for one person")
        for join in split["why_merged"]:
            _evidence(join, console)
        console.print(f"  {split['command']}")
        table = table_of("in the CRM", "contact", "name", "e-mails", "deals")
        for when in ("before", "after"):
            for contact in split[when]:
                emails, deals = (Text("\n".join(contact[what])) for what in ("emails", "deals"))
                table.add_row(when, contact["id"], contact["name"], emails, deals)
        console.print(Padding(table, (0, 0, 0, 2)))
        for line in split["destinations"]:
            console.print(f"  {line['destination']}: {line['text']}")
        for cannot in split["cannot"]:
            console.print(f"  not to be undone there: {cannot}")
        console.print(f"  to take it back: {', then '.join(split['undo'])}")
    more = len(shown["splits"]) - MOST_CASES
    if more > 0:
        console.print(f"… and {more} more")
