"""The algorithm that writes people and orders to any CRM, over what its dialect can do.

A record that is known is updated. A person who may be there already is looked for first; a record that another profile
wrote is never taken over, and one that people made there is. What conflicts is looked up once more and updated. After
an attempt of unknown outcome Hub looks before it writes, so that nothing is made twice (law L3).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from hub.errors import HubError, RejectedError
from hub.sdk.crm import finding
from hub.sdk.crm.activities import ActivityWriter
from hub.sdk.crm.calls import Caller
from hub.sdk.crm.companies import Employers
from hub.sdk.crm.confirming import confirm
from hub.sdk.crm.dialect import Dialect
from hub.sdk.crm.orders import OrderWriter
from hub.sdk.crm.people import PeopleWriter
from hub.sdk.crm.results import Results
from hub.sdk.destination import Write, WriteResult
from hub.sdk.http import HttpClient
from hub.sdk.manifest import Settings


def send(
    dialect: Dialect[Settings], writes: Sequence[Write], client: HttpClient, settings: Settings
) -> Sequence[WriteResult]:
    """Send a batch; one result per write.

    Raises RateLimited, Unavailable, AuthError, ConflictError or RejectedError for the batch; ``done`` holds the results
    of what was finished before, and ``begun`` what was written of the rest. Everything sent is safe to send again.
    """
    caller = Caller(client, settings)
    results = Results(dialect, settings, Employers(dialect.companies, caller))
    people = PeopleWriter(dialect, caller, results)
    try:
        _write_people(people, [write for write in writes if write.kind == "profile"])
        confirm(dialect.people, caller, results, writes)
        OrderWriter(dialect, caller, results).all([write for write in writes if write.kind == "order"])
        ActivityWriter(dialect, caller, results).all([write for write in writes if write.kind == "activity"])
        caller.end()
    except HubError as error:
        finished = [write.key for write in writes if results.is_finished(write)]
        error.done = [results.by_key[key] for key in finished]
        error.begun = caller.begun.difference(finished)
        raise
    return [results.by_key[write.key] for write in writes]


def _write_people(people: PeopleWriter[Settings], writes: Sequence[Write]) -> None:
    """Write people; one who is refused alone by a call that takes several is opted out all the same."""
    try:
        people.all(writes)
    except RejectedError:
        if len(writes) == 1:
            people.still_opt_out(writes)
        raise


def absent(dialect: Dialect[Settings], ids: Sequence[str], client: HttpClient, settings: Settings) -> Collection[str]:
    """Which of these records of people do not exist; one that was merged into another exists. Raises the error tree."""
    return set(ids) - finding.present(dialect.people, Caller(client, settings), ids).keys()
