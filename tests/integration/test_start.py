"""What starting Hub promises: a taken port is told, and refused credentials are tried again."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest

from hub.cli.serve import _require_free
from hub.errors import HubError
from hub.outbox.deliver import Sender, lift_pauses
from hub.store import destinations
from hub.store.database import Database
from hub.store.destinations import DestinationState
from tests.support.doubles import Crm


def test_a_taken_port_is_told_before_anything_starts() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(HubError, match="--port"):
            _require_free("127.0.0.1", port)
    _require_free("127.0.0.1", port)


@pytest.mark.parametrize(("credentials", "lifted"), [("refused", True), ("", False)])
def test_a_start_tries_refused_credentials_again_and_leaves_other_pauses(
    database: Database, credentials: str, lifted: bool
) -> None:
    # given a destination that is left alone, because of its credentials or not
    pause = DestinationState(failures=4, rest=timedelta(minutes=10), credentials=credentials)
    with database.session() as session:
        destinations.lease(session, "crm", "somebody", timedelta(seconds=1))
        destinations.set_state(session, "crm", pause)
    # when a worker starts
    lift_pauses([Sender(database, Crm().connection("crm"), (), "me")])
    # then only refused credentials are tried again
    with database.session() as session:
        state = destinations.state_of(session, "crm")
    assert (state.rest is None, state == DestinationState()) == (lifted, lifted)
