"""A CRM whose search lags: an index that is refreshed in the background."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import httpx

from tests.support.crm.double import Double
from tests.support.crm.hostile import is_search


class Lagging:
    """Answers what finds records by their values as of ``seconds`` ago; everything else as of now.

    ``clock`` gives seconds. The state is looked at once a call, as it was before it.
    """

    def __init__(self, double: Double, seconds: float, clock: Callable[[], float]) -> None:
        self.double, self.seconds, self.clock = double, seconds, clock
        self.states: list[tuple[float, Double]] = [(float("-inf"), deepcopy(double))]

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        if is_search(request):
            then = self.clock() - self.seconds
            state = next(state for at, state in reversed(self.states) if at <= then)
            return state.handle(request)
        answer = self.double.handle(request)
        self.states.append((self.clock(), deepcopy(self.double)))
        return answer
