"""Every kind of identifier in one place: its words, its limits, how it is told, compared, counted and packed. Pure.

A field of ``Identifiers`` and the row beside it are all that matching, the rules, explanations and training need to
know of a kind. To add one, add a field here with its row, and let a mapping tell it as an ``Identifier`` of that kind
(``CustomerSnapshot.identifiers``). ``tests/architecture/test_kinds.py`` does that in a copy of the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from typing import Literal

from hub.mapping.email import email
from hub.mapping.name import fold
from hub.mapping.phone import phone
from hub.matching.contacts import crowd_key, dialled, last_digits, mistyped, one_domain

Values = tuple[str, ...]
Text = Callable[[str], str]


def _stripped(text: str, region: str) -> str | None:
    return text.strip() or None


def _lower(text: str, region: str) -> str | None:
    return text.strip().lower() or None


def _email(text: str, region: str) -> str | None:
    point = email(text)
    return one_domain(point.value) if point and "@" in point.value else None


def _phone(text: str, region: str) -> str | None:
    number = phone(text, region)
    return number.value if number and number.usable else None


def _account(text: str, region: str) -> str | None:
    value = text.strip()
    return value if all(value.partition(":")) else None


def _network(account: str) -> str:
    return account.partition(":")[0]


def _compact(text: str) -> str:
    return fold(text).replace(" ", "")


def _national_id(text: str, region: str) -> str | None:
    return _compact(text) or None


def _itself(value: str) -> str:
    return value


def _behind_its_name(value: str) -> str:
    raise NotImplementedError  # stands for ``<name>:<value>`` until the name is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of identifier.

    ``name``, ``noun``, ``place`` and ``bound`` are enough for a kind that is compared by equality.

    **Words.** ``noun`` names one value in a sentence, ``plural`` several. ``words``: sentences in place of the usual
    ones, by level (``exact``, ``shared``, ``other``, ``too_many``). ``fault`` says of a text that it is no such value.
    ``shown``: False for a value that is compared and never shown to anybody.

    **Rules.** ``strength`` and ``max_per_person`` are the defaults of its ``IdentifierRule``.

    **Told.** ``attribute`` is where the state of a record has it (``record_state``): a list, whose keys begin with
    ``prefix``, or one value (``single``). A ``point`` may be unusable, and is then taken for what it was ``meant`` to
    be; former values of its list are compared as ``weak``. Beside that, every ``counted`` kind may be told among
    ``identifiers``. ``read`` gives the value as records carry it, from what a person wrote and the region (ISO 3166) of
    phone numbers without a country, or None. ``tidy`` gives the value as it is compared. ``uncertain_too``: a value
    that may be somebody else's is compared like any other; of other kinds it is left out.

    **Compared.** ``bound``: log2 odds that two who share a value, and of whom nothing else is known, are one person. It
    becomes the weight ``bound_<name>``, and ``scoring`` compares the values by equality. A kind without ``bound`` is
    compared by code of its own, and ``weights`` has ``bound_<name>`` and its other weights. ``different``: bits where
    the values differ, the weight ``<name>_different``. A kind with ``max_per_person`` uses it where there are more
    values than that, any other where the rules set no limit. ``group``: values of two groups are no alternatives, such
    as accounts at two networks. ``beside``: further fields of ``Features`` that hold values of the kind.

    **Counted.** ``key`` gives the value under which its carriers are found and counted; by default the value after
    ``<name>:``, so that it is no other kind's. ``counted``: False for the word of a source on its own records, which
    has no limits and proposes no pairs. ``own``: whether it can prove that equal records are one person's.

    **Packed.** ``place`` is the number of its field in ``packing``'s text. A new kind takes the next one, which
    changes ``FORMAT``, so that what was packed before is packed anew.
    """

    name: str
    noun: str
    place: int
    plural: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    fault: str = "is empty"
    shown: bool = True
    strength: Literal["certain", "strong", "weak", "off"] = "strong"
    max_per_person: int | None = None
    attribute: str = ""
    prefix: str = ""
    single: bool = False
    point: bool = False
    meant: Text = _itself
    read: Callable[[str, str], str | None] = _stripped
    tidy: Text = _itself
    uncertain_too: bool = False
    bound: float | None = None
    different: float | None = None
    group: Text | None = None
    beside: tuple[str, ...] = ()
    key: Text = _behind_its_name
    counted: bool = True
    own: bool = True
    field_name: str = ""
    """The field of ``Identifiers`` it is the row of; ``KINDS`` sets it."""

    def __post_init__(self) -> None:
        if not self.plural:
            object.__setattr__(self, "plural", f"{self.noun}s")
        if self.key is _behind_its_name:
            object.__setattr__(self, "key", f"{self.name}:".__add__)


@dataclass(slots=True, unsafe_hash=True)
class Identifiers:
    """The identifiers that a record or a cluster of records carries, in the default order of trust.

    Never changed once made. It does not say ``frozen``, because then one takes three times as long to make, and each
    record that is compared with another is made.
    """

    links: Values = field(default=(), metadata={"row": Kind(
        name="link", noun="link", place=14, strength="certain", attribute="links", key=_itself, counted=False,
        own=False,
    )})  # fmt: skip
    accounts: Values = field(default=(), metadata={"row": Kind(
        name="account", noun="account", place=7, attribute="accounts", read=_account, key=_itself, group=_network,
        bound=9.0, different=-1.0, words={"other": "two accounts at one network"},
        fault="is no account, such as messenger:<page id>:<psid>",
    )})  # fmt: skip
    loyalty_ids: Values = field(default=(), metadata={"row": Kind(
        name="loyalty", noun="loyalty number", place=6, attribute="loyalty_ids", bound=8.0, different=-3.0,
        max_per_person=1,
    )})  # fmt: skip
    emails: Values = field(default=(), metadata={"row": Kind(
        name="email", noun="e-mail", place=2, attribute="emails", point=True, read=_email, meant=mistyped,
        tidy=one_domain, uncertain_too=True, key=crowd_key, beside=("weak", "roles"), fault="is no e-mail address",
    )})  # fmt: skip
    national_ids: Values = field(default=(), metadata={"row": Kind(
        name="national_id", noun="national id", place=10, attribute="national_id", single=True, read=_national_id,
        tidy=_compact, shown=False,
    )})  # fmt: skip
    handles: Values = field(default=(), metadata={"row": Kind(
        name="handle", noun="public name", place=8, strength="weak", attribute="accounts", prefix="handle:",
        read=_lower, uncertain_too=True, bound=4.5, own=False,
        words={"exact": "the same public name in a social network"},
    )})  # fmt: skip
    phones: Values = field(default=(), metadata={"row": Kind(
        name="phone", noun="phone", plural="phone numbers", place=3, strength="weak", attribute="phones", point=True,
        read=_phone, meant=dialled, uncertain_too=True, key=last_digits, beside=("weak",),
        fault="is no phone number; one without a country is read as of hub.default_region",
    )})  # fmt: skip


KINDS: tuple[Kind, ...] = tuple(replace(one.metadata["row"], field_name=one.name) for one in fields(Identifiers))
"""All of them, in the default order of trust."""

BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}
NAMES: tuple[str, ...] = tuple(BY_NAME)
COUNTED = frozenset(kind.name for kind in KINDS if kind.counted)
"""The kinds of which it is counted how many people share a value."""

BY_VALUE: tuple[Kind, ...] = tuple(
    sorted((kind for kind in KINDS if kind.bound is not None), key=lambda kind: kind.strength != "weak")
)
"""The kinds that ``scoring`` compares by equality, the weak ones first."""


def values_of(kinds: Iterable[Kind]) -> Callable[[Identifiers], tuple[Values, ...]]:
    """A function that gives the values of these kinds, two or more, each in a tuple, in their order."""
    return attrgetter(*(kind.field_name for kind in kinds))


def grouped(kind: Kind, values: Values) -> dict[str, set[str]]:
    """What counts as one value, however it is spelled, by its group; of a kind without groups all in one."""
    if kind.group is None:
        return {"": set(map(kind.key, values))}
    found: dict[str, set[str]] = {}
    for value in values:
        found.setdefault(kind.group(value), set()).add(kind.key(value))
    return found
