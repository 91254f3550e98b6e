"""A hub with the demo's cast, sent as real, signed payloads, and a real Chromium in front of it: both once a session.

The browser is Debian's. Where it is missing these tests fail; `.ci/run` installs it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from hub import bootstrap
from hub.application import sign_in
from hub.application.process import process_batch
from hub.demo.cast import cast
from hub.demo.command import yesterday
from hub.demo.send import Senders
from hub.demo.stage import CRM_TOKEN, configuration
from hub.outbox.deliver import deliver
from hub.sandbox.hubspot import SandboxCrm, serve
from hub.settings import load
from hub.store.database import Database
from hub.store.users import ROLES, Role
from tests.support import servers
from tests.support.serving import served

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
PICTURES = Path(__file__).parents[3] / "docs" / "console"
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium") or "/usr/bin/chromium"
"""Chromium; better its shell without windows, which takes half of the CPU."""
ONE_RENDERER = (
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
    "--disable-features=SpareRendererForSitePerProcess",
)
"""Each test has a context of its own; to start a process for each takes longer than most pages."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A running Hub; ``runtime`` is what the API and the commands see of it."""

    url: str
    runtime: bootstrap.Runtime

    def session(self, role: Role) -> str:
        """A session of its own, as the link gives one, for a test that is not about signing in."""
        with self.runtime.database.session() as session:
            text = sign_in.by_ticket(session, self.link(role).partition("#")[2])
        assert text is not None
        return text

    def link(self, role: Role) -> str:
        """An address that opens the console once."""
        with self.runtime.database.session() as session:
            return sign_in.link(session, role, self.url)


@pytest.fixture(scope="session")
def hub(postgres_server: servers.Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """The demo's opening: webshops and newsletter came in, and the CRM was told."""
    folder = tmp_path_factory.mktemp("console")
    with ExitStack() as stack:
        dsn = stack.enter_context(postgres_server.fresh())
        crm_url = stack.enter_context(serve(SandboxCrm(token=CRM_TOKEN, rate=10_000), silence_seconds=1.0))
        config = folder / "hub.yaml"
        config.write_text(yaml.safe_dump(configuration("http://127.0.0.1:1", "http://127.0.0.1:1", crm_url)), "utf-8")
        settings = load(config, {"HUB_DATABASE_URL": dsn, "HUB_DATA_DIR": str(folder / "data")})
        run = stack.enter_context(bootstrap.runtime(settings, pool_size=6))
        url = stack.enter_context(served(bootstrap.api(run)))
        senders = Senders(url, run.connections)
        stack.callback(senders.close)
        people = cast(1, yesterday(datetime.now(UTC)))
        senders.send([*people.opening, *(one for one in people.later if one.connection != "till")], lambda: None)
        assert senders.sent.wrong == []
        while process_batch(run.processing).entries:
            pass
        deliver(run.senders("test")["crm"])
        _users(run.database)
        yield Hub(url, run)


def _users(database: Database) -> None:
    """One of each role."""
    with database.session() as session:
        for role in ROLES:
            sign_in.add_user(session, role, role, f"{role}'s long password")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser, until other tests come: Playwright's event loop runs in this thread, where theirs could not."""
    assert Path(CHROMIUM).exists(), "there is no Chromium: apt-get install chromium-headless-shell"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", *ONE_RENDERER]
        )
        yield browser
        browser.close()


@dataclass
class Window:
    """A page and all that the browser complained about, which has to be nothing."""

    blank: Page
    hub: Hub
    complaints: list[str] = field(default_factory=list)
    _entered: bool = False

    @property
    def page(self) -> Page:
        """The page. Who signed in, and has not gone elsewhere yet, finds the first one of the console on it."""
        return self.blank if self._entered else self.open("/")

    def heard(self, said: ConsoleMessage) -> None:
        """Keep what is an error or a warning."""
        if said.type in ("error", "warning"):
            self.complaints.append(said.text)

    def open(self, path: str) -> Page:
        """Go to a page of the console."""
        self._entered = True
        self.blank.goto(f"{self.hub.url}/console{path}")
        return self.blank

    def violations(self) -> list[str]:
        """What axe finds against WCAG 2.2 AA on the page as it is."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))  # in the debugger, where the page's policy has no say
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        options = {"runOnly": tags, "resultTypes": ["violations"]}
        found: dict[str, Any] = self.page.evaluate("options => axe.run(options)", options)
        return [
            f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    def picture(self, name: str) -> None:
        """A screenshot for the docs, when it is asked for (``HUB_SCREENSHOTS=1``)."""
        if os.environ.get("HUB_SCREENSHOTS"):
            PICTURES.mkdir(exist_ok=True)
            self.page.screenshot(path=PICTURES / f"{name}.png", caret="initial")  # hiding it takes a style

    def overflows(self) -> bool:
        """Whether the page is wider than its window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


Opening = Callable[..., Window]


@pytest.fixture
def window(chromium: Browser, hub: Hub) -> Iterator[Opening]:
    """Opens windows: ``window("operator", language="de", phone=True, dark=True)``; without a role nobody is signed in.

    Anything the browser complains about (errors, the policy, what could not be loaded) fails the test at its end.
    """
    contexts: list[BrowserContext] = []
    windows: list[Window] = []

    def opened(
        role: Role | None = "operator", *, language: str = "en", phone: bool = False, dark: bool = False
    ) -> Window:
        context = chromium.new_context(
            locale={"en": "en-GB", "de": "de-DE"}[language],
            timezone_id="Europe/Berlin",
            viewport={"width": 390, "height": 844} if phone else {"width": 1280, "height": 800},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(20_000)
        if role is not None:
            name, value = "hub_session", hub.session(role)
            context.add_cookies([{"name": name, "value": value, "url": hub.url, "httpOnly": True, "sameSite": "Lax"}])
        found = Window(context.new_page(), hub, _entered=role is None)
        windows.append(found)
        found.blank.on("console", found.heard)
        found.blank.on("pageerror", lambda error: found.complaints.append(str(error)))
        return found

    yield opened
    complaints = [complaint for one in windows for complaint in one.complaints]
    for context in contexts:
        context.close()
    assert complaints == []
