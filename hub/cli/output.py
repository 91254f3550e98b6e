"""What all commands share: results on stdout, everything else on stderr, and the exit codes.

Exit codes: 0 done, 1 it failed, 2 wrong usage or configuration.

Every text for people leaves through here, and no character of it reaches the terminal that would do something there
(``hub.log.visible``). JSON holds the exact values; it writes such characters with escapes of its own.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from hub.errors import ConfigError, HubError, RefusedError
from hub.log import ACTS_ON_TERMINAL, visible

DONE, FAILED, WRONG = 0, 1, 2

JsonOption = Annotated[bool, typer.Option("--json", help="Print machine-readable JSON on stdout.")]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", envvar="HUB_CONFIG", help="The configuration file; config/hub.yaml without it."),
]


class SafeConsole(Console):
    """Where rich prints for people: no markup is read from a text, and every text is made ``visible``."""

    def __init__(self, *, stderr: bool = False, width: int | None = None) -> None:
        super().__init__(
            file=sys.stderr if stderr else sys.stdout, width=width, markup=False, highlight=False, emoji=False
        )

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """See ``rich.console.Console.render``."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment("\n".join(visible(part) for part in segment.text.split("\n")), segment.style)


def json_text(value: Any, *, indent: bool = False) -> str:
    """JSON of a value; times, UUIDs and dataclasses as orjson writes them."""
    text = orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2 if indent else None).decode()
    return ACTS_ON_TERMINAL.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    # orjson's own new lines stand between values; within one they are escaped already.
    if found[0] == "\n":
        return found[0]
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def show_json(value: Any) -> None:
    """One JSON document, on one line (see ``json_text``)."""
    typer.echo(json_text(value))


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
        table.add_row(*(Text("" if cell is None else visible(str(cell))) for cell in row))
    if not table.row_count:
        say(empty)
        return
    terminal = SafeConsole()
    console = terminal if terminal.is_terminal else SafeConsole(width=10_000)
    console.print(table, crop=False)


def show(text: str) -> None:
    """A line of the result, on stdout; new lines before it are kept, those within it are somebody's value."""
    typer.echo(_line(text))


def show_block(text: str) -> None:
    """Text of several lines, on stdout."""
    for line in text.split("\n"):
        typer.echo(visible(line))


def say(text: str) -> None:
    """A line about the work, on stderr."""
    typer.echo(_line(text), err=True)


def _line(text: str) -> str:
    rest = text.lstrip("\n")
    return text[: len(text) - len(rest)] + visible(rest)


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
        report([_of_the_database(error)], json=json)
        raise typer.Exit(FAILED) from None


def _of_the_database(error: Exception) -> str:
    kind = type(error).__name__
    if kind in ("OperationalError", "PoolTimeout", "ConnectionTimeout"):
        return (
            "the database cannot be reached, or refuses the account; HUB_DATABASE_URL, or database_url in the "
            f"configuration, says where it is ({kind})"
        )
    return f"the database refuses: {kind}"


def _is_of_the_database(error: Exception) -> bool:
    # By name: a command that needs no database must not wait for its driver to be imported.
    return type(error).__module__.partition(".")[0] in ("psycopg", "psycopg_pool")


def report(faults: Sequence[str], *, json: bool = False) -> None:
    """Print faults, one per line."""
    if json:
        show_json({"faults": list(faults)})
    for fault in faults:
        say(fault)
