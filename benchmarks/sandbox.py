"""The demo's sandbox CRM as a process: ``python -m benchmarks.sandbox --port N``; counters at ``/sandbox/stats``."""

from __future__ import annotations

import argparse
import signal
import threading

from hub.sandbox.hubspot import SandboxCrm, serve

TOKEN = "pat-eu1-benchmark"


def main() -> None:
    parser = argparse.ArgumentParser(description="The sandbox CRM on a port of this machine.")
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    with serve(SandboxCrm(token=TOKEN), port=port):
        stopping.wait()


if __name__ == "__main__":
    main()
