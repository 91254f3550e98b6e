"""What of another system's error Hub repeats: its words, and nobody's data (law L11)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hub.errors import RejectedError
from hub.sdk.http import HttpClient
from hub.sdk.words import without, words_of


def refused(body: Any, sent: Any = None, **options: Any) -> RejectedError:
    answer = {"text": body} if isinstance(body, str) else {"json": body}
    transport = httpx.MockTransport(lambda _: httpx.Response(422, **answer))
    with HttpClient("https://crm.example.com", transport=transport) as client, pytest.raises(RejectedError) as caught:
        client.request("POST", "people", body=sent, **options)
    return caught.value


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "no such stage"}, "no such stage"),
        ({"errors": [{"detail": "no such stage"}]}, "no such stage"),
        ({"errors": {"code": 400, "message": ["no such stage", "no name"]}}, "no such stage; no name"),  # Freshsales
        (
            {"error": {"code": 403, "message": "no such stage", "status": "PERMISSION_DENIED"}},
            "no such stage",
        ),  # Google
        # Salesforce answers a list
        ([{"message": "no such stage", "errorCode": "X"}], "no such stage"),
        ("<h1>no such stage</h1>", "<h1>no such stage</h1>"),
        ([], "Unprocessable Entity"),
        (17, "Unprocessable Entity"),
        ({"errors": {"email": 1}}, "Unprocessable Entity"),
    ],
)
def test_the_vendors_own_words_are_kept_wherever_they_stand(body: Any, words: str) -> None:
    assert str(refused(body)).endswith(f"answered 422: {words}")


@pytest.mark.parametrize(
    "body",
    [
        {"message": "Jürgen Großmann <juergen@example.com>, +49 30 23125 017, is a duplicate"},
        "Jürgen Großmann juergen@example.com 0049 30 23125017 is a duplicate",
    ],
)
def test_what_was_sent_and_who_is_named_is_left_out(body: Any) -> None:
    error = refused(body, {"people": [{"name": "Jürgen Großmann"}]})
    assert str(error).endswith("is a duplicate")
    for value in ("Jürgen", "juergen@", "23125"):
        assert value not in str(error)


def test_ids_stay_because_people_look_records_up_by_them() -> None:
    assert without("Contact already exists. Existing ID: 5012345678", ()) == (
        "Contact already exists. Existing ID: 5012345678"
    )


def test_a_log_gets_the_status_without_any_words() -> None:
    assert refused({"message": "Jürgen is a duplicate"}).brief == "POST crm.example.com answered 422"


def test_a_longer_value_goes_before_one_that_is_part_of_it() -> None:
    assert without("Anna-Lena exists", ["Anna", "Anna-Lena"]) == "… exists"


def test_an_answer_to_a_request_that_streams_is_read_all_the_same() -> None:
    request = httpx.Request("POST", "https://crm.example.com", content=iter([b"a"]))
    assert words_of(httpx.Response(400, json={"message": "no"}, request=request)) == "no"
