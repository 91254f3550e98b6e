"""The console where nothing has happened yet."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from hub import bootstrap
from hub.application import sign_in
from hub.console.app import found_pages
from hub.settings import load
from hub.store import console_sessions, users
from tests.support.serving import served


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_page_says_what_to_do_next(dsn: str, tmp_path: Path, language: str):
    config = tmp_path / "hub.yaml"
    config.write_text("connections: {}\n", "utf-8")
    settings = load(config, {"HUB_DATABASE_URL": dsn, "HUB_DATA_DIR": str(tmp_path / "data")})
    with bootstrap.runtime(settings, pool_size=3) as run, served(bootstrap.api(run)) as url:
        with run.database.session() as session:
            sign_in.add_user(session, "ops", "admin", None)
            (user,) = users.page(session)
            text = console_sessions.open_(session, user_id=user.id)
        headers = {"cookie": f"hub_session={text}", "accept-language": language}
        with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=20.0) as browser:
            answers = {page.slug: browser.get(page.path).status_code for page in found_pages()}
    assert answers.pop("tour") == 404
    assert set(answers.values()) == {200}, answers
