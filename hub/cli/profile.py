"""``hub profile``: find, show, explain, merge, split and export golden profiles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from hub.cli import judgement, output, people, pins
from hub.cli.database import configured, opened, settings_of
from hub.cli.options import LimitOption, SinceOption
from hub.errors import NotFound

if TYPE_CHECKING:
    from hub.model.profile import OpenOrders, OrderSummary, Profile
    from hub.profiles.view import Unreadable
    from hub.store.database import Database

app = typer.Typer(
    name="profile",
    help="Profiles: search, show, note, hand-over, timeline, explain, pin, merge, split, merges, export.",
    no_args_is_help=True,
)
app.command("merge")(judgement.merge)
app.command("split")(judgement.split)
app.command("pin")(pins.pin)
app.command("unpin")(pins.unpin)

PAGE = 500
_JOINED = "a record that joined a profile when it came is told by `hub profile explain`"


@app.command()
def search(
    text: Annotated[
        str,
        typer.Argument(
            help="Beginnings of words of name, e-mail, phone, city; a date of birth; an order, customer or CRM number; "
            "kind:value, as email:a@b.c; or connection:number, as shop-de:1001."
        ),
    ],
    limit: LimitOption = 20,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Find profiles."""
    from hub.profiles import view

    kind = text.partition(":")[0].strip().lower()
    by_identifier = kind in view.IDENTIFIER_KINDS
    with output.exit_codes(json=json):
        settings = settings_of(config)
        with opened(config) as database, database.session() as session:
            found = view.find(
                session,
                identifier=text if by_identifier else None,
                text=None if by_identifier else text,
                region=settings.hub.default_region,
                connections=settings.connections,
                limit=limit,
            )
    if json:
        output.show_json([_document(each) for each in found])
        return
    rows = [_line(each) for each in found]
    output.show_table(("id", "name", "e-mail", "phone", "orders"), rows, empty="nobody is called that")


@app.command()
def show(id: people.Who, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:  # noqa: A002
    """Show one profile."""
    from hub.profiles import view

    with output.exit_codes(json=json), opened(config) as database:
        with database.session() as session:
            wanted = people.one(session, id, config)
            profile = view.get(session, wanted)
        if profile is None:
            raise NotFound(_missing(wanted))
    if json:
        output.show_json(profile.model_dump(mode="json"))
    else:
        _show(profile)


@app.command()
def note(
    id: people.Who,  # noqa: A002
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to keep; - reads it from the standard input.")],
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Keep a note in somebody's history; destinations whose `activities` name `note` get it."""
    from hub.application.field_notes import Notes

    words = typer.get_text_stream("stdin").read() if text == "-" else text
    with output.exit_codes(json=json), configured(config) as run:
        with run.database.session() as session:
            wanted = people.one(session, id, config)
        kept = Notes(run.processing).write(wanted, words, judgement.user())
    if json:
        output.show_json({"id": kept.id, "profile": kept.profile, "event": kept.event})
    else:
        output.show(f"kept at profile {kept.profile}, as event {kept.event}")


@app.command("hand-over")
def hand_over(
    id: people.Who,  # noqa: A002
    state: Annotated[str, typer.Argument(metavar="STATE", help="A state of the funnel: lead, qualified …")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands on the timeline.")],
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="For how long no rule moves them.")] = 90,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Hand somebody over by hand, or give them back: no rule moves them for a while."""
    from hub.application.hand_over import HandOvers

    with output.exit_codes(json=json), configured(config) as run:
        with run.database.session() as session:
            wanted = people.one(session, id, config)
        done = HandOvers(run.processing).make(wanted, state, by=judgement.user(), reason=reason, days=days)
    if json:
        output.show_json({"profile": done.profile_id, "state": done.state, "until": done.held_until})
    else:
        output.show(f"{done.profile_id} is {done.state}, until {done.held_until:%Y-%m-%d} whatever the rules say")


@app.command()
def timeline(
    id: people.Who,  # noqa: A002
    limit: LimitOption = 50,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Show what happened with one person, newest first: sign-ups, changes, consents, orders, messages."""
    from hub.application.timeline import timeline as happened

    with output.exit_codes(json=json), opened(config) as database:
        with database.session() as session:
            wanted = people.one(session, id, config)
            items = happened(session, wanted, limit=limit)
        if items is None:
            raise NotFound(_missing(wanted))
    if json:
        output.show_json(items)
        return
    columns = ("kind", "connection", "external_id", "subject", "amount", "currency", "event")
    rows = [[_when(item["at"]), *(item[column] for column in columns)] for item in items]
    output.show_table(("at", *columns), rows, empty="nothing happened yet")


@app.command()
def merges(
    since: SinceOption = None,
    limit: LimitOption = 50,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """List what was merged, newest first, and why."""
    from hub.application.explain import history as merge_history
    from hub.store import profiles

    with output.exit_codes(json=json), opened(config) as database, database.session() as session:
        found = merge_history(session, profiles.merges(session, since=since, limit=limit))
    if json:
        output.show_json(found)
        return
    rows = [
        (
            f"{item['at']:%Y-%m-%d %H:%M}",
            item["profile_id"],
            item["other_id"],
            item["name"],
            "apart again" if item["undone"] else "",
            "; ".join(item["reasons"]),
        )
        for item in found
    ]
    columns = ("at", "profile", "merged with", "name", "since", "because")
    output.show_table(columns, rows, empty=f"no two profiles were merged{' since' if since else ''}; {_JOINED}")


@app.command()
def explain(
    id: people.Who,  # noqa: A002
    field: Annotated[
        str | None,
        typer.Argument(
            help="Only this: name, emails.0, consents.email, orders, traits.stage …, or a property at a destination: "
            "crm.firstname, firstname."
        ),
    ] = None,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Tell why a profile is as it is, back to the signed events: values, who is who, merges, deliveries."""
    from hub.application.explain import explained
    from hub.cli.explanation import show

    with output.exit_codes(json=json), configured(config) as run:
        with run.database.session() as session:
            wanted = people.one(session, id, config)
            rules = run.processing.in_force(session)
            found = explained(session, wanted, rules, run.connections, field=field, insight=run.insight)
        if found is None:
            raise NotFound(_missing(wanted))
        near = found.pop("near")
        if not found.pop("found"):
            raise NotFound(f"the profile has no value {field}{near}")
    if json:
        output.show_json(found)
    else:
        show(found, whole=field is None)


@app.command()
def export(json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Write every profile to stdout, one JSON document per line."""
    with output.exit_codes(json=json), opened(config) as database:
        output.show_json_lines(_document(each) for each in _all(database))


def _document(found: Profile | Unreadable) -> dict[str, Any]:
    from hub.profiles.view import Unreadable

    if isinstance(found, Unreadable):
        return {"id": str(found.id), "unreadable": found.reason}
    return found.model_dump(mode="json")


def _line(found: Profile | Unreadable) -> tuple[Any, ...]:
    from hub.profiles.view import Unreadable

    if isinstance(found, Unreadable):
        return (found.id, found.reason, None, None, None)
    mail, phone = next(iter(found.emails), None), next(iter(found.phones), None)
    return (found.id, found.name.full, mail, phone, found.orders.count)


def _all(database: Database) -> Iterator[Profile | Unreadable]:
    # Page by page, each in a transaction of its own: a slow reader holds nothing up.
    from hub.profiles import view

    after: UUID | None = None
    while True:
        with database.session() as session:
            page = view.find(session, after=after, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].id


def _when(at: datetime) -> str:
    from hub.profiles.wording import untold

    return "not told" if untold(at) else str(at)


def _missing(profile_id: UUID) -> str:
    return f"there is no profile {profile_id}"


def _counted(orders: OrderSummary | OpenOrders) -> str:
    return ", ".join([str(orders.count), *(f"{total.amount} {total.currency}" for total in orders.totals)])


def _told(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _show(profile: Profile) -> None:
    orders = profile.orders
    lines: list[tuple[str, Any]] = [
        ("id", profile.id),
        ("name", profile.name.full),
        *(("e-mail", value) for value in profile.emails),
        *(("phone", value) for value in profile.phones),
        *(("address", ", ".join(map(str, each.model_dump(exclude_none=True).values()))) for each in profile.addresses),
        ("birth date", profile.birth_date),
        ("language", profile.language),
        ("company", profile.company),
        *(("loyalty", value) for value in profile.loyalty_ids),
        *(("account", f"{each.network}:{each.account_id}") for each in profile.accounts),
        *(("consent", f"{each.purpose} by {each.channel}: {each.state}, {each.at}") for each in profile.consents),
        ("orders", _counted(orders)),
        ("open orders", _counted(orders.open) if orders.open.count else None),
        *((name.replace("_", " "), _told(value)) for name, value in profile.traits.model_dump(mode="json").items()),
        *(("record", f"{each.connection} {each.kind} {each.external_id}") for each in profile.records),
        *(("at", f"{each.connection} {each.external_id or '-'}: {each.state}") for each in profile.destinations),
        *(("was", value) for value in profile.aliases),
        ("suppressed", "yes" if profile.suppressed else None),
    ]
    output.show_table(("", ""), [line for line in lines if line[1] is not None])
