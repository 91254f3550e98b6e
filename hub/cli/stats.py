"""``hub stats``: how much is where, and how long the oldest has waited."""

from __future__ import annotations

from typing import Any

from hub.cli import connections, output
from hub.cli.database import settings_of


def command(json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Count inbox, records, profiles, outbox, and tell the lag of each connection."""
    from hub import bootstrap
    from hub.store import stats

    with output.exit_codes(json=json):
        settings = settings_of(config)
        routed = [route.to for route in settings.routes]
        with bootstrap.opened(settings, stable_plans=False) as database, database.session() as session:
            counted = stats.stats(session, routed)
            troubles = connections.troubles(session, settings.connections)
    if json:
        output.show_json({**counted, "troubles": troubles})
        return
    _show(counted)
    connections.show_troubles(troubles)


def _show(counted: dict[str, Any]) -> None:
    states = ("pending", "done", "skipped", "parked")
    output.show_table(
        ("inbox", *states, "records", "profiles", "reviews"),
        [
            (
                "",
                *(counted["inbox"][state] for state in states),
                counted["records"],
                counted["profiles"],
                counted["reviews"]["open"],
            )
        ],
    )
    of_row = ("pending", "retrying", "delivered", "rejected", "dead")
    rows = [(name, *(counts[state] for state in of_row)) for name, counts in counted["outbox"].items()]
    if rows:
        output.show("")
        output.show_table(("outbox", "pending", "of them retrying", *of_row[2:]), rows)
    if load := counted.get("bulk_load"):
        output.show("")
        output.show(
            f"a bulk load goes on since {load['since']:%Y-%m-%d %H:%M} UTC ({load['reason']}): "
            f"{sum(load['held'].values())} writes that cannot be undone wait for its end"
        )
    compared = [
        (name, _when(one), *(one["found"].get(standing, 0) for standing in ("same", "missing", "older", "deleted")))
        for name, one in counted["reconciled"].items()
    ]
    if compared:
        output.show("")
        output.show_table(("reconciled", "at", "same", "were missing", "older", "deleted"), compared)
    lag = [(f"{way} {name}", _age(age)) for way in ("inbox", "outbox") for name, age in counted["lag"][way].items()]
    if lag:
        output.show("")
        output.show_table(("lag", "oldest waits"), lag)


def _when(compared: dict[str, Any]) -> str:
    return f"{compared['at']:%Y-%m-%d %H:%M} UTC"


def _age(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
