"""Node-RED on the same flow: webhook, HMAC check and field map, HTTP request to the CRM double.

Installed from npm into a folder outside the repository. The flow is ours and gives Node-RED its best: the body is kept
raw, the sender is answered before the CRM is called, connections to the CRM are kept alive, no debug nodes, no editor.
Nodes and settings: https://nodered.org/docs/user-guide/runtime/configuration and the node's own help for ``http in``
(``skipBodyParsing``) and ``http request`` (``persist``).
"""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.payloads import SECRET
from benchmarks.processes import Running, running

PEERS = Path("/tmp/node-red-bench")
NEEDED = (22, 9)
"""Node-RED 5 asks for Node.js 22.9 or newer."""

SETTINGS = """\
module.exports = {
    uiHost: "127.0.0.1", uiPort: %(port)d, flowFile: "flows.json", httpAdminRoot: false, disableEditor: true,
    credentialSecret: false, telemetry: { enabled: false, updateNotification: false },
    diagnostics: { enabled: false }, logging: { console: { level: "warn", metrics: false, audit: false } },
    functionGlobalContext: { crypto: require("crypto") },
};
"""

MAP = """\
const crypto = global.get("crypto");
const expected = crypto.createHmac("sha256", "%(secret)s").update(msg.payload).digest();
const given = Buffer.from(msg.req.headers["x-shopify-hmac-sha256"] || "", "base64");
if (given.length !== expected.length || !crypto.timingSafeEqual(given, expected)) {
    return [{ _msgid: msg._msgid, req: msg.req, res: msg.res, statusCode: 401, payload: "" }, null];
}
const order = JSON.parse(msg.payload), customer = order.customer || {}, address = customer.default_address || {};
const contact = {
    event_id: msg.req.headers["x-shopify-event-id"],
    external_id: String(customer.id), email: (customer.email || "").trim().toLowerCase(),
    first_name: customer.first_name, last_name: customer.last_name, phone: customer.phone,
    street: address.address1, postal_code: address.zip, city: address.city, country: address.country_code,
    order_id: String(order.id), total: order.total_price, currency: order.currency, at: order.updated_at,
};
return [
    { _msgid: msg._msgid, req: msg.req, res: msg.res, statusCode: 200, payload: "" },
    { _msgid: msg._msgid, payload: contact, headers: { "content-type": "application/json" } },
];
"""


def install(folder: Path = PEERS) -> Path:
    """Install Node-RED 5, and Node.js 22 where the machine's own is older; gives the Node.js to run it with."""
    folder.mkdir(parents=True, exist_ok=True)
    packages = [] if (folder / "node_modules/node-red/red.js").exists() else ["node-red@5"]
    node = _own_node() or folder / f"node_modules/{_node_package()}/bin/node"
    if not node.exists():
        packages.append(f"{_node_package()}@22")
    if packages:
        manifest = folder / "package.json"
        if not manifest.exists():
            manifest.write_text('{"private": true}\n')
        subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *packages], cwd=folder, check=True
        )
    return node


def version(folder: Path = PEERS) -> str:
    """The installed version of Node-RED."""
    return str(json.loads((folder / "node_modules/node-red/package.json").read_text())["version"])


@contextmanager
def node_red(*, port: int, crm_port: int, folder: Path = PEERS) -> Iterator[Running]:
    """Node-RED with our flow on ``port``, delivering to the double on ``crm_port``."""
    node = install(folder)
    user = folder / f"user-{port}"
    user.mkdir(exist_ok=True)
    (user / "settings.js").write_text(SETTINGS % {"port": port})
    (user / "flows.json").write_text(json.dumps(flow(crm_port)))
    command = [str(node), str(folder / "node_modules/node-red/red.js"), "--userDir", str(user)]
    try:
        with running(command, port=port, env={"NODE_ENV": "production"}) as process:
            yield process
    finally:
        shutil.rmtree(user, ignore_errors=True)


def flow(crm_port: int) -> list[dict[str, object]]:
    """The flow file."""
    tab = {"z": "tab", "x": 0, "y": 0}
    return [
        {"id": "tab", "type": "tab", "label": "benchmark"},
        {
            "id": "in",
            "type": "http in",
            **tab,
            "url": "/webhooks/shop",
            "method": "post",
            "upload": False,
            "skipBodyParsing": True,
            "wires": [["map"]],
        },
        {
            "id": "map",
            "type": "function",
            **tab,
            "func": MAP % {"secret": SECRET},
            "outputs": 2,
            "libs": [],
            "wires": [["answer"], ["crm"]],
        },
        {"id": "answer", "type": "http response", **tab, "statusCode": "", "headers": {}, "wires": []},
        {
            "id": "crm",
            "type": "http request",
            **tab,
            "method": "POST",
            "ret": "txt",
            "paytoqs": "ignore",
            "url": f"http://127.0.0.1:{crm_port}/contacts",
            "persist": True,
            "senderr": False,
            "headers": [],
            "wires": [[]],
        },
    ]


def _own_node() -> Path | None:
    found = shutil.which("node")
    if found is None:
        return None
    said = subprocess.run([found, "--version"], check=True, capture_output=True, text=True).stdout
    numbers = re.findall(r"\d+", said)
    return Path(found) if tuple(int(number) for number in numbers[:2]) >= NEEDED else None


def _node_package() -> str:
    """The npm package that carries the Node.js program for this machine."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"node-{platform.system().lower()}-{machine}"
