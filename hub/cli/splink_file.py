"""A model in a file, as Splink writes and reads it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from hub.errors import ConfigError, PayloadError
from hub.learning.splink_model import from_splink, to_splink
from hub.matching.weights import Model


def read(path: Path) -> Model:
    """The model in a file, from ``linker.misc.save_model_to_json`` or ``write``. Raises ConfigError with all faults."""
    try:
        settings = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{path}: is not UTF-8"]) from None
    except (ValueError, RecursionError):
        raise ConfigError([f"{path}: is not JSON"]) from None
    faults = _misshapen(settings)
    if not faults:
        try:
            return from_splink(settings)
        except ConfigError as error:
            faults = error.faults
        except PayloadError as error:
            faults = [str(error)]
    raise ConfigError([f"{path}: {fault}" for fault in faults])


def _misshapen(settings: Any) -> list[str]:
    """What is not even shaped like a model."""
    if not isinstance(settings, dict):
        return ["is no object: Splink's model is one with `comparisons`"]
    comparisons = settings.get("comparisons")
    if not isinstance(comparisons, list):
        return ["comparisons: is no list"]
    return [
        f"comparisons.{place}.comparison_levels: is no list of objects"
        for place, each in enumerate(comparisons)
        if isinstance(each, dict)
        and not (
            isinstance(levels := each.get("comparison_levels"), list)
            and all(isinstance(level, dict) for level in levels)
        )
    ]


def require_writable(path: Path) -> None:
    """Raise ConfigError before any work is done for a file that cannot be written."""
    folder = path.parent
    if not folder.is_dir():
        raise ConfigError([f"{path}: there is no folder {folder}"])
    if path.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
        raise ConfigError([f"{path}: cannot be written"])


def write(path: Path, model: Model) -> None:
    """Write a model. It holds no value of anybody: Splink counts frequencies anew. Raises ConfigError."""
    try:
        path.write_text(json.dumps(to_splink(model), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError([f"{path}: cannot be written: {error.strerror}"]) from None
