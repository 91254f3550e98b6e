"""Connections in files of their own: read like those of hub.yaml, and taken up by `hub up` while it runs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hub.cli import serve
from hub.cli.parts import LOOK_SECONDS, Parts
from hub.settings import inspect

MAIN = "connections:\n  shop: {connector: shopify, webhook_secret: hush}\nroutes: []\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "connections.d").mkdir()
    file = tmp_path / "hub.yaml"
    file.write_text(MAIN)
    return file


def part(config: Path, name: str, text: str) -> None:
    (config.parent / "connections.d" / name).write_text(text)


def test_connections_and_routes_of_each_file_are_added(config: Path) -> None:
    part(
        config, "crm.yaml", "connections: {crm: {connector: hubspot, access_token: '${TOKEN}'}}\nroutes: [{to: crm}]\n"
    )
    settings, faults = inspect(config, {"TOKEN": "pat-1"})
    assert faults == []
    assert list(settings.connections) == ["shop", "crm"]
    assert settings.connections["crm"].options == {"access_token": "pat-1"}
    assert [route.to for route in settings.routes] == ["crm"]
    assert settings.unknown_variables({"TOKEN": "pat-1"}) == []


def test_a_name_that_is_there_twice_is_a_fault_and_names_the_file(config: Path) -> None:
    part(config, "again.yaml", "connections: {shop: {connector: square, signature_key: k}}\n")
    settings, faults = inspect(config, {})
    (fault,) = settings.locate(faults)
    assert fault.startswith(str(config.parent / "connections.d" / "again.yaml"))
    assert "already" in fault
    assert settings.connections["shop"].connector == "shopify"


def test_faults_name_the_file_in_which_they_are(config: Path) -> None:
    part(
        config,
        "odd.yaml",
        "hub: {default_region: AT}\nconnections: {crm: 7, bi: {connector: webhook, url: '${URL}'}}\n",
    )
    settings, faults = inspect(config, {})
    located = settings.locate(faults)
    assert len(located) == 3
    assert all("odd.yaml" in fault for fault in located), located


@pytest.mark.parametrize("text", ["", "connections:\n", "- a\n", "connections: [a]\n", "\x00", "connections: {a: {"])
def test_a_file_that_is_empty_or_broken_changes_nothing_of_the_others(config: Path, text: str) -> None:
    part(config, "broken.yaml", text)
    settings, _ = inspect(config, {})
    assert list(settings.connections) == ["shop"]


def test_a_changed_folder_is_taken_up_once_and_only_without_faults(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("HUB_")]:
        monkeypatch.delenv(name)
    now = [0.0]
    parts = Parts(config.parent / "connections.d", config, clock=lambda: now[0])

    def looked() -> bool:
        now[0] += LOOK_SECONDS
        return parts.changed()

    assert not looked()
    part(config, "till.yaml", "connections: {till: {connector: square}}\n")
    assert not looked()
    assert "signature_key" in capsys.readouterr().err
    part(config, "till.yaml", "connections: {till: {connector: square, signature_key: key}}\n")
    assert looked()
    assert not looked()
    (config.parent / "connections.d" / "till.yaml").unlink()
    assert looked()
    assert not Parts(None, config).changed()


def test_the_roles_end_and_start_again_with_a_changed_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    children: list[subprocess.Popen[bytes]] = []
    stopping = threading.Event()

    def spawn(*_: object) -> subprocess.Popen[bytes]:
        children.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]))
        return children[-1]

    def changed() -> bool:
        if len(children) == 2:
            stopping.set()
        return len(children) == 1 and children[0].poll() is None

    monkeypatch.setattr(serve, "_spawn", spawn)
    monkeypatch.setattr(serve, "RESTART_SECONDS", 0.0)
    serve.supervise({"api": []}, {}, stopping, changed=changed)
    assert len(children) == 2
    assert all(child.poll() is not None for child in children)
