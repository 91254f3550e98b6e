"""``hub judgement``, and ``hub profile merge`` and ``split``: what people decide about who is who."""

from __future__ import annotations

import getpass
import os
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from hub.cli import output, people
from hub.cli.database import configured, opened
from hub.cli.options import LimitOption

if TYPE_CHECKING:
    from hub.model.judgement import Judged, Judgement
    from hub.model.profile import RecordReference

app = typer.Typer(name="judgement", help="What people decided about who is who: list, withdraw.", no_args_is_help=True)

NAMED = 2
"""Records of a side that are named in the list."""

ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for those who come after; never logged.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Only tell what it would do, in every destination too; change nothing.")
]


class Verdict(StrEnum):
    """What was decided."""

    same = "same"
    different = "different"
    hold = "hold"


def merge(
    one: Annotated[str, typer.Argument(metavar="A", help=people.WHO)],
    other: Annotated[str, typer.Argument(metavar="B", help="The profile that is the same person, named likewise.")],
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Decide that two profiles are one person. It holds for ever, until `hub judgement withdraw`."""
    from hub.application.judge import Judge

    with output.exit_codes(json=json), configured(config) as run:
        with run.database.session() as session:
            left, right = (people.one(session, text, config) for text in (one, other))
        judged = Judge(run.processing, dry=dry_run).merge(left, right, user(), reason)
    _show(judged, json=json, dry=dry_run, head=f"one person now: profile {', '.join(map(str, judged.profiles))}")


def split(
    id: people.Who,  # noqa: A002
    records: Annotated[
        list[str],
        typer.Argument(
            metavar="RECORD...",
            help="Who is somebody else: connection:kind:external_id, connection:external_id, or a record's id.",
        ),
    ],
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Decide that some records of a profile are another person. It holds for ever, until `hub judgement withdraw`."""
    from hub.application.judge import Judge

    with output.exit_codes(json=json), configured(config) as run:
        with run.database.session() as session:
            wanted = people.one(session, id, config)
        judged = Judge(run.processing, dry=dry_run).split(wanted, records, user(), reason)
    _show(judged, json=json, dry=dry_run, head=f"apart now: profiles {', '.join(map(str, judged.profiles))}")


@app.command("list")
def list_(
    profile: Annotated[UUID | None, typer.Option("--profile", help="Only those that name a record of it.")] = None,
    verdict: Annotated[Verdict | None, typer.Option("--verdict", help="Only these.")] = None,
    withdrawn: Annotated[bool, typer.Option("--withdrawn", help="Withdrawn ones too.")] = False,
    limit: LimitOption = 50,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """List judgements, newest first: who decided what, about whom, when and why."""
    from hub.model.judgement import told
    from hub.store import judgements, records

    with output.exit_codes(json=json), opened(config) as database, database.session() as session:
        found = judgements.page(
            session,
            limit=limit,
            withdrawn=withdrawn,
            verdict=verdict.value if verdict else None,
            profile_id=profile,
        )
        names = records.names(session, {record for each in found for record in each.records})
    if json:
        output.show_json([told(each, names) for each in found])
        return
    rows = [
        (
            each.id,
            each.verdict,
            _names(each.one, names),
            _names(each.other, names),
            each.by,
            f"{each.at:%Y-%m-%d %H:%M}",
            *([_ended(each)] if withdrawn else []),
            each.reason,
        )
        for each in found
    ]
    columns = ("id", "verdict", "one", "other", "by", "at", *(["withdrawn"] if withdrawn else []), "reason")
    output.show_table(columns, rows, empty="nobody decided anything yet")


@app.command()
def withdraw(
    id: Annotated[int, typer.Argument(metavar="ID", min=1, help="As `hub judgement list` shows it.")],  # noqa: A002
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """End a judgement: what it named is resolved again by evidence, and by the judgements that are left."""
    from hub.application.judge import Judge

    with output.exit_codes(json=json), configured(config) as run:
        judged = Judge(run.processing).withdraw(id, user())
    _show(judged, json=json, head=f"judgement {id} ended; its records are in {', '.join(map(str, judged.profiles))}")


def user() -> str:
    """Who is at the keyboard; a container may know no name for its user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.getuid()}"


def _ended(judgement: Judgement) -> str:
    if judgement.withdrawn_at is None:
        return ""
    return f"{judgement.withdrawn_at:%Y-%m-%d %H:%M} by {judgement.withdrawn_by}"


def _show(judged: Judged, *, json: bool, head: str, dry: bool = False) -> None:
    if json:
        output.show_json({**judged.document(), **({"dry_run": True} if dry else {})})
    else:
        show_judged(judged.document(), head=head, dry=dry)


def _names(side: Collection[UUID], names: Mapping[UUID, RecordReference]) -> str:
    """A few records of one side, as far as they are stored, and how many more there are."""
    known = sorted(f"{each.connection}:{each.kind}:{each.external_id}" for one in side if (each := names.get(one)))
    more = len(side) - len(known[:NAMED])
    return ", ".join([*known[:NAMED], *([f"… {more} more"] if more else [])])


def show_judged(judged: Mapping[str, Any], *, head: str, dry: bool = False) -> None:
    """What a decision did (``Judged.document``) for people: who, which judgements, what is written, the way back.

    ``dry``: what it would do. Ids of judgements and the way back are left out, for there is nothing to take back.
    """
    output.show(f"nothing was changed; it would be: {head}" if dry else head)
    for profile in judged["retired"]:
        output.show(f"  {profile} {'would be' if dry else 'was'} merged away; its id leads on")
    for profile in judged["restored"]:
        output.show(f"  {profile} stands for somebody again")
    judgement = judged["judgement"]
    in_force = [judgement] if judgement["withdrawn_at"] is None and not dry else []
    for each in (*in_force, *(() if dry else judged["also"])):
        output.show(f"  judgement {each['id']}: {each['verdict']}, by {each['by']}")
    for each in judged["withdrawn"]:
        if each["id"] != judgement["id"]:
            said = f"{each['verdict']}, by {each['by']} at {each['at']:%Y-%m-%d %H:%M}"
            output.show(f"  {'would end' if dry else 'ended'}: judgement {each['id']}, {said}")
    for line in judged["destinations"]:
        output.show(f"  {line['destination']}, {line['profile']}: {line['text']}")
        for cannot in line["cannot"]:
            output.show(f"    not to be undone there: {cannot}")
    for step, command in enumerate(() if dry else judged["undo"]):
        # Steps, in this order: the second would be refused before the first.
        output.show(f"{'then' if step else 'to take it back'}: {command}")
