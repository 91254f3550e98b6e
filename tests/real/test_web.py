"""The SDKs themselves against a running Hub: npm's on a shop's server, and in Chromium on a page of another host."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import orjson
import psycopg
import pytest

from tests.support.processes import Role, free_port, wait_for, wait_until_ready

pytestmark = pytest.mark.real

HERE = Path(__file__).parent
SDKS = Path(os.environ.get("HUB_REAL", "/tmp/hub-real")) / "web"
KEY = "wk_real"
CONFIG = """
hub: {{public_url: "http://127.0.0.1:{port}"}}
connections:
  web: {{connector: web, write_key: {key}, consent: implied, orders: true, bots: false}}
"""
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36"


@dataclass(frozen=True, slots=True)
class Hub:
    url: str
    dsn: str

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(sql.encode()).fetchall()

    def subjects(self, email: str) -> list[str]:
        """What hangs on the records of who has this address, by its own id."""
        rows = self.rows(
            "SELECT f.payload FROM profile p JOIN record r ON r.profile_id = p.id JOIN fact f ON f.record_id = r.id"
            f" WHERE p.golden LIKE '%{email}%' AND f.kind = 'interaction' ORDER BY f.happened_at"
        )
        return [orjson.loads(str(payload)).get("subject") for (payload,) in rows]


@pytest.fixture
def hub(dsn: str, tmp_path: Path) -> Iterator[Hub]:
    port = free_port()
    config = tmp_path / "hub.yaml"
    config.write_text(CONFIG.format(port=port, key=KEY))
    environment = {"HUB_DATABASE_URL": dsn, "HUB_CONFIG": str(config), "HUB_LOG_LEVEL": "error"}
    role = Role(["up", "--port", str(port)], environment)
    role.start()
    try:
        wait_until_ready(f"http://127.0.0.1:{port}")
        yield Hub(f"http://127.0.0.1:{port}", dsn)
    finally:
        role.stop()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the URL of a web server that shows it: another origin than Hub's."""
    folder = tmp_path / "site"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given: object) -> None:
            super().__init__(*given, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://localhost:{server.server_address[1]}"
    server.shutdown()


def opened(url: str, profile: Path) -> str:
    """The page as Chromium shows it after its scripts have run."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    assert browser, "no Chromium: see tests/real/web_sdk.sh"
    command = [
        browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-agent={AGENT}", f"--user-data-dir={profile}",
        "--virtual-time-budget=15000", "--dump-dom", url,
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout


def test_analytics_node_on_a_server(hub: Hub) -> None:
    script = SDKS / "web_sdk.mjs"  # beside its node_modules, or it finds none
    shutil.copy(HERE / "web_sdk.mjs", script)
    node = shutil.which("node")
    assert node, "no Node"
    done = subprocess.run([node, script, hub.url, KEY], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == {"failed": []}
    wait_for(lambda: len(hub.subjects("jule@laden.example.de")) == 3, what="what the SDK sent")
    assert set(hub.subjects("jule@laden.example.de")) == {"Tee", "Warenkorb", "group"}
    assert hub.rows("SELECT external_id, amount::text FROM fact WHERE kind = 'order'") == [("7", "54.8")]


def test_analytics_js_on_a_page_of_another_host(hub: Hub, site: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = site
    umd = SDKS / "node_modules/@segment/analytics-next/dist/umd"
    for file in umd.glob("*.js"):
        shutil.copy(file, folder)
    shutil.copy(umd / "index.js", folder / "sdk.js")
    shutil.copy(HERE / "web_page.html", folder / "index.html")
    page = opened(f"{url}/index.html?{urlencode({'hub': hub.url, 'key': KEY})}", tmp_path / "profile")
    assert "<title>sent, failed: 0</title>" in page
    wait_for(lambda: len(hub.subjects("ole@laden.example.de")) == 2, what="what the page sent")
    # what came after reset() is another visitor's
    assert hub.subjects("ole@laden.example.de") == ["Kaffee", "Product Viewed"]
    assert hub.rows("SELECT count(*) FROM fact") == [(3,)]


def test_the_sdk_of_rudderstack_on_a_page_of_another_host(hub: Hub, site: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = site
    shutil.copy(SDKS / "node_modules/@rudderstack/analytics-js/dist/npm/modern/bundled/umd/index.js", folder / "sdk.js")
    shutil.copy(HERE / "rudder_page.html", folder / "index.html")
    opened(f"{url}/index.html?{urlencode({'hub': hub.url, 'key': KEY})}", tmp_path / "profile")
    wait_for(lambda: len(hub.subjects("mia@laden.example.de")) == 1, what="what the page sent")
    assert hub.subjects("mia@laden.example.de") == ["Kakao"]
