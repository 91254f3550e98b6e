"""Takes the person out of a captured payload and keeps its shape, so that it can be a sample.

The same value gives the same stand-in in every file (a keyed digest chooses it), so that one person stays one person:
e-mails under example.com, phones from +49 30 23125 000–999, which the German regulator leaves unassigned for media
(Mitteilung 148/2021, www.teltarif.de/drama-rufnummern-fiktiv-bundesnetzagentur-filme/news/84487.html),
invented names and addresses. Free text becomes
other words, secrets are dropped. Ids, times, amounts and product names stay. What is taken for a person is decided by
the field's name, by the look of the value, and by whether it occurred as a personal value elsewhere in the payload.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

_EMAIL = re.compile(r"[A-Za-z0-9._%+\-À-ɏ]+@[A-Za-z0-9.\-À-ɏ]+\.[A-Za-z]{2,}")
_PHONE = re.compile(r"\+\d[\d\s()/.\-]{6,18}\d")
_IP = re.compile(r"\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){3,7}")
_WORD = re.compile(r"[a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

FIRST = ("Anna", "Jörg", "Lena", "Mehmet", "Sofia", "Björn", "Käthe", "Łukasz", "Aylin", "Grażyna", "Noël", "Ingrid")
LAST = ("Müller", "Weiß", "Özdemir", "Großmann", "Yıldız", "Lindqvist", "Kowalski", "Schäfer", "Brandt", "Jäger", "Voß")
STREETS = ("Lindenstraße", "Am Anger", "Hafenkante", "Schulweg", "Große Gasse", "Birkenallee", "Mühlenweg")
CITIES = ("Berlin", "Köln", "Görlitz", "München", "Lübeck", "Weißenfels", "Halle")
WORDS = ("gern", "später", "danke", "grüße", "bitte", "morgen", "heute", "klingeln", "paket", "schön", "abends")

_SECRET = frozenset(
    {"token", "secret", "password", "passwd", "signature", "authorization", "cookie", "apikey", "hmac", "credential"}
)
_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("firstname", "fname", "givenname", "vorname", "middlename", "nickname"), "first"),
    **dict.fromkeys(("lastname", "lname", "familyname", "surname", "nachname"), "last"),
    **dict.fromkeys(
        ("fullname", "displayname", "customername", "recipientname", "profilename", "contactname", "formattedname"),
        "full",
    ),
    **dict.fromkeys(("email", "emailaddress", "mail", "contactemail"), "email"),
    **dict.fromkeys(("phone", "phonenumber", "mobile", "telephone", "tel", "waid", "smsphonenumber"), "phone"),
    **dict.fromkeys(("address1", "addressline1", "street", "street1", "line1", "streetaddress", "strasse"), "street"),
    **dict.fromkeys(("address2", "addressline2", "line2", "housenumber"), "number"),
    **dict.fromkeys(("city", "locality", "town", "ort"), "city"),
    **dict.fromkeys(("zip", "postcode", "postalcode", "zipcode", "plz"), "digits"),
    **dict.fromkeys(("company", "companyname", "organisation", "organization"), "company"),
    **dict.fromkeys(("birthday", "birthdate", "dateofbirth", "dob"), "birth"),
    **dict.fromkeys(("latitude", "longitude", "lat", "lng"), "place"),
    **dict.fromkeys(("note", "notes", "text", "message", "comment", "caption", "subject", "body"), "text"),
    **dict.fromkeys(("username", "handle", "screenname"), "handle"),
    **dict.fromkeys(
        ("nationalid", "taxid", "taxvat", "vatid", "vatids", "ssn", "ponumber", "customernumber"), "digits"
    ),
}
_WRITTEN = frozenset({"value", "displayvalue"})
_PAIR = _WRITTEN | {"id", "key", "name", "displaykey"}
_ENDINGS = {"phone": "phone", "phonenumber": "phone", "email": "email", "emailaddress": "email"}
_PERSON = frozenset(
    {"customer", "contact", "contacts", "profile", "person", "sender", "from", "user", "buyer", "recipient"}
)
_ADDRESS = frozenset({"firstname", "lastname", "address1", "addressline1", "street", "email", "phone", "waid"})


class Scrubber:
    """Stand-ins are a function of the value and ``key``; one scrubber per set of files that belong together."""

    def __init__(self, key: str = "hub") -> None:
        self._key = key.encode()[:64]

    def payload(self, tree: Any) -> Any:
        """The same tree without the person; fields that hold secrets are dropped."""
        known = {value: self._stand_in(kind, value) for kind, value in _personal(tree) if len(value) >= 3}
        return self._tree(tree, known)

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The same for headers: secrets dropped, people replaced."""
        return {name: str(value) for name, value in self.payload(dict(headers)).items()}

    def _tree(self, node: Any, known: Mapping[str, str], kind: str | None = None, owner: str = "") -> Any:
        if isinstance(node, dict):
            kinds = {name: _kind(name, node, owner) for name in node}
            kept = ((name, value) for name, value in node.items() if kinds[name] != "secret")
            return {name: self._tree(value, known, kinds[name], name) for name, value in kept}
        if isinstance(node, list):
            return [self._tree(item, known, kind, owner) for item in node]
        if isinstance(node, bool) or node is None or node == "":
            return node
        if kind is not None:
            return _like(node, self._stand_in(kind, str(node)))
        return self._text(node, known) if isinstance(node, str) else node

    def _text(self, text: str, known: Mapping[str, str]) -> str:
        """Text without a kind of its own: people that occur in it are replaced, the rest stays."""
        for value in sorted(known, key=len, reverse=True):
            stand_in = known[value].replace("\\", "")
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", stand_in, text, flags=re.IGNORECASE)
        text = _EMAIL.sub(lambda found: self._stand_in("email", found[0]), text)
        text = _PHONE.sub(lambda found: self._stand_in("phone", found[0]), text)
        if _IP.fullmatch(text):
            return "192.0.2.1" if "." in text else "2001:db8::1"
        return _without_query(text) if text.startswith(("http://", "https://")) else text

    def _stand_in(self, kind: str, value: str) -> str:
        number = self._number(kind, value)
        first, last = FIRST[number % len(FIRST)], LAST[number // 97 % len(LAST)]
        match kind:
            case "email":
                return value if value.lower().endswith("@example.com") else f"person-{number % 10**8:08d}@example.com"
            case "phone":
                return _phone(value, number)
            case "first":
                return first
            case "last":
                return last
            case "full":
                return f"{first} {last}"
            case "street":
                return f"{STREETS[number % len(STREETS)]} {number % 89 + 1}"
            case "city":
                return CITIES[number % len(CITIES)]
            case "company":
                return f"{last} GmbH"
            case "birth":
                return "1980-01-01"
            case "place":
                return "52.5"
            case "handle":
                return f"person.{number % 10**6:06d}"
            case "text":
                count = max(1, len(value.split()))
                return " ".join(WORDS[(number + place * 7) % len(WORDS)] for place in range(min(count, 40)))
            case _:
                digits = iter(str(number).rjust(40, "7"))
                return "".join(next(digits, "7") if c.isdigit() else c for c in value)

    def _number(self, kind: str, value: str) -> int:
        same = re.sub(r"\D", "", value) if kind == "phone" else value.strip().lower()
        digest = hashlib.blake2b(f"{kind}:{same}".encode(), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest)


def without(text: str, values: Iterable[Any]) -> str:
    """``text`` with every value replaced by an ellipsis, and every e-mail address: for the other side's words."""
    for value in sorted({v for v in values if isinstance(v, str) and len(v) > 2}, key=len, reverse=True):
        text = text.replace(value, "…")
    return _EMAIL.sub("…", text)


def _kind(name: str, siblings: Mapping[str, Any], owner: str) -> str | None:
    """What the field ``name`` of the object ``owner`` holds of a person; ``secret``, or None for nothing."""
    own = name.rstrip("]").rpartition("[")[2]  # the form field data[merges][FNAME] is FNAME
    plain, value = _plain(own), siblings[name]
    words = set(_WORD.findall(_CAMEL.sub("_", own).lower()))
    if words & _SECRET or plain in _SECRET or "apikey" in plain:
        return "secret"
    if isinstance(value, dict):
        return None
    if plain in _WRITTEN and _is_pair(siblings):
        return "text"
    if plain == "name" and (_plain(owner) in _PERSON or {_plain(other) for other in siblings} & _ADDRESS):
        return "full"
    if plain in _PERSON and isinstance(value, str):
        return "email" if "@" in value else ("phone" if value.lstrip("+").isdigit() else "full")
    return _NAMES.get(plain) or next((kind for ending, kind in _ENDINGS.items() if plain.endswith(ending)), None)


def _is_pair(siblings: Mapping[str, Any]) -> bool:
    """A custom field: a name and what somebody wrote there. Hidden ones (Woo's leading underscore) are a program's."""
    named = siblings.get("key") or siblings.get("name") or "_"
    return {_plain(name) for name in siblings} <= _PAIR and not str(named).startswith("_")


def _plain(name: str) -> str:
    return "".join(_WORD.findall(name.lower()))


def _personal(tree: Any, kind: str | None = None, owner: str = "") -> Iterator[tuple[str, str]]:
    """(kind, value) of everything that its field's name makes personal."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            own = _kind(name, tree, owner)
            if own != "secret":
                yield from _personal(value, own, name)
    elif isinstance(tree, list):
        for item in tree:
            yield from _personal(item, kind, owner)
    elif isinstance(tree, str) and tree and kind not in (None, "text", "city", "place", "number"):
        yield str(kind), tree


def _like(original: Any, text: str) -> Any:
    """The stand-in in the original's type: a number stays a number."""
    if isinstance(original, str):
        return text
    digits = re.sub(r"[^\d.]", "", text) or "0"
    return int(digits.partition(".")[0]) if isinstance(original, int) else float(digits)


def _phone(value: str, number: int) -> str:
    tail = f"23125{number % 1000:03d}"
    if value.startswith("+"):
        return f"+4930{tail}"
    return f"4930{tail}" if value.isdigit() and not value.startswith("0") else f"030 {tail}"


def _without_query(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
