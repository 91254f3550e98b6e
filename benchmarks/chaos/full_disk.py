"""A full disk under load, also at a start, and room again. Needs root, for a small file system of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.chaos.installation import Sender, installation, wait_for

MEGABYTES = 400


def attack() -> dict[str, object]:
    """Run it; gives what was seen. Raises when a promise was broken, and NotImplementedError without the rights."""
    with _small_disk() as disk, installation(disk / "data") as up, Sender(up, seed=73, pause=0.0) as sender:

        def told() -> bool:
            return "its disk is full" in up.log.read_text(errors="replace")

        up.start()
        wait_for(sender.reached(200), 90, "the first events")
        # when the disk fills up
        _fill(disk)
        wait_for(lambda: sender.answers.get(503, 0) > 5, 120, "the first refusals")
        full = len(sender.acknowledged)
        alive = up.lives()
        # and the machine goes down meanwhile
        up.ends(signal.SIGKILL)
        with suppress(OSError, TimeoutError):
            up.kill_postgresql()
        _fill(disk)
        up.start()
        wait_for(lambda: up.status("/health/live") == 200, 90, "the API on a full disk")
        # Whether it can start there depends on what it has to write for that: it does, or says why it does not.
        wait_for(lambda: up.status() == 200 or told(), 90, "a start or the reason why not")
        starting = f"{up.status()}, told that the disk is full: {told()}"
        # when there is room again
        for file in disk.glob("filler*"):
            file.unlink()
        back = wait_for(lambda: up.status() == 200, 120, "the recovery")
        wait_for(sender.reached(50), 60, "events after it")
        lived, lost = up.lives(), sender.lost()
        code = up.ends(signal.SIGTERM)
    if not (alive and lived) or lost or code:
        raise AssertionError(f"hub up lived: {alive}, {lived}; {lost} events lost or doubled, it ended with {code}")
    return {
        "disk, MB": MEGABYTES,
        "acknowledged until full, in all": f"{full}, {len(sender.acknowledged)}",
        "refused with 503": sender.answers.get(503, 0),
        "/health/ready while full": starting,
        "ready again after room, s": round(back, 1),
        "lost or doubled": lost,
    }


def _fill(disk: Path) -> None:
    """Take all the room that is left."""
    number = len(list(disk.glob("filler*")))
    with suppress(OSError), (disk / f"filler{number}").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1024 * 1024))
    with suppress(OSError), (disk / f"filler{number}").open("ab", buffering=0) as file:
        while True:
            file.write(bytes(512))


@contextmanager
def _small_disk() -> Iterator[Path]:
    if os.geteuid() != 0:
        raise NotImplementedError("it needs root, to mount a small file system")
    folder = Path(tempfile.mkdtemp(prefix="hub-disk-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0755", "tmpfs", str(folder)],
        check=False, capture_output=True,
    )  # fmt: skip
    if mounted.returncode:
        folder.rmdir()
        raise NotImplementedError("this machine does not let us mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
        folder.rmdir()
