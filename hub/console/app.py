"""The ASGI application of ``/console``: sign-in, static files, and the pages that stand in ``hub.console.pages``."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import psycopg
import psycopg_pool
import structlog
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from hub.console import entry, pages
from hub.console.access import SignInNeeded, signed_in, viewer_of
from hub.console.guard import Guard
from hub.console.house import House, Page
from hub.console.marking import N_
from hub.console.render import STATIC, Renderer, is_part
from hub.errors import HubError

log = structlog.get_logger()

PREFIX = "/console"
STREAMS = f"{PREFIX}/live/"
"""Every server-sent stream lies under it: a server that stops ends them."""

_YEAR = "public, max-age=31536000, immutable"
_WORDS = {
    403: (N_("You may not do this"), N_("Your role does not allow it, or the page is too old: load it again.")),
    404: (N_("There is no such page"), N_("The address may be mistyped, or what it showed is gone.")),
    405: (N_("There is no such page"), N_("The address may be mistyped, or what it showed is gone.")),
    422: (N_("This could not be read"), N_("Something in the form is missing or has the wrong form.")),
    503: (N_("The database cannot be reached"), N_("Hub tries again by itself; load the page again in a moment.")),
    500: (N_("Hub failed to answer this"), N_("Nothing was changed. The log says more.")),
}


def found_pages() -> list[Page]:
    """The pages, in the order of the navigation: each module of ``hub.console.pages`` has a ``PAGE``."""
    modules = [import_module(f"{pages.__name__}.{found.name}") for found in pkgutil.iter_modules(pages.__path__)]
    return sorted((module.PAGE for module in modules if hasattr(module, "PAGE")), key=lambda page: page.order)


def console(house: House) -> Guard:
    """The application. It starts nothing and needs no lifespan."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    entries = found_pages()
    renderer = Renderer(entries, lambda page: page.shown(house))
    app.state.renderer = renderer
    app.include_router(entry.router(house, renderer))

    @app.get(PREFIX)
    @app.get(f"{PREFIX}/")
    def start() -> RedirectResponse:
        """The first page."""
        return RedirectResponse(next(page.path for page in entries if page.shown(house)), 303)

    @app.get(f"{PREFIX}/session", dependencies=[Depends(signed_in(house, "viewer"))])
    def session(request: Request) -> dict[str, str]:
        """What forms of this session carry: a page that outlived the one it was made in goes on with it."""
        return {"form_token": viewer_of(request).form_token}

    for page in entries:
        app.include_router(page.routes(house), dependencies=[Depends(signed_in(house, page.role))])
    app.mount(f"{PREFIX}/static", _Files(directory=STATIC))
    _answer_errors(app, renderer)
    return Guard(app, house.counting.forget)


class _Files(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file; its address has a digest of its content, so that it may be kept for ever."""
        answer = await super().get_response(path, scope)
        answer.headers["cache-control"] = _YEAR if scope["query_string"].startswith(b"v=") else "no-cache"
        return answer


def _answer_errors(app: FastAPI, renderer: Renderer) -> None:
    def told(request: Request, status: int, detail: str = "") -> Response:
        title, text = _WORDS.get(status, _WORDS[422] if status < 500 else _WORDS[500])
        return renderer.page(request, "error.html", status=status, title=title, text=text, detail=detail)

    @app.exception_handler(SignInNeeded)
    def sign_in(request: Request, _: Exception) -> Response:
        """To the page for it and back. What was typed stays in the page where htmx asks."""
        if is_part(request):
            return Response(status_code=401, headers={"HX-Reswap": "none"})
        back = request.url.path if request.method == "GET" else ""
        return RedirectResponse(f"{PREFIX}/sign-in" + (f"?to={back}" if back else ""), 303)

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        return told(request, error.status_code)

    @app.exception_handler(RequestValidationError)
    def unreadable(request: Request, _: RequestValidationError) -> Response:
        return told(request, 422)

    @app.exception_handler(HubError)
    def ours(request: Request, error: HubError) -> Response:
        return told(request, error.http_status, str(error))

    def away(request: Request, error: Exception) -> Response:
        log.warning("console.unavailable", error=type(error).__name__)
        return told(request, 503)

    def unfit(request: Request, _: Exception) -> Response:
        return told(request, 422)

    for kind in (psycopg.OperationalError, psycopg.InterfaceError, psycopg_pool.PoolTimeout):
        app.exception_handler(kind)(away)
    for wrong in (psycopg.DataError, OverflowError):
        app.exception_handler(wrong)(unfit)

    @app.exception_handler(Exception)
    def bug(request: Request, error: Exception) -> Response:
        log.error("console.failed", error=type(error).__name__)
        return told(request, 500)
