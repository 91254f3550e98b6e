"""An explanation on the terminal: what a support agent reads to a customer, line by line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hub.cli import output

Json = dict[str, Any]


def show(found: Json, *, whole: bool) -> None:
    """Print an explanation; only what was asked for unless it is the ``whole`` one."""
    for asked in found["asked"]:
        output.show(asked["text"])
    for value in found["values"]:
        output.show(value["text"])
        _indented(lost["text"] for lost in value["lost"])
    worked_out = [_trait(each) for each in found["traits"]]
    for line in worked_out if not whole else ():
        output.show(line)
    if whole:
        _titled("Not used", _texts(found["unused"]))
    if found["orders"]:
        output.show(f"{'' if not whole else chr(10)}{found['orders']['text']}")
        _indented(_texts(found["orders"]["orders"]))
        if found["orders"]["more"]:
            _indented(["and further, older orders"])
    if found["one_person"]:
        _one_person(found["one_person"])
    if whole:
        _titled("Worked out (hub insight status)", worked_out)
        _titled("Merges and splits", _history(found["history"]))
        _titled("Deliveries", _texts(found["deliveries"]))
    if found["events"]:
        output.show(f"\nSee an event: hub inbox show {found['events'][-1]['id']}")


def _one_person(who: Json) -> None:
    output.show("\nWhy these records are one person")
    if who["pairs"]:
        output.show("  (each bit of evidence doubles the odds that two records are one person)")
    for pair in who["pairs"]:
        output.show(f"  {_record(pair['one'])} and {_record(pair['other'])}: {pair['text']}")
        _indented(_texts(pair["evidence"]), deep=4)
    if not who["pairs"] and not who["unjoined"]:
        output.show("  it is one record")
    if who["left_out"]:
        output.show(f"  and {who['left_out']} further records, joined in the same way")
    for one in who["unjoined"]:
        output.show(f"  {_record(one)} waits to be resolved again")
    _titled("What people decided", _texts(who["judgements"]))
    _titled("What proves less than it seems", _texts(who["guards"]))
    if who["apart"]:
        output.show("\nWho they are not")
    for pair in who["apart"]:
        output.show(
            f"  profile {pair['profile']}, {_record(pair['other'])} against {_record(pair['one'])}: {pair['text']}"
        )
        _indented(_texts(pair["evidence"]), deep=4)


def _trait(told: Json) -> str:
    value = ", ".join(map(str, told["value"])) if isinstance(told["value"], list) else told["value"]
    return (
        f"{told['trait']}: {value}, as of {told['as_of']:%Y-%m-%d}, version {told['version']}: {'; '.join(told['why'])}"
    )


def _history(items: Iterable[Json]) -> list[str]:
    words = {"merged": "merged with", "split": "split off"}
    return [
        f"{item['at']:%Y-%m-%d %H:%M:%S} UTC {words[item['what']]} profile {item['other_id']}: {reason}"
        for item in items
        for reason in item["reasons"]
    ]


def _titled(title: str, lines: Iterable[str]) -> None:
    listed = list(lines)
    if listed:
        output.show(f"\n{title}")
        _indented(listed)


def _indented(lines: Iterable[str], deep: int = 2) -> None:
    for line in lines:
        output.show(" " * deep + line)


def _texts(items: Iterable[Json]) -> list[str]:
    return [item["text"] for item in items]


def _record(named: Json) -> str:
    return f"{named['connection']} ({named['kind']} {named['external_id']})"
