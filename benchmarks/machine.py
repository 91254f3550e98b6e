"""What was measured on: a figure without its conditions says nothing."""

from __future__ import annotations

import os
import platform
import tempfile
from pathlib import Path

import psutil  # type: ignore[import-untyped]


def describe() -> dict[str, str]:
    """Processor, memory, disk and how busy the machine already was."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "data on": _file_system(Path(tempfile.gettempdir())),
        "load average before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _file_system(folder: Path) -> str:
    """The file system a folder is on: an fsync on tmpfs would cost nothing and mean nothing."""
    mounts = sorted(psutil.disk_partitions(all=True), key=lambda mount: len(mount.mountpoint), reverse=True)
    found = next((mount for mount in mounts if folder.resolve().is_relative_to(mount.mountpoint)), None)
    return "unknown" if found is None else f"{found.fstype} ({found.device})"
