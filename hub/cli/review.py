"""``hub review``: doubtful matches that wait for a person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from hub.cli import output
from hub.cli.database import configured
from hub.cli.judgement import DryRunOption, ReasonOption, show_judged, user
from hub.cli.options import LimitOption

if TYPE_CHECKING:
    from hub.store.reviews import Answer

app = typer.Typer(
    name="review",
    help="Doubtful matches that wait for a person: list, show, accept, reject.",
    no_args_is_help=True,
)

PAGE = 100
Id = Annotated[UUID, typer.Argument(metavar="ID", help="As `hub review list` shows it.")]


@app.command("list")
def list_(
    limit: LimitOption = 10,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """List open reviews side by side, those with the most at stake first."""
    from hub.application.review import shown
    from hub.store import reviews

    items: list[dict[str, Any]] = []
    with output.exit_codes(json=json), configured(config) as run, run.database.session() as session:
        identity = run.processing.in_force(session).identity
        after = None
        while len(items) < limit:
            page = reviews.page(session, after=after, limit=min(PAGE, limit - len(items)))
            if not page:
                break
            items += shown(session, page, identity)
            after = page[-1].position
        total = len(items) if len(items) < limit or json else reviews.count(session)
    if json:
        output.show_json(items)
        return
    for item in items:
        if "unreadable" in item:
            output.say(f"review {item['id']}: {item['unreadable']}")
        else:
            _show(item)
    if not items:
        output.say("nothing waits for a person")
    elif total > len(items):
        output.say(f"{total - len(items)} more are open; --limit shows more")


@app.command()
def show(id: Id, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:  # noqa: A002
    """Show one open review with its evidence."""
    from hub.application.review import shown_one

    with output.exit_codes(json=json), configured(config) as run, run.database.session() as session:
        item = shown_one(session, id, run.processing.in_force(session).identity)
    if json:
        output.show_json(item)
    else:
        _show(item)


@app.command()
def accept(
    id: Id,  # noqa: A002
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Answer that both are one person: they are merged, and stay it until `hub judgement withdraw`."""
    _answer(id, "accept", reason, json=json, config=config, dry=dry_run)


@app.command()
def reject(
    id: Id,  # noqa: A002
    never: Annotated[bool, typer.Option("--never", help="Two people for ever: never ask again.")] = False,
    reason: ReasonOption = "",
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Answer that they are not one person, as far as one can tell: asked again when the evidence has grown."""
    _answer(id, "never" if never else "reject", reason, json=json, config=config)


def _answer(review: UUID, answer: Answer, reason: str, *, json: bool, config: Path | None, dry: bool = False) -> None:
    from hub.application.answer_review import Reviewer

    with output.exit_codes(json=json), configured(config) as run:
        done = Reviewer(run.processing, dry=dry).answer(review, answer, user(), reason)
    if json:
        output.show_json({**done, **({"dry_run": True} if dry else {})})
        return
    judged = done["judged"]
    if judged is None:
        output.show("not now: the review comes back when its evidence has grown")
        return
    profiles = ", ".join(map(str, judged["profiles"]))
    head = f"one person now: profile {profiles}" if answer == "accept" else f"two people for ever: {profiles}"
    show_judged(judged, head=head, dry=dry)


def _show(item: dict[str, Any]) -> None:
    weight = "" if item["weight"] is None else f"{item['weight']:.1f} bits, "
    held = f" ({item['held']})" if item["held"] else ""
    output.show(f"review {item['id']}: {weight}{item['waits']}{held}; at stake: {_orders(item['stake'])}")
    for label, side in zip(("one", "other"), item["profiles"], strict=True):
        output.show(f"  {label}: profile {side['id']}")
    output.show_table(("", "one", "other"), side_by_side(item))
    for line in item["evidence"]:
        output.show(f"  {line['text']}")
    output.show("")


def side_by_side(item: dict[str, Any]) -> list[tuple[str, str, str]]:
    """A review's two profiles, line by line: what is told, of the one, of the other."""
    left, right = (_side(side) for side in item["profiles"])
    return [
        (label if place == 0 else "", _at(left[label], place), _at(right[label], place))
        for label in left
        for place in range(max(len(left[label]), len(right[label])))
        if _at(left[label], place) or _at(right[label], place)
    ]


def _side(side: dict[str, Any]) -> dict[str, list[str]]:
    more = side["record_count"] - len(side["records"])
    records = [f"{each['connection']} {each['kind']} {each['external_id']}" for each in side["records"]]
    totals = {"orders": side["orders"]["count"], "revenue": side["orders"]["totals"]}
    return {
        "name": [side["name"]["full"] or ""],
        "e-mail": side["emails"],
        "phone": side["phones"],
        "address": [", ".join(str(part) for part in each.values() if part) for each in side["addresses"]],
        "birth date": [side["birth_date"] or ""],
        "orders": [_orders(totals)],
        "record": [*records, *([f"and {more} more"] if more else [])],
    }


def _orders(totals: dict[str, Any]) -> str:
    return ", ".join(
        [f"{totals['orders']} orders", *(f"{each['amount']} {each['currency']}" for each in totals["revenue"])]
    )


def _at(values: list[str], place: int) -> str:
    return values[place] if place < len(values) else ""
