"""The configuration: what is read, and that every fault is told at once, without its value."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hub.cli.init import starter
from hub.errors import ConfigError
from hub.sdk.connection import load_connections, load_routes
from hub.settings import ConnectionConfig, HubSection, Route, Settings, load

ROOT = Path(__file__).parents[2]


def read(tmp_path: Path, text: str, environment: Mapping[str, str] | None = None) -> Settings:
    file = tmp_path / "hub.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file, environment or {})


def told(settings: Settings) -> dict[str, Any]:
    """All that was read, without the lines it stood in."""
    return settings.model_dump()


def faults(tmp_path: Path, text: str, environment: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, text, environment)
    return raised.value.faults


# --- reading ---------------------------------------------------------------------------------------------------------


def test_without_a_file_hub_starts_with_defaults(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load(None, {}) == Settings()
    assert Settings().data_dir == Path(".hub")
    assert Settings().hub == HubSection(public_url="http://127.0.0.1:8080", default_region="DE")


@pytest.mark.parametrize("environment", [{}, {"HUB_CONFIG": "elsewhere.yaml"}])
def test_a_file_that_was_asked_for_must_be_there(tmp_path, environment):
    path = None if environment else tmp_path / "elsewhere.yaml"
    with pytest.raises(ConfigError, match=r"cannot read .*elsewhere\.yaml: No such file"):
        load(path, environment)


def test_the_shape_of_the_outward_contract_is_read(tmp_path):
    text = """
hub: {public_url: https://hub.example.com/, default_region: NO}
connections:
  shop-de: {connector: shopify, webhook_secret: ${SHOP_DE_SECRET}}
  bi: {connector: webhook, url: https://bi.example.com/in, secret: [${A}, "${B:-old}"], rank: 3}
routes:
  - {to: bi, when: "orders.count > `0`"}
"""
    expected = Settings(
        hub=HubSection(public_url="https://hub.example.com", default_region="NO"),
        connections={
            "shop-de": ConnectionConfig(connector="shopify", options={"webhook_secret": "s: {x} #"}),
            "bi": ConnectionConfig(
                connector="webhook", options={"url": "https://bi.example.com/in", "secret": ["a", "old"], "rank": 3}
            ),
        },
        routes=(Route(to="bi", when="orders.count > `0`"),),
    )
    assert told(read(tmp_path, text, {"SHOP_DE_SECRET": "s: {x} #", "A": "a"})) == told(expected)


def test_the_environment_stands_above_the_file(tmp_path):
    text = "database_url: postgresql://file/hub\nlog_level: error\nhub: {public_url: http://file.example.com}"
    environment = {
        "HUB_DATABASE_URL": "postgresql://environment/hub",
        "HUB_REDIS_URL": "redis://localhost:6379/1",
        "HUB_DATA_DIR": "/var/lib/hub",
        "HUB_LOG_LEVEL": "DEBUG",
        "HUB_LOG_FORMAT": "json",
        "HUB_PUBLIC_URL": "https://environment.example.com",
    }
    expected = Settings(
        hub=HubSection(public_url="https://environment.example.com"),
        database_url="postgresql://environment/hub",
        redis_url="redis://localhost:6379/1",
        data_dir=Path("/var/lib/hub"),
        log_level="debug",
        log_format="json",
    )
    assert told(read(tmp_path, text, environment)) == told(expected)


def test_an_empty_variable_counts_as_unset(tmp_path):
    assert read(tmp_path, "log_level: error", {"HUB_LOG_LEVEL": ""}).log_level == "error"
    assert faults(tmp_path, "connections: {a: {connector: b, secret: ${X}}}", {"X": ""}) == [
        "connections.a.secret: environment variable X is not set (line 1)"
    ]


def test_a_secret_file_is_read_without_its_last_line_end(tmp_path):
    (tmp_path / "secret").write_text("two\nlines\n")
    text = f"connections: {{a: {{connector: b, secret: ${{file:{tmp_path}/secret}}}}}}"
    assert read(tmp_path, text).connections["a"].options == {"secret": "two\nlines"}


def test_an_escaped_reference_stays_text(tmp_path):
    assert read(tmp_path, "connections: {a: {connector: b, x: '$${NAME}'}}").connections["a"].options == {
        "x": "${NAME}"
    }


def test_references_in_comments_are_not_looked_up(tmp_path):
    assert told(read(tmp_path, "# ${NOT_SET}\nhub: {}")) == told(Settings())


# --- faults ----------------------------------------------------------------------------------------------------------


def test_every_fault_is_told_at_once_with_its_path_and_line(tmp_path):
    text = """\
hub:
  public_url: ftp://x
  default_regoin: DE
connections:
  shop-de: {connector: shopify, webhook_secret: ${SHOP_DE_SECRET}}
  crm: {connector: hubspot}
  crm: {connector: hubspot}
  none: 5
routes:
  - {to: crmm}
  - {wen: x}
log_format: xml
identitiy: z
survivorship: nowhere.yaml
"""
    assert sorted(faults(tmp_path, text, {"HUB_LOG_LEVEL": "loud"})) == [
        "HUB_LOG_LEVEL: should be 'debug', 'info', 'warning' or 'error'",
        "connections.crm: is there again in line 7 (line 6)",
        "connections.none: must be `{connector: ..., its settings}` (line 8)",
        "connections.shop-de.webhook_secret: environment variable SHOP_DE_SECRET is not set (line 5)",
        "hub.default_regoin: unknown key; did you mean 'default_region'? (line 3)",
        "hub.public_url: must be a URL that begins with http:// or https:// (line 2)",
        "identitiy: unknown key; did you mean 'identity'? (line 13)",
        "log_format: should be 'json' or 'console' (line 12)",
        "routes[0].to: there is no connection 'crmm'; did you mean 'crm'? (line 10)",
        "routes[1].to: is required (line 11)",
        "routes[1].wen: unknown key; did you mean 'when'? (line 11)",
        "survivorship: there is no file nowhere.yaml (line 14)",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: [1", "line 1: cannot be read: expected ',' or ']', but got '<stream end>'"),
        ("a: &x [*x]", "line 1: cannot be read: aliases (*name) are not supported"),
        (
            "a b: 1",
            (
                "a b: unknown key; there is hub, connections, routes, identity, survivorship, ownership, segments, "
                "leads, qualification, destinations, mappings, console, retention, alerts, mail, database_url, "
                "redis_url, secret_key, suppression_key, data_dir, log_level, log_format (line 1)"
            ),
        ),
        ("[" * 5000, "the file cannot be read: it is nested too deeply"),
        ("- 1", "the file must hold `name: value` pairs, such as `connections:`"),
        ("identity: !!python/object:os.system x", "identity: tags (!name) are not supported (line 1)"),
        ("\x00", "the file cannot be read: it holds a character that YAML does not allow"),
        ("connections: []", "connections: must hold one `name: {connector: ...}` per connection (line 1)"),
        ("? [a]\n: b", "the file: a key must be a plain word (line 1)"),
        (
            "alerts: {to: ['hush hush']}",
            "alerts.to[0]: must be an Apprise URL, such as mailto://… or slack://… (line 1)",
        ),
        (
            "alerts: {evnts: [paused]}",
            "alerts.evnts: unknown key; did you mean 'events'? (line 1)",
        ),
        (
            "hub: {default_region: XX}",
            "hub.default_region: must be an ISO 3166 country of two capital letters, such as DE (line 1)",
        ),
        (
            "connections: {a: {connector: b, c: '${1X}'}}",
            "connections.a.c: use ${NAME}, ${NAME:-default} or ${file:/path} (line 1)",
        ),
        (
            "connections: {a: {connector: b, c: '${file:/no/x}'}}",
            "connections.a.c: cannot read /no/x: No such file or directory (line 1)",
        ),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, text, fault):
    assert faults(tmp_path, text) == [fault]


def test_no_fault_and_no_repr_shows_a_secret(tmp_path):
    secret = "hunter2"
    environment = {"S": secret, "HUB_DATABASE_URL": f"postgresql://hub:{secret}@[broken/hub", "HUB_REDIS_URL": secret}
    text = "connections: {shop-de: {connector: shopify, webhook_secret: ${S}, rank: ${S}, wbhook_secret: ${S}}}"
    shown = "\n".join(faults(tmp_path, text, environment))
    settings = read(tmp_path, text, {"S": secret, "HUB_DATABASE_URL": f"postgresql://hub:{secret}@localhost/hub"})
    with pytest.raises(ConfigError) as raised:
        load_connections({"shop-de": ("shopify", settings.connections["shop-de"].options)}, default_region="DE")
    assert secret not in f"{shown}{settings!r}{raised.value}{raised.value.__cause__}"
    assert raised.value.faults == [
        "connections.shop-de.rank: should be a valid integer, unable to parse string as an integer",
        "connections.shop-de.wbhook_secret: unknown key; did you mean 'webhook_secret'?",
    ]


# --- connections and routes ------------------------------------------------------------------------------------------


def test_connections_are_loaded_with_the_common_region():
    loaded = load_connections({"shop-at": ("shopify", {"webhook_secret": ["new", "old"]})}, default_region="AT")
    assert loaded["shop-at"].name == "shop-at"
    assert loaded["shop-at"].connector.manifest.slug == "shopify"
    assert loaded["shop-at"].settings.default_region == "AT"


def test_faults_of_all_connections_are_told_at_once():
    configs = {"Shop DE": ("shopify", {"webhook_secret": "x"}), "a": ("shopfy", {}), "b": ("shopify", {})}
    with pytest.raises(ConfigError) as raised:
        load_connections(configs, default_region="DE")
    assert raised.value.faults == [
        "connections.Shop DE: the name may hold small letters, digits and hyphens, as it stands in URLs",
        "connections.a.connector: there is no connector 'shopfy'; did you mean 'shopify'?",
        "connections.b.webhook_secret: is required",
    ]


def test_a_route_needs_a_destination_and_a_condition_that_can_be_read():
    shops = {"shop": ("shopify", {"webhook_secret": "x"}), "leads": ("web", {"write_key": "x" * 32})}
    connections = load_connections(shops, default_region="DE")
    with pytest.raises(ConfigError) as raised:
        load_routes([("shop", "contry == 'DE'"), ("leads", None)], connections)
    assert raised.value.faults == [
        "routes[0].to: connections.shop.customers_from: is required to write labels to Shopify",
        "routes[0].when: a profile has no 'contry'; did you mean 'country'? (column 1 of contry == '…')",
        "routes[1].to: connector 'web' is no destination",
    ]


def test_the_starter_works_with_two_secrets_and_is_the_example_in_config(tmp_path):
    settings = read(tmp_path, starter(), {"SHOP_DE_SECRET": "a", "HUBSPOT_TOKEN": "b"})
    configs = {name: (config.connector, config.options) for name, config in settings.connections.items()}
    assert configs == {
        "shop-de": ("shopify", {"webhook_secret": "a"}),
        "crm": ("hubspot", {"access_token": "b"}),
    }
    connections = load_connections(configs, default_region=settings.hub.default_region)
    assert [route.to for route in load_routes([(r.to, r.when) for r in settings.routes], connections)] == ["crm"]
    assert (ROOT / "config/hub.example.yaml").read_text(encoding="utf-8") == starter()
