"""``support-core mail``: importing, looking at, fetching and replaying mail."""

from __future__ import annotations

import signal
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson
from sqlalchemy import func, select

from support_core.plugin_api import (
    BlobMissing,
    Mailbox,
    NotFound,
    RunnerContext,
    SupportError,
    command_desk,
    progress,
    say_table,
)

from .importing import count_mails, import_mails
from .ledger import replay
from .models import EmailIngest
from .problems import MailServerError
from .reading import inspect as reading_of
from .records import STATES, find_ingest, present_ingest
from .trying import try_imap, try_smtp
from .watching import fetch_once, watch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support_core.plugin_api import OpenDesk

MAILBOX = click.option(
    "--mailbox", "mailbox_id", type=click.IntRange(min=1), required=True, help="The mailbox's id."
)
LEDGER = ("id", "state", "kind", "sender", "subject", "size", "conversation_id", "reason")


@click.group("mail")
def mail() -> None:
    """Import, inspect, fetch and replay mail; try out mail servers."""


@mail.command("import")
@MAILBOX
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.pass_context
def import_(context: click.Context, mailbox_id: int, path: Path) -> None:
    """Import an mbox file, a Maildir or a folder of .eml files.

    Mails the mailbox has already are passed over, so that it can be interrupted and begun anew.
    """
    open_desk = _desk_of(context, mailbox_id)
    total = count_mails(path)
    with progress("Importing") as moved:
        counts = import_mails(open_desk, mailbox_id, path, moved=lambda done: moved(done, total))
    click.echo(_numbers(counts))


@mail.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def inspect(files: tuple[Path, ...]) -> None:
    """Say what the desk would make of mails, as JSON, one line for each file."""
    for path in files:
        said = {"file": str(path), **reading_of(path.read_bytes())}
        click.echo(orjson.dumps(said).decode())


@mail.command()
@MAILBOX
@click.option("--state", type=click.Choice(STATES), help="Mails in this state only.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Answer with JSON on stdout.")
@click.pass_context
def ledger(
    context: click.Context, mailbox_id: int, state: str | None, limit: int, as_json: bool
) -> None:
    """List the mails a mailbox has taken in, the newest first, and count them by state."""
    with _desk_of(context, mailbox_id)() as desk:
        mine = EmailIngest.mailbox_id == mailbox_id
        counts = dict(
            desk.session.execute(
                select(EmailIngest.state, func.count()).where(mine).group_by(EmailIngest.state)
            ).all()
        )
        statement = select(EmailIngest).where(mine).order_by(EmailIngest.id.desc()).limit(limit)
        if state is not None:
            statement = statement.where(EmailIngest.state == state)
        rows = [present_ingest(row) for row in desk.session.execute(statement).scalars()]
    if as_json:
        click.echo(orjson.dumps({"counts": counts, "mails": rows}).decode())
        return
    click.echo(_numbers(counts))
    say_table(LEDGER, [[row[name] for name in LEDGER] for row in rows])


@mail.command("replay")
@MAILBOX
@click.argument("ids", nargs=-1, type=click.IntRange(min=1))
@click.option("--all", "everything", is_flag=True, help="Every mail in quarantine.")
@click.pass_context
def replay_(
    context: click.Context, mailbox_id: int, ids: tuple[int, ...], everything: bool
) -> None:
    """File mails from quarantine again, by their ids in the ledger."""
    if bool(ids) == everything:
        raise click.UsageError("Name ids, or say --all.")
    open_desk = _desk_of(context, mailbox_id)
    if everything:
        with open_desk() as desk:
            held = select(EmailIngest.id).where(
                EmailIngest.mailbox_id == mailbox_id, EmailIngest.state == "quarantined"
            )
            ids = tuple(desk.session.execute(held.order_by(EmailIngest.id)).scalars())
    for ingest_id in ids:
        click.echo(f"{ingest_id}: {_replayed(open_desk, mailbox_id, ingest_id)}")


def _replayed(open_desk: OpenDesk, mailbox_id: int, ingest_id: int) -> str:
    try:
        with open_desk() as desk:
            find_ingest(desk, mailbox_id, ingest_id)
        outcome = replay(open_desk, ingest_id)
    except NotFound:
        return "not in the ledger of this mailbox"
    except BlobMissing:
        return "its raw mail is no longer kept"
    return f"{outcome.state}{f' ({outcome.reason})' if outcome.reason else ''}"


@mail.command()
@MAILBOX
@click.pass_context
def fetch(context: click.Context, mailbox_id: int) -> None:
    """Look into a mailbox once, and file what is there."""
    try:
        counts = fetch_once(_desk_of(context, mailbox_id), mailbox_id)
    except MailServerError as error:
        raise click.ClickException(f"Step {error.step}: {error.message}") from None
    click.echo(_numbers(counts))


@mail.command("watch")
@MAILBOX
@click.pass_context
def watch_(context: click.Context, mailbox_id: int) -> None:
    """Watch a mailbox and file what comes, until SIGTERM or SIGINT, beside the desk's workers."""
    open_desk = _desk_of(context, mailbox_id)
    with open_desk() as desk:
        application, workspace_id = desk.application, desk.workspace_id
    ended = threading.Event()
    for caught in (signal.SIGTERM, signal.SIGINT):
        signal.signal(caught, lambda *_: ended.set())
    click.echo("Watching.", err=True)
    watch(RunnerContext(application, f"{workspace_id}/{mailbox_id}", ended))


@mail.command()
@MAILBOX
@click.pass_context
def test(context: click.Context, mailbox_id: int) -> None:
    """Try out a mailbox's IMAP and SMTP servers; nothing is sent."""
    open_desk = _desk_of(context, mailbox_id)
    failed = False
    for name, attempt in (("IMAP", try_imap), ("SMTP", try_smtp)):
        try:
            click.echo(f"{name}: {attempt(open_desk, mailbox_id)['message']}")
        except SupportError as error:
            failed = True
            click.echo(f"{name}: {error.message}")
    if failed:
        raise SystemExit(1)


def _desk_of(context: click.Context, mailbox_id: int) -> OpenDesk:
    """Return what opens desks of a mailbox's workspace; raises a usage error for none."""
    with command_desk(context, None) as desk:
        workspace_id = desk.session.execute(
            select(Mailbox.workspace_id).where(
                Mailbox.id == mailbox_id, Mailbox.deleted_at.is_(None)
            ),
            execution_options={"unscoped": "the mailbox's id tells the workspace"},
        ).scalar_one_or_none()
    if workspace_id is None:
        raise click.BadParameter(f"there is no mailbox {mailbox_id}", param_hint="--mailbox")
    return partial(command_desk, context, workspace_id)


def _numbers(counts: Mapping[str, int]) -> str:
    told = [f"{counts[state]} {state}" for state in STATES if counts.get(state)]
    return ", ".join(told) or "nothing new"
