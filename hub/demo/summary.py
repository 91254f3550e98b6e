"""The demo's report on one screen: what came in, who is one person, what the CRM got, and whether the laws held."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from rich.text import Text

from hub.cli import output

Json = dict[str, Any]
WIDTH = 79
SCREEN = 24
"""Lines that all of it has where every law held."""

MARGIN = 12
MANY = 200
"""People from which on it is told in a part of its own, below the screen, what is said about them."""


def show(shown: Json) -> None:
    """Print it for people, on stdout: at most 24 lines of 79 characters when every law held and they are few."""
    console = output.SafeConsole(width=WIDTH + 1)
    for line in lines(shown):
        console.print(line)


def lines(shown: Json) -> list[Text]:
    """The lines of the screen."""
    channels, crm, laws = shown["channels"], shown["crm"], shown["laws"]
    events = sum(channel["events"] for channel in channels)
    sent = sum(channel["sent"] for channel in channels)
    head = f"{sent} webhooks → {events} events → {shown['people']} people → {crm['contacts']} CRM contacts"
    found = [Text(f"{head}   ({shown['seconds']['total']:.0f} s)", "bold"), Text("")]
    came = ", ".join(f"{channel['connection']} {channel['events']}" for channel in channels)
    found += _part("CAME IN", f"{came}; {_odd(channels)}")
    found += _part("ONE PERSON", _merged(shown["merged"]))
    apart = (f"{len(one['people'])} people share {one['shared']}" for one in shown["apart"])
    found += _part("KEPT APART", "; ".join(apart))
    reviews = shown["reviews"]
    asked = f"{len(reviews['answered'])} doubtful matches answered by a person, {len(reviews['open'])} open"
    found += _part("A PERSON", f"{asked}; {len(shown['splits'])} wrong merges taken back, in the CRM too")
    found += _part("CRM GOT", _crm(crm))
    if scene := shown.get("both_ways"):
        found += _part("BOTH WAYS", "; ".join(scene["broken"]) or scene["short"], 2)
    place = len(found)
    held = [law for law in laws if law["held"]]
    found += _part("LAWS", " · ".join(f"{law['law']} {law['title'].partition(':')[0]}" for law in held))
    for law in laws:
        if not law["held"]:
            broken = f"{law['law']} {law['title']}: {'; '.join(law['broken'][:2])}"
            found += [Text(line, "bold red") for line in wrap(f"✗ {broken}", WIDTH)]
    style = "bold green" if shown["held"] else "bold red"
    found += [Text(""), Text(f"{len(held)} of {len(laws)} laws held", style)]
    told = shown.get("insight") or []
    if shown["people"] < MANY and told:
        texts = ". ".join(one["text"] for one in told)
        found[place:place] = _part("INSIGHT", texts, max(1, min(6, SCREEN - 1 - len(found))))
    elif told:
        found += [Text(""), Text("WHAT IT SAYS ABOUT YOUR CUSTOMERS", "bold")]
        for one in told:
            found += _part(one["about"], one["text"])
        found += [Text("")]
    return [*found, Text("hub demo --full tells every story with its evidence; --json has it as data", "dim")]


def _part(title: str, text: str, most: int = 4) -> list[Text]:
    rows = wrap(text, WIDTH - MARGIN, max_lines=most, placeholder=" …", break_on_hyphens=False) or ["-"]
    return [Text.assemble((f"{title if place == 0 else '':{MARGIN}}", "bold"), row) for place, row in enumerate(rows)]


def _odd(channels: list[Json]) -> str:
    words = {
        "redelivered": "came twice", "skipped": "of no interest", "parked": "cannot be read",
        "refused": "with a wrong signature",
    }  # fmt: skip
    counts = {word: sum(channel[name] for channel in channels) for name, word in words.items()}
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count)


def _merged(merged: list[Json]) -> str:
    records = sum(one["records"] for one in merged)
    told = f"{len(merged)} people of {records} records"
    best = max(merged, key=lambda one: (bool(one["featured"]), len(one["connections"])), default=None)
    if best is None:
        return "nobody"
    why = f": {best['why'][0]}" if best["why"] else ""
    return f"{told}; {best['name']} of {best['records']}, from {', '.join(best['connections'])}{why}"


def _crm(crm: Json) -> str:
    answers = crm["answers"]
    trouble = ", ".join(
        f"{answers[kind]}× {words}"
        for kind, words in (("429", "429"), ("500", "500"), ("silent", "no answer"), ("cut", "half an answer"))
        if answers.get(kind)
    )
    return (
        f"{crm['contacts']} contacts ({crm['known_before']} it knew, {crm['created']} new, {crm['merged_away']} merged "
        f"into another), {crm['deals']} deals, {len(crm['left_out'])} value refused, "
        f"in {crm['calls']} calls with {trouble}"
    )
