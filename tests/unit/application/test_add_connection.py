"""Adding a connection: what is typed becomes YAML without a secret, and files that only Hub may read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import yaml

from hub.application.add_connection import Draft, drafted, settings_of_form, writable, write
from hub.errors import ConfigError, RefusedError
from hub.sdk import registry
from hub.sdk.catalogue.set_up import set_up
from hub.settings import inspect

NAMED_ELSEWHERE = {"csv", "webhook", "webhook_in", "web"}


def draft(name: str, slug: str, folder: Path | None, **typed: str) -> Draft:
    return drafted(name, registry.get(slug), typed, known={"shop"}, region="DE", folder=folder)


@pytest.mark.parametrize("slug", registry.slugs())
def test_the_form_has_every_setting_and_asks_secrets_as_secrets(slug: str) -> None:
    connector = registry.get(slug)
    form = settings_of_form(connector)
    assert {one.name for one in form} == set(connector.manifest.settings.model_fields)
    assert [one.required for one in form if not one.common] == sorted(
        (one.required for one in form if not one.common), reverse=True
    )
    for one in form:
        if one.kind == "secret":
            assert one.default == ""
        if one.name in ("access_token", "api_key", "webhook_secret", "client_secret"):
            assert one.kind == "secret", one.name


@pytest.mark.parametrize("slug", registry.slugs())
def test_the_samples_of_every_connector_can_be_typed_into_its_form(slug: str, tmp_path: Path) -> None:
    connector = registry.get(slug)
    kinds = {one.name: one.kind for one in settings_of_form(connector)}
    typed = {
        name: value if isinstance(value, str) else yaml.safe_dump(value, default_flow_style=True).removesuffix("...\n")
        for name, value in connector.manifest.sample_settings.items()
    }
    lists = {name for name, value in connector.manifest.sample_settings.items() if kinds[name] == "secret"}
    for name in lists:
        value = connector.manifest.sample_settings[name]
        typed[name] = value[0] if isinstance(value, list | tuple) else value
    made = drafted("one", connector, typed, known=(), region="DE", folder=tmp_path)
    assert made.faults == {}
    for secret in made.secrets.values():
        assert secret not in made.yaml


def test_a_secret_is_a_variable_where_hub_may_not_write() -> None:
    made = draft("shop-at", "shopify", None, shop="at.myshopify.com")
    assert made.faults == {}
    assert yaml.safe_load(made.yaml) == {
        "connections": {
            "shop-at": {
                "connector": "shopify",
                "webhook_secret": "${SHOP_AT_WEBHOOK_SECRET}",
                "shop": "at.myshopify.com",
            }
        }
    }
    assert made.variables == ("SHOP_AT_WEBHOOK_SECRET",)
    both = draft("shop-at", "shopify", None, shop=" at.myshopify.com ", **{"use-access_token": "true"})
    assert both.variables == ("SHOP_AT_WEBHOOK_SECRET", "SHOP_AT_ACCESS_TOKEN")
    assert "shop: at.myshopify.com\n" in both.yaml


def test_several_secrets_by_name_are_kept_like_one(tmp_path: Path) -> None:
    typed = {"auth_code": "c", "merchants": "{M1: token-one, M2: token-two}"}
    folder = _folder(tmp_path)
    made = draft("till", "clover", folder, **typed)
    assert made.faults == {}
    assert "token-one" not in made.yaml
    write(folder, made)
    settings, faults = inspect(tmp_path / "hub.yaml", {})
    assert faults == []
    assert settings.connections["till"].options["merchants"] == {"M1": "token-one", "M2": "token-two"}
    assert "merchants" in draft("till", "clover", folder, auth_code="c", merchants="{../../evil: x}").faults


def test_all_faults_are_told_at_once_by_setting(tmp_path: Path) -> None:
    made = draft(
        "My Shop", "square", tmp_path, revenue="sometimes", timeout_seconds="soon", base_url="http://a.example"
    )
    assert set(made.faults) == {"name", "signature_key", "revenue", "timeout_seconds", "base_url"}
    assert draft("shop", "square", tmp_path, signature_key="k").faults == {
        "name": "there is a connection of this name already"
    }


@pytest.mark.parametrize("text", ["a: [", "!!python/object:os.system {}", "*x", "a: {b: c: d}", "[" * 5000])
def test_a_broken_text_is_a_fault_of_its_field(tmp_path: Path, text: str) -> None:
    made = draft("hook", "webhook_in", tmp_path, read=text)
    assert "read" in made.faults


@pytest.mark.parametrize("secret", ["${HOME}", "${file:/etc/passwd}", "a: b # c", "*\"'", "ü€\n"])
def test_a_secret_holds_any_text_and_asks_for_nothing(tmp_path: Path, secret: str) -> None:
    folder = _folder(tmp_path)
    write(folder, draft("shop-at", "shopify", folder, webhook_secret=secret))
    settings, faults = inspect(tmp_path / "hub.yaml", {"HOME": "/root"})
    assert faults == []
    assert settings.connections["shop-at"].options["webhook_secret"] == secret.strip()


def test_it_is_written_once_and_only_for_hubs_own_account(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    made = draft("shop-at", "shopify", folder, webhook_secret="hush")
    assert write(folder, made) == folder / "shop-at.yaml"
    secret = folder / "secrets" / "shop-at.webhook_secret"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (secret, secret.parent)] == [0o600, 0o700]
    with pytest.raises(RefusedError):
        write(folder, draft("shop-at", "shopify", folder, webhook_secret="another"))
    assert secret.read_text() == "hush"


def test_a_faulty_one_is_not_written(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    with pytest.raises(ConfigError):
        write(folder, draft("../evil", "shopify", folder, webhook_secret="x"))
    assert list(folder.iterdir()) == []


def test_hub_writes_only_where_somebody_made_the_folder(tmp_path: Path) -> None:
    assert writable(tmp_path / "connections.d") is None
    assert writable(None) is None
    assert writable(_folder(tmp_path)) == tmp_path / "connections.d"


@pytest.mark.parametrize("slug", registry.slugs())
def test_the_steps_at_the_vendor_are_plain_text(slug: str) -> None:
    steps = set_up(registry.folder(slug) / "README.md")
    assert steps or slug in NAMED_ELSEWHERE, slug
    assert not any("](" in step or "```" in step for step in steps)


def _folder(tmp_path: Path) -> Path:
    (tmp_path / "hub.yaml").write_text("connections: {}\nlog_level: info\n")
    folder = tmp_path / "connections.d"
    folder.mkdir()
    return folder
