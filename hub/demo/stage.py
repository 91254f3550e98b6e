"""The stage of the demo: a data directory of its own, PostgreSQL, Hub's roles as processes, and the systems outside.

Everything is gone when the block ends.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import yaml

from hub import bootstrap
from hub.application import sign_in
from hub.application.process import Processing
from hub.demo.payloads import web
from hub.demo.roles import Cast
from hub.demo.vendor_api import VendorApi
from hub.errors import Unavailable
from hub.sandbox.hubspot import SandboxCrm, serve
from hub.sandbox.server import serving
from hub.sdk.connection import Connection
from hub.settings import load
from hub.store import tokens, users
from hub.store.database import Database
from hub.store.tokens import Role
from hub.workers import parent

CRM_TOKEN = "demo-crm-token"  # noqa: S105 - protects a sandbox that lives for a minute
VENDOR_TOKEN = "demo-vendor-token"  # noqa: S105
CONSOLE_USER = "demo"
START_SECONDS = 30.0


@dataclass(slots=True)
class Process:
    """One of Hub's processes; what it writes goes to ``log``."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, or start it again."""
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "hub.cli", self.name, *self.arguments]
            self.process = parent.spawn(command, self.environment, output=log)

    def kill(self) -> None:
        """``kill -9``."""
        self.send(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def send(self, number: int) -> None:
        """Send a signal, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def stop(self) -> None:
        """Ask it to end, and make it after ten seconds."""
        self.send(signal.SIGTERM)
        if self.process is not None:
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()


@dataclass(slots=True)
class Stage:
    """Hub and its surroundings, running."""

    url: str
    database: Database
    connections: Mapping[str, Connection]
    crm: SandboxCrm
    crm_url: str
    vendors: VendorApi
    api: Process
    worker: Process
    data_dir: Path
    config: Path
    processing: Processing
    """The worker's own rules, to do what its schedule would do later."""
    kills: dict[str, int] = field(default_factory=dict)
    interrupted: dict[str, int] = field(default_factory=dict)
    """How often a process was killed with work in hand, by role."""

    def kill(self, role: Process) -> None:
        """``kill -9`` a role and start it again."""
        role.kill()
        self.kills[role.name] = self.kills.get(role.name, 0) + 1
        role.start()

    def still_plays(self) -> None:
        """Raises Unavailable, with its last words, when one of Hub's processes ended by itself."""
        for role in (self.api, self.worker):
            if role.process is not None and role.process.poll() is not None:
                words = role.log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
                raise Unavailable(f"the {role.name} ended with {role.process.returncode}: {words}")

    def token(self, role: Role) -> str:
        """A new API token."""
        with self.database.session() as session:
            return tokens.create(session, role, "demo", datetime.now(UTC))[1]

    def console_link(self) -> str:
        """An address that opens the console once, as an administrator."""
        with self.database.session() as session:
            if users.named(session, CONSOLE_USER) is None:
                sign_in.add_user(session, CONSOLE_USER, "admin", None)
            return sign_in.link(session, CONSOLE_USER, self.url)

    def client(self, role: Role) -> httpx.Client:
        """A client of Hub's API with a new token."""
        headers = {"authorization": f"Bearer {self.token(role)}"}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, trust_env=False, timeout=10.0)

    def wait_until_ready(self) -> None:
        """Wait for the API. Raises Unavailable when it does not come."""
        until = time.monotonic() + START_SECONDS
        with httpx.Client(trust_env=False, timeout=2.0) as client:
            while time.monotonic() < until:
                with suppress(httpx.HTTPError):
                    if client.get(f"{self.url}/health/ready").is_success:
                        return
                time.sleep(0.05)
        raise Unavailable(f"the API did not start; its log is {self.api.log}")

    def logs(self) -> dict[str, str]:
        """What Hub's processes and PostgreSQL wrote, by file name."""
        files = [self.api.log, self.worker.log, *self.data_dir.glob("postgres*.log")]
        files += self.data_dir.glob("postgres/log/*")
        return {path.name: path.read_text(encoding="utf-8", errors="replace") for path in files if path.is_file()}


@contextmanager
def stage(cast: Cast, port: int | None) -> Iterator[Stage]:
    """Build everything up. Raises the error tree."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-demo-", ignore_cleanup_errors=True)))
        vendors = VendorApi(VENDOR_TOKEN, cast.objects)
        # Each merge that is taken back needs calls of its own: the more there are, the more have to go through at once.
        crm = SandboxCrm(token=CRM_TOKEN, rate=150, limit_every=12 * max(1, len(cast.mistakes)))
        for name in CRM_FIELDS:
            crm.define("contacts", name)
        for who in cast.known_to_crm:
            crm.add(email=who.email, firstname=who.first, lastname=who.last)
        vendor_url = stack.enter_context(serving(vendors))
        crm_url = stack.enter_context(serve(crm, silence_seconds=3.0))
        port = free_port(port)
        url = f"http://127.0.0.1:{port}"
        config = root / "hub.yaml"
        told = configuration(url, vendor_url, crm_url)
        if any(one.connection == web.CONNECTION for one in cast.opening):
            told["connections"] |= WEB
        config.write_text(yaml.safe_dump(told | _insight(root)), "utf-8")
        environment = _environment(root)
        settings = load(config, environment)
        hub = stack.enter_context(bootstrap.runtime(settings, pool_size=2))
        environment = {**environment, "HUB_DATABASE_URL": hub.dsn}
        options = ["--config", str(config)]
        api = Process("api", ["--port", str(port), *options], environment, root / "api.log")
        worker = Process("worker", options, environment, root / "worker.log")
        for role in (api, worker):
            stack.callback(role.stop)
            role.start()
        folder = settings.data_dir
        made = Stage(
            url, hub.database, hub.connections, crm, crm_url, vendors, api, worker, folder, config, hub.processing
        )
        made.wait_until_ready()
        yield made


def configuration(url: str, vendor_url: str, crm_url: str) -> dict[str, Any]:
    """The demo's hub.yaml. The weights stay the shipped ones: what is found must not depend on when one would train."""
    return {
        "hub": {"public_url": url, "default_region": "DE", "automatic_training": False},
        "connections": {
            "shop-de": {"connector": "shopify", "webhook_secret": "demo-shopify-secret"},
            "shop-at": {"connector": "woocommerce", "webhook_secret": "demo-woo-secret"},
            "till": {
                "connector": "square",
                "signature_key": "demo-square-key",
                "access_token": VENDOR_TOKEN,
                "base_url": vendor_url,
            },
            "newsletter": {"connector": "mailchimp", "webhook_secret": "demo-mailchimp-secret"},
            "social": {
                "connector": "meta",
                "app_secret": "demo-meta-secret",
                "verify_token": "demo-verify-token",
                "access_token": VENDOR_TOKEN,
                "base_url": vendor_url,
            },
            "crm": {
                "connector": "hubspot",
                "access_token": CRM_TOKEN,
                "base_url": crm_url,
                "timeout_seconds": 2.0,
                "calls_per_10_seconds": 140,
            },
        },
        "routes": [{"to": "crm"}],
    }


WEB = {
    # All visitors of the demo come from one address.
    web.CONNECTION: {
        "connector": "web",
        "write_key": "demo-web-key",
        "consent": "implied",
        "rate_per_client": 2_000,
        "rate": 2_000,
    },
}
"""The pages of the shop, where the cast has visitors."""

SEGMENTS = {
    "vip": ("Best customers", "traits.stage == 'loyal' || traits.rfm_group == 'champions'"),
    "slipping_away": ("Good customers who may be leaving", "traits.stage == 'at_risk' && orders.count >= `3`"),
    "second_order": ("Bought once, may come again", "traits.stage == 'new' && orders.count == `1`"),
    "win_back": ("Former, may be written to", "traits.stage == 'former' && consent.email == 'opted_in'"),
    "left_cart": ("Left a cart in the last month", "traits.left_cart_at > ago('30 days')"),
}
"""Title and condition by name."""

CRM_FIELDS = {
    "customer_stage": {"value": "traits.stage"},
    "customer_score": {"value": "traits.lead_score || traits.rfm"},
    "next_product": {"value": "traits.next_products[0]"},
}
"""What the CRM is told of what is worked out: of a lead 1 to 99, of a customer recency, frequency and money."""


def _insight(root: Path) -> dict[str, Any]:
    """The part of hub.yaml about what is worked out of customers, whose files it writes."""
    segments = {name: {"title": title, "when": when} for name, (title, when) in SEGMENTS.items()}
    (root / "mappings").mkdir()
    for file, told in (
        ("segments.yaml", {"segments": segments}),
        ("leads.yaml", {"leads": {"won": ["order"], "task": {"score": 80}, "nurture": {"score": 30}}}),
        ("mappings/crm.yaml", {"fields": CRM_FIELDS}),
    ):
        (root / file).write_text(yaml.safe_dump(told, allow_unicode=True), "utf-8")
    return {"segments": str(root / "segments.yaml"), "leads": str(root / "leads.yaml")}


def free_port(wanted: int | None) -> int:
    """``wanted``, or any port that is free."""
    if wanted is not None:
        return wanted
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(root: Path) -> dict[str, str]:
    # Nothing of an installation around may reach the demo, and no proxy stands between its processes.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    own = {"HUB_DATA_DIR": str(root / "data"), "HUB_LOG_FORMAT": "json", "HUB_LOG_LEVEL": "info"}
    return {**kept, **own, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
