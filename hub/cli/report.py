"""``hub report``: life cycle, RFM, cohorts, key figures and segments, on the terminal, as csv or JSON."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli import output
from hub.cli.database import configured
from hub.log import visible
from hub.mapping.spreadsheet import is_formula

if TYPE_CHECKING:
    from hub.insight.reports import Cell, Report


def command(
    name: Annotated[
        str | None, typer.Argument(help="life-cycle, rfm, cohorts, kpis, segments …; all of them without it.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="One report as comma-separated values.")] = False,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Show reports on customers: what each figure means is in docs/insight.md and docs/kpis.md."""
    from hub.application.report import REPORTS, report

    if as_csv and name is None:
        raise typer.BadParameter("one report makes one table: name it", param_hint="NAME")
    with output.exit_codes(json=json), configured(config) as run, run.database.session() as session:
        found = report(session, run.insight, [name] if name else list(REPORTS))
    if json:
        documents = [
            {"name": one.name, "title": one.title, "rows": one.documents(), "notes": one.notes} for one in found
        ]
        output.show_json(documents[0] if name else documents)
    elif as_csv:
        _csv(found[0])
    else:
        for place, one in enumerate(found):
            _show(one, first=not place)


def _csv(report: Report) -> None:
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(report.columns)
    writer.writerows([[_safe(value) for value in row] for row in report.rows])
    output.show_block(held.getvalue().rstrip("\n"))


def _safe(value: Cell) -> Cell:
    """A text that neither a terminal nor a spreadsheet acts on: a name that begins like a formula is a name."""
    if not isinstance(value, str):
        return value
    shown = visible(value)
    return f"'{shown}" if is_formula(shown) else shown


def _show(report: Report, *, first: bool) -> None:
    output.show(report.title if first else f"\n{report.title}")
    rows = [[_cell(value, column) for column, value in zip(report.columns, row, strict=True)] for row in report.rows]
    output.show_table(report.columns, rows, empty="nothing to show")
    for note in report.notes:
        output.say(note)


def _cell(value: Cell, column: str) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and ("share" in column or column.startswith("month ")):
        return f"{100 * value:.1f} %"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)
