"""What all commands share: results on stdout, everything else on stderr, and the exit codes.

Exit codes: 0 done, 1 it failed, 2 wrong usage or configuration.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hub.errors import ConfigError, HubError, RefusedError

DONE, FAILED, WRONG = 0, 1, 2

JsonOption = Annotated[bool, typer.Option("--json", help="Print machine-readable JSON on stdout.")]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", envvar="HUB_CONFIG", help="The configuration file; config/hub.yaml without it."),
]


def show_json(value: Any) -> None:
    """One JSON document, on one line; times, UUIDs and dataclasses as orjson writes them."""
    typer.echo(orjson.dumps(value, default=str).decode())


def show_json_lines(values: Iterable[Any]) -> None:
    """One JSON document per line, each written as it comes."""
    for value in values:
        show_json(value)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "nothing to show") -> None:
    """A table for people; off a terminal every row is one whole line, so that grep works."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        # An id that is cut cannot be copied into the next command.
        table.add_column(column, no_wrap=column == "id", overflow="ellipsis" if column == "id" else "fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    if not table.row_count:
        say(empty)
        return
    terminal = Console(file=sys.stdout)
    console = terminal if terminal.is_terminal else Console(file=sys.stdout, width=10_000)
    console.print(table, crop=False)


def show(text: str) -> None:
    """A line of the result, on stdout."""
    typer.echo(text)


def say(text: str) -> None:
    """A line about the work, on stderr."""
    typer.echo(text, err=True)


@contextmanager
def exit_codes(*, json: bool = False) -> Iterator[None]:
    """Turn Hub's errors into text on stderr (``{"faults": [...]}`` on stdout with ``json``) and an exit code."""
    try:
        yield
    except ConfigError as error:
        report(error.faults, json=json)
        raise typer.Exit(WRONG) from None
    except RefusedError as error:
        report([str(error), *(f"{path}: {said}" for path, said in error.faults)], json=json)
        raise typer.Exit(FAILED) from None
    except HubError as error:
        report([str(error)], json=json)
        raise typer.Exit(FAILED) from None
    except Exception as error:
        if not _is_of_the_database(error):
            raise
        report([f"the database cannot be reached or refuses: {type(error).__name__}"], json=json)
        raise typer.Exit(FAILED) from None


def _is_of_the_database(error: Exception) -> bool:
    # By name: a command that needs no database must not wait for its driver to be imported.
    return type(error).__module__.partition(".")[0] in ("psycopg", "psycopg_pool")


def report(faults: Sequence[str], *, json: bool = False) -> None:
    """Print faults, one per line."""
    if json:
        show_json({"faults": list(faults)})
    for fault in faults:
        say(fault)
