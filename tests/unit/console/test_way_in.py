"""What stands before the session: addresses that are none, and many guesses at one time."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx
import pytest

from hub.application import sign_in
from hub.console.access import form_token, own_path
from hub.console.app import console
from hub.console.house import House
from hub.console.render import static
from hub.intake.guesses import GUESSES
from hub.settings import Settings


@pytest.mark.parametrize("text", ["//[", "http://[x", "//evil.example/console/", "/console/\\evil", "javascript:x"])
def test_what_is_no_path_of_ours_leads_to_the_first_page(text: str) -> None:
    assert own_path(text) == "/console/"


def _asked(count: int, origin: str | None = None) -> list[int]:
    nothing: Any = None
    house = House(
        database=nothing, connections={}, routed=set(), settings=Settings(), processing=nothing, judge=nothing,
        reviewer=nothing, resending=nothing, notes=nothing, handing=nothing,
    )  # fmt: skip
    form = {"form_token": form_token("before"), "name": "admin", "password": "wrong"}
    headers = {"origin": origin} if origin else {}

    async def ask() -> list[int]:
        transport = httpx.ASGITransport(console(house), raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://hub", cookies={"hub_form": "before"}, headers=headers
        ) as client:
            answers = await asyncio.gather(*(client.post("/console/sign-in", data=form) for _ in range(count)))
        return sorted(answer.status_code for answer in answers)

    return asyncio.run(ask())


def test_of_many_guesses_at_one_time_no_more_are_tried_than_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    others = threading.Event()

    def slow(_: object, name: str, __: str) -> None:
        tried.append(name)
        others.wait(0.3)

    monkeypatch.setattr(sign_in, "by_password", slow)
    assert _asked(30) == [401] * GUESSES + [429] * (30 - GUESSES)
    assert len(tried) == GUESSES


def test_an_origin_that_is_no_address_is_a_foreign_one() -> None:
    assert _asked(1, "http://[") == [403]


JUNK = ("", "x", "100%", "%E0%A4%A", "{", '"', "\\", "a" * 4_000, "../../etc/passwd", "Europe/../Berlin", "\xff")


def _shown(path: str, headers: list[tuple[bytes, bytes]] | None = None) -> httpx.Response:
    nothing: Any = None
    house = House(
        database=nothing, connections={}, routed=set(), settings=Settings(), processing=nothing, judge=nothing,
        reviewer=nothing, resending=nothing, notes=nothing, handing=nothing,
    )  # fmt: skip

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(console(house), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(ask())


def test_no_cookie_of_anybody_makes_a_page_fail() -> None:
    names = ("hub_form", "hub_language", "hub_theme", "hub_zone", "hub_oidc", "foreign", "$bad")
    for junk in JUNK:
        cookies = "; ".join(f"{name}={junk}" for name in names).encode("latin-1")
        answer = _shown("/console/sign-in", [(b"cookie", cookies), (b"accept-language", junk.encode("latin-1"))])
        assert answer.status_code == 200, junk
        assert "Sign in" in answer.text


def test_a_file_is_kept_for_ever_by_the_address_of_its_own_content_only() -> None:
    own = static("hub.css")
    assert "immutable" in _shown(own).headers["cache-control"]
    # a page of a release that this process is not of yet
    for other in ("/console/static/hub.css?v=000000000000", "/console/static/hub.css", f"{own}&x=1"):
        assert _shown(other).headers["cache-control"] == "no-cache"
