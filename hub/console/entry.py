"""The way in and out: sign-in by password, token or link, sign-out, and how pages look."""

from __future__ import annotations

from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from hub.application import sign_in
from hub.console import vouched
from hub.console.access import before_session, forget_session, form_token, keep_session, own_form, own_path
from hub.console.house import House
from hub.console.language import LANGUAGES
from hub.console.marking import N_
from hub.console.render import THEMES, Renderer
from hub.intake.callers import caller
from hub.intake.guesses import Guesses

Text = Annotated[str, Form(max_length=1_000)]

_YEAR = 31_536_000
_WRONG = N_("This name and password do not belong together.")
_NO_TOKEN = N_("This token is not known, or it has expired.")
_NO_LINK = N_("This link was used already, or it is older than an hour. Ask for a new one: hub user link NAME")
_SLOW = N_("Too many wrong attempts from your network. Wait a few seconds and try again.")


def router(house: House, renderer: Renderer) -> APIRouter:
    """The routes. They need no session, and a form of ours."""
    routes = APIRouter(prefix="/console")
    guesses = Guesses()

    def shown(request: Request, *, fault: str = "", name: str = "", to: str = "", status: int = 200) -> Response:
        secret = before_session(request)
        answer = renderer.page(
            request,
            "sign_in.html",
            status=status,
            fault=fault,
            name=name,
            to=to,
            form_token=form_token(secret),
            provider=house.settings.console.oidc,
        )
        answer.set_cookie("hub_form", secret, path="/console", secure=house.secure, httponly=True, samesite="strict")
        return answer

    async def checked(request: Request) -> bool:
        """Raise 403 for another site's form; False while the caller has to wait.

        A guess counts before it is tried: many that come at one time would all be tried before the first is wrong.
        """
        await own_form(request, form_token(before_session(request)))
        return guesses.wrong(caller(request.scope), monotonic()) is None

    def opened(request: Request, session: str | None, fault: str, *, name: str = "", to: str = "") -> Response:
        if session is None:
            return shown(request, fault=fault, name=name, to=to, status=401)
        if request.method == "POST":
            guesses.right(caller(request.scope))
        forget_session(request, answer := RedirectResponse(own_path(to), 303), house)
        keep_session(answer, house, session)
        return answer

    @routes.get("/sign-in")
    def page(request: Request, to: str = "") -> Response:
        """The form."""
        return shown(request, to=to)

    @routes.post("/sign-in")
    async def by_password(
        request: Request, name: Text = "", password: Text = "", token: Text = "", to: Text = ""
    ) -> Response:
        """With a name and a password, or with a token of the API."""
        if not await checked(request):
            return shown(request, fault=_SLOW, name=name, to=to, status=429)
        if token.strip():
            return await run_in_threadpool(_by_token, house, token.strip(), opened, request, to)
        session = await run_in_threadpool(sign_in.by_password, house.database, name, password)
        return opened(request, session, _WRONG, name=name, to=to)

    @routes.get("/enter")
    def arrival(request: Request) -> Response:
        """Where a link leads: the page sends what stands behind its ``#``, which no log has."""
        secret = before_session(request)
        answer = renderer.page(request, "enter.html", form_token=form_token(secret))
        answer.set_cookie("hub_form", secret, path="/console", secure=house.secure, httponly=True, samesite="strict")
        return answer

    @routes.post("/enter")
    async def by_ticket(request: Request, ticket: Text = "") -> Response:
        """With a link that works once."""
        if not await checked(request):
            return shown(request, fault=_SLOW, status=429)

        def take() -> str | None:
            with house.database.session() as session:
                return sign_in.by_ticket(session, ticket)

        # Who came by a link may want to come by the provider from now on: that is under Settings.
        to = "/console/settings" if house.provider is not None else ""
        return opened(request, await run_in_threadpool(take), _NO_LINK, to=to)

    if house.provider is not None:
        vouched.add_routes(routes, house, house.provider, lambda r, text, to: opened(r, text, "", to=to), shown)

    @routes.post("/sign-out")
    async def leave(request: Request) -> Response:
        """End the session."""
        from hub.console.access import cookie

        text = request.cookies.get(cookie(house), "")
        await own_form(request, form_token(text))
        answer = RedirectResponse("/console/sign-in", 303)
        await run_in_threadpool(forget_session, request, answer, house)
        return answer

    @routes.get("/look")
    def look(language: str = "", theme: str = "", back: str = "") -> Response:
        """Another language or another look, kept in a cookie; it changes nothing else, so a link may do it."""
        if (language and language not in LANGUAGES) or (theme and theme not in THEMES):
            raise HTTPException(404)
        answer = RedirectResponse(own_path(back), 303)
        for kept, value in (("hub_language", language), ("hub_theme", theme)):
            if value:
                answer.set_cookie(kept, value, max_age=_YEAR, path="/console", secure=house.secure, samesite="lax")
        return answer

    return routes


def _by_token(house: House, text: str, opened: object, request: Request, to: str) -> Response:
    with house.database.session() as session:
        found = sign_in.by_token(session, text)
    answer: Response = opened(request, found, _NO_TOKEN, to=to)  # type: ignore[operator]
    return answer
