"""What is read of a token server's answer, whatever its form, and where a request's credentials go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from pydantic import SecretStr

from hub.errors import AuthError, ConfigError, HubError, RateLimited, Unavailable
from hub.sdk.connection import open_client
from hub.sdk.http import HttpClient
from hub.sdk.oauth import GrantRevoked, OAuth, form, read_answer, renewal_fields
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
