"""A throw-away Dovecot on loopback: IMAP in plain text, with STARTTLS and with TLS.

``python -m tests.services.dovecot`` says where the program is, or fails saying why not.
"""

from __future__ import annotations

import imaplib
import secrets
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .certificates import Authority
from .process import LOOPBACK, Account, Server, ServerDied, free_port, on_free_port

if TYPE_CHECKING:
    from collections.abc import Iterable

START_SECONDS = 120
PROGRAM = Path("/usr/sbin/dovecot")
IMAP = Path("/usr/lib/dovecot/imap")

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = {address}
default_internal_user = {account}
default_internal_group = {group}
default_login_user = {account}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
mailbox_list_index = no
disable_plaintext_auth = no
auth_mechanisms = plain login
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
ssl_dh =
mail_fsync = never
mail_max_userip_connections = 200
imap_idle_notify_interval = 60 s
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={account} gid={group} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
  process_min_avail = 1
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


class DovecotMissing(Exception):
    """No Dovecot can be started here; the message says why and what to do."""


def find_program() -> Path:
    """Return the server's program. Raises DovecotMissing when there is none."""
    if not PROGRAM.exists() or not IMAP.exists():
        raise DovecotMissing("Dovecot is not installed. Install it: apt-get install dovecot-imapd")
    return PROGRAM


class Dovecot:
    """A running Dovecot; every user name exists, all with one ``password``.

    ``port`` takes plain text and STARTTLS, ``tls_port`` TLS from the start, with a certificate
    for ``localhost`` of ``authority``.
    """

    def __init__(self, *, expired: bool = False) -> None:
        """Start the server, its certificate of yesterday if so wished.

        Raises DovecotMissing or ServerDied.
        """
        find_program()
        try:
            self._account = Account.unprivileged("dovecot", "nobody")
        except LookupError as error:
            raise DovecotMissing(f"Dovecot cannot be started: {error}") from error
        self.password = secrets.token_hex(8)
        self.authority = Authority()
        self._folder = self._account.folder("support-dovecot-")
        self._expired = expired
        on_free_port(self._start_at)

    def _start_at(self, port: int) -> None:
        self.port, self.tls_port = port, free_port()
        self._start(expired=self._expired)

    def start(self) -> None:
        """Start the server after :meth:`kill` anew, with the mail it had and at the same ports.

        Raises ServerDied.
        """
        for port in (self.port, self.tls_port):
            self._wait_until_free(port)
        self._start(expired=False)

    def _wait_until_free(self, port: int) -> None:
        """Wait for what a killed server has left behind to give up a port."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_server((LOOPBACK, port)).close()
            except OSError as error:
                if time.monotonic() > deadline:
                    raise ServerDied(f"port {port} is still in use: {error}") from error
                time.sleep(0.05)
            else:
                return

    def _start(self, *, expired: bool) -> None:
        self._folder.mkdir(exist_ok=True)
        certificate, key = self.authority.issue(self._folder, "localhost", expired=expired)
        for name in ("run", "state", "mail"):
            (self._folder / name).mkdir(exist_ok=True)
        names = _names(self._account)
        settings = self._folder / "dovecot.conf"
        settings.write_text(
            CONFIGURATION.format(
                folder=self._folder,
                address=LOOPBACK,
                account=names[0],
                group=names[1],
                certificate=certificate,
                key=key,
                password=self.password,
                port=self.port,
                tls_port=self.tls_port,
            )
        )
        for path in (self._folder, *self._folder.iterdir()):
            self._account.give(path)
        self._server = Server(
            [PROGRAM, "-F", "-c", settings],
            folder=self._folder,
            account=self._account,
        )
        self._wait_until_ready()

    def append(self, user: str, *mails: bytes, folder: str = "INBOX") -> None:
        """Put mails into a user's folder, as a delivery would."""
        with self.client(user) as client:
            for mail in mails:
                kind, answer = client.append(folder, "", None, mail)
                assert kind == "OK", answer

    def drop(self, user: str, mails: Iterable[bytes]) -> None:
        """Put mails into a user's INBOX by writing them into its Maildir: fast, for very many."""
        home = self._folder / "mail" / user
        folder = home / "new"
        for path in (home, folder, home / "cur", home / "tmp"):
            path.mkdir(exist_ok=True)
            self._account.give(path)
        for number, mail in enumerate(mails):
            path = folder / f"{1_000_000_000 + number}.{number}.localhost"
            path.write_bytes(mail)
            self._account.give(path)

    def client(self, user: str) -> imaplib.IMAP4:
        """Return a client of the suite's own, logged in."""
        client = imaplib.IMAP4(LOOPBACK, self.port)
        client.login(user, self.password)
        return client

    def new_validity(self, user: str) -> None:
        """Give a user's INBOX another UIDVALIDITY, and its mails other UIDs."""
        known = self._folder / "mail" / user
        for name in (*known.glob("dovecot-uidlist"), *known.glob("dovecot.index*")):
            name.unlink()

    def kill(self) -> None:
        """End the server as ``kill -9`` does; the mail stays."""
        self._server.kill()

    def stop(self) -> None:
        """End the server and remove its folder."""
        self._server.stop()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            self._server.check()
            try:
                imaplib.IMAP4(LOOPBACK, self.port, timeout=5).logout()
            except (OSError, imaplib.IMAP4.error) as error:
                if time.monotonic() > deadline:
                    self._server.stop()
                    raise ServerDied(f"Dovecot was not ready after {START_SECONDS} s") from error
                time.sleep(0.05)
            else:
                return


def _names(account: Account) -> tuple[str, str]:
    import grp  # noqa: PLC0415 - not on every system the suite is read on
    import os  # noqa: PLC0415
    import pwd  # noqa: PLC0415

    entry = pwd.getpwnam(account.name) if account.name else pwd.getpwuid(os.geteuid())
    return entry.pw_name, grp.getgrgid(entry.pw_gid).gr_name


if __name__ == "__main__":
    try:
        sys.stdout.write(f"Dovecot: {find_program()}\n")
    except DovecotMissing as missing:
        raise SystemExit(str(missing)) from None
