"""Pages and parts of pages: templates, in the reader's language, with what every page needs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from hub import __version__
from hub.console import charts, wording
from hub.console.access import Viewer
from hub.console.house import Page
from hub.console.language import LANGUAGES, Formats, catalogue, preferred
from hub.console.masking import Masking
from hub.console.spoken import spoken

STATIC = Path(str(files("hub.console") / "static"))
THEMES = ("auto", "light", "dark")


@cache
def environment(language: str) -> Environment:
    """The templates of one language. Every text is escaped."""
    made = Environment(
        loader=PackageLoader("hub.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    texts = catalogue(language)
    made.install_gettext_callables(texts.ugettext, texts.ungettext, newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(static=static, charts=charts, wording=wording, languages=LANGUAGES, themes=THEMES)
    ngettext: Any = made.globals["ngettext"]
    made.globals.update(release=release(), ngettext=_counted(ngettext))
    return made


def _counted(ngettext: Callable[..., str]) -> Callable[..., str]:
    """The same, with the number as this reader writes it: 100,000 and not 100000."""

    @pass_context
    def counted(context: Context, one: str, many: str, number: int, **values: Any) -> str:
        values.setdefault("num", context["fmt"].number(number))
        return ngettext(context, one, many, number, **values)

    return counted


@cache
def static(name: str) -> str:
    """The address of a file of ours, another one for other content: an old tab never mixes two releases."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/console/static/{name}?v={digest}"


@cache
def release() -> str:
    """Another text for each release of the pages: an open page tells by it that Hub was updated meanwhile."""
    parts = sorted(path for path in STATIC.rglob("*") if path.is_file())
    digest = hashlib.sha256(__version__.encode())
    for path in parts:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


class Reader:
    """The person in front of a page: language, formats, look, and how much of others they may see."""

    def __init__(self, request: Request, viewer: Viewer | None) -> None:
        self.language, locale = preferred(
            request.headers.get("accept-language", ""), request.cookies.get("hub_language")
        )
        self.formats = Formats.of(locale, request.cookies.get("hub_zone"))
        theme = request.cookies.get("hub_theme", "auto")
        self.theme = theme if theme in THEMES else "auto"
        self.viewer = viewer
        self.shown = Masking(whole=viewer is not None and viewer.sees_people)

    @property
    def kind(self) -> tuple[object, ...]:
        """Readers of one kind see the same of a live part."""
        role = self.viewer.role if self.viewer else None
        return self.language, str(self.formats.locale), self.formats.zone.key, role

    def gettext(self, text: str) -> str:
        """A text that ``N_`` marks, in the reader's language."""
        return str(catalogue(self.language).ugettext(text)) if text else ""

    def spoken(self, text: str) -> str:
        """A sentence of the core, in the reader's language."""
        return spoken(self.language, text)

    def fill(self, template: str, values: Mapping[str, Any]) -> str:
        """A template's text."""
        names = {
            "reader": self, "fmt": self.formats, "shown": self.shown, "viewer": self.viewer,
            "now": datetime.now(UTC), "tr": self.gettext, "spoken": self.spoken,
        }  # fmt: skip
        return environment(self.language).get_template(template).render({**names, **values})


class Renderer:
    """Answers with pages that have a navigation."""

    def __init__(self, pages: Sequence[Page], stands: Callable[[Page], bool]) -> None:
        self._pages, self._stands = tuple(pages), stands

    def page(self, request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A whole page; ``template`` extends ``base.html``."""
        viewer: Viewer | None = getattr(request.state, "viewer", None)
        reader = Reader(request, viewer)
        pages = [page for page in self._pages if viewer is not None and viewer.may(page.role) and self._stands(page)]
        frame = {"pages": pages, "path": request.url.path, "form_token": viewer.form_token if viewer else ""}
        return HTMLResponse(reader.fill(template, {**frame, **values}), status)


def part(request: Request, template: str, **values: Any) -> HTMLResponse:
    """A part of a page, for htmx to put in its place."""
    viewer: Viewer = request.state.viewer
    values = {"form_token": viewer.form_token, **values}
    return HTMLResponse(Reader(request, viewer).fill(template, values))


def is_part(request: Request) -> bool:
    """Whether htmx asks, which puts a part of a page in place; else the whole page is wanted."""
    return request.headers.get("hx-request") == "true"


def full_page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A whole page with its navigation; ``template`` extends ``base.html``."""
    renderer: Renderer = request.app.state.renderer
    return renderer.page(request, template, status=status, **values)


def part_or_page(request: Request, inner: str, whole: str, **values: Any) -> HTMLResponse:
    """The part where htmx asks, else the whole page that holds it."""
    return part(request, inner, **values) if is_part(request) else full_page(request, whole, **values)


def filling(request: Request, template: str, name: str, **more: Any) -> Callable[[Any], str]:
    """For a live topic: what makes the text of a value; ``more`` is the same each time."""
    reader = Reader(request, request.state.viewer)
    return lambda value: reader.fill(template, {**more, name: value, "form_token": ""})
