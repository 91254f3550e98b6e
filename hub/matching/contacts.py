"""E-mail addresses and phone numbers as matching tells them apart: one mailbox, one number, however written. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from hub.mapping.phone import plausible

_ANGLED = re.compile(r"<([^<>]+@[^<>]+)>")
_WELL_FORMED = re.compile(r"[^@]+@[^@]+\.[a-z]{2,}")
_WORD = re.compile(r"[a-z]+|[0-9]+")
_FILLERS = frozenset({"test", "none", "null", "keine", "kein", "nicht", "no", "not", "unknown", "unbekannt", "na"})


def mailbox(email: str) -> str:
    """The part before the @, without a ``+tag``."""
    return email.rpartition("@")[0].partition("+")[0]


def one_domain(email: str) -> str:
    """The address at gmail.com where it is at googlemail.com: both are one mailbox."""
    return email.replace("@googlemail.", "@gmail.")


def is_phone(value: str) -> bool:
    """Whether a value among e-mails and phone numbers is a number: these are in E.164."""
    return value[:1] == "+" and value[1:].isdigit()


def last_digits(phone: str) -> str:
    """The nine digits that a number has with and without its country and area code."""
    return phone[-9:]


@lru_cache(maxsize=65_536)
def root(email: str) -> str:
    """Letters and digits of the mailbox."""
    name = mailbox(email)
    return name if name.isalnum() else "".join(filter(str.isalnum, name))


@lru_cache(maxsize=131_072)
def crowd_key(value: str) -> str:
    """The key under which a mailbox or phone number is counted, without its punctuation."""
    domain = value.rpartition("@")[2]
    return f"{root(value)}@{domain}" if "@" in value else value[-9:]


@lru_cache(maxsize=4_096)
def mistyped(value: str) -> str:
    """The address that an unusable one was probably meant to be; nothing for filler.

    What is well-formed and unusable is filler by its domain or its mailbox.
    """
    angled = _ANGLED.search(value)
    if angled:
        return angled.group(1)
    words = set(_WORD.findall(value))
    wrong = len(value) > 8 and ("@" in value or "." in value) and not _WELL_FORMED.fullmatch(value)
    return value if wrong and not words & _FILLERS else ""


def dialled(phone: str) -> str:
    """The unusable number where it may still be somebody's; nothing otherwise."""
    return phone if plausible(phone) else ""


def mailboxes(contacts: tuple[str, ...]) -> tuple[str, ...]:
    """Those that are e-mail addresses."""
    return tuple([value for value in contacts if not is_phone(value)])


def numbers(contacts: tuple[str, ...]) -> tuple[str, ...]:
    """Those that are phone numbers."""
    return tuple([value for value in contacts if is_phone(value)])


def in_common(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """The values of ``one`` that ``other`` has too, however they are punctuated."""
    others = set(map(crowd_key, other))
    return tuple([value for value in one if crowd_key(value) in others])
