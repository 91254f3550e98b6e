"""``hub init``: a commented starter configuration. ``hub/cli/starter.yaml`` is its one source."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from hub.cli import output
from hub.errors import ConfigError
from hub.settings import DEFAULT_CONFIG


def starter() -> str:
    """The text `hub init` writes."""
    return files("hub.cli").joinpath("starter.yaml").read_text(encoding="utf-8")


def command(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to write config/hub.yaml.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
    config: Annotated[Path | None, typer.Option("--config", help="Write this file instead.")] = None,
    json: output.JsonOption = False,
) -> None:
    """Write a commented starter config/hub.yaml."""
    target = config or directory / DEFAULT_CONFIG
    with output.exit_codes(json=json):
        _write(target, force=force)
    if json:
        output.show_json({"written": str(target)})
    else:
        output.show(f"wrote {target}; set SHOP_DE_SECRET and HUBSPOT_TOKEN, then run `hub check`")


def _write(target: Path, *, force: bool) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("w" if force else "x", encoding="utf-8") as file:
            file.write(starter())
    except FileExistsError:
        raise ConfigError([f"{target}: is there already; --force overwrites it"]) from None
    except OSError as error:
        raise ConfigError([f"{target}: cannot be written: {type(error).__name__}"]) from None
