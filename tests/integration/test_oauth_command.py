"""``hub connections authorise`` and ``hub check`` for a connector that is not Hub's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from hub.cli.app import app
from hub.sdk import registry
from hub.sdk.connection import open_client
from hub.store.database import Database
from tests.support.oauth_connector import DESTINATION, KEY, connection
from tests.support.token_server import Vendor, served


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    found = registry._modules()
    monkeypatch.setattr(registry, "_modules", lambda: {**found, "oauth_double": "tests.support.oauth_connector"})
    registry.slugs.cache_clear()
    registry.get.cache_clear()
    with served(Vendor()) as running:
        yield running
    registry.slugs.cache_clear()
    registry.get.cache_clear()


class Hub:
    """The command over a configuration with one OAuth connection; ``grant`` is its kind."""

    def __init__(self, folder: Path, dsn: str, vendor: Vendor, *, grant: str = "refresh_token") -> None:
        self.config = folder / "hub.yaml"
        app_ = f"client_id: hub, client_secret: app-secret, grant: {grant}"
        own = f"connector: oauth_double, base_url: '{vendor.url}', {app_}"
        self.config.write_text(f"connections:\n  crm: {{{own}}}\nroutes: [{{to: crm}}]\n")
        self.environment = {"HUB_DATABASE_URL": dsn, "HUB_SECRET_KEY": KEY, "HUB_LOG_LEVEL": "info"}

    def __call__(self, *arguments: str, typed: str = "", **environment: str) -> Result:
        return CliRunner().invoke(
            app, [*arguments, "--config", str(self.config)], input=typed, env={**self.environment, **environment}
        )


def works(vendor: Vendor, dsn: str) -> bool:
    database = Database(dsn, size=2)
    database.open()
    with open_client(connection(vendor.url, database), DESTINATION) as http:
        found = http.get("contacts").status_code == 200
    database.close()
    return found


def test_a_person_consents_on_the_terminal(vendor: Vendor, dsn: str, tmp_path: Path):
    vendor.codes = {"code-1": ""}
    done = Hub(tmp_path, dsn, vendor)("connections", "authorise", "crm", typed="code-1\n")
    assert done.exit_code == 0, done.output
    assert f"{vendor.url}/consent?response_type=code" in done.stderr
    assert "access-1" not in done.output
    assert works(vendor, dsn)


def test_a_refresh_token_comes_from_the_environment_and_is_never_shown(vendor: Vendor, dsn: str, tmp_path: Path):
    hub = Hub(tmp_path, dsn, vendor)
    refused = hub("connections", "authorise", "crm", "--token", HUB_REFRESH_TOKEN="mistyped")
    assert (refused.exit_code, "invalid_grant" in refused.output) == (1, True)
    done = hub("connections", "authorise", "crm", "--token", "--json", HUB_REFRESH_TOKEN="refresh-0")
    assert orjson.loads(done.stdout) == {"connection": "crm", "authorised": True}
    assert not [secret for secret in ("refresh-", "mistyped", "app-secret") if secret in refused.output + done.output]
    assert works(vendor, dsn)
    listed = hub("connections", "--json")
    assert [each["name"] for each in orjson.loads(listed.stdout)] == ["crm"]


def test_the_check_names_a_missing_or_wrong_key(vendor: Vendor, dsn: str, tmp_path: Path):
    hub = Hub(tmp_path, dsn, vendor, grant="client_credentials")
    missing = hub("check", HUB_SECRET_KEY="")
    assert missing.exit_code == 2
    assert "connection 'crm' keeps its tokens in the database, sealed with a key: set HUB_SECRET_KEY" in missing.output
    wrong = hub("check", HUB_SECRET_KEY="too-short")
    assert (wrong.exit_code, "too-short" in wrong.output) == (2, False)
    assert "each key must be 32 bytes in base64" in wrong.output
    assert hub("check").exit_code == 0
    assert hub("connections", "authorise", "crm").exit_code == 0
    assert [asked["grant_type"] for asked in vendor.asked] == ["client_credentials"]


def test_the_live_check_asks_with_the_tokens_of_the_database(vendor: Vendor, dsn: str, tmp_path: Path):
    hub = Hub(tmp_path, dsn, vendor)
    # given no token yet: it says so, and how to get one
    advice = "it has no token yet: `hub connections authorise crm` gives it one"
    assert advice in " ".join(hub("connections").output.split())
    before = hub("check", "--live")
    assert (before.exit_code, "it has no token yet; `hub connections authorise crm`" in before.output) == (1, True)
    # when a person has consented, then the system itself is asked
    vendor.codes = {"code-1": ""}
    assert hub("connections", "authorise", "crm", typed="code-1\n").exit_code == 0
    assert "no token yet" not in hub("connections").output
    after = hub("check", "--live")
    assert (after.exit_code, "crm (destination): contacts can be read" in after.output) == (0, True), after.output
    # and where no database runs, none is started
    folder = tmp_path / "data"
    alone = hub("check", "--live", HUB_DATABASE_URL="", HUB_DATA_DIR=str(folder))
    assert (alone.exit_code, "not tested: its tokens are in the database" in alone.output) == (0, True), alone.output
    assert not folder.exists()
