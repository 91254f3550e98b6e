"""``hub profile pin`` and ``unpin``: values that hold against every source until a person changes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli import output, people
from hub.cli.database import configured

if TYPE_CHECKING:
    from hub.application.pins import Pinned

Field = Annotated[
    str,
    typer.Argument(
        metavar="FIELD",
        help="first_name, last_name, full_name, email, phone, birth_date, language, company or custom.NAME.",
    ),
]


def pin(
    id: people.Who,  # noqa: A002
    field: Field,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="What holds from now on.")],
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Pin a value: it holds against every source, until a person changes it here or in a CRM."""
    from hub.application.pins import Pins
    from hub.cli.judgement import user

    with output.exit_codes(json=json), configured(config) as run:
        with run.database.session() as session:
            wanted = people.one(session, id, config)
        pinned = Pins(run.processing, region=run.settings.hub.default_region).pin(wanted, field, value, user())
    _show(pinned, json=json, what="pinned")


def unpin(
    id: people.Who,  # noqa: A002
    field: Field,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Let a pinned value go: sources count again."""
    from hub.application.pins import Pins
    from hub.cli.judgement import user

    with output.exit_codes(json=json), configured(config) as run:
        with run.database.session() as session:
            wanted = people.one(session, id, config)
        released = Pins(run.processing, region=run.settings.hub.default_region).release(wanted, field, user())
    _show(released, json=json, what="let go")


def _show(pinned: Pinned, *, json: bool, what: str) -> None:
    if json:
        output.show_json({"profile": pinned.profile, "attribute": pinned.attribute, "event": pinned.event})
    else:
        output.show(f"{what}: {pinned.attribute} of profile {pinned.profile}, by event {pinned.event}")
