"""SOAP 1.1 over Hub's own client: requests to send, answers and faults to read (decision 0030). Pure.

Source: www.w3.org/TR/2000/NOTE-SOAP-20000508/ (3: a message must not have a DTD; 4.4.1: who is at fault; 6.1.1:
SOAPAction; 6.2: a fault has status 500).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import httpx
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from hub.errors import HubError, RejectedError, Unavailable
from hub.sdk.destination import HttpRequest
from hub.sdk.http import brief_of, error_of
from hub.sdk.words import LONGEST, sent_in, without

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
HEADERS = {"content-type": "text/xml; charset=utf-8", "soapaction": '""'}
_OURS = frozenset({"client", "sender", "mustunderstand", "versionmismatch"})
"""Codes by which the request is at fault: sent again as it is, it would be refused again."""
_UNSPEAKABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write (its section 2.2)."""

_CONTROL = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#(?:[0-8]|1[124-9]|2\d|3[01]|[xX](?:0*[0-8bBcCeEfF]|0*1[\da-fA-F]));"
)
"""The same below a space, as bytes and as references, in an encoding that holds ASCII as it is."""

ElementTree.register_namespace("soap", ENVELOPE)


def request(path: str, namespace: str, operation: str, arguments: Mapping[str, Any]) -> HttpRequest:
    """The request that calls ``operation``; its arguments are elements without a namespace, in their order.

    A mapping is an element's children; a sequence is the element several times; True and False are as XML Schema has
    them. Characters that XML cannot hold are left out.
    """
    envelope = Element(f"{{{ENVELOPE}}}Envelope")
    body = ElementTree.SubElement(envelope, f"{{{ENVELOPE}}}Body")
    called = ElementTree.SubElement(body, f"{{{namespace}}}{operation}")
    called.extend(_elements(arguments))
    text = ElementTree.tostring(envelope, encoding="unicode")
    return HttpRequest("POST", path, text, headers=HEADERS, accept=frozenset({500}))


def result(response: httpx.Response) -> Element:
    """The first element of an answer's body. Raises RejectedError where a fault blames the request, else Unavailable.

    The error has the fault's own words. What is no SOAP message, or breaks off, is Unavailable too.
    """
    envelope = _parsed(response.content)
    body = None if envelope is None else envelope.find(f"{{{ENVELOPE}}}Body")
    if body is None:
        raise error_of(response) if response.is_error else _unreadable(response)
    fault = body.find(f"{{{ENVELOPE}}}Fault")
    if fault is not None:
        raise _error(fault, response)
    if response.is_error or not len(body):
        raise error_of(response) if response.is_error else _unreadable(response)
    return body[0]


def needed(element: Element, path: str, response: httpx.Response) -> Element:
    """The element at a path below; Unavailable (uncertain) where the answer has none."""
    found = element.find(path)
    if found is None:
        raise _unreadable(response, path)
    return found


def _parsed(content: bytes) -> Element | None:
    """A message; None where it is none. Some send what XML cannot hold (mvantellingen/python-zeep#951)."""
    for text in (content, _CONTROL.sub(b"", content)):
        try:
            return fromstring(text, forbid_dtd=True)
        except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError):
            continue
    return None


def _elements(arguments: Mapping[str, Any]) -> Iterator[Element]:
    for name, value in arguments.items():
        for one in value if isinstance(value, Sequence) and not isinstance(value, str) else (value,):
            element = Element(name)
            if isinstance(one, Mapping):
                element.extend(_elements(one))
            else:
                text = str(one).lower() if isinstance(one, bool) else str(one)
                element.text = _UNSPEAKABLE.sub("", text)
            yield element


def _error(fault: Element, response: httpx.Response) -> HubError:
    code = (fault.findtext("faultcode") or "").rpartition(":")[2]
    said = without((fault.findtext("faultstring") or code)[:LONGEST], sent_in(response.request))
    words = f"{brief_of(response)}: {said}"
    if code.partition(".")[0].lower() in _OURS:
        error: HubError = RejectedError(words)
    else:
        error = Unavailable(words, uncertain=True)
    error.brief = brief_of(response)
    return error


def _unreadable(response: httpx.Response, path: str = "the answer") -> Unavailable:
    asked = response.request
    return Unavailable(f"{asked.method} {asked.url.host}: cannot read {path}", uncertain=True)
