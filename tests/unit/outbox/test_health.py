"""What whoever runs Hub is told to do about a connection that is refused."""

from __future__ import annotations

from hub.outbox.health import of_destination, of_source
from hub.sdk.tokens import NEVER_GIVEN
from hub.store.stats import Trouble


def test_who_never_consented_is_asked_to_and_not_to_correct_the_configuration() -> None:
    trouble = Trouble(
        failures=2, reason=f"{NEVER_GIVEN}; `hub connections authorise google` gives it one", refused=True
    )
    for health in (of_source("google", trouble), of_destination("google", trouble)):
        assert health.advice.startswith("`hub connections authorise google`")
    wrong = Trouble(failures=2, reason="the token server answered 401: invalid_client", refused=True)
    assert of_source("google", wrong).advice.startswith("put credentials that it accepts at connections.google")
