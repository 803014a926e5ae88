"""The desk that fetches mails to be measured: set up in this process, at work in another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support_core.testing import make_desk

from .mails import conversations, mails

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.services.dovecot import Dovecot

ADDRESS = "support@desk.example"

#: What ``support-core worker`` does with a mailbox that it begins to watch.
PROGRAM = """
import json, resource, sys, time
from functools import partial
from sqlalchemy import func, select
from support_core import app, collector
from support_core.models import Attachment, Conversation, Thread
from support_email.watching import fetch_once
settings, workspace_id, mailbox_id = json.loads(sys.argv[1])
application = app.build(settings).registry.support
open_desk = partial(application.desk, workspace_id)
collector.settle()
print("ready", flush=True)
began, cpu = time.perf_counter(), time.process_time()
fetch_once(open_desk, mailbox_id)
seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
with open_desk(write=False) as desk:
    counts = [desk.session.scalar(select(func.count()).select_from(table))
              for table in (Conversation, Thread, Attachment)]
counted = dict(zip(("tickets", "mails", "files"), counts))
application.close()
children = resource.getrusage(resource.RUSAGE_CHILDREN)
read = children.ru_utime + children.ru_stime
print(json.dumps({"seconds": seconds, "cpu": cpu, "read": read, **counted}))
"""


@dataclass
class Imported:
    """One import: what it took, and what was there afterwards.

    ``cpu`` is in seconds, too, and ``read`` what the reading process took of them, with its start.
    """

    seconds: float
    cpu: float
    tickets: int
    mails: int
    files: int
    read: float = 0.0

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


def put(dovecot: Dovecot, user: str, count: int) -> None:
    """Put the mails into a user's INBOX."""
    dovecot.drop(user, mails(count, ADDRESS))


def check(found: Imported, count: int) -> None:
    """End the program where an import did not give what was sent."""
    if (found.mails, found.tickets) != (count, conversations(count)):
        raise SystemExit(f"Not what was sent: {found}")


def sqlite(folder: Path) -> Callable[[str], str]:
    """Return what names a database of a name in a folder."""
    return lambda name: f"sqlite:///{folder / name}.sqlite"


def load() -> str:
    """Say how busy the machine was, so that nobody takes a disturbed figure for a quiet one."""
    return (
        f"The machine is shared: over the last 15 minutes {os.getloadavg()[2]:.1f} processes "
        f"wanted one of its {os.cpu_count()} cores on average, this bench's own included."
    )
