"""SOAP messages as they are sent and read, and what servers answer that are odd (decision 0030)."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from hub.errors import HubError, RejectedError, Unavailable
from hub.sdk import soap

NAMES = f'xmlns:S="{soap.ENVELOPE}"'


def answered(text: str | bytes, status: int = 200, sent: str = "<a/>") -> httpx.Response:
    asked = httpx.Request("POST", "https://mail.example.com/soap", content=sent.encode())
    return httpx.Response(status, content=text, request=asked)


def enveloped(body: str) -> str:
    return f"<S:Envelope {NAMES}><S:Header/><S:Body>{body}</S:Body></S:Envelope>"


def fault(code: str, words: str, detail: str = "") -> str:
    told = f"<faultcode>{code}</faultcode><faultstring>{words}</faultstring><detail>{detail}</detail>"
    return enveloped(f'<S:Fault xmlns:v="http://www.w3.org/2003/05/soap-envelope">{told}</S:Fault>')


def refused(text: str | bytes, status: int = 200, sent: str = "<a/>") -> HubError:
    with pytest.raises(HubError) as caught:
        soap.result(answered(text, status, sent))
    return caught.value


def test_a_call_is_an_element_of_the_service_with_plain_elements_within() -> None:
    arguments = {"pool": 7, "ids": {"item": [1, 2]}, "rows": {"item": [{"item": ["a", "b"]}]}, "merge": False, "to": ""}
    asked = soap.request("/soap", "urn:x", "write", arguments)
    assert (asked.method, asked.path, asked.accept) == ("POST", "/soap", frozenset({500}))
    assert asked.headers == {"content-type": "text/xml; charset=utf-8", "soapaction": '""'}
    [[called]] = ElementTree.fromstring(asked.body)
    assert called.tag == "{urn:x}write"
    told = "".join(ElementTree.tostring(one, encoding="unicode").replace(f" {NAMES}", "") for one in called)
    rows = "<rows><item><item>a</item><item>b</item></item></rows>"
    assert told == f"<pool>7</pool><ids><item>1</item><item>2</item></ids>{rows}<merge>false</merge><to />"


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        # mvantellingen/python-zeep#538: "All strings must be XML compatible"
        ("tmp\x0b foo\x00bar", "tmp foobar"),
        ("a\ud800b\uffff", "ab"),
        ('Müller & Söhne <GmbH> ]]> "x" \'', 'Müller & Söhne <GmbH> ]]> "x" \''),
        ("</name><admin>1</admin>", "</name><admin>1</admin>"),
        ("&lt;!ENTITY", "&lt;!ENTITY"),
        ("王 🎉", "王 🎉"),
    ],
)
def test_whatever_people_are_called_arrives_as_their_name(value: str, arrives: str) -> None:
    asked = soap.request("/soap", "urn:x", "write", {"name": value})
    assert ElementTree.fromstring(asked.body.encode()).findtext(".//name") == arrives


def test_an_answer_is_its_first_element() -> None:
    found = soap.result(answered(enveloped("<r><writeResult>7</writeResult></r>")))
    assert found.findtext("writeResult") == "7"
    # mvantellingen/python-zeep#951: a server that sends what XML cannot hold
    for odd in ("TRIWO &#x1B;&#x1b;Geb&#228;ude&#10;", "TRIWO \x1bGeb&#228;ude&#10;", "TRIWO &#27;Geb&#xE4;ude&#xA;"):
        assert soap.result(answered(enveloped(f"<r>{odd}</r>"))).text == "TRIWO Gebäude\n"
    with pytest.raises(Unavailable, match="cannot read writeResult"):
        soap.needed(found, "writeResult/item", answered(""))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("S:Client", RejectedError),
        ("SOAP-ENV:Client.Authentication", RejectedError),
        ("Sender", RejectedError),
        ("S:VersionMismatch", RejectedError),
        # HodStudio/XitSoap#13: what an application refuses may be told as the server's fault
        ("S:Server", Unavailable),
        ("WSDL", Unavailable),
    ],
)
@pytest.mark.parametrize("status", [500, 200])
def test_a_fault_is_told_in_its_own_words_whatever_the_status(code: str, kind: Any, status: int) -> None:
    # vpulim/node-soap#461 and #464, hooklift/gowsdl#252, simpligility/ksoap2-android#38: the words of a 500 were lost
    error = refused(fault(code, "No open Order", "<m>-12</m>"), status)
    assert isinstance(error, kind)
    assert str(error) == f"POST mail.example.com answered {status}: No open Order"
    assert error.brief == f"POST mail.example.com answered {status}"
    # it may have been carried out, where the request was not at fault
    assert getattr(error, "uncertain", False) == (kind is Unavailable)


def test_what_a_fault_repeats_of_the_request_is_told_to_nobody() -> None:
    sent = soap.request("/soap", "urn:x", "write", {"mail": "anna@example.com", "name": "Änne & Söhne"}).body
    error = refused(fault("S:Client", "anna@example.com of &#196;nne &amp; S&#246;hne is wrong"), 500, sent)
    assert str(error).endswith(": … of … is wrong")


@pytest.mark.parametrize("status", [500, 200])
@pytest.mark.parametrize(
    "text",
    [
        "",  # spring-projects/spring-ws#1028: a 500 without a body counted as done
        "<html><body>Down for maintenance</body></html>",
        enveloped("<r><writeResult>7</wri")[:-30],
        enveloped(""),
        f"<S:Envelope {NAMES}/>",
        '{"message": "no"}',
        b"\xff\xfe\x00",
        '<?xml version="1.0" encoding="x-none"?><a/>',
        # nordic-institute/X-Road#3697: a message with a DTD, whose entities read files or grow without end
        f'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>{enveloped("<r>&b;</r>")}',
        f'<!DOCTYPE a [<!ENTITY b "{"c" * 99}"><!ENTITY d "{"&b;" * 99}">]>{enveloped("<r>&d;</r>")}',
    ],
)
def test_what_is_no_message_is_no_answer(text: str | bytes, status: int) -> None:
    error = refused(text, status)
    assert isinstance(error, Unavailable)
    assert error.uncertain
