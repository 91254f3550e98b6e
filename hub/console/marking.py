"""Marks texts for the catalogue."""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a text for the catalogue; ``_(text)`` in a template says it in the reader's language."""
    return text
