"""A process of its own that calls the API of an OAuth connection once a line comes in: ``oauth_caller DSN URL``."""

from __future__ import annotations

import sys

from hub.sdk.connection import open_client
from hub.store.database import Database
from tests.support.oauth_connector import DESTINATION, connection


def main(dsn: str, url: str) -> None:
    database = Database(dsn, size=2)
    database.open()
    with open_client(connection(url, database), DESTINATION) as client:
        print("ready", flush=True)
        sys.stdin.readline()
        print(client.get("contacts").status_code, flush=True)
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
