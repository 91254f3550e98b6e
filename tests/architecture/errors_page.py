"""Writes docs/errors.md from the attributes of the error classes: ``python -m tests.architecture.errors_page``."""

from __future__ import annotations

from pathlib import Path

from hub.errors import HubError

DOING = {
    "stop": "stops at start-up and lists every fault",
    "refuse": "refuses the delivery, counts it, stores nothing",
    "park": "parks the inbox entry until a person or a release mends it",
    "skip": "marks the entry as done, with the reason",
    "retry": "tries again, when the other side said or later each time",
    "pause": "pauses the connection until its credentials change",
    "reject": "keeps the row with the destination's words; never sent again by itself",
    "decline": "changes nothing, and says why to the one who asked",
    "find": "looks the person up again, once",
    "alert": "stops the work on this row and alerts",
}


def classes() -> list[type[HubError]]:
    """Every error of hub/errors.py, in the order of its tree."""

    def below(kind: type[HubError]) -> list[type[HubError]]:
        own = [child for child in kind.__subclasses__() if child.__module__ == "hub.errors"]
        return [found for child in own for found in (child, *below(child))]

    return below(HubError)


def _meaning(kind: type[HubError]) -> str:
    return (kind.__doc__ or "").partition("\n")[0].replace("``", "`")


def page() -> str:
    """The text of docs/errors.md."""
    rows = [
        f"| `{kind.__name__}` | {_meaning(kind)} | {DOING[kind.recovery]} | {kind.row_state} |"
        f" {kind.http_status} | {kind.log_level} |"
        for kind in classes()
    ]
    head = [
        "# Errors",
        "",
        "What Hub does about an error is a property of its type (`hub/errors.py`).",
        "This page is generated: `python -m tests.architecture.errors_page`.",
        "",
        "| error | means | Hub | row state | HTTP | log level |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


if __name__ == "__main__":
    Path("docs/errors.md").write_text(page(), encoding="utf-8")
