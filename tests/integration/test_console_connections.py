"""What goes on in the background of the console, with a source that can be read: history, and completeness by hour."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from hub import bootstrap
from hub.application import sign_in
from hub.application.process import process_batch
from hub.application.reconcile import reconcile
from hub.settings import load
from hub.store import audit, backfills
from tests.integration.test_cli import CONFIG, ROWS, SECRET
from tests.support.serving import served

PASSWORD = "correct horse battery"
PAGE = "/console/connections/old-crm"


@dataclass
class Console:
    """Somebody who is signed in, and what runs."""

    client: httpx.Client
    run: bootstrap.Runtime
    token: str = ""

    def do(self, path: str, **fields: str) -> str:
        """Press a button, and wait until what it began has ended; gives the part of the page."""
        headers = {"hx-request": "true"}
        text = self.client.post(f"{PAGE}/{path}", data={"form_token": self.token, **fields}, headers=headers).text
        give_up = time.monotonic() + 30
        while (again := re.search(r'hx-get="([^"]+)"', text)) and time.monotonic() < give_up:
            time.sleep(0.05)
            text = self.client.get(again[1], headers=headers).text
        assert again is None
        return text


@pytest.fixture
def console(tmp_path: Path, dsn: str) -> Iterator[Console]:
    (tmp_path / "hub.yaml").write_text(CONFIG.format(folder=tmp_path, secret=SECRET), encoding="utf-8")
    (tmp_path / "kunden.csv").write_text(ROWS, encoding="utf-8")
    settings = load(tmp_path / "hub.yaml", {"HUB_DATABASE_URL": dsn})
    with ExitStack() as stack:
        run = stack.enter_context(bootstrap.runtime(settings, pool_size=4))
        url = stack.enter_context(served(bootstrap.api(run)))
        with run.database.session() as session:
            sign_in.add_user(session, "anna", "operator", PASSWORD)
        client = stack.enter_context(httpx.Client(base_url=url, trust_env=False, follow_redirects=True))
        found = Console(client, run, _token(client.get("/console/sign-in").text))
        form = {"name": "anna", "password": PASSWORD, "form_token": found.token}
        found.token = _token(client.post("/console/sign-in", data=form).text)
        yield found


def _token(text: str) -> str:
    found = re.search(r'name="form_token" value="(\w+)"', text)
    assert found
    return found[1]


def _figures(text: str) -> dict[str, int]:
    return {name: int(count) for name, count in re.findall(r"<dt>([^<]+)</dt><dd>(\d+)</dd>", text)}


def test_what_lacks_is_shown_by_hour_fetched_and_then_all_is_there(console: Console) -> None:
    lacking = console.do("compare")
    assert _figures(lacking) == {"all here": 0, "missing": 3}
    assert re.search(r'<td class="gap" title="0 / 3">3</td>', lacking)
    assert lacking.count("<li>customer <code>") == 3

    fetched = console.do("compare", fetch="true")
    assert _figures(fetched)["fetched"] == 3
    while process_batch(console.run.processing).entries:
        pass

    there = console.do("compare")
    with_command = reconcile(console.run.database, console.run.connections["old-crm"], since=None, repair=False)
    assert _figures(there) == {"all here": with_command.found["same"], "missing": 0}
    assert re.search(r'<td class="all" title="3 / 3">✓</td>', there)
    page = console.client.get(PAGE).text
    assert _figures(page.split('id="compared"')[1].split("</dl>")[0])["all here"] == 3


def test_a_history_is_read_and_everything_done_is_in_the_audit_log(console: Console) -> None:
    assert "3 items are here" in console.do("history")
    assert "Nothing new" in console.do("history")
    assert "3 items are here" in console.do("history", again="true")
    page = console.client.get(PAGE).text
    assert "finished" in page
    assert "Read it all again" in page
    console.client.post(f"{PAGE}/history/pause", data={"form_token": console.token})  # nothing runs: nothing happens
    with console.run.database.session() as session:
        entries = audit.page(session, area="connection", limit=9)
    assert [(entry.who, entry.action, entry.subject) for entry in entries] == [
        ("anna", "connection.backfill", "old-crm")
    ] * 3


def test_a_page_that_outlives_its_job_says_so_and_stops_asking(console: Console) -> None:
    for page in ("connections/jobs", "rules/tries"):
        path = f"/console/{page}/{uuid4()}"
        told = console.client.get(path, headers={"hx-request": "true"})
        assert told.status_code == 200
        assert "started again" in told.text
        assert "hx-get" not in told.text
        assert console.client.get(path).status_code == 404


def test_a_history_that_another_process_reads_is_left_to_it(console: Console) -> None:
    with backfills.alone(console.run.dsn, "old-crm"):
        assert "another process is reading" in console.do("history")
        assert "another process is reading" in console.do("compare")
