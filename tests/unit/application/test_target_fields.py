"""A mapping file names fields that the CRM has, or the start says which it meant; also while the CRM is away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from hub.application.target_fields import Ask, Told, check_targets
from hub.cli.app import app
from hub.model.base import FrozenTexts
from hub.sdk.connection import load_connections
from hub.sdk.destination import ProfileChange
from hub.sdk.mappings import with_mappings
from hub.settings import Settings, load
from tests.support.crm.cast import ANNA, person

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
HUBSPOT = {"contacts": ["email", "favourite_colour", "lifecyclestage"], "deals": ["deal_channel"]}


class Crm:
    """A HubSpot account that has these properties, may be away, and counts what it is asked."""

    def __init__(self, there: Mapping[str, list[str]] = HUBSPOT) -> None:
        self.there = {kind: list(names) for kind, names in there.items()}
        self.away = False
        self.asked = 0

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.away:
            return httpx.Response(503, headers={"retry-after": "60"})
        names = self.there[request.url.path.rsplit("/", 1)[-1]]
        return httpx.Response(200, json={"results": [{"name": name, "label": "Anna Berg"} for name in names]})


@pytest.fixture
def crm() -> Crm:
    return Crm()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "hub.yaml").write_text("connections: {crm: {connector: hubspot, access_token: pat-secret}}\n")
    return load(tmp_path / "hub.yaml", {"HUB_DATA_DIR": str(tmp_path / "data")})


def mapped(settings: Settings, text: str) -> None:
    assert settings.mapping_folder is not None
    (settings.mapping_folder / "crm.yaml").write_text(text, encoding="utf-8")


def told(settings: Settings, crm: Crm, ask: Ask = "when_needed", *, now: datetime = NOW) -> Told:
    configs = {name: (one.connector, one.options) for name, one in settings.connections.items()}
    connections, faults = with_mappings(load_connections(configs, default_region="DE"), settings.mapping_folder, {})
    assert not faults
    return check_targets(connections, settings, ask, now=now, transport=crm.transport)


def test_a_field_that_is_not_there_is_told_with_its_line_and_the_nearest_real_name(settings: Settings, crm: Crm):
    mapped(settings, "fields:\n  favorite_color: custom.colour\norder_fields:\n  deal_chanel: {constant: shop}\n")
    file = settings.mapping_folder / "crm.yaml" if settings.mapping_folder else None
    assert told(settings, crm).faults == [
        f"{file}: fields.favorite_color: there is no such field there; did you mean 'favourite_colour'? (line 2)",
        f"{file}: order_fields.deal_chanel: there is no such field there; did you mean 'deal_channel'? (line 4)",
    ]


def test_what_the_connector_makes_by_itself_need_not_be_there_yet(settings: Settings, crm: Crm):
    mapped(settings, "fields: {hub_tags: custom.tags, firstname: name.first, lifecyclestage: {constant: customer}}\n")
    assert told(settings, crm) == Told()


def test_what_is_kept_is_used_for_a_day_and_asked_for_where_a_field_seems_to_be_missing(settings: Settings, crm: Crm):
    # given an account that was asked once
    mapped(settings, "fields: {favourite_colour: custom.colour}\n")
    told(settings, crm)
    asked = crm.asked
    # when Hub starts again within a day, it asks nothing; later it does
    assert told(settings, crm, now=NOW + timedelta(hours=23)) == Told()
    assert crm.asked == asked
    told(settings, crm, now=NOW + timedelta(hours=25))
    assert crm.asked > asked
    # and a field that people have made meanwhile is found at once
    crm.there["contacts"].append("shoe_size")
    mapped(settings, "fields: {shoe_size: custom.size}\n")
    assert told(settings, crm, now=NOW + timedelta(hours=26)) == Told()


def test_hub_starts_while_the_crm_is_away(settings: Settings, crm: Crm):
    # given nothing that is kept
    crm.away = True
    mapped(settings, "fields: {favorite_color: custom.colour}\n")
    first = told(settings, crm)
    assert (first.faults, len(first.warnings)) == ([], 1)
    assert "those of its mapping file are not checked" in first.warnings[0]
    # given what it told once, that is used, whatever its age
    crm.away = False
    mapped(settings, "fields: {favourite_colour: custom.colour}\n")
    told(settings, crm)
    crm.away = True
    later = told(settings, crm, now=NOW + timedelta(days=9))
    assert later.faults == []
    assert "those of 2026-11-28 12:00 UTC are used" in later.warnings[0]
    assert "pat-secret" not in str(later)


def test_a_check_uses_what_is_kept_and_a_live_one_asks(settings: Settings, crm: Crm):
    mapped(settings, "fields: {favorite_color: custom.colour}\n")
    assert told(settings, crm, "never") == Told()
    assert crm.asked == 0
    assert len(told(settings, crm, "always").faults) == 1
    asked = crm.asked
    assert len(told(settings, crm, "never").faults) == 1
    assert crm.asked == asked


def test_only_names_are_kept_and_another_account_does_not_count(settings: Settings, crm: Crm):
    mapped(settings, "fields: {favourite_colour: custom.colour}\n")
    told(settings, crm)
    [file] = (settings.data_dir / "fields").iterdir()
    kept = file.read_text(encoding="utf-8")
    assert json.loads(kept)["there"] == {"fields": sorted(HUBSPOT["contacts"]), "order_fields": HUBSPOT["deals"]}
    assert "Anna" not in kept
    assert "pat-secret" not in kept
    # a connection that leads elsewhere now has not been asked yet
    settings.connections["crm"].options["base_url"] = "http://localhost:1"
    assert "not checked" in told(settings, Crm({}), "when_needed").warnings[0]


@pytest.mark.parametrize("answer", [{}, {"results": []}, [], {"results": [{"label": "x"}]}, {"results": "x"}])
def test_an_odd_answer_refuses_nothing(settings: Settings, answer: Any):
    mapped(settings, "fields: {favorite_color: custom.colour}\n")
    odd = Crm()
    odd._answer = lambda request: httpx.Response(200, json=answer)  # type: ignore[method-assign]
    assert told(settings, odd).faults == []


def test_a_broken_file_is_as_none(settings: Settings, crm: Crm):
    mapped(settings, "fields: {favourite_colour: custom.colour}\n")
    told(settings, crm)
    [file] = (settings.data_dir / "fields").iterdir()
    file.write_text("{")
    assert told(settings, crm) == Told()


def test_the_example_file_is_right_and_does_what_its_comments_say(tmp_path: Path):
    text = (Path(__file__).parents[3] / "config" / "mappings" / "crm.yaml.example").read_text(encoding="utf-8")
    (tmp_path / "crm.yaml").write_text(text, encoding="utf-8")
    made = load_connections({"crm": ("hubspot", {"access_token": "t"})}, default_region="DE")
    connections, faults = with_mappings(made, tmp_path, {})
    assert faults == []
    custom = {"gender": "f", "stage": "loyal", "note": "ruft gern an", "branch": "Bau", "job": "Meisterin"}
    mail, totals = "anna@example.com", [("600", "EUR")]
    anna = person(ANNA, mail, first="Anna", phone="+4930123456", company="Berg KG", totals=totals)
    change = ProfileChange(anna.model_copy(update={"custom": FrozenTexts(custom), "tags": ("vip",)}), 1)
    destination = connections["crm"].connector.destination
    assert destination is not None
    write = destination.render(change, connections["crm"].settings)
    assert write is not None
    told = {
        "salutation": "Frau", "lifecyclestage": "evangelist", "message": "ruft gern an | vip", "industry": "Bau",
        "jobtitle": "Meisterin", "mobilephone": "+4930123456", "company": "Berg KG", "hs_lead_status": "OPEN",
    }  # fmt: skip
    assert told.items() <= write.properties.items()
    assert "phone" not in write.properties
    kept = {"jobtitle": "only_if_empty", "company": "never_after_edit", "hs_lead_status": "only_if_empty"}
    assert write.rules == kept
    # an example is no mapping file: only *.yaml is read
    (tmp_path / "crm.yaml").rename(tmp_path / "crm.yaml.example")
    assert with_mappings(made, tmp_path, {}) == (made, [])


def test_hub_up_and_hub_check_end_with_the_fault_by_what_is_kept_while_the_crm_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # given a CRM that told its fields once, and is away now
    folder = tmp_path / "mappings"
    folder.mkdir()
    config = tmp_path / "hub.yaml"
    away = "base_url: 'http://127.0.0.1:9', timeout_seconds: 1"
    config.write_text(f"connections: {{crm: {{connector: hubspot, access_token: pat-secret, {away}}}}}\n")
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HUB_LOG_LEVEL", "error")
    settings = load(config, {"HUB_DATA_DIR": str(tmp_path / "data")})
    told(settings, Crm(), "always")
    # when a mapping file names a field that it does not have
    (folder / "crm.yaml").write_text("fields: {favorite_color: custom.colour}\n", encoding="utf-8")
    fault = (
        f"{folder}/crm.yaml: fields.favorite_color: there is no such field there; did you mean 'favourite_colour'? "
        "(line 1)"
    )
    # then neither starts, and nothing of the token is said
    for command in (["check"], ["up", "--port", "0"]):
        ended = CliRunner().invoke(app, [*command, "--config", str(config)])
        assert (ended.exit_code, fault in ended.stderr) == (2, True), f"{command}: {ended.stdout}{ended.stderr}"
        assert "pat-secret" not in ended.stdout + ended.stderr
    # and with the right name Hub is fine; what cannot be asked is a warning
    (folder / "crm.yaml").write_text("fields: {favourite_colour: custom.colour}\n", encoding="utf-8")
    assert CliRunner().invoke(app, ["check", "--config", str(config)]).exit_code == 0


def test_a_check_tells_a_fault_of_form_and_a_field_that_is_not_there_in_one_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # given a CRM that told its fields once, and a mapping file with a fault of each kind, and one that is right
    folder, config = tmp_path / "mappings", tmp_path / "hub.yaml"
    folder.mkdir()
    config.write_text("connections: {crm: {connector: hubspot, access_token: pat-secret}}\n")
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "data"))
    told(load(config, {"HUB_DATA_DIR": str(tmp_path / "data")}), Crm(), "always")
    (folder / "crm.yaml").write_text(
        "fields:\n  jobtitle: {valu: custom.job}\n  favorite_color: custom.colour\n", encoding="utf-8"
    )
    # when it is checked
    ended = CliRunner().invoke(app, ["check", "--config", str(config)])
    # then both are told
    assert ended.exit_code == 2
    assert "fields.jobtitle.valu: unknown key; did you mean 'value'? (line 2)" in ended.stderr
    assert "fields.favorite_color: there is no such field there; did you mean 'favourite_colour'? (line 3)" in (
        ended.stderr
    )
