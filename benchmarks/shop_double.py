"""A shop's GraphQL Admin API as a process: ``--orders N`` behind a bucket of points, as Shopify's limit works."""

from __future__ import annotations

import argparse
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

POINTS_PER_ORDER = 4.0
"""What a query asks for, for each order of its page."""

BUCKET_ORDERS = 100
"""What the bucket holds when it is full, in orders."""

FIRST_ID = 7_000_000_000


class Shop:
    """``limit`` is orders a second; the bucket holds no more than four pages, so that a pause cannot be made up for."""

    def __init__(self, orders: int, limit: float) -> None:
        self.orders, self.rate = orders, limit * POINTS_PER_ORDER
        self.size = BUCKET_ORDERS * POINTS_PER_ORDER
        self.points, self.filled_at = self.size, time.monotonic()
        self.served = self.calls = self.throttled = 0
        self.first_at = self.last_at = 0.0
        self.lock = threading.Lock()

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        given = asked.get("variables") or {}
        cost = POINTS_PER_ORDER * int(given.get("first") or 1)
        with self.lock:
            now = time.monotonic()
            self.points = min(self.size, self.points + (now - self.filled_at) * self.rate)
            self.filled_at = now
            self.calls += 1
            allowed = self.points >= cost
            if allowed:
                self.points -= cost
            status = {"maximumAvailable": self.size, "currentlyAvailable": self.points, "restoreRate": self.rate}
            told = {"cost": {"requestedQueryCost": cost, "throttleStatus": status}}
            if not allowed:
                self.throttled += 1
                return {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}], "extensions": told}
            data = self._lists(asked["query"], given, now)
        return {"data": data, "extensions": told}

    def _lists(self, query: str, given: dict[str, Any], now: float) -> dict[str, Any]:
        empty = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
        start, first = int(given.get("after") or 0), int(given.get("first") or 1)
        lists: dict[str, Any] = {name: empty for name in ("customers", "abandonedCheckouts") if f" {name}(" in query}
        if " orders(" in query:
            end = min(self.orders, start + first)
            self.served += end - start
            self.first_at, self.last_at = self.first_at or now, now
            page = {"hasNextPage": end < self.orders, "endCursor": str(end)}
            lists["orders"] = {"nodes": [order(number) for number in range(start, end)], "pageInfo": page}
        return lists

    def stats(self) -> dict[str, float]:
        names = ("served", "calls", "throttled", "first_at", "last_at")
        return {name: getattr(self, name) for name in names}


def order(number: int) -> dict[str, Any]:
    """An invented order; every tenth has no buyer of its own but one of the last."""
    who = number - number % 10 if number % 10 == 9 else number
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_735_689_600 + number))
    money = {"amount": "34.90", "currencyCode": "EUR"}
    both = {"shopMoney": money, "presentmentMoney": money}
    customer = {
        "id": f"gid://shopify/Customer/{FIRST_ID + who}", "createdAt": at, "updatedAt": at, "firstName": "Anna",
        "lastName": f"Muster{who}", "defaultEmailAddress": {"emailAddress": f"anna.{who}@example.com"},
    }  # fmt: skip
    line = {"id": f"gid://shopify/LineItem/{number}", "title": "Teekanne", "name": "Teekanne", "quantity": 1,
            "originalUnitPriceSet": {"shopMoney": money}}  # fmt: skip
    return {
        "id": f"gid://shopify/Order/{FIRST_ID + number}", "name": f"#{number}", "createdAt": at, "updatedAt": at,
        "processedAt": at, "currencyCode": "EUR", "presentmentCurrencyCode": "EUR", "taxesIncluded": True,
        "displayFinancialStatus": "PAID", "displayFulfillmentStatus": "UNFULFILLED", "totalPriceSet": both,
        "subtotalPriceSet": both, "currentTotalPriceSet": both, "customer": customer,
        "lineItems": {"nodes": [line], "pageInfo": {"hasNextPage": False, "endCursor": None}},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--orders", type=int, required=True)
    parser.add_argument("--limit", type=float, required=True)
    arguments = parser.parse_args()
    shop = Shop(arguments.orders, arguments.limit)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._say(shop.stats())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            self._say(shop.answer(json.loads(body)))

        def _say(self, value: Any) -> None:
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing for each request."""

    ThreadingHTTPServer(("127.0.0.1", arguments.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
