"""``/openapi.json`` and ``/docs``: what the API offers, and a page to try it. All of the page comes from here.

Swagger UI's files are those of the PyPI package fastapi-offline (MIT; github.com/turettn/fastapi_offline), which brings
a new copy with each release of Swagger UI. Only its files are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse, JSONResponse, Response

_FILES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css", "favicon.png": "image/png"}
_SAFE = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hub API</title>
<link rel="icon" href="docs/favicon.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "openapi.json", dom_id: "#page", deepLinking: true, validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis], layout: "BaseLayout",
});
"""


def install(app: FastAPI, dependencies: Sequence[Any]) -> None:
    """Serve both; ``dependencies`` decide who may see them."""

    @app.get("/openapi.json", include_in_schema=False, dependencies=dependencies)
    def description() -> Response:
        return JSONResponse(app.openapi())

    @app.get("/docs", include_in_schema=False, dependencies=dependencies)
    def page() -> Response:
        return HTMLResponse(_PAGE, headers=_SAFE)

    @app.get("/docs/start.js", include_in_schema=False, dependencies=dependencies)
    def start() -> Response:
        return Response(_START, media_type="text/javascript", headers=_SAFE)

    @app.get("/docs/{name}", include_in_schema=False, dependencies=dependencies)
    def file(name: str) -> Response:
        if name not in _FILES:
            raise HTTPException(404)
        content = (files("fastapi_offline") / "static" / name).read_bytes()
        return Response(content, media_type=_FILES[name], headers={**_SAFE, "Cache-Control": "private, max-age=3600"})
