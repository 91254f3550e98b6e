"""The only place that puts things together: settings, database, connections, routes, broker."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from hub.application.qualified_routes import by_qualification
from hub.application.token_store import key_faults, reseal, sealed_of, with_tokens
from hub.errors import ConfigError
from hub.matching.rules import IdentityRules
from hub.outbox.deliver import Sender
from hub.outbox.enqueue import Route
from hub.pipeline import QUEUES
from hub.profiles.survivorship import SurvivorshipRules
from hub.rules import load_identity_rules, load_ownership, load_survivorship_rules, owned
from hub.sdk.connection import (
    Connection,
    activities_of,
    counting_placed_orders,
    load_connections,
    load_routes,
    takes_orders,
)
from hub.sdk.declared.folder import declared
from hub.sdk.mappings import with_mappings
from hub.settings import Settings
from hub.store import embedded, migrate, suppression_keys
from hub.store.database import Database
from hub.store.foundation import Foundation
from hub.store.gauges import Gauges

# A command that only reads must not wait for the web framework and the broker: each role imports its own.
if TYPE_CHECKING:
    from hub.api.app import Api
    from hub.application.process import Processing
    from hub.application.rule_versions import RuleVersions
    from hub.application.traits import Insight
    from hub.insight.qualification import Qualification
    from hub.workers.broker import Work
    from hub.workers.wake import Waker

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Runtime:
    """A configured Hub on a database that is up to date."""

    settings: Settings
    dsn: str
    database: Database
    connections: Mapping[str, Connection]
    routes: tuple[Route, ...]
    identity: IdentityRules
    survivorship: SurvivorshipRules
    insight: Insight = field(default_factory=lambda: insight_of(Settings(), {}))

    @property
    def processing(self) -> Processing:
        """What a batch needs to know."""
        from hub.application.process import Processing

        return Processing(self.database, self.connections, self.routes, self.identity, self.survivorship, self.insight)

    @property
    def routed(self) -> frozenset[str]:
        """The destinations that some route leads to."""
        return frozenset(route.destination for route in self.routes)

    @property
    def gauges(self) -> Gauges:
        """How the rows are, for ``/metrics``."""
        return Gauges(self.database, self.routed, self.connections)

    @property
    def rule_versions(self) -> RuleVersions:
        """Which rules are in force."""
        from hub.application.rule_versions import RuleVersions

        return RuleVersions(self.database, self.identity, self.survivorship)

    def senders(self, owner: str) -> dict[str, Sender]:
        """A sender for every routed destination."""
        from hub.application.derived import derived_activities

        names = dict.fromkeys(route.destination for route in self.routes)
        return {
            name: Sender(
                self.database,
                self.connections[name],
                [route for route in self.routes if route.destination == name],
                owner,
                derived=derived_activities,
                trains=self.settings.hub.automatic_training,
            )
            for name in names
        }


@contextmanager
def runtime(settings: Settings, *, pool_size: int = 12, statement_seconds: int = 0) -> Iterator[Runtime]:
    """Open everything, in order, and close it again. Raises ConfigError with every fault.

    ``statement_seconds`` ends statements that take longer (0: never): a role that answers people sets it.
    """
    configured = configure(settings)
    with opened(settings, pool_size=pool_size, statement_seconds=statement_seconds) as database:
        yield _runtime(settings, database.dsn, database, configured)


@contextmanager
def role(
    settings: Settings, *, pool_size: int = 12, statement_seconds: int = 0, failed: Callable[[], None] = lambda: None
) -> Iterator[tuple[Runtime, Foundation]]:
    """What a role that runs on needs, also while there is no database: it is waited for, and brought back.

    ``failed`` is called in another thread when no waiting helps; the foundation's ``fault`` says why. Raises
    ConfigError with every fault.
    """
    configured = configure(settings)
    with foundation(settings, failed=failed) as ground, ExitStack() as stack:
        keys = suppression_keys.decoded(settings.suppression_key)
        database = Database(ground.dsn, size=pool_size, statement_seconds=statement_seconds, keys=keys)
        stack.callback(database.close)
        database.open(wait=False)
        yield _runtime(settings, ground.dsn, database, configured), ground


Configured = tuple[Mapping[str, Connection], tuple[Route, ...], IdentityRules, SurvivorshipRules]


def _runtime(settings: Settings, dsn: str, database: Database, configured: Configured) -> Runtime:
    connections, routes, identity, survivorship = configured
    kept = with_tokens(settings.secret_key, database, connections)
    return Runtime(settings, dsn, database, kept, routes, identity, survivorship, insight_of(settings, connections))


@contextmanager
def foundation(
    settings: Settings,
    *,
    prepare: Callable[[str], None] = lambda dsn: None,
    failed: Callable[[], None] = lambda: None,
) -> Iterator[Foundation]:
    """The database under a role, kept there until the block ends."""
    ground = Foundation(settings.database_url, settings.data_dir, prepare=prepare, failed=failed)
    ground.start()
    try:
        yield ground
    finally:
        ground.stop()


@contextmanager
def opened(
    settings: Settings, *, pool_size: int = 2, stable_plans: bool = True, statement_seconds: int = 0
) -> Iterator[Database]:
    """The database alone, up to date: all that a command needs which asks no outside system."""
    with ExitStack() as stack:
        dsn = stack.enter_context(postgres(settings))
        migrate.migrate(dsn)
        keys, seconds = suppression_keys.decoded(settings.suppression_key), statement_seconds
        database = Database(dsn, size=pool_size, stable_plans=stable_plans, statement_seconds=seconds, keys=keys)
        stack.callback(database.close)
        database.open()
        yield database


@contextmanager
def postgres(settings: Settings) -> Iterator[str]:
    """The URL of the database: the configured one, or the embedded server while it is needed."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    server = embedded.start(settings.data_dir)
    try:
        yield server.get_uri()
    finally:
        embedded.stop(server)


def configure(settings: Settings) -> Configured:
    """Connections, routes and rules. Raises ConfigError."""
    own, wrong = declared(settings.destination_folder)
    if wrong:
        raise ConfigError(wrong)
    connections = load_connections(
        {name: (config.connector, config.options) for name, config in settings.connections.items()},
        default_region=settings.hub.default_region,
        declared=own,
    )
    connections, faults = with_mappings(connections, settings.mapping_folder, os.environ)
    if faults := faults + key_faults(settings.secret_key, sealed_of(connections)):
        raise ConfigError(faults)
    routes = tuple(
        Route(
            routing.to,
            routing.applies,
            takes_orders(connections[routing.to]),
            routing.applies.next_change if routing.applies and routing.applies.moving else None,
            activities_of(connections[routing.to]),
        )
        for routing in load_routes([(route.to, route.when) for route in settings.routes], connections)
    )
    routes = by_qualification(routes, qualification_of(settings, connections), connections)
    return connections, routes, *rules(settings)


def qualification_of(settings: Settings, connections: Mapping[str, Connection]) -> Qualification:
    """The funnel, empty where none is configured. Raises ConfigError with every fault of its file."""
    from hub.insight.qualification import Qualification
    from hub.rules import load_qualification

    path = settings.qualification
    return load_qualification(path, os.environ, connections) if path else Qualification()


def insight_of(settings: Settings, connections: Mapping[str, Connection]) -> Insight:
    """What traits are worked out by. Raises ConfigError with every fault of the files of segments and leads."""
    from hub.application.traits import Insight
    from hub.rules import load_leads, load_segments

    return Insight(
        tuple(load_segments(settings.segments, os.environ, connections) if settings.segments else ()),
        load_leads(settings.leads, os.environ, connections) if settings.leads else None,
        qualification=qualification_of(settings, connections),
        channels={name: one.connector.manifest.channel for name, one in connections.items()},
        placed=counting_placed_orders(connections),
        region=settings.hub.default_region,
    )


def rules(settings: Settings) -> tuple[IdentityRules, SurvivorshipRules]:
    """The rules that are configured. Raises ConfigError."""
    region = settings.hub.default_region
    identity = load_identity_rules(settings.identity or "", os.environ, region=region)
    survivorship = load_survivorship_rules(settings.survivorship or "", os.environ, region=region)
    if settings.ownership:
        survivorship = owned(survivorship, load_ownership(settings.ownership, os.environ, settings.connections))
    return identity, survivorship


def take_rules(dsn: str, identity: IdentityRules, survivorship: SurvivorshipRules) -> None:
    """Put changed files of rules in force before anything is resolved by them: never half of the records."""
    from hub.application.rule_versions import RuleVersions

    database = Database(dsn, size=1)
    database.open()
    try:
        RuleVersions(database, identity, survivorship).take_configuration()
    finally:
        database.close()


def api(run: Runtime, *, open_pages: bool = True) -> Api:
    """The ASGI application of one API process; without ``open_pages``, metrics and description need a token."""
    from hub.api.app import Api
    from hub.application.answer_review import Reviewer
    from hub.application.field_notes import Notes
    from hub.application.hand_over import HandOvers
    from hub.application.judge import Judge
    from hub.application.pins import Pins
    from hub.application.resend import resend
    from hub.application.set_traits import SetTraits
    from hub.console.app import console
    from hub.console.house import House
    from hub.intake.arrivals import Arrivals
    from hub.intake.inbox import GroupCommit
    from hub.intake.receive import WebhookIntake
    from hub.workers.broker import make_broker

    _, waker = make_broker(run.settings.redis_url)
    waken = _waken(run, waker)
    judge, reviewer = Judge(run.processing, waken=waken), Reviewer(run.processing, waken=waken)
    notes, handing = Notes(run.processing, waken=waken), HandOvers(run.processing, waken=waken)

    def resending(destination: str, *, missing: bool) -> dict[str, object]:
        return resend(run.processing, destination, missing=missing).document()

    inbox = GroupCommit(run.dsn, wake=(lambda: waker.wake("process")) if run.settings.redis_url else None)
    intake = WebhookIntake(
        run.connections,
        inbox,
        public_url=run.settings.hub.public_url,
        max_body_bytes=run.settings.hub.max_body_bytes,
        arrivals=Arrivals(run.dsn),
    )
    house = House(
        database=run.database,
        connections=run.connections,
        routed=run.routed,
        settings=run.settings,
        processing=run.processing,
        judge=judge,
        reviewer=reviewer,
        resending=resending,
        notes=notes,
        handing=handing,
    )
    return Api(
        intake,
        inbox,
        run.database,
        run.connections,
        in_force=run.processing.in_force,
        insight=run.insight,
        region=run.settings.hub.default_region,
        judge=judge,
        reviewer=reviewer,
        noting=notes,
        setting=SetTraits(run.processing, waken=waken),
        pinning=Pins(run.processing, region=run.settings.hub.default_region, waken=waken),
        handing=handing,
        open_pages=open_pages,
        gauges=run.gauges,
        routed=run.routed,
        resending=resending,
        console=console(house),
    )


def _waken(run: Runtime, waker: Waker) -> Callable[[str], None]:
    """Announces what the API queued; without Redis no broker of this process has a worker, and the sweep sees it."""

    def waken(destination: str) -> None:
        if run.settings.redis_url:
            waker.wake("deliver", destination)

    return waken


@contextmanager
def worker(run: Runtime, *, schedule: bool, queues: Collection[str] = QUEUES) -> Iterator[Work]:
    """Run the actors of one worker process until the block ends; ``schedule`` runs the sweep here too."""
    import dramatiq

    from hub.outbox.deliver import lift_pauses
    from hub.workers.broker import Work, declare_actors, make_broker
    from hub.workers.clock import Clock, scheduled, started
    from hub.workers.owner import end_dead_leases, owner_name
    from hub.workers.wake import listen

    run.rule_versions.take_configuration()
    reseal(run.settings.secret_key, run.database)
    suppression_keys.lay_over(run.database)
    broker, waker = make_broker(run.settings.redis_url)
    owner = owner_name()
    end_dead_leases(run.database, owner)
    completing = [
        name for name, one in run.connections.items() if one.connector.source and one.connector.source.complete
    ]
    work = Work(run.processing, run.senders(owner), waker, completing=completing)
    lift_pauses(work.senders.values())
    declare_actors(broker, work)
    threads = [] if run.settings.redis_url else [started("listen", listen, run.dsn, waker.wake, work.stopping)]
    if schedule:
        threads += scheduled(Clock(run.processing, run.settings, waker, work.stopping))
    running = dramatiq.Worker(broker, queues=set(queues), worker_threads=work.threads, worker_timeout=200)
    running.start()
    try:
        yield work
    finally:
        work.stopping.set()
        running.stop(timeout=30_000)
        for thread in threads:
            thread.join(timeout=5.0)
        broker.close()


@contextmanager
def scheduler(run: Runtime) -> Iterator[None]:
    """Run the sweep alone, for installations with several worker processes."""
    from hub.workers.broker import make_broker
    from hub.workers.clock import Clock, scheduled

    _, waker = make_broker(run.settings.redis_url)
    stopping = threading.Event()
    threads = scheduled(Clock(run.processing, run.settings, waker, stopping))
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join(timeout=5.0)
