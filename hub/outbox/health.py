"""How a connection is doing, and what a person can do about it. Pure; the same for the command and the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.sdk.tokens import NEVER_GIVEN
from hub.store.stats import Trouble

State = Literal["ok", "failing", "resting", "refused", "paused", "unrouted"]


@dataclass(frozen=True, slots=True)
class Health:
    """One connection in one role.

    ``failing``   the last call failed, and the next comes by itself
    ``resting``   left alone until ``not_before``: it failed too often, or said that it wants rest (429)
    ``refused``   it did not accept the credentials; they are tried again at ``not_before``. Of a source also: its
                  deliveries do not have the right signature
    ``paused``    a person (``by``) wants nothing sent there
    ``unrouted``  no route leads to this destination

    ``since`` is when it began, ``failures`` how many there were in a row, ``reason`` the other side's words, ``advice``
    what a person can do, "" where nothing has to be done.
    """

    state: State = "ok"
    since: datetime | None = None
    not_before: datetime | None = None
    failures: int = 0
    reason: str = ""
    by: str = ""
    advice: str = ""


def of_destination(name: str, trouble: Trouble | None, *, routed: bool = True) -> Health:
    """The health of a destination, from what is known of its last calls."""
    found = trouble or Trouble()
    if found.paused_at is not None:
        return Health("paused", found.paused_at, by=found.paused_by, advice=f"`hub outbox resume {name}` sends again")
    if not routed:
        return Health("unrouted", advice=f"add `- {{to: {name}}}` to `routes:` in the configuration")
    if found.refused:
        if _wants_a_token(found):
            return _health("refused", found, _token(name))
        advice = f"{_credentials(name)}; `hub outbox resume {name}` tries those in use once more"
        return _health("refused", found, advice)
    if found.resting:
        return _health("resting", found, f"`hub outbox retry {name}` tries now; else it is tried again by itself")
    if found.failures or found.reason:
        return _health("failing", found, "it is tried again by itself")
    return Health()


def of_source(name: str, trouble: Trouble | None) -> Health:
    """The health of a source: of the signatures of its deliveries, and of the API that completes its events."""
    if trouble is None:
        return Health()
    if trouble.signatures:
        before = f"the last one accepted was {trouble.accepted_at:%Y-%m-%d %H:%M} UTC" if trouble.accepted_at else ""
        return Health(
            "refused",
            trouble.since,
            failures=trouble.failures,
            reason=", ".join(filter(None, (_refused(trouble.failures), before or "none was ever accepted"))),
            advice=f"compare the secret at connections.{name} with the one at the sender, and the address it sends to; "
            "a test delivery from there ends this, and if it is accepted already, a stranger has called",
        )
    if trouble.refused:
        given = _allowed(name) if trouble.forbidden else _credentials(name)
        return _health("refused", trouble, _token(name) if _wants_a_token(trouble) else given)
    if trouble.silent:
        advice = f"`hub connector subscribe {name} --list` shows its webhooks, `hub reconcile {name}` what was missed"
        return Health("failing", trouble.since, reason="no event came for longer than it should", advice=advice)
    state: State = "resting" if trouble.resting else "failing"
    return _health(state, trouble, _AGAIN[trouble.part].format(name=name))


_AGAIN = {
    "bodies": "the bodies its events lack are fetched again by themselves",
    "history": "its history is read on by itself; `hub backfill {name}` tries now",
    "comparison": "it is compared again by itself; `hub reconcile {name}` tries now",
    "webhooks": "they are looked at again by themselves; `hub connector subscribe {name} --list` shows them now",
}


def line(name: str, health: Health) -> str:
    """The health in a sentence, for people."""
    since = f" since {health.since:%Y-%m-%d %H:%M} UTC" if health.since else ""
    again = f", next try {health.not_before:%H:%M:%S} UTC" if health.not_before else ""
    by = f" by {health.by}" if health.by else ""
    reason = f": {health.reason}" if health.reason else ""
    advice = f" ({health.advice})" if health.advice else ""
    return f"{name} is {health.state}{by}{since}{again}{reason}{advice}"


def _refused(count: int) -> str:
    return f"{count} deliver{'y' if count == 1 else 'ies'} refused, as the signature is missing, wrong or too old"


def _credentials(name: str) -> str:
    return f"put credentials that it accepts at connections.{name} in the configuration, and start Hub again"


def _allowed(name: str) -> str:
    rights = f"let the credentials at connections.{name} read what it names, or put others there"
    return f"{rights}; it is tried again by itself"


def _wants_a_token(trouble: Trouble) -> bool:
    """Whether a person has to consent, the first time or anew: nothing in the configuration is wrong."""
    return trouble.token_wanted or trouble.reason.startswith(NEVER_GIVEN)


def _token(name: str) -> str:
    return f"`hub connections authorise {name}` gives it a new token; then it goes on by itself"


def _health(state: State, found: Trouble, advice: str) -> Health:
    return Health(state, found.since, found.not_before, found.failures, found.reason, advice=advice)
