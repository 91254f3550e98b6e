"""``hub demo``: the whole house on one machine, with customers, channels and a CRM that are played."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from hub import log
from hub.cli import interrupt, output
from hub.demo import both_ways, insight, laws, report, summary
from hub.demo.cast import cast
from hub.demo.play import play, sendings
from hub.demo.roles import MAX_SCALE
from hub.demo.stage import Stage, stage
from hub.demo.tour import Telling

PortOption = Annotated[int | None, typer.Option("--port", help="Port of the API; any that is free without it.")]


def command(
    once: Annotated[
        bool, typer.Option("--once", help="End when all is delivered: 0 if every law held, else 1.")
    ] = False,
    port: PortOption = None,
    scale: Annotated[int, typer.Option("--scale", min=1, max=MAX_SCALE, help="How often the cast plays.")] = 1,
    config: Annotated[
        str | None, typer.Option("--config", hidden=True, help="Not read: the demo brings its own configuration.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Tell everything, with the evidence line by line; not only one screen.")
    ] = False,
    json: output.JsonOption = False,
) -> None:
    """Play a day of two webshops, a till, a newsletter and social media into a sandbox CRM, and check the laws.

    Everything runs here and is gone afterwards; nothing outside is called and no configuration is read. Without --once
    the console and the API stay up until Ctrl-C.
    """
    began = time.monotonic()
    people = cast(scale, yesterday(datetime.now(UTC)))
    with output.exit_codes(json=json), _progress(sendings(people)) as progress:
        progress.step("PostgreSQL, API, worker and the sandbox CRM start")
        with _terminable(), stage(people, port) as running:
            started = time.monotonic() - began
            telling = Telling(running.data_dir, people)
            step = telling.during(progress.step, lambda: sum(running.kills.values()))
            if not once:
                _invite(running, progress)
            log.configure("error", "console")  # what is worked out here is told in sentences
            state = play(running, people, step, progress.done)
            verdicts = laws.check(state, people)
            telling.over(verdicts)
            told = insight.sentences(running.processing, state.contacts)
            scene = both_ways.play(running.database.dsn, running.connections)
            seconds = {"start": round(started, 1), "total": round(time.monotonic() - began, 1)}
            shown = report.document(state, people, verdicts, running.connections, seconds) | {
                "insight": [{"about": about, "text": text} for about, text in told]
            }
            shown |= {"both_ways": scene.document(), "held": shown["held"] and not scene.broken}
            progress.end()
            if json:
                output.show_json(shown)
            else:
                report.show(shown) if full else summary.show(shown)
            if not once:
                _stay(running)
    if not shown["held"]:
        raise typer.Exit(output.FAILED)


def yesterday(now: datetime) -> datetime:
    """When the story begins: it is over before ``now``."""
    return now.replace(hour=8, minute=0, second=0, microsecond=0) - timedelta(days=1)


class _Steps:
    """A bar on a terminal, plain lines elsewhere; always on stderr."""

    def __init__(self, total: int) -> None:
        console = output.SafeConsole(stderr=True)
        self._bar: Progress | None = None
        if console.is_terminal:
            columns = (BarColumn(30), TextColumn("{task.completed}/{task.total} sent"), TimeElapsedColumn())
            self._bar = Progress(*columns, TextColumn("{task.description}"), console=console, transient=True)
            self._task = self._bar.add_task("", total=total)
            self._bar.start()

    def step(self, text: str) -> None:
        """Something begins."""
        if self._bar:
            self._bar.update(self._task, description=text)
        else:
            output.say(text)

    def done(self) -> None:
        """A delivery was sent."""
        if self._bar:
            self._bar.advance(self._task)

    def say(self, text: str) -> None:
        """A line that stays, above the bar."""
        if self._bar:
            self._bar.console.print(text, soft_wrap=True, markup=False, highlight=False)
        else:
            output.say(text)

    def end(self) -> None:
        """Clear the line for what is shown."""
        if self._bar:
            self._bar.stop()
            self._bar = None


@contextmanager
def _progress(total: int) -> Iterator[_Steps]:
    steps = _Steps(total)
    try:
        yield steps
    finally:
        steps.end()


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM and a closed terminal end like Ctrl-C does: in order, with nothing left behind."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in interrupt.signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _has_screen() -> bool:
    """Whether a browser would open in a window of its own, and a person is there to see it."""
    display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return sys.stdout.isatty() and (bool(display) or sys.platform in ("darwin", "win32"))


def _invite(running: Stage, progress: _Steps) -> None:
    """Lead to the tour, which goes on while the day is played."""
    link = running.console_link()
    progress.say(f"watch it     {link}")
    if _has_screen():
        webbrowser.open(link)


def _stay(running: Stage) -> None:
    token = running.token("admin")
    output.say(f"\nconsole      {running.console_link()}")
    output.say("             signs you in, once and within the hour; again: hub user link demo")
    output.say(f"API          {running.url}/docs · {running.url}/metrics · {running.url}/health/ready")
    output.say(f"admin token  {token}")
    output.say(f"try          curl -H 'Authorization: Bearer {token}' '{running.url}/api/v1/profiles?q=anna'")
    output.say(f"reviews      curl -H 'Authorization: Bearer {token}' '{running.url}/api/v1/reviews'")
    output.say(f"sandbox CRM  {running.crm_url}/sandbox/ (a page) · …/sandbox/contacts · …/sandbox/deals")
    output.say("its people, from another terminal:")
    output.say(f"  export HUB_CONFIG={running.config} HUB_DATA_DIR={running.data_dir} HUB_LOG_LEVEL=error")
    output.say("  unset HUB_DATABASE_URL HUB_REDIS_URL")
    output.say("  hub stats; hub connections; hub profile search anna; hub review list; hub outbox list")
    output.say("Ctrl-C ends the demo and removes it.")
    try:
        while not threading.Event().wait(0.5):
            for role in (running.api, running.worker):
                if role.process is not None and role.process.poll() is not None:
                    role.start()
    except KeyboardInterrupt:
        output.say("ending")
