"""All that happens by the clock: sweeps, retention, histories, what customers are worth, training."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from hub.application.alerts import CHECK_SECONDS as ALERT_SECONDS
from hub.application.alerts import Alerting
from hub.application.form_mails import SEND_SECONDS, Sending
from hub.application.histories import histories
from hub.application.insight import run_if_due, work_out_due
from hub.application.process import Processing
from hub.application.reroute import reroute
from hub.application.retain import HELD_SECONDS, RETAIN_SECONDS, Retaining
from hub.application.target_fields import REFRESH_SECONDS, Refreshing
from hub.settings import Settings
from hub.workers.schedule import INSIGHT_SECONDS, REROUTE_SECONDS, REVIEWS_SECONDS, SWEEP_SECONDS, Task, run_schedule
from hub.workers.sweep import sweep, weigh_reviews
from hub.workers.train_apart import CHECK_SECONDS, check
from hub.workers.wake import Waker


@dataclass(frozen=True, slots=True)
class Clock:
    """What the clock needs; ``stopping`` ends all of it."""

    processing: Processing
    settings: Settings
    waker: Waker
    stopping: threading.Event


def scheduled(clock: Clock) -> list[threading.Thread]:
    """Start it, each kind in a thread of its own: while training goes on or a vendor is slow, sweeps must too."""
    work, stopping = clock.processing, clock.stopping
    threads = [started("schedule", run_schedule, _tasks(clock), stopping)]
    threads += [started("history", run_schedule, [task], stopping) for task in _histories(clock)]
    threads.append(started("insight", run_schedule, _insights(clock), stopping))
    if alerts := alert_tasks(clock):
        threads.append(started("alerts", run_schedule, alerts, stopping))
    if clock.settings.mail.host:
        sending = Sending(work.database, work.connections, clock.settings.mail, clock.settings.hub.public_url)
        threads.append(
            started("mails", run_schedule, [Task("mails", SEND_SECONDS, partial(sending.turn, stopping))], stopping)
        )
    if clock.settings.hub.automatic_training:
        training = partial(check, work.database, clock.settings, work.identity, stopping)
        threads.append(started("training", run_schedule, [Task("training", CHECK_SECONDS, training)], stopping))
    return threads


def started(name: str, target: object, *arguments: object) -> threading.Thread:
    """A thread that runs, and that ends with the process."""
    begun = threading.Thread(target=target, args=arguments, name=name, daemon=True)  # type: ignore[arg-type]
    begun.start()
    return begun


def _histories(clock: Clock) -> list[Task]:
    """A task for each connection whose history is read by the clock."""
    connections = clock.processing.connections.values()
    due = histories(clock.processing.database, connections, clock.settings.hub.public_url)
    return [Task(one.name, one.seconds, partial(one.run_if_due, clock.stopping)) for one in due]


def _insights(clock: Clock) -> list[Task]:
    """What works customers out: whoever is due, and everybody once a day."""
    work, wake = clock.processing, clock.waker.wake
    return [
        Task("insight.due", INSIGHT_SECONDS, partial(work_out_due, work, wake)),
        Task("insight.run", INSIGHT_SECONDS, partial(run_if_due, work, wake)),
    ]


def alert_tasks(clock: Clock) -> list[Task]:
    """What tells people of troubles, where anybody is to be told: an address may be slow, and nothing waits for it."""
    if not clock.settings.alerts.to:
        return []
    routed = frozenset(route.destination for route in clock.processing.routes)
    return [Task("alerts", ALERT_SECONDS, Alerting(clock.processing, clock.settings.alerts, routed).turn)]


def _tasks(clock: Clock) -> list[Task]:
    work, waker = clock.processing, clock.waker
    destinations = tuple(dict.fromkeys(route.destination for route in work.routes))
    trains = clock.settings.hub.automatic_training
    retaining = Retaining(work.database, clock.settings.retention)
    targets = Refreshing(work.connections, clock.settings, lambda: datetime.now(UTC))
    return [
        Task("sweep", SWEEP_SECONDS, lambda: sweep(work.database, waker, destinations, trains=trains)),
        Task("reroute", REROUTE_SECONDS, lambda: reroute(work, waker.wake)),
        Task("reviews", REVIEWS_SECONDS, lambda: weigh_reviews(work.database)),
        Task("retention", RETAIN_SECONDS, retaining.turn),
        Task("retention.held", HELD_SECONDS, retaining.revisit_bodies),
        *([Task("fields", REFRESH_SECONDS, targets.refresh)] if targets.connections else []),
    ]
