"""What fetching mails takes of memory, and what sending them takes of time."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from support_core.testing import make_desk
from support_email import reuse
from tests.services.certificates import Authority
from tests.services.smtp import SmtpServer

from . import report
from .email_product import ADDRESS, Product, check, load, put, sqlite

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence

    from support_core.testing import DeskUnderTest
    from tests.services.dovecot import Dovecot


def memory(folder: Path, dovecot: Dovecot, marks: Sequence[int]) -> str:
    """Sample the resident memory of one process when so many mails have been filed."""
    put(dovecot, "memory", marks[-1])
    product = Product(folder / "memory", sqlite(folder)("memory"), dovecot, "memory")
    process = product.start()
    rows = [_sample(process, folder / "memory.sqlite", mark) for mark in marks]
    found = product.end(process)
    check(found, marks[-1])
    table = "| mails filed | resident memory, MiB |\n|--:|--:|"
    table += "".join(f"\n| {mark:,} | {size:.1f} |" for mark, size in zip(marks, rows, strict=True))
    return "\n\n".join(
        [
            report.machine(report.sqlite_version()),
            f"One look into a mailbox of {marks[-1]:,} mails, {found.rate:.1f} mails/s. {load()}",
            table,
        ]
    )


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


def sending(folder: Path, count: int, rounds: int) -> str:
    """Send bursts of replies through one mailbox, using connections again or not by turns."""
    authority = Authority()
    certificate = authority.issue(folder, "localhost")
    (folder / "sending").mkdir()
    desk = make_desk(
        folder / "sending",
        sqlite(folder)("sending"),
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
            f"eight round trips, too. {load()}",
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
