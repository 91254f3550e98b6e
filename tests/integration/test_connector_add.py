"""``hub connector add``: from questions to a connection that is tested, with what is left to do at the vendor."""

from __future__ import annotations

import base64
import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import yaml
from typer.testing import CliRunner, Result

from hub.cli import add
from hub.cli.app import app
from hub.sandbox.hubspot import SandboxCrm, serve
from hub.sdk import registry
from hub.sdk.catalogue.set_up import named, set_up

CONFIG = "hub: {public_url: 'https://hub.example.com'}\n"
TOKEN = "a-token-of-the-sandbox"


class Folder:
    """A configuration of its own, and the command."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "hub.yaml"
        self.config.write_text(CONFIG)
        self.parts = folder / "connections.d"
        self.secret = folder / "secret.txt"
        self.secret.write_text("w00-secret\n")

    def __call__(self, *arguments: str, typed: str = "") -> Result:
        ran = CliRunner().invoke(app, ["connector", "add", *arguments, "--config", str(self.config)], input=typed)
        assert "w00-secret" not in ran.output
        assert TOKEN not in ran.output
        return ran


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield Folder(tmp_path)
    root.handlers, root.level = before


@pytest.fixture(scope="module")
def crm() -> Iterator[str]:
    with serve(SandboxCrm(token=TOKEN)) as url:
        yield url


WOO = ("woocommerce", "--no-live", "--set")


def test_a_connection_is_written_with_its_secret_in_a_file_of_its_own(folder: Folder) -> None:
    done = folder(*WOO, f"webhook_secret=@{folder.secret}", "--name", "shop-at", "--json")
    assert done.exit_code == 0, done.output
    told = orjson.loads(done.stdout)
    secret = folder.parts / "secrets" / "shop-at.webhook_secret"
    assert secret.read_text() == "w00-secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.parts.stat().st_mode) == 0o700
    assert (folder.parts / "shop-at.yaml").read_text() == told["yaml"]
    assert f"${{file:{secret}}}" in told["yaml"]
    assert told["webhook_url"] == "https://hub.example.com/webhooks/shop-at"
    assert any("https://hub.example.com/webhooks/shop-at" in step for step in told["steps"])
    assert told["next"][0] == "hub connector subscribe shop-at"
    # every command reads it from now on
    listed = CliRunner().invoke(app, ["check", "--json", "--config", str(folder.config)])
    assert [row["connection"] for row in orjson.loads(listed.stdout)["connections"]] == ["shop-at"]


def test_what_is_there_stays_as_it_is(folder: Folder) -> None:
    assert folder(*WOO, f"webhook_secret=@{folder.secret}", "--name", "shop").exit_code == 0
    before = (folder.parts / "shop.yaml").read_bytes()
    again = folder(*WOO, f"webhook_secret=@{folder.secret}", "--name", "shop")
    assert (again.exit_code, "there is a connection of this name already" in again.output) == (2, True)
    assert (folder.parts / "shop.yaml").read_bytes() == before
    # without a name the next free one is taken
    assert folder(*WOO, f"webhook_secret=@{folder.secret}").exit_code == 0
    assert folder(*WOO, f"webhook_secret=@{folder.secret}").exit_code == 0
    assert {file.name for file in folder.parts.glob("*.yaml")} == {
        "shop.yaml", "woocommerce.yaml", "woocommerce-2.yaml",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["woocomerce"], 1, "did you mean 'woocommerce'?"),
        (["woocommerce", "--set", "web_secret=x"], 2, "did you mean 'webhook_secret'?"),
        (["woocommerce", "--set", "webhook_secret=w00-plain"], 2, "give webhook_secret=@FILE"),
        (["woocommerce", "--set", "webhook_secret=@/nowhere"], 2, "/nowhere cannot be read"),
        (["clover", "--route"], 2, "clover is no destination"),
        (["mailchimp", "--set", "webhook_secret=@SECRET", "--route"], 2, "api_key: is required to write contacts"),
        (
            ["shopware"],
            2,
            "base_url: is required; on a terminal it is asked for, elsewhere tell it by --set base_url=VALUE",
        ),
        (["zoho"], 2, "--set client_secret=@FILE, a file with the secret in it"),
        (["zoho"], 2, "data_centre: is required"),  # a default would be wrong for most accounts
        (["woocommerce", "--name", "Shop in Köln"], 2, "name"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(folder: Folder, arguments: list[str], code: int, said: str) -> None:
    refused = folder(*(one.replace("@SECRET", f"@{folder.secret}") for one in arguments))
    assert refused.exit_code == code, refused.output
    assert said in refused.output
    assert "w00-plain" not in refused.output
    assert not folder.parts.exists()


@pytest.mark.parametrize(
    ("typed", "kept"), [("a.example", ["a.example"]), ("a.example, b@c.example", ["a.example", "b@c.example"])]
)
def test_a_list_may_be_typed_with_commas_between(folder: Folder, typed: str, kept: list[str]) -> None:
    told = ("--set", "host=imap.example.com", "--set", "user=kontakt", "--set", f"password=@{folder.secret}")
    done = folder("imap", "--no-live", "--json", *told, "--set", f"own={typed}")
    assert done.exit_code == 0, done.output
    document = yaml.safe_load(orjson.loads(done.stdout)["yaml"])
    assert document["connections"]["imap"]["own"] == kept


def test_one_number_is_a_list_of_one_and_a_route_is_still_missing(folder: Folder) -> None:
    done = folder(
        "evalanche", "--no-live", "--json", "--set", "base_url=https://scnem.com", "--set", "username=hub", "--set",
        f"password=@{folder.secret}", "--set", "pool=712", "--set", "granted=2", "--set", "lists=3001:",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    told = orjson.loads(done.stdout)
    assert yaml.safe_load(told["yaml"])["connections"]["evalanche"]["granted"] == ["2"]
    assert told["next"][-1].startswith("add `- {to: evalanche}` to `routes:` in the configuration")


def test_all_steps_are_told_those_after_an_example_too() -> None:
    steps = set_up(registry.folder("medusa") / "README.md")
    assert len(steps) == 3
    assert steps[2].startswith("Start the shop's server")


def test_a_dry_run_only_shows_it(folder: Folder) -> None:
    shown = folder("hubspot", "--dry-run", "--route", "--set", f"access_token=@{folder.secret}")
    assert shown.exit_code == 0, shown.output
    assert "routes:\n- to: hubspot" in shown.stdout
    assert not folder.parts.exists()


def test_a_person_is_asked_for_what_is_needed_and_the_system_is_asked_at_once(
    folder: Folder, crm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(add, "_is_terminal", lambda: True)
    done = folder("hubspot", "--set", f"base_url={crm}", typed=f"{TOKEN}\n" + "\n" * 9)
    assert done.exit_code == 0, done.output
    assert "access_token" in done.stderr
    assert "hubspot (destination): " in done.stdout
    assert "hub connector try hubspot" in done.stdout
    assert (folder.parts / "secrets" / "hubspot.access_token").read_text() == TOKEN


def test_credentials_that_do_not_work_are_told_and_the_file_stays_to_be_corrected(folder: Folder, crm: str) -> None:
    refused = folder("hubspot", "--set", f"base_url={crm}", "--set", f"access_token=@{folder.secret}")
    assert refused.exit_code == 1
    assert "hubspot.yaml stays: correct what is wrong in it" in refused.stderr
    assert (folder.parts / "hubspot.yaml").exists()


def test_the_steps_at_the_vendor_name_the_connection_as_it_is_called(folder: Folder) -> None:
    told = folder(
        "zoho", "--name", "sales", "--dry-run", "--set", "data_centre=eu", "--set", "client_id=1000.A",
        "--set", f"client_secret=@{folder.secret}",
    )  # fmt: skip
    assert "`hub connections authorise sales`" in told.output
    assert "authorise crm" not in told.output


SUITE = (
    "suitecrm",
    "--name",
    "sales",
    "--no-live",
    "--set",
    "client_id=1",
    "--set",
    "base_url=https://crm.example.com",
)


def test_nothing_is_written_while_the_key_that_seals_its_tokens_is_missing(folder: Folder) -> None:
    refused = folder(*SUITE, "--set", f"client_secret=@{folder.secret}")
    assert refused.exit_code == 2
    assert "HUB_SECRET_KEY" in refused.stderr
    assert not folder.parts.exists()


def test_an_app_that_is_enough_is_asked_for_no_consent(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_SECRET_KEY", base64.b64encode(bytes(32)).decode())
    made = folder(*SUITE, "--set", f"client_secret=@{folder.secret}")
    assert made.exit_code == 0, made.output
    assert "authorise" not in made.output


def test_a_step_keeps_addresses_and_what_was_just_done_is_no_step() -> None:
    steps = [named(step, "sales", "") for step in set_up(registry.folder("suitecrm") / "README.md", addresses=True)]
    assert "guide (https://docs.suitecrm.com/developer/api/" in steps[0]
    assert not any(step.startswith("Write the connection") for step in steps)
    steps = [named(step, "sales", "") for step in set_up(registry.folder("activecampaign") / "README.md")]
    assert any("`hub connector subscribe sales`" in step for step in steps)
