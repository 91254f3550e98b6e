"""Sign-in with an OpenID provider, played by a small one that signs as real ones do."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import yaml
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from pydantic import ValidationError

from hub import bootstrap
from hub.application import sign_in
from hub.console.vouched import _kept
from hub.settings import OidcSection, load
from hub.store import audit, users
from tests.support.serving import served

SECRET = "the client's own secret, of the usual length"


def _part(told: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()


@dataclass
class Provider:
    """Vouches for one person; ``claims`` and ``sign`` can be bent by a test."""

    claims: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    sign: Callable[[dict[str, Any]], str] | None = None
    away: bool = False
    issuer: str = ""
    asked: dict[str, list[str]] = field(default_factory=dict)
    challenge: str = ""

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        if self.away:
            return 503, {}
        if path == "/.well-known/openid-configuration":
            places = {f"{name}_endpoint": f"{self.issuer}/{name}" for name in ("authorization", "token")}
            return 200, {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys", **places}
        if path == "/keys":
            return 200, dict(KeySet([self.key]).as_dict(private=False))
        return 404, {}

    def token(self, form: dict[str, list[str]], authorization: str) -> tuple[int, dict[str, Any]]:
        own = base64.b64encode(f"hub:{SECRET}".encode()).decode()
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        proven = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.challenge
        if authorization != f"Basic {own}" or not proven or form["code"] != ["good"]:
            return 400, {"error": "invalid_grant"}
        sign = self.sign or (lambda claims: jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key))
        return 200, {"id_token": sign(self.claims), "token_type": "Bearer", "access_token": "unused"}


@contextmanager
def playing(provider: Provider) -> Iterator[Provider]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(*provider.answer(self.path))

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            self.reply(*provider.token(form, self.headers.get("authorization", "")))

        def reply(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@dataclass
class Door:
    """Hub's console with that provider, and a browser's part of the way."""

    url: str
    run: bootstrap.Runtime
    provider: Provider

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=20.0)

    def out(self, browser: httpx.Client, *, connect: bool = False) -> dict[str, str]:
        """To the provider, who makes a token for this sign-in; gives what the browser brings back."""
        asked_for = {"to": "/console/people", **({"connect": "true"} if connect else {})}
        gone = browser.get("/console/oidc", params=asked_for, headers={"sec-fetch-site": "same-origin"})
        assert gone.status_code == 303, gone.text
        parts = urlsplit(gone.headers["location"])
        assert f"{parts.scheme}://{parts.netloc}" == self.provider.issuer
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        self.provider.challenge = asked["code_challenge"]
        self.provider.claims = {
            "iss": self.provider.issuer,
            "aud": "hub",
            "sub": "4711",
            "exp": int(time.time()) + 300,
            "iat": int(time.time()),
            "nonce": asked["nonce"],
            "preferred_username": "wiebke",
            "groups": ["shop-support", "everybody"],
            **self.provider.claims,
        }
        return {"code": "good", "state": asked["state"]}

    def sign_in(self, **bent: Any) -> httpx.Response:
        self.provider.claims = bent
        browser = self.browser()
        return browser.get("/console/oidc/back", params=self.out(browser))


@pytest.fixture
def door(dsn: str, tmp_path: Path) -> Iterator[Door]:
    with playing(Provider()) as provider:
        config = tmp_path / "hub.yaml"
        roles = {"shop-support": "support", "shop-admins": "admin"}
        oidc = {"issuer": provider.issuer, "client_id": "hub", "client_secret": SECRET, "label": "Keycloak"}
        config.write_text(yaml.safe_dump({"console": {"oidc": {**oidc, "roles": roles}}}), "utf-8")
        settings = load(config, {"HUB_DATABASE_URL": dsn, "HUB_DATA_DIR": str(tmp_path / "data")})
        with bootstrap.runtime(settings, pool_size=3) as run, served(bootstrap.api(run)) as url:
            yield Door(url, run, provider)


def test_who_signs_in_becomes_a_user_with_the_role_of_their_groups(door: Door):
    browser = door.browser()
    form = browser.get("/console/sign-in")
    assert "Sign in with Keycloak" in form.text
    came = browser.get("/console/oidc/back", params=door.out(browser))
    assert (came.status_code, came.headers["location"]) == (303, "/console/people")
    page = browser.get("/console/people")
    assert page.status_code == 200
    assert "wiebke" in page.text
    with door.run.database.session() as session:
        (user,) = users.page(session)
        assert (user.name, user.role, user.password) == ("wiebke", "support", "")
        assert [entry.action for entry in audit.page(session, limit=2)] == ["session.open", "user.add"]
    # the next time they have another role there, and so here
    assert door.sign_in(groups=["shop-admins", "shop-support"], preferred_username="wiebke.neu").status_code == 303
    with door.run.database.session() as session:
        assert [(one.name, one.role) for one in users.page(session)] == [("wiebke", "admin")]
        assert [entry.action for entry in audit.page(session, limit=2)] == ["session.open", "user.role"]


OTHERS: dict[str, dict[str, Any]] = {
    "for another application": {"aud": "crm"},
    "for several, and given to another": {"aud": ["hub", "crm"], "azp": "crm"},
    "of another provider": {"iss": "https://elsewhere.example"},
    "of yesterday": {"exp": 1_700_000_000},
    "of another sign-in": {"nonce": "another"},
}


def test_a_token_that_is_not_for_this_sign_in_opens_nothing(door: Door):
    for what, bent in OTHERS.items():
        refused = door.sign_in(**bent)
        assert refused.status_code == 401, what
        assert "does not belong to this sign-in" in refused.text, what
        assert "hub_session" not in refused.cookies, what
        with door.run.database.session() as session:
            assert users.page(session) == [], what


FORGED: dict[str, Callable[[dict[str, Any]], str]] = {
    "by the client's secret": lambda claims: jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET)),
    "by another's key": lambda claims: jwt.encode(
        {"alg": "RS256", "kid": "one"}, claims, RSAKey.generate_key(2048, {"kid": "one"})
    ),
    "by nobody": lambda claims: f"{_part({'alg': 'none'})}.{_part(claims)}.",
    "none": lambda claims: "no token at all",
}


def test_a_token_that_the_provider_did_not_sign_opens_nothing(door: Door):
    for what, forged in FORGED.items():
        door.provider.sign = forged
        assert door.sign_in().status_code == 401, what


def test_the_provider_may_change_its_keys(door: Door):
    assert door.sign_in().status_code == 303
    door.provider.key = RSAKey.generate_key(2048, {"kid": "two"})
    door.provider.sign = lambda claims: jwt.encode({"alg": "RS256", "kid": "two"}, claims, door.provider.key)
    assert door.sign_in().status_code == 303


def test_an_answer_comes_back_to_the_browser_that_asked_and_once(door: Door):
    browser, other = door.browser(), door.browser()
    brought = door.out(browser)
    assert other.get("/console/oidc/back", params=brought).status_code == 401
    assert browser.get("/console/oidc/back", params={**brought, "state": "another"}).status_code == 401
    again = door.browser()
    brought = door.out(again)
    assert again.get("/console/oidc/back", params={**brought, "code": "stolen"}).status_code == 401
    assert again.get("/console/oidc/back", params=brought).status_code == 401


def test_who_has_no_role_is_told_so(door: Door):
    refused = door.sign_in(groups=["everybody"])
    assert refused.status_code == 403
    assert "nobody gave you a role" in refused.text
    # also who had one before
    assert door.sign_in().status_code == 303
    assert door.sign_in(groups=[]).status_code == 403


def test_a_name_that_somebody_has_already_is_not_taken_over(door: Door):
    # given one user with a password, and one who was invited and has none yet
    with door.run.database.session() as session:
        sign_in.add_user(session, "wiebke", "admin", "a password of her own")
        sign_in.add_user(session, "invited", "admin", None)
    # then whoever calls themselves so at the provider is neither
    for number, name in enumerate(("wiebke", "invited")):
        refused = door.sign_in(sub=f"48{number}", preferred_username=name, email=name, email_verified=True)
        assert refused.status_code == 403
        assert "Somebody in Hub has your name" in refused.text
    assert door.sign_in(sub="4712", preferred_username="anna").status_code == 303
    assert door.sign_in(sub="4713", preferred_username="anna").status_code == 403
    with door.run.database.session() as session:
        assert [one.name for one in users.page(session) if one.subject] == ["anna"]
        assert [one.action for one in audit.page(session, area="session", limit=9)].count("session.refused") == 3


def invited(door: Door, name: str) -> httpx.Client:
    """A browser in which somebody opened the link that an admin made for them."""
    with door.run.database.session() as session:
        if users.named(session, name) is None:
            sign_in.add_user(session, name, "support", None)
        ticket = sign_in.link(session, name, "").partition("#")[2]
        text = sign_in.by_ticket(session, ticket)
    assert text is not None
    browser = door.browser()
    browser.cookies.set("hub_session", text)
    return browser


def test_who_is_signed_in_connects_their_account_at_the_provider_and_comes_by_it_from_then_on(door: Door):
    browser = invited(door, "wiebke")
    assert "Connect with Keycloak" in browser.get("/console/settings").text
    # a link of another site cannot begin it, nor can somebody without a session
    for one, site in ((browser, "cross-site"), (browser, None), (door.browser(), "same-origin")):
        headers = {"sec-fetch-site": site} if site else {}
        assert one.get("/console/oidc", params={"connect": "true"}, headers=headers).status_code == 403
    brought = door.out(browser, connect=True)
    came = browser.get("/console/oidc/back", params=brought)
    assert came.status_code == 303
    assert "You may sign in with Keycloak" in browser.get("/console/settings").text
    # then the provider's word is enough, whatever they are called there by then
    assert door.sign_in(preferred_username="renamed").status_code == 303
    with door.run.database.session() as session:
        (user,) = users.page(session)
        assert (user.name, bool(user.subject)) == ("wiebke", True)
        assert "user.connect" in [entry.action for entry in audit.page(session, limit=9)]
    # and the account is nobody else's
    other = invited(door, "anna")
    door.provider.claims = {}
    refused = other.get("/console/oidc/back", params=door.out(other, connect=True))
    assert refused.status_code == 403


def test_a_connection_is_of_the_session_in_which_it_began(door: Door):
    browser, other = invited(door, "wiebke"), invited(door, "anna")
    brought = door.out(browser, connect=True)
    browser.cookies.set("hub_session", other.cookies["hub_session"])
    assert browser.get("/console/oidc/back", params=brought).status_code == 401
    with door.run.database.session() as session:
        assert [one.subject for one in users.page(session)] == [None, None]


BENT = (
    "no json", "[]", "null", "[" * 100_000, json.dumps({"state": "\ud800", "nonce": "n", "verifier": "v", "to": "/"}),
    json.dumps({"state": 1, "nonce": [], "verifier": {}, "to": None}), json.dumps({"state": "s"}),
)  # fmt: skip


@pytest.mark.parametrize("bent", BENT, ids=range(len(BENT)))
def test_what_somebody_bent_of_the_way_out_is_no_sign_in(bent: str):
    assert _kept(bent) == {}


def test_a_provider_that_is_away_leaves_the_other_ways_in(door: Door):
    door.provider.away = True
    refused = door.browser().get("/console/oidc")
    assert refused.status_code == 503
    assert "cannot be reached" in refused.text
    assert "Password" in refused.text


def test_a_secret_is_sent_to_nobody_in_the_open():
    told = {"client_id": "hub", "client_secret": SECRET}
    assert OidcSection.model_validate({"issuer": "http://127.0.0.1:9000/realms/x", **told})
    with pytest.raises(ValidationError, match="must begin with https"):
        OidcSection.model_validate({"issuer": "http://login.example.com", **told})
    assert SECRET not in repr(OidcSection.model_validate({"issuer": "https://login.example.com", **told}))
