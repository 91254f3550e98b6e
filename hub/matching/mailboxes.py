"""How many people use a mailbox or a phone number, as its carriers and its name tell. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from hub.matching.contacts import crowd_key, mailbox
from hub.matching.features import FAMILY_WORDS

ROLE_PEOPLE, _FAMILY_PEOPLE = 6, 2
"""People that a desk's mailbox (info@) and a family's are taken to have at least."""


def people_of(value: str, crowd: Mapping[str, int]) -> int:
    """How many people use a mailbox or a phone number."""
    named = 1 if value[:1] == "+" else _people_by_name(value)
    return max(crowd.get(crowd_key(value), 1), named) if crowd else named


@lru_cache(maxsize=65_536)
def _people_by_name(email: str) -> int:
    """How many people a mailbox has by its name: ``familie.berg@`` two or more, and one that cannot be no one's."""
    name = mailbox(email)
    word = "".join(letter if letter.isalpha() else " " for letter in name).split()[:1]
    starts = name.startswith(("familie", "family", "fam.", "fam_", "famille", "casa.", "rodzina"))
    return _FAMILY_PEOPLE if starts or "@" not in email or (word and word[0] in FAMILY_WORDS) else 1
