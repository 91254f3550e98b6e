"""A mailbox of 50,000 mails read from a real Dovecot: mails a second, and the memory of the process that reads.

``python -m benchmarks.mailbox [--mails N]``. Nothing is stored: what is measured is the imap source, from the wire to
the items of its pages. Every hundredth mail carries an attachment of 1 MB.
"""

from __future__ import annotations

import argparse
import os
import pwd
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil  # type: ignore[import-untyped]

from hub.connectors.imap.source import backfill
from tests.support.dovecot import Dovecot, dovecot

NO_HTTP: Any = None
USER = "bench"


def fill(server: Dovecot, mails: int) -> None:
    """Write the mails as Dovecot's own files: 50,000 deliveries would take longer than all the rest."""
    folder = server.folder / "mail" / USER / "cur"
    for part in ("new", "cur", "tmp"):
        (folder.parent / part).mkdir(parents=True)
    sent, attachment = datetime(2026, 1, 1, tzinfo=UTC), b"QUFB" * 250_000
    for number in range(mails):
        at = (sent + timedelta(minutes=number)).strftime("%a, %d %b %Y %H:%M:%S +0000")
        head = (
            f"From: Kunde {number} <kunde{number % 9_000}@example.de>\nTo: kontakt@hafenkante.example\n"
            f"Subject: Frage {number}\nDate: {at}\nMessage-ID: <{number}@example.de>\nMIME-Version: 1.0\n"
        ).encode()
        text = b"Wann kommt meine Bestellung?\n" + b"> zitiert\n" * 40
        body = b"Content-Type: text/plain; charset=utf-8\n\n" + text
        if number % 100 == 0:
            body = (
                b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + body
                + b'\n--b\nContent-Type: image/png; name="bild.png"\nContent-Transfer-Encoding: base64\n\n'
                + attachment + b"\n--b--\n"
            )  # fmt: skip
        (folder / f"{number:08}.M{number}P1.bench:2,S").write_bytes(head + body)
    if os.getuid() == 0:
        owner = pwd.getpwnam("nobody")
        for path in (folder.parent, *folder.parent.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid)


def main() -> None:
    """Fill a mailbox, read it, say what it took."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--mails", type=int, default=50_000)
    mails = options.parse_args().mails
    with dovecot() as server:
        fill(server, mails)
        process = psutil.Process()
        before = peak = process.memory_info().rss
        began, read, cursor = time.perf_counter(), 0, None
        for page in backfill(NO_HTTP, server.settings(USER, timeout_seconds=120), None, None):
            read, cursor = read + len(page.items), page.cursor
            peak = max(peak, process.memory_info().rss)
        took = time.perf_counter() - began
        again = time.perf_counter()
        list(backfill(NO_HTTP, server.settings(USER), None, cursor))
        idle = time.perf_counter() - again
    mb = 1024 * 1024
    print(f"{read:,} mails in {took:.1f} s: {read / took:,.0f}/s")
    print(f"resident {before / mb:.0f} MB before, {peak / mb:.0f} MB at most; a run without news {idle * 1000:.0f} ms")


if __name__ == "__main__":
    main()
