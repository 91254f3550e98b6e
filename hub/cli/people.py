"""How people are named on the command line: by an id of ours, or by what a customer has at hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from hub.cli.database import settings_of

if TYPE_CHECKING:
    from hub.store.database import Session

WHO = (
    "A profile's id (a retired one leads to the winner), or what stands for one person: e-mail, phone, name, date of "
    "birth, order or customer number, CRM id, email:a@b.c, connection:number, connection:kind:external_id."
)
Who = Annotated[str, typer.Argument(metavar="WHO", help=WHO)]


def one(session: Session, text: str, config: Path | None) -> UUID:
    """The profile that a text stands for. Raises NotFound, RefusedError when it stands for several."""
    from hub.profiles import view

    try:
        return UUID(text.strip())
    except ValueError:
        settings = settings_of(config)
        return view.only_one(session, text, region=settings.hub.default_region, connections=settings.connections)
