"""OAuth connections: tokens are sealed in the database, renewed by one process at a time, and never seen in a log.

Over real HTTP against a vendor that rotates refresh tokens. Cases of the field stand in
``tests/unit/sdk/test_oauth.py`` too.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from psycopg_pool import PoolTimeout

from hub.application import authorise
from hub.errors import AuthError, ConfigError, HubError, RefusedError, Unavailable
from hub.outbox.deliver import Sender, deliver
from hub.outbox.health import of_destination
from hub.sdk.connection import Connection, open_client
from hub.sdk.http import HttpClient
from hub.sdk.oauth import GrantRevoked, Tokens
from hub.store import destinations, rests
from hub.store.database import Database
from hub.store.destinations import DestinationState
from hub.store.stats import destination_troubles
from tests.support.doubles import Crm, at, customer, entry
from tests.support.hubspot import Way
from tests.support.oauth_connector import DESTINATION, KEY, OTHER_KEY, connection
from tests.support.token_server import Vendor, json_answer, served

ROOT = Path(__file__).parents[2]


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with served(Vendor()) as running:
        yield running


def client(made: Connection) -> HttpClient:
    return open_client(made, DESTINATION)


def consented(vendor: Vendor, database: Database, **options: Any) -> Connection:
    """A connection to which a person gave the vendor's refresh token."""
    made = connection(vendor.url, database, **options)
    authorise.give_token(made, vendor.refresh)
    return made


def expire(database: Database, *, left: float = -1.0) -> None:
    with database.session() as session:
        session.run("UPDATE oauth_grant SET expires_at = now() + make_interval(secs => %s::float8)", [left])


def age(database: Database) -> None:
    """As if the token had been got ten minutes ago."""
    with database.session() as session:
        session.run("UPDATE oauth_grant SET obtained_at = now() - interval '10 minutes'")


def caller(database: Database, vendor: Vendor) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.oauth_caller", database.dsn, vendor.url],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def begin(process: subprocess.Popen[str]) -> None:
    """Let it call."""
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def await_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    assert process.stdout.readline() == "ready\n"


# -- one token for many calls


def test_an_app_that_needs_nobody_gets_a_token_once_and_renews_it_ahead_of_expiry(vendor: Vendor, database: Database):
    made = connection(vendor.url, database, grant="client_credentials")
    # given no token at all, when two calls go out, then one token serves both
    with client(made) as http:
        http.get("contacts")
        http.post("contacts", {})
    assert [asked["grant_type"] for asked in vendor.asked] == ["client_credentials"]
    assert vendor.asked[0]["scope"] == "contacts"
    # when it has four minutes left, then another process renews it before it is used
    expire(database, left=240)
    with client(made) as http:
        http.get("contacts")
    assert vendor.calls == ["Bearer access-1", "Bearer access-1", "Bearer access-2"]


def test_a_rotated_refresh_token_is_stored_before_its_access_token_is_used(vendor: Vendor, database: Database):
    # airbytehq/airbyte#18035, #80783: the new refresh token was not kept, and the second renewal failed for ever
    made = consented(vendor, database)
    for _ in range(3):
        expire(database)
        with client(made) as http:
            http.get("contacts")
    assert [asked["refresh_token"] for asked in vendor.asked] == [f"refresh-{number}" for number in range(4)]


def test_a_token_of_a_minute_is_not_renewed_for_every_call(vendor: Vendor, database: Database):
    # camunda/camunda#33137: a leeway longer than the lifetime renews without end
    vendor.lifetime = 60
    with client(consented(vendor, database)) as http:
        for _ in range(5):
            http.get("contacts")
    assert len(vendor.asked) == 1


@pytest.mark.parametrize("lifetime", [None, 0, "", "soon"])
def test_a_token_without_a_lifetime_is_used_until_it_is_refused(vendor: Vendor, database: Database, lifetime: Any):
    # neondatabase/mcp-server-neon#229, airbytehq/airbyte#83815: a missing expires_in counted as expired
    vendor.lifetime = lifetime
    with client(consented(vendor, database)) as http:
        for _ in range(3):
            http.get("contacts")
    assert len(vendor.asked) == 1


def test_a_refused_token_is_renewed_once_and_the_call_repeated_once(vendor: Vendor, database: Database):
    # snowflakedb/snowflake-connector-nodejs#1392: a token that died before its time was sent again and again
    made = consented(vendor, database)
    age(database)
    vendor.valid = set()
    with client(made) as http:
        assert http.post("contacts", {}).status_code == 200
        assert vendor.calls == ["Bearer access-1", "Bearer access-2"]
        # when the new token is refused too, then it is not the token: no storm on the token server
        vendor.valid = set()
        for _ in range(3):
            with pytest.raises(AuthError):
                http.get("contacts")
    assert len(vendor.asked) == 2


def test_what_another_process_renewed_is_used_after_a_401_without_another_renewal(vendor: Vendor, database: Database):
    made = consented(vendor, database)
    with client(made) as http, client(made) as other:
        http.get("contacts")
        expire(database)
        other.get("contacts")
        assert http.get("contacts").status_code == 200
    assert len(vendor.asked) == 2


def test_a_token_that_runs_out_while_the_budget_is_waited_for_is_renewed(vendor: Vendor, database: Database):
    # airbytehq/airbyte#13660: the token was put in before the wait
    waits: list[float] = []

    class Slow:
        def wait(self, *, background: bool = False) -> None:
            waits.append(1.0)
            expire(database)

    made = consented(vendor, database)
    with open_client(made, DESTINATION, budget=Slow()) as http:  # type: ignore[arg-type]
        http.get("contacts")
    assert (vendor.calls, len(waits)) == (["Bearer access-2"], 1)


# -- one at a time


def test_of_many_threads_in_two_processes_one_renews(vendor: Vendor, database: Database):
    # HQBase/hqbase#41, editor-code-assistant/eca#462: two used one refresh token, and the vendor revoked them all
    made = consented(vendor, database)
    expire(database)
    other = caller(database, vendor)
    await_ready(other)
    vendor.before_answer = lambda: time.sleep(0.3)
    answers: list[int] = []
    with client(made) as http:
        threads = [threading.Thread(target=lambda: answers.append(http.get("contacts").status_code)) for _ in range(4)]
        begin(other)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    told = other.communicate(timeout=30)[0].split()[-1]
    assert (answers, told) == ([200] * 4, "200")
    assert [asked["refresh_token"] for asked in vendor.asked] == ["refresh-0", "refresh-1"]


def test_while_another_process_renews_a_token_that_is_still_good_goes_on(vendor: Vendor, database: Database):
    made = consented(vendor, database)
    expire(database, left=120)
    assert made.tokens
    with made.tokens.alone("crm", 0.0) as first, client(made) as http:
        assert first
        http.get("contacts")
    assert vendor.calls == ["Bearer access-1"]


def test_a_token_given_while_another_is_being_renewed_stays(vendor: Vendor, database: Database):
    # xorbitsai/xagent#1454: the loser of a race overwrote, or deleted, what the winner had stored
    made = consented(vendor, database)
    expire(database)

    def somebody_gives_one() -> None:
        vendor.before_answer = lambda: None
        assert made.tokens
        assert made.oauth
        vendor.valid = {"given"}
        made.tokens.give("crm", made.oauth.app, Tokens("given", "refresh-given", 3600.0), spent=0.0)

    vendor.before_answer = somebody_gives_one
    with client(made) as http:
        http.get("contacts")
    assert vendor.calls == ["Bearer given"]


# -- when it fails


def test_while_the_token_server_is_away_a_token_that_is_still_good_goes_on(vendor: Vendor, database: Database):
    # PostHog/posthog#80615: 408, 429 and a passing error were taken for a revoked grant
    made = consented(vendor, database)
    for status, error in ((503, "x"), (429, "invalid_grant"), (400, "temporarily_unavailable"), (408, "x"), (502, "")):
        vendor.answers = [json_answer(status, {"error": error})]
        expire(database, left=120)
        with client(made) as http:
            assert http.get("contacts").status_code == 200
            http.get("contacts")
        vendor.answers = [json_answer(status, {"error": error})]
        expire(database)
        with client(made) as http, pytest.raises(HubError) as raised:
            http.get("contacts")
        assert raised.value.recovery == "retry"
    expire(database)
    with client(made) as http:
        assert http.get("contacts").status_code == 200


def test_a_revoked_grant_pauses_its_connection_alone_and_a_new_token_lets_it_go_on(vendor: Vendor, database: Database):
    made, other = (
        consented(vendor, database),
        connection(vendor.url, database, name="second", grant="client_credentials"),
    )
    expire(database)
    vendor.revoked = True
    with client(made) as http:
        # when the grant is gone, then the call says what to do, and the vendor is asked no more
        for _ in range(3):
            with pytest.raises(
                GrantRevoked, match=r"invalid_grant, what was given is revoked, .*; `hub connections authorise crm`"
            ) as raised:
                http.get("contacts")
        assert "refresh-" not in str(raised.value)
        assert len(vendor.asked) == 2
        with client(other) as theirs:
            assert theirs.get("contacts").status_code == 200
        # given its destination rests for that, when a person gives a new token, then it goes on by itself
        rest = timedelta(minutes=10)
        with database.session() as session:
            destinations.lease(session, "crm", "worker", rest)
            destinations.set_state(
                session, "crm", DestinationState(rest=rest, reason="x", credentials="x", settings="x")
            )
            rests.begin(session, "crm", [rest], AuthError("x"))
            health = of_destination("crm", destination_troubles(session)["crm"])
        assert "hub connections authorise crm" in health.advice
        vendor.revoked = False
        vendor.refresh = "refresh-new"
        authorise.give_token(made, "refresh-new")
        assert http.get("contacts").status_code == 200
    with database.session() as session:
        assert destinations.state_of(session, "crm").rest is None
        assert not rests.runs(session, "crm")


def test_deliveries_wait_for_the_new_token_and_other_destinations_do_not(vendor: Vendor, database: Database):
    # given a destination whose grant is revoked, beside another
    double, other = Crm().connection("double").connector.destination, Crm()
    assert double
    made = consented(vendor, database)
    sending = replace(DESTINATION, render=double.render, plan=double.plan)
    made = replace(made, connector=replace(made.connector, destination=sending))
    work = Way(database)
    rest = other.connection("other")
    work.through(made, rest)
    expire(database)
    vendor.revoked = True
    work.take(entry([customer("1", when=at(0), name=("Anna", "Berg"), emails=["anna@example.com"])], "e1"))
    senders = [
        Sender(database, one, [route for route in work.routes if route.destination == one.name], "here:1:a")
        for one in (made, rest)
    ]
    for sender in senders:
        deliver(sender)
    assert len(other.people) == 1
    # when a person gives a new token, then the same sender goes on with what waited
    vendor.revoked, vendor.refresh = False, "refresh-new"
    authorise.give_token(made, "refresh-new")
    for sender in senders:
        deliver(sender)
    assert vendor.calls == ["Bearer access-2"]
    assert work.rows() == {"delivered": 2}


def test_a_process_that_dies_between_renewal_and_storing_leaves_a_sentence_that_says_so(
    vendor: Vendor, database: Database
):
    made = consented(vendor, database)
    expire(database)
    process = caller(database, vendor)

    def die() -> None:
        vendor.before_answer = lambda: None
        process.kill()
        process.wait(60)

    vendor.before_answer = die
    await_ready(process)
    begin(process)
    process.wait(30)
    # given a vendor that lets the old refresh token work once more, when the next one asks, then nobody notices
    vendor.grace = 1
    with client(made) as http:
        assert http.get("contacts").status_code == 200
    # given one that does not, then the connection waits for a person, who is told why
    expire(database)
    vendor.before_answer = lambda: None
    with database.session() as session:
        session.run("UPDATE oauth_grant SET begun_at = now()")
    vendor.refresh = "refresh-lost"
    with client(made) as http, pytest.raises(GrantRevoked, match="an earlier renewal was cut short"):
        http.get("contacts")


def test_tokens_outlive_a_database_that_is_away_when_they_are_stored(
    vendor: Vendor, database: Database, monkeypatch: pytest.MonkeyPatch
):
    made = consented(vendor, database)
    expire(database)
    session, failures = database.session, iter([psycopg.OperationalError("away"), PoolTimeout("away")])

    def away() -> None:
        # given the lock's own connection is gone too
        vendor.before_answer = lambda: None
        with psycopg.connect(database.dsn) as other:
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                          "AND pid <> pg_backend_pid()")  # fmt: skip

        def opened() -> Any:
            error = next(failures, None)
            if error is not None:
                raise error
            return session()

        monkeypatch.setattr(database, "session", opened)

    vendor.before_answer = away
    with client(made) as http:
        assert http.get("contacts").status_code == 200
    assert next(failures, None) is None
    expire(database)
    with client(made) as http:
        http.get("contacts")
    assert [asked["refresh_token"] for asked in vendor.asked] == ["refresh-0", "refresh-1", "refresh-2"]


def test_a_grant_found_revoked_by_a_401_is_not_used_again_though_its_token_has_not_expired(
    vendor: Vendor, database: Database
):
    made = consented(vendor, database)
    age(database)
    vendor.valid, vendor.revoked = set(), True
    with client(made) as http:
        for _ in range(3):
            with pytest.raises(GrantRevoked):
                http.get("contacts")
    assert (len(vendor.calls), len(vendor.asked)) == (1, 2)


def test_a_connection_without_a_token_says_how_it_gets_one(vendor: Vendor, database: Database):
    with client(connection(vendor.url, database)) as http, pytest.raises(AuthError) as raised:
        http.get("contacts")
    assert str(raised.value) == "it has no token yet; `hub connections authorise crm` gives it a new one"
    with pytest.raises(ConfigError, match="kept in the database"):
        client(connection(vendor.url, None))


def test_tokens_of_another_app_or_server_are_never_used(vendor: Vendor, database: Database):
    consented(vendor, database)
    with (
        client(connection(vendor.url, database, client_id="another")) as http,
        pytest.raises(AuthError, match="no token"),
    ):
        http.get("contacts")
    assert vendor.calls == []


# -- keys


def test_no_token_lies_open_in_the_database_and_another_key_opens_none(vendor: Vendor, database: Database):
    made = consented(vendor, database)
    with database.session() as session:
        row = session.one("SELECT oauth_grant::text, convert_from(sealed, 'UTF8') FROM oauth_grant")
    assert row
    assert not any(secret in part for part in row for secret in ("access-1", "refresh-1"))
    # when the key is another one, then the connection rests and says so; with the right one it goes on
    with (
        client(connection(vendor.url, database, key=OTHER_KEY)) as http,
        pytest.raises(AuthError, match="HUB_SECRET_KEY"),
    ):
        http.get("contacts")
    # and what is sealed for one connection opens under no other
    with database.session() as session:
        session.run("UPDATE oauth_grant SET connection = 'second'")
    with client(connection(vendor.url, database, name="second")) as http, pytest.raises(AuthError, match="be opened"):
        http.get("contacts")
    with database.session() as session:
        session.run("UPDATE oauth_grant SET connection = 'crm'")
    with client(made) as http:
        assert http.get("contacts").status_code == 200


def test_an_app_that_needs_nobody_gets_over_a_lost_key(vendor: Vendor, database: Database):
    for key in (KEY, OTHER_KEY):
        with client(connection(vendor.url, database, key=key, grant="client_credentials")) as http:
            assert http.get("contacts").status_code == 200
    assert len(vendor.asked) == 2


def test_a_key_is_changed_by_putting_the_new_one_in_front(vendor: Vendor, database: Database):
    consented(vendor, database)
    both = connection(vendor.url, database, key=f"{OTHER_KEY},{KEY}")
    with client(both) as http:
        assert http.get("contacts").status_code == 200
    assert both.tokens.reseal() == 1  # type: ignore[union-attr]
    assert both.tokens.reseal() == 0  # type: ignore[union-attr]
    with client(connection(vendor.url, database, key=OTHER_KEY)) as http:
        assert http.get("contacts").status_code == 200
    assert len(vendor.asked) == 1


# -- the first token


def test_a_person_consents_and_pastes_where_the_browser_was_led(vendor: Vendor, database: Database):
    made = connection(vendor.url, database)
    assert made.oauth
    vendor.codes = {"code-1": ""}
    consent = authorise.Consent.begin(made.oauth)
    assert consent.url.startswith(f"{vendor.url}/consent?response_type=code&client_id=hub")
    assert "app-secret" not in consent.url
    with pytest.raises(AuthError, match="another request"):
        authorise.give_code(made, consent, "https://localhost/?code=code-1&state=foreign")
    with pytest.raises(AuthError, match="consent was not given: access_denied"):
        authorise.give_code(made, consent, f"https://localhost/?error=access_denied&state={consent.state}")
    authorise.give_code(made, consent, f"https://localhost/?code=code-1&state={consent.state}\n")
    assert vendor.asked[0]["code_verifier"] == consent.verifier
    with client(made) as http:
        assert http.get("contacts").status_code == 200


def test_a_token_that_the_vendor_refuses_takes_nobodys_place(vendor: Vendor, database: Database):
    made = consented(vendor, database)
    with pytest.raises(GrantRevoked):
        authorise.give_token(made, "mistyped")
    with client(made) as http:
        assert http.get("contacts").status_code == 200
    with pytest.raises(RefusedError, match="needs no refresh token"):
        authorise.give_token(connection(vendor.url, database, grant="client_credentials"), "any")


def test_no_secret_reaches_a_log_line_or_an_error(vendor: Vendor, database: Database):
    # can1357/oh-my-pi#870, apache/kafka#13119: servers repeat tokens in their answers, and the answers were logged
    made = consented(vendor, database)
    errors: list[str] = []
    with structlog.testing.capture_logs() as logs:
        for answer in (
            json_answer(400, {"error": "refresh-1 is unknown", "error_description": "refresh-1"}),
            json_answer(500, {"message": "app-secret refresh-1"}),
            json_answer(200, {"refresh_token": "refresh-1"}),
            json_answer(400, {"error": "invalid_grant", "error_description": "refresh-1"}),
        ):
            vendor.answers = [answer]
            expire(database)
            with client(made) as http, pytest.raises(HubError) as raised:
                http.get("contacts")
            errors.append(str(raised.value))
    said = repr([logs, errors, made])
    assert not [secret for secret in ("app-secret", "refresh-1", "access-1", KEY) if secret in said]


def test_a_token_server_that_hangs_ends_in_time(vendor: Vendor, database: Database):
    made = consented(vendor, database, timeout_seconds=0.2)
    expire(database)
    vendor.before_answer = lambda: time.sleep(0.8)
    with client(made) as http, pytest.raises(Unavailable):
        http.get("contacts")
