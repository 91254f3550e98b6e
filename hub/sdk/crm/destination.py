"""A dialect to the functions that delivery calls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from hub.sdk.crm import planning, writing
from hub.sdk.crm.activities import activity_write
from hub.sdk.crm.dialect import Dialect
from hub.sdk.crm.mapped import CrmMap
from hub.sdk.crm.opt_outs import with_opt_outs
from hub.sdk.crm.rules import with_rules
from hub.sdk.destination import ActivityChange, Change, Destination, HttpRequest, Write, WriteResult
from hub.sdk.http import HttpClient
from hub.sdk.manifest import Settings

Learn = Callable[[HttpClient, Settings], Settings]


def destination(
    dialect: Dialect[Settings],
    mapped: CrmMap[Any] | Callable[[Change, Settings], Write | None],
    *,
    learn: Sequence[Learn[Settings]] = (),
    prepare: Callable[[HttpClient, Settings], None] | None = None,
    **options: Any,
) -> Destination[Settings]:
    """The destination of a CRM that is written to by ``dialect``; ``options`` are further fields of ``Destination``.

    ``mapped`` is its tables of fields, or a function that makes the writes, where it has none.

    Each of ``learn`` gives the settings with what a dialect has to know of this account and nobody configured, such as
    the keys of its custom fields. It is asked once for each client, and anew after ``prepare``, which may have made
    some; what was learned before a failure is not asked for again. What is only planned (preview) goes by the settings
    as they are.
    """
    render = mapped.render if isinstance(mapped, CrmMap) else mapped
    if isinstance(mapped, CrmMap):
        options = {"essential": mapped.essential, "takes_orders": mapped.takes_orders, **options}
    learned: WeakKeyDictionary[HttpClient, tuple[int, Settings]] = WeakKeyDictionary()

    def known(client: HttpClient, settings: Settings) -> Settings:
        if not learn:
            return settings
        steps, told = learned.get(client, (0, settings))
        for step in learn[steps:]:
            steps, told = steps + 1, step(client, told)
            learned[client] = steps, told
        return told

    def prepared(client: HttpClient, settings: Settings) -> None:
        learned.pop(client, None)
        if prepare is not None:
            prepare(client, settings)

    def ruled(change: Change, settings: Settings) -> Write | None:
        write = with_opt_outs(render(change, settings), dialect, settings)
        return with_rules(write, change, settings) if dialect.people.values else write

    def plan(writes: Sequence[Write], settings: Settings) -> Sequence[HttpRequest]:
        return planning.plan(dialect, writes, settings)

    def send(writes: Sequence[Write], client: HttpClient, settings: Settings) -> Sequence[WriteResult]:
        return writing.send(dialect, writes, client, known(client, settings))

    def absent(ids: Sequence[str], client: HttpClient, settings: Settings) -> Collection[str]:
        return writing.absent(dialect, ids, client, known(client, settings))

    def append(change: ActivityChange, settings: Settings) -> Write | None:
        return activity_write(dialect, change, settings)

    if dialect.activities is not None:
        options = {"append": append, "activities": lambda settings: settings.activities, **options}
    return Destination(
        render=ruled,
        plan=plan,
        send=send,
        absent=absent,
        prepare=prepared if prepare else None,
        dialect=lambda client, settings: (dialect, known(client, settings)),
        learns=bool(learn),
        **options,
    )
