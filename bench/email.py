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
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import make_url

from tests.services.dovecot import Dovecot
from tests.services.postgres import Cluster, driver_url

from . import report
from .django_helpdesk import DjangoHelpdesk
from .email_costs import memory, sending
from .email_product import ADDRESS, Imported, Product, check, load, put, sqlite
from .mails import FILE_BYTES, conversations

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RESULTS = Path(__file__).with_name("RESULTS.md")
TIMES = 10


def main() -> None:
    """Run what the command line asks for."""
    options = _options()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="support-bench-")))
        dovecot = Dovecot()
        stack.callback(dovecot.stop)
        if options.memory:
            text = memory(folder, dovecot, options.memory)
            title = "E-mail: memory"
        elif options.sending:
            text = sending(folder, options.sending, options.rounds)
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
        new, described = sqlite(folder), report.sqlite_version()
    (folder / "peer").mkdir()
    peer = None if options.alone else DjangoHelpdesk(folder / "peer")
    ours: list[Imported] = []
    theirs: list[Imported] = []
    for number in range(options.rounds):
        name = f"ours{number}"
        put(dovecot, name, options.mails)
        ours.append(Product(folder / name, new(name), dovecot, name).import_mails())
        check(ours[-1], options.mails)
        print(f"product: {ours[-1].rate:.1f} mails/s", flush=True)
        if peer is not None:
            name = f"theirs{number}"
            put(dovecot, name, options.mails)
            found = peer.import_mails(name, _django_database(new(name)), _queue(dovecot, name))
            theirs.append(Imported(**found))
            check(theirs[-1], options.mails)
            print(f"django-helpdesk: {theirs[-1].rate:.1f} mails/s", flush=True)
    return _told(options, described, peer, ours, theirs)


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
        f"by turns, {options.rounds} times each, medians. {load()}",
        "| desk | mails/s | seconds | ms of processor a mail | of these to read beside, with the "
        "start | every round, mails/s |\n|---|--:|--:|--:|--:|---|",
    ]
    for name, rounds in (("product", ours), (peer.version if peer else "", theirs)):
        if rounds:
            rates = ", ".join(f"{it.rate:.1f}" for it in rounds)
            lines[-1] += (
                f"\n| {name} | {median(it.rate for it in rounds):.1f} "
                f"| {median(it.seconds for it in rounds):.1f} "
                f"| {1000 * median(it.cpu + it.read for it in rounds) / options.mails:.1f} "
                f"| {1000 * median(it.read for it in rounds) / options.mails:.1f} | {rates} |"
            )
    if theirs:
        times = median(a.rate / b.rate for a, b in zip(ours, theirs, strict=True))
        verdict = "met" if times >= TIMES else "missed"
        lines.append(
            f"**{times:.1f} times** the rate, paired by round (target: {TIMES}, {verdict})."
        )
    return "\n\n".join(lines)


if __name__ == "__main__":
    main()
