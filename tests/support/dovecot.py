"""A real IMAP server on loopback: Debian's Dovecot, with a configuration and folders of its own.

``apt-get install dovecot-imapd dovecot-lmtpd``; a machine without it fails the tests that need it, and says so. Mail is
put in over LMTP, as a mail server would, or appended over IMAP. Every user exists, with an empty mailbox.
"""

from __future__ import annotations

import os
import pwd
import smtplib
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree, which

from hub.connectors.imap.manifest import ImapSettings

PASSWORD = "ein-geheimes-postfach"
MISSING = "Dovecot is not installed: apt-get install --no-install-recommends dovecot-imapd dovecot-lmtpd"
_PATIENCE_SECONDS = 20.0

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {internal}
default_login_user = {login}
default_internal_group = {group}
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
mail_max_userip_connections = 100
auth_mechanisms = plain login xoauth2
maildir_copy_with_hardlinks = no
mail_fsync = never
auth_failure_delay = 0
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u allow_all_users=yes
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  user = {lmtp_user}
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""


# https://doc.dovecot.org/2.3/configuration_manual/authentication/oauth2/
_OAUTH2 = """
introspection_mode = auth
introspection_url = {introspection}/me
username_attribute = email
"""


@dataclass(frozen=True, slots=True)
class Dovecot:
    """A running server."""

    folder: Path
    imap: int
    lmtp: int

    def settings(self, user: str, **more: object) -> ImapSettings:
        """The settings of a connection to a user's mailbox; ``port`` may lead through a line that is cut."""
        told = {
            "host": "127.0.0.1",
            "port": self.imap,
            "security": "none",
            "user": user,
            "password": PASSWORD,
            "own": ["hafenkante.example"],
            "timeout_seconds": 20,
        }
        return ImapSettings.model_validate(told | more)

    def deliver(self, user: str, *mails: bytes) -> None:
        """Put mails into a user's INBOX, as a mail server does."""
        with smtplib.LMTP("127.0.0.1", self.lmtp) as line:
            for mail in mails:
                line.sendmail("somebody@example.org", [user], mail)


@contextmanager
def dovecot(introspection: str = "http://127.0.0.1:1") -> Iterator[Dovecot]:
    """Start one. As root its mail belongs to ``nobody``: Dovecot lets nobody read mail as root.

    ``introspection`` is the URL of a token server, which Dovecot asks at ``/me`` whose an access token is.
    """
    program = which("dovecot") or which("dovecot", path="/usr/sbin:/usr/local/sbin")
    assert program, MISSING
    folder = Path(tempfile.mkdtemp(prefix="hub-dovecot-"))
    folder.chmod(0o755)
    root, me = os.getuid() == 0, pwd.getpwuid(os.getuid())
    owner = pwd.getpwnam("nobody") if root else me
    (folder / "mail").mkdir()
    os.chown(folder / "mail", owner.pw_uid, owner.pw_gid)
    server = Dovecot(folder, _free_port(), _free_port())
    (folder / "oauth2.conf").write_text(_OAUTH2.format(introspection=introspection))
    (folder / "dovecot.conf").write_text(
        _CONFIGURATION.format(
            folder=folder,
            internal="dovecot" if root else me.pw_name,
            login="dovenull" if root else me.pw_name,
            group="dovecot" if root else "",
            password=PASSWORD,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            imap=server.imap,
            lmtp=server.lmtp,
            lmtp_user="root" if root else me.pw_name,
        )
    )
    process = subprocess.Popen([program, "-F", "-c", folder / "dovecot.conf"])
    try:
        _wait_for(server, process)
        yield server
    finally:
        process.terminate()
        process.wait(30)
        rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


def _wait_for(server: Dovecot, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", server.imap), 1) as line:
            line.settimeout(5)
            if line.recv(64).startswith(b"* OK"):
                return
        time.sleep(0.05)
    log = server.folder / "log"
    raise AssertionError(f"Dovecot did not start: {log.read_text() if log.exists() else 'no log'}")


@dataclass(slots=True)
class Line:
    """A way to a server that can be cut."""

    port: int
    _ends: list[socket.socket] = field(default_factory=list)

    def cut(self) -> None:
        """End every connection that goes through it; new ones may be made."""
        ends, self._ends = self._ends, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    """A port of loopback that leads to another."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        line = Line(server.getsockname()[1])

        def carry(source: socket.socket, target: socket.socket) -> None:
            with suppress(OSError):
                while part := source.recv(65_536):
                    target.sendall(part)
            for end in (source, target):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    here, _ = server.accept()
                    there = socket.create_connection(("127.0.0.1", port))
                    line._ends += [here, there]
                    for pair in ((here, there), (there, here)):
                        threading.Thread(target=carry, args=pair, daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield line
        finally:
            line.cut()
            server.shutdown(socket.SHUT_RDWR)
