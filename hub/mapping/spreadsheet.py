"""Cells of a table for a spreadsheet, which runs a text that begins like a formula. Pure.

Source: https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import unicodedata

_SIGNS = frozenset("=+-@\u2212")
"""What a spreadsheet takes for the beginning of a formula, in any of its widths; U+2212 is the minus sign."""


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet may run it. An apostrophe in front makes a text of it."""
    if not cell:
        return False
    # Fullwidth, small and raised signs are the same to some spreadsheets; what is invisible in front is skipped.
    first = unicodedata.normalize("NFKC", cell[0])[:1]
    return first in _SIGNS or unicodedata.category(cell[0]) in ("Cc", "Cf", "Zs", "Zl", "Zp")
