"""``--wait``: resolve here what waits to be resolved again, beside workers or without any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from hub.cli import output
from hub.cli.interrupt import stoppable
from hub.cli.progress import Shown

if TYPE_CHECKING:
    from hub.bootstrap import Runtime


def resolved(run: Runtime, show: Shown) -> int:
    """Resolve what waits, together with workers if there are any; gives what is left when it was interrupted."""
    from hub.application.process import process_batch
    from hub.store import marks, versions

    def waiting() -> int:
        with run.database.session() as session:
            # What was taken off the list is resolved once it is placed.
            return versions.waiting(session) or int(marks.any_again(session))

    total = left = waiting()
    processing = run.processing
    try:
        with stoppable():
            while left:
                show("resolve again", max(total - left, 0), total)
                process_batch(processing)
                left = waiting()
    except KeyboardInterrupt:
        output.say("stopped; the workers go on, or run it again with --wait")
        raise typer.Exit(output.FAILED) from None
    return left
