"""With what the list of addresses nobody may write to is keyed: a key in the database, and keys from outside over it.

A digest is HMAC-SHA256 with the stored key, and of that with each key from outside in turn, the oldest first. So a new
key is laid over all that is listed without any address being known: nothing is lost when an outside key comes, or
another in its place, and a copy of the database alone can check no address. The other side of it: a key from outside
stays needed as long as the list. Which keys lie over it stands in the database as eight bytes of each, behind the
stored key; where one of them is not given, nothing is looked up and nothing written.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Sequence

from pydantic import SecretStr

from hub.errors import ConfigError
from hub.store.database import Database, Session

_STORED = 32
_PRINT = 8
_GONE = (
    "suppression_key: the table suppression_key is empty, and the list of addresses nobody may write to cannot be read "
    "without it: restore both tables from one backup. Until then nothing is written to anybody it may name"
)
_MISSING = (
    "suppression_key: the list of addresses nobody may write to is keyed with keys from outside, and not all of them "
    "are given, or not in their order: set HUB_SUPPRESSION_KEY to all of them, the newest first. Until then nothing is "
    "written to anybody it may name"
)
HOW_TO_MAKE = "`openssl rand -base64 32` makes one"


class MissingKeyError(ConfigError):
    """A key of the list of addresses nobody may write to is missing: all waits until it is there again."""


def decoded(keys: Sequence[SecretStr]) -> tuple[bytes, ...]:
    """The keys as bytes, as given: the one in use first. Raises ConfigError unless each is 32 bytes in base64."""
    return tuple(_decoded(key.get_secret_value()) for key in keys)


def _decoded(text: str) -> bytes:
    try:
        raw = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise ConfigError([f"HUB_SUPPRESSION_KEY: each key must be 32 bytes in base64; {HOW_TO_MAKE}"])
    return raw


def held(session: Session, *, lock: str = "") -> bytes:
    """What the database holds: the stored key, made when it is asked for the first time, and prints of the others.

    Raises MissingKeyError where it is gone though something is listed.
    """
    sql = f"SELECT key FROM suppression_key {lock}"
    row = session.one(sql)
    if row is None:
        if session.one("SELECT 1 FROM suppression LIMIT 1") is not None:
            raise MissingKeyError([_GONE])
        made = secrets.token_bytes(_STORED)
        session.run("INSERT INTO suppression_key (key) VALUES (%b) ON CONFLICT DO NOTHING", [made])
        row = session.one(sql)
    assert row is not None
    return bytes(row[0])


def chain(holding: bytes, given: Sequence[bytes]) -> tuple[bytes, ...]:
    """The keys that lie over the list, the stored one first. ``given`` has the newest first.

    Raises MissingKeyError where one of them is not given, or they stand in another order.
    """
    prints = [holding[at : at + _PRINT] for at in range(_STORED, len(holding), _PRINT)]
    oldest_first = tuple(given)[::-1]
    if [_print(key) for key in oldest_first[: len(prints)]] != prints:
        raise MissingKeyError([_MISSING])
    return (holding[:_STORED], *oldest_first[: len(prints)])


def digest(keys: Sequence[bytes], made: bytes) -> bytes:
    """HMAC-SHA256 of it with each of these keys in turn."""
    for key in keys:
        made = hmac.digest(key, made, "sha256")
    return made


def lay_over(database: Database) -> int:
    """Lay the keys that are given over the list, as far as they do not lie there yet; gives how many entries changed.

    Raises MissingKeyError where a key that lies over the list is not given.
    """
    with database.session() as session:
        nothing = session.one("SELECT 1 FROM suppression_key UNION ALL SELECT 1 FROM suppression LIMIT 1") is None
        return 0 if nothing and not session.keys else _laid_over(session)


def _laid_over(session: Session) -> int:
    holding = held(session, lock="FOR UPDATE")
    fresh = session.keys[::-1][len(chain(holding, session.keys)) - 1 :]
    if not fresh:
        return 0
    found = [bytes(row[0]) for row in session.rows("SELECT DISTINCT digest FROM suppression")]
    session.run(
        "UPDATE suppression AS held SET digest = given.made FROM unnest(%b::bytea[], %b::bytea[]) AS given (old, made) "
        "WHERE held.digest = given.old",
        [found, [digest(fresh, one) for one in found]],
    )
    session.run("UPDATE suppression_key SET key = %b", [holding + b"".join(map(_print, fresh))])
    return len(found)


def _print(key: bytes) -> bytes:
    return hmac.digest(key, b"hub: key of suppressed addresses", "sha256")[:_PRINT]
