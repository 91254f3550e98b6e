"""Errors as RFC 9457 problem details. No text holds a value that came with the request."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from http import HTTPStatus
from typing import Any

import psycopg
import psycopg_pool
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from hub.errors import HubError, RefusedError

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "5"
"""Seconds a caller is asked to wait while the database is away."""

AWAY = (psycopg.OperationalError, psycopg.InterfaceError, psycopg_pool.PoolTimeout)
"""What is raised while the database cannot be reached."""

UNFIT = (psycopg.DataError, OverflowError)
"""What a value raises that PostgreSQL or Python cannot hold."""


class Fault(BaseModel):
    """One fault of a request."""

    path: str = Field(description="Where: query.limit, body.name, path.id; or what it clashes with: judgement.7.")
    said: str = Field(description="What is wrong there.")


class Problem(BaseModel):
    """RFC 9457."""

    type: str = Field("about:blank", description="No types of our own: the status says what kind it is.")
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What is wrong, for people.")
    faults: list[Fault] = Field(default_factory=list, description="Each fault of a request that is refused, apart.")


class ApiError(HTTPException):
    """Answer with this status; ``detail`` names no value of the request."""


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI description says of errors."""
    schema = deepcopy(_schema())  # FastAPI writes into what it is given
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


@cache
def _schema() -> dict[str, Any]:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    schema["properties"]["faults"]["items"] = Fault.model_json_schema()
    return schema


def problem(
    status: int, detail: str, *, faults: list[Fault] | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The answer."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, faults=faults or [])
    return JSONResponse(
        body.model_dump(exclude={"faults"} if not faults else None), status, dict(headers or {}), MEDIA_TYPE
    )


def install(app: FastAPI) -> None:
    """Answer every error of the application with a problem."""

    @app.exception_handler(HTTPException)
    def http(_: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, error.detail, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    def unreadable(_: Request, error: RequestValidationError) -> JSONResponse:
        faults = [Fault(path=".".join(map(str, fault["loc"])), said=fault["msg"]) for fault in error.errors()]
        return problem(422, "the request cannot be read", faults=faults)

    @app.exception_handler(HubError)
    def ours(_: Request, error: HubError) -> JSONResponse:
        told = error.faults if isinstance(error, RefusedError) else ()
        return problem(error.http_status, str(error), faults=[Fault(path=path, said=said) for path, said in told])

    for error in AWAY:
        app.exception_handler(error)(_away)
    for wrong in UNFIT:
        app.exception_handler(wrong)(_unfit)
    app.exception_handler(Exception)(_bug)


def away(error: Exception) -> JSONResponse:
    """The answer while the database cannot be reached."""
    log.warning("api.unavailable", error=type(error).__name__)
    return problem(503, "the database cannot be reached", headers={"Retry-After": RETRY_AFTER})


def _away(_: Request, error: Exception) -> JSONResponse:
    return away(error)


def _unfit(_: Request, __: Exception) -> JSONResponse:
    return unfit()


def unfit() -> JSONResponse:
    """The answer to NUL in a text, or a number or a time beyond what PostgreSQL or Python can hold."""
    return problem(422, "the request holds a value that nothing can hold")


def _bug(_: Request, error: Exception) -> JSONResponse:
    return problem(500, f"Hub failed to answer this ({type(error).__name__})")
