"""`hub init` and `hub check`: what an operator sees before the first start."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import typer
from typer.testing import CliRunner

from hub.application.check_live import Finding, check_live
from hub.cli import check, init
from hub.cli.database import warn_at_start
from hub.sdk.connection import Connection, load_connections
from hub.sdk.http import HttpClient
from hub.settings import load

SECRETS = {"SHOP_DE_SECRET": "a", "HUBSPOT_TOKEN": "b"}
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

app = typer.Typer()
app.command("init")(init.command)
app.command("check")(check.command)


def run(*arguments: str, environment: dict[str, str] | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, arguments, env=environment or {})
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (*SECRETS, "HUB_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def test_the_starter_passes_the_check_once_its_secrets_are_there():
    assert run("init")[0] == 0
    code, out, _ = run("check", "--json", environment=SECRETS)
    assert code == 0
    assert json.loads(out)["connections"] == [
        {"connection": "shop-de", "connector": "shopify", "roles": ["source"]},
        {"connection": "crm", "connector": "hubspot", "roles": ["destination", "source"]},
    ]


def test_init_never_overwrites_unless_told():
    run("init")
    Path("config/hub.yaml").write_text("hub: {}")
    assert run("init") == (2, "", "config/hub.yaml: is there already; --force overwrites it\n")
    assert Path("config/hub.yaml").read_text() == "hub: {}"
    assert run("init", "--force")[0] == 0
    assert Path("config/hub.yaml").read_text(encoding="utf-8") == init.starter()


def test_check_tells_the_faults_of_file_connections_routes_and_rules_at_once():
    Path("identity.yaml").write_text("identifiers: {email: {strength: stong}, phnoe: {}}\nlimits: {orders: 0}")
    Path("survivorship.yaml").write_text("attributes: {name: newst}")
    Path("hub.yaml").write_text(
        "connections:\n"
        "  shop-de: {connector: shopify, webhook_secrt: x}\n"
        "  crm: {connector: hubspot, access_token: ${HUBSPOT_TOKEN}}\n"
        "routes: [{to: crm, when: 'contry == `1`'}]\n"
        "log_level: loud\n"
        "identity: identity.yaml\n"
        "survivorship: survivorship.yaml\n"
    )
    code, out, err = run("check", "--config", "hub.yaml", "--json")
    assert code == 2
    assert json.loads(out)["faults"] == err.splitlines()
    assert sorted(err.splitlines()) == [
        "connections.crm.access_token: environment variable HUBSPOT_TOKEN is not set (line 3)",
        "connections.shop-de.webhook_secret: is required (line 2)",
        "connections.shop-de.webhook_secrt: unknown key; did you mean 'webhook_secret'? (line 2)",
        (
            "identity.yaml: identifiers.email.strength: should be 'certain', 'strong', 'weak' or 'off'; "
            "did you mean 'strong'? (line 1)"
        ),
        "identity.yaml: identifiers.phnoe: unknown key; did you mean 'phone'? (line 1)",
        "identity.yaml: limits.orders: should be greater than or equal to 1 (line 2)",
        "log_level: should be 'debug', 'info', 'warning' or 'error' (line 5)",
        "routes[0].when: a profile has no 'contry'; did you mean 'country'? (column 1 of contry == `…`) (line 4)",
        (
            "survivorship.yaml: attributes.name: should be 'newest', 'source_rank', 'most_complete', 'most_frequent' "
            "or 'longest_lived'; did you mean 'newest'? (line 1)"
        ),
    ]


def test_check_reads_mapping_files_and_tells_their_faults_beside_the_others():
    Path("config/mappings").mkdir(parents=True)
    Path("config/mappings/crm.yaml").write_text("fields:\n  stage: custm.stage\n  id: {valeu: company}\n")
    Path("config/mappings/cmr.yaml").write_text("fields: {}\n")
    Path("config/hub.yaml").write_text("connections: {crm: {connector: hubspot, access_token: t}}\nlog_level: loud\n")
    misspelt = "a profile has no 'custm'; did you mean 'custom'? (column 1 of custm.stage)"
    code, _, err = run("check", "--config", "config/hub.yaml")
    assert (code, err.splitlines()) == (
        2,
        [
            "log_level: should be 'debug', 'info', 'warning' or 'error' (line 2)",
            "config/mappings/cmr.yaml: there is no connection 'cmr'; did you mean 'crm'?",
            f"config/mappings/crm.yaml: fields.stage: {misspelt} (line 2)",
            "config/mappings/crm.yaml: fields.id.valeu: unknown key; did you mean 'value'? (line 3)",
        ],
    )
    Path("hub.yaml").write_text("connections: {}\nmappings: elsewhere\n")
    assert run("check", "--config", "hub.yaml")[2] == "mappings: there is no folder elsewhere (line 2)\n"


def test_one_file_of_both_rules_is_checked_once_and_numbers_in_it_are_of_the_hubs_country():
    Path("rules.yaml").write_text("identifiers: {phone: {blocked: [01 5880099]}}\nattributes: {name: newest}")
    Path("hub.yaml").write_text("hub: {default_region: AT}\nidentity: rules.yaml\nsurvivorship: rules.yaml\n")
    assert run("check", "--config", "hub.yaml", "--json")[0] == 0
    Path("rules.yaml").write_text("identifiers: {phone: {blocked: [12]}}\nattributes: {name: newest}")
    assert run("check", "--config", "hub.yaml")[2] == (
        "rules.yaml: identifiers.phone.blocked[0]: is no phone number; "
        "one without a country is read as of hub.default_region (line 1)\n"
    )


def crm() -> Connection:
    """A connection whose connector asks for one harmless page."""
    loaded = load_connections({"crm": ("hubspot", {"access_token": "b"})}, default_region="DE")["crm"]
    assert loaded.connector.destination

    def ask(client: HttpClient, _: object) -> None:
        client.get("account")

    destination = replace(loaded.connector.destination, check=ask)
    return replace(loaded, connector=replace(loaded.connector, destination=destination))


@pytest.mark.parametrize(
    ("status", "date", "finding"),
    [
        (200, "Mon, 23 Nov 2026 12:00:20 GMT", Finding("crm", "destination", True, "credentials work")),
        (
            200,
            "Mon, 23 Nov 2026 12:05:00 GMT",
            Finding(
                "crm", "destination", False, "WRONG: this machine's clock is 300 s behind theirs; credentials work"
            ),
        ),
        (401, "", Finding("crm", "destination", False, "AuthError: GET api.hubapi.com answered 401: Unauthorized")),
    ],
)
def test_a_live_check_asks_for_credentials_and_the_time(status, date, finding):
    transport = httpx.MockTransport(lambda _: httpx.Response(status, headers={"date": date} if date else {}, json={}))
    assert check_live(crm(), transport=transport, now=lambda: NOW) == [finding]


def test_a_connector_without_a_harmless_request_says_so():
    connection = load_connections({"shop": ("shopify", {"webhook_secret": "a"})}, default_region="DE")["shop"]
    source = connection.connector.source
    assert source
    without = replace(connection, connector=replace(connection.connector, source=replace(source, check=None)))
    assert check_live(without) == [
        Finding("shop", "source", True, "cannot be tested; the first event or write will tell")
    ]


def test_every_fault_of_a_connection_is_named_at_once():
    Path("hub.yaml").write_text(
        "connections:\n"
        "  crm: {connector: hubspot, access_token: ' ', base_url: 'file:///etc/passwd', orders: some, tokn: x}\n"
        "  shop: {connector: shopify, webhook_secret: [a, '']}\n"
        "  old: {connector: csv, path: nowhere.csv, fields: {external_id: id, emial: mail, frist_name: v}}\n"
        "  out: {connector: csv, path: nofolder/out.csv}\n"
        "  file: {connector: csv, path: away.csv, fields: {external_id: id}}\n"
        "routes: [{to: out}, {to: out, when: 'consent.email == ''yes'' '}]\n"
    )
    faults = json.loads(run("check", "--config", "hub.yaml", "--json")[1])["faults"]

    for said in (
        "connections.crm.access_token: is blank; leave the key out where there is none",
        "connections.crm.base_url: needs https:// (or http://) and a host",
        "connections.crm.orders: should be 'deals' or 'none'",
        "connections.crm.tokn: unknown key",
        "connections.shop.webhook_secret: is blank",
        "connections.old.fields: 'emial' is no customer field; did you mean 'email'?; 'frist_name' is no",
        "connections.out.path: there is no folder nofolder",
        "connections.file.path: there is no file away.csv; it is looked for in ",
        "routes[1].when: consent.email is one of opted_in, opted_out, pending, unknown (column 18 of ",
    ):
        assert [fault for fault in faults if fault.startswith(said)], (said, faults)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://api.example.com", None),
        ("http://127.0.0.1:8090", None),
        ("http://localhost", None),
        ("http://shop:8080", None),
        ("http://10.1.2.3", None),
        ("http://[fd00::1]", None),
        ("http://crm.internal", None),
        ("http://api.example.com", "http is not encrypted; use https, or set allow_http: true beside it"),
        ("http://93.184.216.34", "http is not encrypted"),
        ("http://169.254.169.254/latest", "is a link-local address"),
        ("https://[fe80::1]", "is a link-local address"),
        ("ftp://example.com", "needs https://"),
        ("https://", "needs https://"),
        ("https://user:pass@example.com", "holds a user name or password"),
        ("http://[", "is no URL"),
    ],
)
def test_secrets_go_over_no_open_line_and_to_no_metadata_service(url, fault):
    Path("hub.yaml").write_text(f"connections: {{crm: {{connector: hubspot, access_token: x, base_url: '{url}'}}}}")
    faults = json.loads(run("check", "--config", "hub.yaml", "--json")[1])["faults"]

    assert (faults == []) is (fault is None)
    assert all(found.startswith(f"connections.crm.base_url: {fault}") for found in faults)
    assert "user:pass" not in str(faults)


def test_an_open_line_can_be_allowed():
    crm = "{connector: hubspot, access_token: x, base_url: 'http://crm.example.com', allow_http: true}"
    Path("hub.yaml").write_text(f"connections: {{crm: {crm}}}")
    assert json.loads(run("check", "--config", "hub.yaml", "--json")[1])["faults"] == []


def test_columns_that_a_file_does_not_have_are_told_before_it_is_read():
    Path("customers.csv").write_bytes("nr;mail;geändert\n1;anna@shop.example;28.08.2024\n".encode("cp1252"))
    Path("empty.csv").write_bytes(b"")
    Path("hub.yaml").write_text(
        "connections:\n"
        "  old-crm: {connector: csv, path: customers.csv, fields: {external_id: id, email: mial},"
        " updated_at_field: geandert}\n"
        "  none: {connector: csv, path: empty.csv, fields: {external_id: id}}\n"
        "  unrouted: {connector: csv, path: customers.csv}\n",
        encoding="utf-8",
    )
    code, _, err = run("check", "--config", "hub.yaml")
    assert code == 2
    assert sorted(err.splitlines()) == [
        "connections.none.path: empty.csv: the file is empty; its first line names the columns (line 3)",
        "connections.old-crm.fields.email: the file has no column 'mial'; did you mean 'mail'? (line 2)",
        "connections.old-crm.fields.external_id: the file has no column 'id' (line 2)",
        "connections.old-crm.updated_at_field: the file has no column 'geandert'; did you mean 'geändert'? (line 2)",
    ]


def test_a_data_folder_that_takes_no_files_is_a_fault_unless_the_database_is_elsewhere():
    Path("file").write_text("")
    assert run("check", environment={"HUB_DATA_DIR": "new/folder"})[0] == 0
    code, _, err = run("check", environment={"HUB_DATA_DIR": "file/hub"})
    assert (code, err) == (2, f"data_dir: {Path('file').absolute()} is no folder\n")
    elsewhere = {"HUB_DATA_DIR": "file/hub", "HUB_DATABASE_URL": "postgresql://hub@127.0.0.1:1/hub"}
    assert run("check", environment=elsewhere)[0] == 0


def test_a_live_check_asks_the_database_and_redis_that_are_named():
    away = {"HUB_DATABASE_URL": "postgresql://hub:pass-word@127.0.0.1:1/hub", "HUB_REDIS_URL": "redis://127.0.0.1:1"}
    code, out, err = run("check", "--live", "--json", environment=away)
    assert code == 1
    assert [(each["role"], each["ok"]) for each in json.loads(out)["live"]] == [("database", False), ("redis", False)]
    assert "pass-word" not in out + err
    assert json.loads(run("check", "--live", "--json")[1])["live"] == []


def test_a_misspelt_variable_is_named_with_the_right_one_and_never_with_its_value() -> None:
    Path("hub.yaml").write_text("hub: {public_url: '${HUB_OWN_URL}'}")
    environment = {
        "HUB_DATBASE_URL": "postgresql://somebody:s3cret@db/hub",
        "HUB_ELSE": "x",
        "HBU_REDIS_URL": "redis://x",
        "REDIS_URL": "redis://another",
        "DATABASE_URL": "postgresql://another",
        "HUB_PORT": "tcp://10.0.0.7:80",
        "HUB_OWN_URL": "https://hub.example.com",
        # what a cluster sets for its service "hub"
        "HUB_SERVICE_HOST": "10.0.0.7",
        "HUB_API_SERVICE_PORT_HTTP": "8080",
        "HUB_API_PORT": "tcp://10.0.0.7:8080",
        "HUB_API_PORT_8080_TCP_ADDR": "10.0.0.7",
    }
    told = [
        "nothing reads the environment variable HBU_REDIS_URL; did you mean 'HUB_REDIS_URL'?",
        "nothing reads the environment variable HUB_DATBASE_URL; did you mean 'HUB_DATABASE_URL'?",
        "nothing reads the environment variable HUB_ELSE",
    ]
    code, out, err = run("check", "--config", "hub.yaml", "--json", environment=environment)
    assert (code, json.loads(out)["warnings"]) == (0, told)
    assert "s3cret" not in out + err
    # and it is said besides the faults
    Path("hub.yaml").write_text("hub: {public_url: none}")
    code, _, err = run("check", "--config", "hub.yaml", environment=environment)
    assert code == 2
    assert f"warning: {told[0]}" in err.splitlines()


def test_without_a_configuration_it_says_where_it_looked_and_how_to_make_one() -> None:
    code, out, _ = run("check", "--json")
    [said] = json.loads(out)["warnings"]
    assert code == 0
    assert said.startswith(f"there is no configuration: looked for {Path.cwd()}/config/hub.yaml. ")
    assert "`hub init` writes it" in said


def test_a_field_of_their_own_that_leads_nowhere_is_a_fault_of_every_destination() -> None:
    wrong = "profile_fields: {wunsch: custom.wunsch, groesse: custm.size, orte: addresses}"
    Path("hub.yaml").write_text(
        f"connections:\n  crm: {{connector: hubspot, access_token: t, {wrong}}}\n"
        f"  file: {{connector: csv, path: out.csv, {wrong}}}\nroutes: [{{to: crm}}, {{to: file}}]\n"
    )
    code, _, err = run("check", "--config", "hub.yaml")
    assert code == 2
    for connection, line in (("crm", 2), ("file", 3)):
        [said] = [fault for fault in err.splitlines() if fault.startswith(f"connections.{connection}.profile_fields: ")]
        assert "groesse: Profile has no 'custm.size'; did you mean 'custom'?" in said
        assert "orte: 'addresses' leads to no text" in said
        assert "wunsch" not in said
        assert f"(line {line})" in said


def test_a_connection_that_nothing_verifies_is_warned_of():
    Path("config").mkdir()
    Path("config/hub.yaml").write_text(
        "connections:\n  app: {connector: webhook_in, verify: {none: true}, read: [{deletion: {id: id}}]}\n"
    )
    code, _, err = run("check")
    assert code == 0
    assert "warning: connections.app.verify: none, so whoever knows the address can send anything" in err


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://127.0.0.1:8090", True),
        ("http://localhost", True),
        ("http://127.0.0.1:8080", False),
        ("https://hub.example.com", False),  # a proxy's port
        ("https://hub.example.com:8443", False),
    ],
)
def test_a_public_url_of_this_machine_that_names_another_port_is_warned_of(url: str, warned: bool) -> None:
    Path("hub.yaml").write_text(f"hub: {{public_url: '{url}'}}")
    code, _, said = run("check", "--config", "hub.yaml")
    assert (code, "hub.public_url: it names port" in said) == (0, warned)


def test_hub_that_starts_on_another_port_than_its_public_url_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    settings = load(None, {})
    warn_at_start(None, settings, 8090)
    assert "hub.public_url: it names port 8080, and Hub listens on 8090" in capsys.readouterr().err
    warn_at_start(None, settings, 8080)
    assert "hub.public_url" not in capsys.readouterr().err
