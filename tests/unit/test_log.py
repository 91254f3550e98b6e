"""Logs: one form, an id that ties lines together, and never a person."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, SecretStr

from hub import log
from hub.errors import PayloadError, Unavailable
from hub.model.address import Address

PERSONAL = ("anna.mueller@example.de", "+49 30 23125 123", "+493023125123", "Müller", "geheim")


class Strict(BaseModel):
    number: int


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    captured = capsys.readouterr()
    assert captured.out == ""
    found = [json.loads(line) for line in captured.err.splitlines()]
    for line in found:
        line.pop("timestamp")
    return found


def test_plain_facts_are_written_as_json_on_stderr(capsys):
    log.configure("info", "json")
    log.get_logger(stage="store").info(
        "intake.stored",
        connection="shop-de",
        id=UUID(int=1),
        at=datetime(2026, 1, 1, tzinfo=UTC),
        sum=Decimal("1.5"),
    )
    log.get_logger().info("intake.stored")
    log.get_logger().debug("intake.parsed")
    assert lines(capsys) == [
        {
            "event": "intake.stored", "level": "info", "stage": "store", "connection": "shop-de",
            "id": "00000000-0000-0000-0000-000000000001", "at": "2026-01-01T00:00:00+00:00", "sum": "1.5",
        },
        {"event": "intake.stored", "level": "info"},
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_person_and_no_secret_is_written(capsys, form):
    log.configure("debug", form)
    logger = log.get_logger()
    logger.info(
        "x.y",
        first_name="Müller",
        webhook_secret="geheim",
        api_key="geheim",
        headers={"authorization": "geheim"},
        nested={"deep": [{"email": "anna.mueller@example.de"}]},
        note="wrote to anna.mueller@example.de, +49 30 23125 123 or +493023125123",
        model=Address(city="Müller"),
        models=[Address(city="Müller")],
        secret_value=SecretStr("geheim"),
        raw=b"geheim",
        failure=ValueError("geheim"),
        other=object(),
    )
    try:
        Strict.model_validate({"number": "Müller"})
    except ValueError:
        logger.exception("x.failed")
        logging.getLogger("library").exception("failed for %s", "anna.mueller@example.de")
    logging.getLogger("httpx").info("GET https://example.com/?q=geheim")
    written = capsys.readouterr().err
    assert [value for value in PERSONAL if value in written] == []
    assert "ValidationError" in written
    assert "<Address>" in written


def test_hubs_own_error_texts_are_kept_and_causes_named(capsys):
    log.configure("info", "json")
    try:
        try:
            raise KeyError("Müller")
        except KeyError as cause:
            raise PayloadError("is required", path="customer.id") from cause
    except PayloadError as error:
        log.get_logger().warning("normalise.parked", exc_info=error)
    log.get_logger().warning("delivery.failed", failure=Unavailable("POST api.example.com: ReadTimeout"))
    parked, failed = lines(capsys)
    assert parked.pop("error_at")[-1].endswith("test_hubs_own_error_texts_are_kept_and_causes_named")
    assert parked == {
        "event": "normalise.parked",
        "level": "warning",
        "error": "PayloadError: customer.id: is required < KeyError",
    }
    assert failed == {
        "event": "delivery.failed",
        "level": "warning",
        "failure": "Unavailable: POST api.example.com: ReadTimeout",
    }


def test_a_library_logs_in_the_same_form(capsys):
    log.configure("warning", "json")
    logging.getLogger("dramatiq.worker").info("unseen")
    logging.getLogger("dramatiq.worker").warning("slow %s", "worker")
    assert lines(capsys) == [{"event": "slow worker", "level": "warning"}]
