"""A vendor of the tests' own: a token server and an API on the loopback interface, over real HTTP.

It rotates refresh tokens, counts what it is asked, and does what the field's servers do.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode

Answer = tuple[int, bytes, str]


@dataclass
class Vendor:
    """``grace``: how many times an old refresh token still works. ``answers`` are given instead, one after another."""

    refresh: str = "refresh-0"
    lifetime: Any = 3600
    rotates: bool = True
    grace: int = 0
    revoked: bool = False
    answers: list[Answer] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    valid: set[str] = field(default_factory=set)
    before_answer: Callable[[], None] = field(default=lambda: None)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    number: int = 0
    codes: dict[str, str] = field(default_factory=dict)

    def token(self, fields: dict[str, str]) -> Answer:
        """The answer to one token request."""
        with self.lock:
            self.asked.append(fields)
            if self.answers:
                return self.answers.pop(0)
            kind = fields["grant_type"]
            if kind == "refresh_token" and (self.revoked or not self._takes(fields["refresh_token"])):
                # As legacy servers do, the description repeats the token.
                said = {"error": "invalid_grant", "error_description": f"unknown token {fields['refresh_token']}"}
                return json_answer(400, said)
            if kind == "authorization_code" and fields["code"] not in self.codes:
                return json_answer(400, {"error": "invalid_grant"})
            self.number += 1
            access = f"access-{self.number}"
            self.valid = {access}
            found: dict[str, Any] = {"access_token": access, "token_type": "bearer"}
            if self.lifetime is not None:
                found["expires_in"] = self.lifetime
            if kind != "client_credentials" and self.rotates:
                self.refresh = f"refresh-{self.number}"
                found["refresh_token"] = self.refresh
        self.before_answer()
        return json_answer(200, found)

    def _takes(self, refresh: str) -> bool:
        if refresh == self.refresh:
            return True
        self.grace -= 1
        return self.grace >= 0

    def api(self, authorization: str) -> Answer:
        """The answer to one call of the API."""
        with self.lock:
            self.calls.append(authorization)
            good = authorization.removeprefix("Bearer ") in self.valid
        return json_answer(200, {"ok": True}) if good else json_answer(401, {"message": "no"})


def json_answer(status: int, body: Any, kind: str = "application/json") -> Answer:
    return status, json.dumps(body).encode(), kind


def form_answer(status: int, body: dict[str, str]) -> Answer:
    return status, urlencode(body).encode(), "application/x-www-form-urlencoded"


@contextmanager
def served(vendor: Vendor) -> Iterator[Vendor]:
    """The vendor with its URL, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.path == "/token":
                fields = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
                self._answer(vendor.token({**fields, "authorization": self.headers.get("authorization", "")}))
            else:
                self._answer(vendor.api(self.headers.get("authorization", "")))

        do_GET = do_POST  # noqa: N815

        def _answer(self, answer: Answer) -> None:
            status, body, kind = answer
            try:
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # whoever asked is gone

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    vendor.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield vendor
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
