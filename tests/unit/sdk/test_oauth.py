"""What is read of a token server's answer, whatever its form, and where a request's credentials go."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from hub.errors import AuthError, ConfigError, HubError, RateLimited, Unavailable
from hub.sdk.assertion import Assertion, pem_fault
from hub.sdk.connection import open_client
from hub.sdk.http import HttpClient
from hub.sdk.oauth import GrantRevoked, OAuth, Tokens, form, read_answer, renewal_fields
from hub.sdk.registry import Connector
from hub.sdk.testkit.wire import SampleTokens
from hub.sdk.tokens import Held
from hub.store.sealing import Sealer
from tests.support.oauth_connector import DESTINATION, KEY, connection


def oauth(**changes: Any) -> OAuth:
    given = {"client_id": "hub:1", "client_secret": SecretStr("s&cret"), "grant": "refresh_token", **changes}
    return OAuth(token_url="https://auth.example.com/token", **given)


def answer(status: int, body: Any, **options: Any) -> httpx.Response:
    text = {"content": body} if isinstance(body, bytes) else {"json": body}
    return httpx.Response(status, **text, **options)


GOOD = {"access_token": "a1", "token_type": "Bearer", "expires_in": 3600}


@pytest.mark.parametrize(
    ("body", "lifetime"),
    [
        (GOOD, 3600.0),
        ({**GOOD, "expires_in": "3600"}, 3600.0),
        ({**GOOD, "expires_in": 3600.5}, 3600.5),
        ({**GOOD, "expires_in": None}, None),
        ({**GOOD, "expires_in": True}, None),
        ({**GOOD, "expires_in": -1}, None),
        ({**GOOD, "expires_in": "never"}, None),
        ({**GOOD, "expires_in": 10**40}, 315_360_000.0),
        # kanidm/kanidm#4470, omnibear/omnibear#8: a form, or JSON under another name
        (b"access_token=a1&token_type=bearer&expires_in=3600", 3600.0),
        (b'{"access_token":"a1","expires_in":3600}', 3600.0),
    ],
)
def test_a_lifetime_is_read_in_every_form_it_comes_in(body: Any, lifetime: float | None):
    found = read_answer(oauth(), answer(200, body, headers={"content-type": "text/plain"}), refresh="r1")
    assert (found.access, found.lifetime) == ("a1", lifetime)


def test_a_connector_says_how_long_tokens_live_where_the_vendor_does_not():
    bare = {"access_token": "a1"}
    assert read_answer(oauth(lifetime_seconds=7200.0), answer(200, bare)).lifetime == 7200.0


@pytest.mark.parametrize("given", [{}, {"refresh_token": ""}, {"refresh_token": None}, {"refresh_token": "null"}])
def test_a_refresh_token_that_is_not_told_again_stays(given: dict[str, Any]):
    # frappe/frappe#26266, cognizant-ai-lab/nsflow#239, modelcontextprotocol/python-sdk#2271 (RFC 6749, 6)
    assert read_answer(oauth(), answer(200, {**GOOD, **given}), refresh="r1").refresh == "r1"


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (answer(400, {"error": "invalid_grant"}), GrantRevoked),
        (answer(401, {"error": "invalid_client"}), AuthError),
        # servers that say so with 200
        (answer(200, {"error": "invalid_grant"}), GrantRevoked),
        (answer(200, {"error": "bad_client_secret"}), AuthError),
        # shopware/shopware#549: errors by JSON:API
        (answer(401, {"errors": [{"code": "4", "status": "401", "title": "Client authentication failed"}]}), AuthError),
        (answer(400, {"errors": [{"code": "2", "status": "400", "title": "unsupported"}]}), AuthError),
        (answer(503, {"errors": [{"status": "503"}]}), Unavailable),
        # of the transport or the moment, so nobody's grant is at fault
        (answer(401, b"<html>proxy</html>"), Unavailable),
        (answer(302, b"", headers={"location": "https://elsewhere.example.com"}), Unavailable),
        (answer(200, b"<html>login</html>"), Unavailable),
        (answer(200, {"access_token": ""}), Unavailable),
        (answer(200, {"access_token": "null"}), Unavailable),
        (answer(200, {"access_token": "a\r\nx-evil: 1"}), Unavailable),
        (answer(200, [1]), Unavailable),
        (answer(429, {"error": "invalid_grant"}, headers={"retry-after": "7"}), RateLimited),
        (answer(400, {"error": "slow_down"}), Unavailable),
        (answer(200, {**GOOD, "token_type": "DPoP"}), AuthError),
    ],
)
def test_an_answer_without_a_token_is_judged_by_what_it_says(response: httpx.Response, error: type[HubError]):
    with pytest.raises(HubError) as raised:
        read_answer(oauth(), response, refresh="r1")
    assert type(raised.value) is error


@pytest.mark.parametrize(("client", "in_body"), [("basic", False), ("body", True)])
def test_the_app_proves_itself_in_a_header_or_in_the_body(client: Any, in_body: bool):
    content, headers = form(oauth(client=client), renewal_fields(oauth(), "r1", now=0.0))
    sent = parse_qs(content.decode())
    assert (sent.get("client_secret") == ["s&cret"]) == in_body
    # each part is encoded before they are put together (RFC 6749, 2.3.1)
    assert (headers.get("authorization") == "Basic aHViJTNBMTpzJTI2Y3JldA==") == (not in_body)


@cache
def rsa_key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def pem(key: RSAPrivateKey) -> SecretStr:
    return SecretStr(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def test_an_app_may_sign_whom_it_acts_as_instead_of_telling_a_secret():
    assertion = Assertion("app-1", "hub@example.com", "https://login.example.com", pem(rsa_key()))
    signs = oauth(grant="jwt_bearer", client_secret=None, client="body", assertion=assertion)
    content, headers = form(signs, renewal_fields(signs, None, now=1_772_323_200.75))
    sent = {name: values[0] for name, values in parse_qs(content.decode()).items()}
    assert sent.keys() == {"grant_type", "assertion"}
    assert sent["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert "authorization" not in headers
    parts = sent["assertion"].split(".")
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in parts[:2])
    assert header["alg"] == "RS256"
    # exp in seconds, not in milliseconds: salesforce.stackexchange.com/questions/282513
    assert claims == {
        "iss": "app-1",
        "sub": "hub@example.com",
        "aud": "https://login.example.com",
        "exp": 1_772_323_380,
    }
    signature = base64.urlsafe_b64decode(parts[2] + "==")
    rsa_key().public_key().verify(signature, ".".join(parts[:2]).encode(), PKCS1v15(), SHA256())
    other = replace(signs, assertion=replace(assertion, subject="somebody@example.com"))
    assert signs.app != other.app, "tokens of another user are never used"
    assert pem(rsa_key()).get_secret_value() not in repr(signs)


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"])
def test_a_key_that_cannot_sign_is_told_without_showing_it(text: str):
    assert str(pem_fault(SecretStr(text))).startswith("is no RSA private key")
    assert pem_fault(pem(rsa_key())) is None


class Kept(SampleTokens):
    """A store in memory that begins empty."""

    def __init__(self) -> None:
        self.tokens: Tokens | None = None
        self.wanted: list[str] = []

    def held(self, connection: str, app: str) -> Held:
        return Held(self.tokens, version=1 if self.tokens else 0, age=3600.0)

    def keep(self, connection: str, app: str, tokens: Tokens, *, version: int, spent: float) -> bool:
        self.tokens = tokens
        return True

    def want(self, connection: str, app: str, reason: str, *, version: int) -> None:
        self.wanted.append(reason)


def signing(vendor: httpx.MockTransport, kept: Kept) -> HttpClient:
    assertion = Assertion("app-1", "hub@example.com", "https://login.example.com", pem(rsa_key()))
    signs = oauth(grant="jwt_bearer", client_secret=None, assertion=assertion)
    held = connection("https://auth.example.com", None)
    connector = Connector(held.connector.manifest, destination=DESTINATION, oauth=lambda _: signs)
    return open_client(replace(held, connector=connector, tokens=kept), DESTINATION, transport=vendor)


def test_an_app_that_signs_needs_no_person_for_its_first_token_nor_for_the_next():
    kept, given = Kept(), iter(("a1", "a2"))

    def vendor(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return httpx.Response(200, json={"access_token": next(given), "token_type": "Bearer"})
        return httpx.Response(200 if request.headers["authorization"] == "Bearer a2" else 401, json={})

    with signing(httpx.MockTransport(vendor), kept) as http:
        assert http.post("contacts", {}).status_code == 200
    assert kept.tokens == Tokens("a2")


def test_an_app_that_signs_and_is_refused_rests_without_asking_for_consent():
    kept = Kept()
    refusal = {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}
    http = signing(httpx.MockTransport(lambda _: httpx.Response(400, json=refusal)), kept)
    with http, pytest.raises(AuthError, match="invalid_grant"):
        http.post("contacts", {})
    assert kept.wanted == []


def test_a_request_may_be_signed_and_a_401_repeats_it_only_when_it_is_worth_it():
    seen: list[tuple[str, bytes]] = []

    def api(request: httpx.Request) -> httpx.Response:
        seen.append((request.headers["x-signature"], request.content))
        return httpx.Response(401 if len(seen) in (1, 3) else 200, json={})

    transport = httpx.MockTransport(api)

    def sign(request: httpx.Request) -> dict[str, str]:
        return {"x-signature": f"{len(seen)}:{len(request.content)}"}

    worth = iter([True, False])
    with HttpClient("https://api.example.com", headers=sign, renew=lambda _: next(worth), transport=transport) as http:
        http.post("x", {"a": 1})
        with pytest.raises(AuthError):
            http.post("x", {})
    assert seen == [("0:7", b'{"a":1}'), ("1:7", b'{"a":1}'), ("2:2", b"{}")]


def test_a_token_server_is_called_over_https_alone():
    held = connection("http://127.0.0.1:1", None)
    unsafe = replace(oauth(), token_url="http://auth.example.com/token")
    connector = Connector(held.connector.manifest, destination=DESTINATION, oauth=lambda _: unsafe)
    with pytest.raises(ConfigError, match="http is not encrypted"):
        open_client(replace(held, connector=connector, tokens=SampleTokens()), DESTINATION)


def test_no_repr_shows_a_token():
    # long enough that no address of an object in a repr holds it by chance
    told = {**GOOD, "access_token": "access-told-once", "refresh_token": "refresh-told-once"}
    found = Held(read_answer(oauth(), answer(200, told)))
    for secret in ("access-told-once", "refresh-told-once", "s&cret"):
        assert secret not in repr((found, oauth()))


@pytest.mark.parametrize("key", ["", "short", KEY[:-4], "ä" * 44])
def test_a_key_that_is_none_is_named_without_showing_it(key: str):
    with pytest.raises(ConfigError) as raised:
        Sealer([SecretStr(key)])
    fault = "HUB_SECRET_KEY: each key must be 32 bytes in base64; `openssl rand -base64 32` makes one"
    assert raised.value.faults == [fault]


def test_both_alphabets_of_base64_are_the_same_key():
    key = "+/" * 21 + "8="
    sealed = Sealer([SecretStr(key)]).seal("crm", {"access": "a"})
    assert Sealer([SecretStr(key.replace("+", "-").replace("/", "_"))]).open("crm", sealed) == {"access": "a"}
