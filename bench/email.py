"""``python -m bench.email``: mails a second from Dovecot into the desk, beside django-helpdesk.

The same mails lie in the INBOXes of as many users of one Dovecot as there are rounds and desks.
In each round both import theirs, one after the other, each into an empty database of its own: the
product by one look into its mailbox (``support-core mail fetch``), django-helpdesk by its command
``get_email``. Timed is that alone, in a process of its own that has started and set up before.
``--memory`` measures the product's resident memory over a long import instead; ``--sending`` the
rate of a burst of replies over TLS with a login, with connections used again and with one each.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import make_url

from support_core.testing import make_desk
from support_email import reuse
from tests.services.certificates import Authority
from tests.services.dovecot import Dovecot
from tests.services.postgres import Cluster, driver_url
from tests.services.smtp import SmtpServer

from . import report
from .django_helpdesk import DjangoHelpdesk
from .mails import FILE_BYTES, conversations, mails

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from support_core.testing import DeskUnderTest

RESULTS = Path(__file__).with_name("RESULTS.md")
ADDRESS = "support@desk.example"
TIMES = 10

#: Mails that put a folder of Dovecot's into order are appended in pieces of this many.
APPENDED = 500

PROGRAM = """
import json, sys, time
from functools import partial
from sqlalchemy import func, select
from support_core import app
from support_core.models import Attachment, Conversation, Thread
from support_email.watching import fetch_once
settings, workspace_id, mailbox_id = json.loads(sys.argv[1])
open_desk = partial(app.build(settings).registry.support.desk, workspace_id)
print("ready", flush=True)
began, cpu = time.perf_counter(), time.process_time()
fetch_once(open_desk, mailbox_id)
seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
with open_desk(write=False) as desk:
    counts = [desk.session.scalar(select(func.count()).select_from(table))
              for table in (Conversation, Thread, Attachment)]
counted = dict(zip(("tickets", "mails", "files"), counts))
print(json.dumps({"seconds": seconds, "cpu": cpu, **counted}))
"""


@dataclass
class Imported:
    """One import: what it took, and what was there afterwards; ``cpu`` is in seconds, too."""

    seconds: float
    cpu: float
    tickets: int
    mails: int
    files: int

    @property
    def rate(self) -> float:
        """Mails a second."""
        return self.mails / self.seconds


class Product:
    """A desk with one mailbox, set up in this process and worked in another."""

    def __init__(self, folder: Path, url: str, dovecot: Dovecot, user: str) -> None:
        folder.mkdir()
        desk = make_desk(folder, url, plugins=("email",))
        workspace = desk.workspace()
        answer = workspace.owner.post(
            "/mailboxes",
            {
                "name": "Support",
                "email": ADDRESS,
                "imap_host": "localhost",
                "imap_port": dovecot.port,
                "imap_encryption": "starttls",
                "imap_verify": False,
                "imap_username": user,
                "imap_password": dovecot.password,
            },
        )
        assert answer.status_int == 201, answer.text
        settings = {
            "sqlalchemy.url": url,
            "support.plugins": "email",
            "support.keys_file": str(folder / "keys"),
            "support.blobs.path": str(folder / "blobs"),
            "support.outgoing.allowed_networks": "127.0.0.0/8 ::1/128",
        }
        self._given = json.dumps([settings, workspace.id, answer.json["data"]["id"]])
        desk.application.close()

    def start(self) -> subprocess.Popen[str]:
        """Return the process, which is about to fetch."""
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", PROGRAM, self._given],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise SystemExit("The product did not start.")
        return process

    def import_mails(self) -> Imported:
        """Fetch everything."""
        return self.end(self.start())

    def end(self, process: subprocess.Popen[str]) -> Imported:
        """Wait for the end of a process; return what it tells."""
        said, _ = process.communicate()
        if process.returncode:
            raise SystemExit("The product failed.")
        return Imported(**json.loads(said))


def main() -> None:
    """Run what the command line asks for."""
    options = _options()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="support-bench-")))
        dovecot = Dovecot()
        stack.callback(dovecot.stop)
        if options.memory:
            text = _memory(folder, dovecot, options.memory)
            title = "E-mail: memory"
        elif options.sending:
            text = _sending(folder, options.sending, options.rounds)
            title = "E-mail: sending"
        else:
            text = _beside(stack, folder, dovecot, options)
            title = {"sqlite": "E-mail on SQLite", "postgresql": "E-mail on PostgreSQL"}[
                options.database
            ]
    sys.stdout.write(f"\n{text}\n")
    if options.output is not None:
        report.write(options.output, title, text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.email", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", type=int, nargs="*", metavar="MAILS", help="sampled at these")
    parser.add_argument("--sending", type=int, metavar="REPLIES", help="a burst of so many")
    parser.add_argument("--alone", action="store_true", help="without django-helpdesk")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the tables are kept")
    parser.add_argument("--dry", dest="output", action="store_const", const=None)
    options = parser.parse_args()
    if options.memory == []:
        options.memory = [1000, 10_000, 20_000]
    return options


def _beside(stack: ExitStack, folder: Path, dovecot: Dovecot, options: argparse.Namespace) -> str:
    if options.database == "postgresql":
        cluster = Cluster(durable=True)
        stack.callback(cluster.stop)
        new = _postgresql(cluster)
        described = f"PostgreSQL {_version(cluster)}"
    else:
        new, described = _sqlite(folder), report.sqlite_version()
    (folder / "peer").mkdir()
    peer = None if options.alone else DjangoHelpdesk(folder / "peer")
    ours: list[Imported] = []
    theirs: list[Imported] = []
    for number in range(options.rounds):
        name = f"ours{number}"
        put(dovecot, name, options.mails)
        ours.append(Product(folder / name, new(name), dovecot, name).import_mails())
        _check(ours[-1], options.mails)
        print(f"product: {ours[-1].rate:.1f} mails/s", flush=True)
        if peer is not None:
            name = f"theirs{number}"
            put(dovecot, name, options.mails)
            found = peer.import_mails(name, _django_database(new(name)), _queue(dovecot, name))
            theirs.append(Imported(**found))
            _check(theirs[-1], options.mails)
            print(f"django-helpdesk: {theirs[-1].rate:.1f} mails/s", flush=True)
    return _told(options, described, peer, ours, theirs)


def put(dovecot: Dovecot, user: str, count: int) -> None:
    """Put the mails into a user's INBOX."""
    piece: list[bytes] = []
    for mail in mails(count, ADDRESS):
        piece.append(mail)
        if len(piece) == APPENDED:
            dovecot.append(user, *piece)
            piece = []
    dovecot.append(user, *piece)


def _check(found: Imported, count: int) -> None:
    if (found.mails, found.tickets) != (count, conversations(count)):
        raise SystemExit(f"Not what was sent: {found}")


def _sqlite(folder: Path) -> Callable[[str], str]:
    return lambda name: f"sqlite:///{folder / name}.sqlite"


def _postgresql(cluster: Cluster) -> Callable[[str], str]:
    def create(name: str) -> str:
        with psycopg.connect(driver_url(cluster.url), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return make_url(cluster.url).set(database=name).render_as_string(hide_password=False)

    return create


def _version(cluster: Cluster) -> str:
    with psycopg.connect(driver_url(cluster.url)) as connection:
        found = connection.execute("SHOW server_version").fetchone()
    assert found is not None
    return str(found[0])


def _django_database(url: str) -> dict[str, Any]:
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": parts.database}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.database,
        "USER": parts.username,
        "PASSWORD": str(parts.password),
        "HOST": parts.host,
        "PORT": parts.port,
    }


def _queue(dovecot: Dovecot, user: str) -> dict[str, Any]:
    return {
        "email_address": ADDRESS,
        "email_box_type": "imap",
        "email_box_host": "localhost",
        "email_box_port": dovecot.port,
        "email_box_ssl": False,  # it asks for STARTTLS by itself
        "email_box_user": user,
        "email_box_pass": dovecot.password,
    }


def _told(
    options: argparse.Namespace,
    described: str,
    peer: DjangoHelpdesk | None,
    ours: Sequence[Imported],
    theirs: Sequence[Imported],
) -> str:
    lines = [
        report.machine(described),
        f"{options.mails:,} mails, {conversations(options.mails):,} of which open a conversation "
        f"and the rest answer one; text and HTML, every fifth with a file of {FILE_BYTES:,} bytes; "
        f"{options.rounds} interleaved rounds, medians. {_load()}",
        "| desk | mails/s | seconds | ms of processor a mail | every round, mails/s |\n"
        "|---|--:|--:|--:|---|",
    ]
    for name, rounds in (("product", ours), (peer.version if peer else "", theirs)):
        if rounds:
            rates = ", ".join(f"{it.rate:.1f}" for it in rounds)
            lines[-1] += (
                f"\n| {name} | {median(it.rate for it in rounds):.1f} "
                f"| {median(it.seconds for it in rounds):.1f} "
                f"| {1000 * median(it.cpu for it in rounds) / options.mails:.1f} | {rates} |"
            )
    if theirs:
        times = median(a.rate / b.rate for a, b in zip(ours, theirs, strict=True))
        verdict = "met" if times >= TIMES else "missed"
        lines.append(
            f"**{times:.1f} times** the rate, paired by round (target: {TIMES}, {verdict})."
        )
    return "\n\n".join(lines)


def _load() -> str:
    """Say how busy the machine was, so that nobody takes a disturbed figure for a quiet one."""
    return (
        f"The machine is shared: over the last 15 minutes {os.getloadavg()[2]:.1f} processes "
        f"wanted one of its {os.cpu_count()} cores on average, this bench's own included."
    )


def _memory(folder: Path, dovecot: Dovecot, marks: Sequence[int]) -> str:
    """Sample the resident memory of one process when so many mails have been filed."""
    put(dovecot, "memory", marks[-1])
    product = Product(folder / "memory", _sqlite(folder)("memory"), dovecot, "memory")
    process = product.start()
    rows = [_sample(process, folder / "memory.sqlite", mark) for mark in marks]
    found = product.end(process)
    _check(found, marks[-1])
    table = "| mails filed | resident memory, MiB |\n|--:|--:|"
    table += "".join(f"\n| {mark:,} | {size:.1f} |" for mark, size in zip(marks, rows, strict=True))
    return "\n\n".join(
        [
            report.machine(report.sqlite_version()),
            f"One look into a mailbox of {marks[-1]:,} mails, {found.rate:.1f} mails/s. {_load()}",
            table,
        ]
    )


def _sending(folder: Path, count: int, rounds: int) -> str:
    """Send bursts of replies through one mailbox, using connections again or not by turns."""
    authority = Authority()
    certificate = authority.issue(folder, "localhost")
    (folder / "sending").mkdir()
    desk = make_desk(
        folder / "sending",
        _sqlite(folder)("sending"),
        plugins=("email",),
        support__email__ca_file=str(authority.write(folder)),
        support__sqlite__synchronous="full",
    )
    found: dict[str, list[float]] = {"one for each mail": [], "used again": []}
    most = reuse.MOST_MAILS
    with SmtpServer(certificate=certificate, login=("me", "mine")) as server:
        for _ in range(rounds):
            for name, rates in found.items():
                reuse.MOST_MAILS = 1 if name == "one for each mail" else most
                rates.append(_burst(desk, server, count))
                print(f"{name}: {rates[-1]:.1f} replies/s", flush=True)
    reuse.MOST_MAILS = most
    desk.application.close()
    table = "| connections | replies/s | every round |\n|---|--:|---|"
    for name, rates in found.items():
        told = ", ".join(f"{it:.1f}" for it in rates)
        table += f"\n| {name} | {median(rates):.1f} | {told} |"
    return "\n\n".join(
        [
            report.machine(report.sqlite_version()),
            f"{count} replies of one mailbox, sent one after the other to an SMTP server "
            f"(aiosmtpd, in the same process) by STARTTLS and with a login; {rounds} rounds by "
            "turns. Over loopback a new connection costs no waiting; over a network it costs some "
            f"eight round trips, too. {_load()}",
            table,
        ]
    )


def _burst(desk: DeskUnderTest, server: SmtpServer, count: int) -> float:
    workspace = desk.workspace()
    fields = {
        "name": "Support",
        "email": ADDRESS,
        "smtp_host": "localhost",
        "smtp_port": server.port,
        "smtp_encryption": "starttls",
        "smtp_username": "me",
        "smtp_password": "mine",
    }
    mailbox = workspace.owner.post("/mailboxes", fields).json["data"]["id"]
    for number in range(count):
        message = {
            "mailbox_id": mailbox,
            "customer_email": f"customer{number}@customer.example",
            "subject": "Your order",
            "body": "It is on its way.",
            "channel": "email",
            "type": "message",
        }
        answer = workspace.owner.post("/conversations", message)
        assert answer.status_int == 201, answer.text
    server.mails.clear()
    began = time.perf_counter()
    desk.application.jobs.drain(timeout=600)
    seconds = time.perf_counter() - began
    assert len(server.taken) == count, len(server.taken)
    return count / seconds


def _sample(process: subprocess.Popen[str], database: Path, mark: int) -> float:
    asked = "SELECT count(*) FROM email_ingests WHERE state = 'filed'"
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        while process.poll() is None:
            (filed,) = connection.execute(asked).fetchone()
            pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
            if filed >= mark:
                size = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
                print(f"{mark:,} mails: {size:.1f} MiB", flush=True)
                return size
            time.sleep(0.05)
    raise SystemExit(f"The product ended before {mark} mails.")


if __name__ == "__main__":
    main()
