"""Fixtures that any test may ask for: a fresh migrated database, and a Redis."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Generator, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

import httpx
import hypothesis
import pytest
import redis
import structlog
from argon2 import PasswordHasher
from httpx._transports import default
from structlog.typing import Processor

from hub.application import sign_in
from hub.store.database import Database
from tests.support import servers
from tests.support.examples import SAME_EVERY_TIME, examples
from tests.support.kept import Kept

_MEMORY = Path("/dev/shm")
_ROOMY = 4 * 1024**3
_TESTS = Path(__file__).parent

LONG = (
    "e2e/test_demo.py",
    "e2e/test_cast_everywhere.py",
    "e2e/console",
    "integration/test_durability.py",
    "integration/test_up.py",
    "contract/test_labelled_sets.py",
    "integration/test_identity_commands.py",
    "unit/sdk/test_scaffold.py",
    "integration/test_train.py",
    "integration/test_backup.py",
    "integration/test_cli.py",
    "integration/test_metrics.py",
    "integration/test_flood.py",
    "integration/test_concurrency.py",
    "integration/test_incremental.py",
    "integration/test_one_person.py",
    "integration/test_oauth.py",
    "integration/test_unmerge.py",
)
"""Files with a test, or a preparation, of more than five seconds; and folders whose files share one."""

# Each test has a fresh database, of four hundred files, and takes it away again. Memory does that in a tenth of the
# time of a disk: ext4 looks at every file that was deleted a moment ago before it makes a new one. Processes are killed
# in these tests, machines are not: nothing here would outlive more on a disk.
if "TMPDIR" not in os.environ and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOMY:
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None

# pytest rewrites every module of a distribution that brings a plugin. Of Hub, only the kit's assertions are read by
# people; to rewrite the other 330 modules takes each worker three seconds. A pytest that names this otherwise rewrites
# them as before.
for _hook in sys.meta_path:
    _rewritten: set[str] = getattr(_hook, "_must_rewrite", set())
    if "hub" in _rewritten:
        _rewritten.remove("hub")
        _rewritten.add("hub.sdk.testkit")

# Hub's processes start faster once their modules are compiled, and the tests start many.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Nothing here speaks TLS to the world, and to read its 140 authorities takes 50 ms for each client that is made. A file
# that the machine names would be read first; a client that trusts no environment reads httpx's own, once.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent)
vars(default)["create_ssl_context"] = cache(httpx.create_ssl_context)

# A password's digest is made to cost a tenth of a second, so that nobody tries millions. Here only its shape matters.
sign_in._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

# Nothing of ours is a plugin of pydantic: to look for one reads the metadata of every package, in every process.
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"

# The interpreter looks for cycles once more before it ends: in all that a run has left, and for nothing.
atexit.register(gc.freeze)

# How long an example takes says more of what else the machine does than of Hub.
hypothesis.settings.register_profile(
    "hub", deadline=None, max_examples=examples(50), derandomize=SAME_EVERY_TIME, print_blob=True
)
hypothesis.settings.load_profile("hub")


def pytest_xdist_auto_num_workers() -> int | None:
    """One more than there are cores: a test that waits for a process, a lease or a server leaves its core to another.

    ``PYTEST_XDIST_AUTO_NUM_WORKERS`` says otherwise.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return cores + 1 if cores and "PYTEST_XDIST_AUTO_NUM_WORKERS" not in os.environ else None


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Bytes that are no plain text name no test: what is packed or signed may differ from one second to the next.

    Workers that collect different names run nothing at all.
    """
    return argname if isinstance(val, bytes) and not (val.isascii() and val.decode("ascii").isprintable()) else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """The thousands of tests stay to the end: the garbage collector need not look at them over and over."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: a test of twenty seconds that begins last keeps one core busy and leaves the other idle.

    A file or folder stays together, so what its tests share is made once: work is taken over from the end of the line.
    """
    order = {_TESTS / name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path, order.get(item.path.parent, len(LONG))))


@pytest.fixture(autouse=True)
def _plain_log() -> Iterator[None]:
    """Lines without colours and pictures: a drawn traceback takes half a second, and a test may log dozens.

    What a test configures ends with it.
    """
    plain: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.LogfmtRenderer(),
    ]
    structlog.configure(processors=plain, logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.Postgres]:
    """The one PostgreSQL of this test run; ``with postgres_server.fresh() as dsn`` gives further databases."""
    with servers.postgres(os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex) as running:
        yield running


@pytest.fixture(scope="session")
def _kept(postgres_server: servers.Postgres) -> Iterator[Kept]:
    with closing(Kept(postgres_server)) as kept:
        yield kept


@pytest.fixture
def database(_kept: Kept) -> Iterator[Database]:
    """A pool on a migrated, empty database. No test finds in it what another one did."""
    with _kept.lent() as lent:
        yield lent


@pytest.fixture
def dsn(database: Database) -> str:
    """The URL of a migrated, empty database; it is that of ``database``."""
    return database.dsn


@pytest.fixture(scope="session")
def _redis_server() -> Iterator[str]:
    with servers.redis_server() as url:
        yield url


@pytest.fixture
def redis_url(_redis_server: str) -> str:
    """The URL of an empty Redis."""
    with redis.Redis.from_url(_redis_server) as client:
        client.flushall()
    return _redis_server
