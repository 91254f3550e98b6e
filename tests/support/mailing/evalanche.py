"""Evalanche in memory, from its help pages and its own SOAP client: values, permission and options apart.

What no page says is taken the worse way: ``grantPermission`` lifts an unsubscription.
"""

from __future__ import annotations

from typing import Any, ClassVar
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

import httpx

from hub.sdk.soap import ENVELOPE
from tests.support.mailing.double import Double, Kept, Standing

ROOT = "https://evalanche.example.com"
PERMISSIONS: dict[str, str] = {"subscribed": "2", "pending": "1", "none": "0"}


class EvalancheDouble(Double):
    """See ``tests.support.mailing.double.Double``. A complaint is an entry of the blacklist."""

    slug: ClassVar[str] = "evalanche"
    own: ClassVar[str] = "HUBPROFILEID"
    reasks: ClassVar[bool] = False
    lasting: ClassVar[bool] = True
    asks: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.attributes = ["PROFILEID", "EMAIL", "PERMISSION", "HARDBOUNCES", "UNSUBSCRIBE_DATE", "FIRSTNAME"]
        self.listed: set[str] = set()

    def settings(self) -> dict[str, Any]:
        return {
            "base_url": ROOT, "username": "hub", "password": "x", "pool": 712, "granted": ["2"],
            "lists": {"3001": "", "3002": "language == 'de'"}, "customer": 0,
        }  # fmt: skip

    def main_list(self) -> str:
        return "3001"

    def say(self, email: str, state: Standing) -> None:
        """Who never got a mail has nothing to unsubscribe from, and nothing that bounces."""
        contact = self.of(email)
        if contact is not None and contact.state != "none":
            super().say(email, state)
        if contact is not None and contact.state == "complained":
            self.listed.add(email)

    def handle(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["content-type"] == "text/xml; charset=utf-8"
        assert request.headers["authorization"].startswith("Basic ")
        envelope = ElementTree.fromstring(request.content)
        [body] = envelope.iterfind(f"{{{ENVELOPE}}}Body")
        [called] = body
        namespace, _, operation = called.tag[1:].rpartition("}")
        if operation == "GetIn":
            assert (request.url.path, namespace) == ("/api/soap/v1/blacklist", "urn:evalanche:soap:v1:blacklist")
            entries = "".join(f"<Item><Email>{one}</Email></Item>" for one in sorted(self.listed))
            return enveloped(f"<parameters><CustomerId>0</CustomerId>{entries}</parameters>")
        assert namespace == f"{ROOT}{request.url.path}"
        return getattr(self, f"_{operation}")(called)  # type: ignore[no-any-return]

    def _getAttributes(self, called: Element) -> httpx.Response:  # noqa: N802 - the vendor's names
        listed = "".join(
            f"<item><id>{number}</id><name>{name}</name><options/></item>"
            for number, name in enumerate(self.attributes)
        )
        options = "<item><id>3001</id><value>News</value></item><item><id>3002</id><value>German</value></item>"
        return result("getAttributes", f"{listed}<item><id>9</id><name>L</name><options>{options}</options></item>")

    def _addAttribute(self, called: Element) -> httpx.Response:  # noqa: N802
        name = called.findtext("name") or ""
        assert name.isalnum()
        assert name.isupper()
        self.attributes.append(name)
        return result("addAttribute", f"<id>{len(self.attributes)}</id><name>{name}</name>")

    def _getByKey(self, called: Element) -> httpx.Response:  # noqa: N802
        key, value = called.findtext("key") or "", (called.findtext("value") or "").lower()
        names = texts(called, "pool_attribute_list")
        found = [one for one in self.kept.values() if self._shown(one)[key].lower() == value]
        shown = [{name: self._shown(one)[name] for name in names} for one in found]
        return result("getByKey", "".join(f"<item>{pairs(one)}</item>" for one in shown))

    def _massUpdate(self, called: Element) -> httpx.Response:  # noqa: N802
        key, names = called.findtext("key_attribute_name") or "", texts(called, "attributes")
        assert not {"PERMISSION", "HARDBOUNCES", "UNSUBSCRIBE_DATE"} & {*names}
        assert {*names} <= {*self.attributes}, "no such attribute"
        assert called.findtext("merge") == "false"
        created, updated, ignored = dict[str, str](), dict[str, str](), list[str]()
        for row in called.iterfind("data/item"):
            values = dict(zip(names, [one.text or "" for one in row], strict=True))
            contact = self.kept.get(values[key]) if key == "PROFILEID" else self.of(values[key])
            if contact is None and called.findtext("ignore_missing") == "true":
                ignored.append(values[key])
                continue
            email = values.get("EMAIL", contact.email if contact else "").lower()
            entered = "EMAIL" in values and email in self.listed
            if self.refuses(values) or entered or self.of(email) not in (None, contact):
                continue
            (updated if contact else created)[(contact := contact or self.make(email)).id] = values[key]
            contact.email = email
            contact.fields |= {name: one for name, one in values.items() if name not in ("EMAIL", "PROFILEID")}
        told = f"<updated>{pairs(updated)}</updated><created>{pairs(created)}</created>"
        listed = "".join(f"<item>{one}</item>" for one in ignored)
        return result("massUpdate", f"{told}<ignored>{listed}</ignored><error/>")

    def _grantPermission(self, called: Element) -> httpx.Response:  # noqa: N802
        contact = self.kept.get(called.findtext("profile_id") or "")
        if contact is None:
            return fault("no such profile")
        contact.state, contact.since = "subscribed", self.now
        return result("grantPermission", "true")

    def _revokePermission(self, called: Element) -> httpx.Response:  # noqa: N802
        contact = self.kept.get(called.findtext("profile_id") or "")
        if contact is None:
            return fault("no such profile")
        if contact.state not in ("bounced", "complained"):
            contact.state, contact.since = "unsubscribed", self.now
        return result("revokePermission", "true")

    def _tagWithOption(self, called: Element) -> httpx.Response:  # noqa: N802
        return self._tag(called, "tagWithOption")

    def _untagWithOption(self, called: Element) -> httpx.Response:  # noqa: N802
        return self._tag(called, "untagWithOption")

    def _tag(self, called: Element, operation: str) -> httpx.Response:
        option = called.findtext("pool_attribute_option_id") or ""
        assert called.findtext("key") == "PROFILEID"
        for one in (self.kept[one] for one in texts(called, "values") if one in self.kept):
            (one.lists.add if operation == "tagWithOption" else one.lists.discard)(option)
        return result(operation, "true")

    def _delete(self, called: Element) -> httpx.Response:
        for one in texts(called, "profile_ids"):
            self.kept.pop(one, None)
        return result("delete", "true")

    def _shown(self, contact: Kept) -> dict[str, str]:
        left = contact.since.strftime("%Y-%m-%d %H:%M") if contact.since and contact.state == "unsubscribed" else ""
        told = {name: str(contact.fields.get(name, "")) for name in self.attributes}
        return {
            **told, "PROFILEID": contact.id, "EMAIL": contact.email, "UNSUBSCRIBE_DATE": left,
            "PERMISSION": PERMISSIONS.get(contact.state, "2"), "HARDBOUNCES": str(int(contact.state == "bounced")),
        }  # fmt: skip


def texts(called: Element, name: str) -> list[str]:
    """The texts of a list of an operation's arguments."""
    return [one.text or "" for one in called.iterfind(f"{name}/item")]


def pairs(values: dict[str, str]) -> str:
    """An EvalancheHashMap."""
    told = "".join(
        f"<item><key>{escape(key)}</key><value>{escape(value)}</value></item>" for key, value in values.items()
    )
    return f"<items>{told}</items>"


def result(operation: str, told: str) -> httpx.Response:
    """The answer of an operation."""
    told = f"<{operation}Result>{told}</{operation}Result>"
    return enveloped(f"<ns1:{operation}Response>{told}</ns1:{operation}Response>")


def fault(words: str, code: str = "Client") -> httpx.Response:
    """A fault."""
    told = f"<faultcode>SOAP-ENV:{code}</faultcode><faultstring>{escape(words)}</faultstring>"
    return enveloped(f"<SOAP-ENV:Fault>{told}</SOAP-ENV:Fault>", 500)


def enveloped(told: str, status: int = 200) -> httpx.Response:
    """An answer as PHP's SOAP server writes it."""
    names = f'xmlns:SOAP-ENV="{ENVELOPE}" xmlns:ns1="{ROOT}/soap.php/soap/profile"'
    text = f"<SOAP-ENV:Envelope {names}><SOAP-ENV:Body>{told}</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    return httpx.Response(status, headers={"content-type": "text/xml; charset=utf-8"}, content=text.encode())
