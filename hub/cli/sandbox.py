"""``hub sandbox``: the demo's CRM alone, for trying a configuration without a CRM account."""

from __future__ import annotations

import threading
from typing import Annotated

import typer

from hub.cli import output


def command(
    port: Annotated[int, typer.Option("--port", help="Port to listen on.")] = 8090,
    token: Annotated[str, typer.Option("--token", help="The access token it accepts.")] = "pat-eu1-sample",  # noqa: S107
    config: output.ConfigOption = None,
    json: output.JsonOption = False,
) -> None:
    """Run a sandbox CRM that speaks HubSpot's HTTP API, in memory, until Ctrl-C."""
    from hub.sandbox.hubspot import SandboxCrm, serve

    with serve(SandboxCrm(token=token), port=port) as url:
        if json:
            output.show_json(
                {
                    "url": url,
                    "contacts": f"{url}/sandbox/contacts",
                    "deals": f"{url}/sandbox/deals",
                    "stats": f"{url}/sandbox/stats",
                }
            )
        else:
            output.show(f"sandbox CRM on {url}; look at {url}/sandbox/ with a browser")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            output.say("stopped")
