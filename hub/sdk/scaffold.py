"""Makes a new connector from real files that already pass the contract kit, with two words replaced."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, get_args

from hub.errors import ConfigError

Auth = Literal["hmac", "bearer"]
ScaffoldRole = Literal["source", "destination"]

TEMPLATES = Path(__file__).parent / "template"
SLUG, NAME = "new_connector", "New Connector"
_SLUG = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def scaffold(slug: str, *, role: str, auth: str, directory: Path) -> list[Path]:
    """Write ``directory/slug`` and give its files. ``role`` is source or destination, ``auth`` hmac or bearer.

    The files of ``template/<role>`` are common to both kinds of authentication, those of ``template/<role>_<auth>``
    are not. Raises ConfigError for a name that is no Python name in small letters, an unknown role or kind of
    authentication, and a folder that exists: nothing is overwritten.
    """
    folder = directory / slug
    faults = []
    if not _SLUG.fullmatch(slug):
        faults.append(f"name: {slug!r} is not made of small letters, digits and single underscores")
    if role not in get_args(ScaffoldRole):
        faults.append(f"role: {role!r} is neither source nor destination")
    if auth not in get_args(Auth):
        faults.append(f"auth: {auth!r} is neither hmac nor bearer")
    if folder.exists():
        faults.append(f"{folder}: exists already")
    if faults:
        raise ConfigError(faults)
    name = slug.replace("_", " ").title()
    return [
        _copy(path, folder / path.relative_to(template), slug, name)
        for template in (TEMPLATES / role, TEMPLATES / f"{role}_{auth}")
        for path in sorted(template.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]


def _copy(source: Path, target: Path, slug: str, name: str) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    text = source.read_text(encoding="utf-8").replace(SLUG, slug).replace(NAME, name)
    target.write_text(text, encoding="utf-8")
    return target
