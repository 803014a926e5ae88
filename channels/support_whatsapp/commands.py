"""``support-core whatsapp``: trying numbers out, playing customers, replaying what failed."""

from __future__ import annotations

import json
import sys
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
from sqlalchemy import select

from support_core.plugin_api import (
    NotFound,
    SupportError,
    command_desk,
    say_table,
)

from .checking import try_account
from .handling import replay
from .intake import Intake
from .ledger import find_item
from .models import WhatsAppAccount, WhatsAppItem
from .presenting import present_item
from .schemas import STATES
from .settings import GRAPH_URL
from .simulator import Customer, GraphServer, Sent
from .templates import sync_now

if TYPE_CHECKING:
    from support_core.plugin_api import OpenDesk

ACCOUNT = click.option(
    "--account", "account_id", type=click.IntRange(min=1), required=True, help="The account's id."
)
COLUMNS = ("id", "state", "kind", "type", "external_id", "conversation_id", "reason")
TEMPLATE = {
    "name": "order_update",
    "language": "en_US",
    "status": "APPROVED",
    "category": "UTILITY",
    "components": [{"type": "BODY", "text": "Hello {{1}}, your order {{2}} is on its way."}],
}


@click.group("whatsapp")
def whatsapp() -> None:
    """Try WhatsApp numbers out, play a customer, replay what failed."""


@whatsapp.command()
@ACCOUNT
@click.pass_context
def test(context: click.Context, account_id: int) -> None:
    """Ask Meta about a number; nothing is sent."""
    try:
        click.echo(try_account(_desk_of(context, account_id), account_id)["message"])
    except SupportError as error:
        raise click.ClickException(error.message) from None


@whatsapp.command()
@ACCOUNT
@click.option("--state", type=click.Choice(STATES), help="What is in this state only.")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Answer with JSON on stdout.")
@click.pass_context
def ledger(
    context: click.Context, account_id: int, state: str | None, limit: int, as_json: bool
) -> None:
    """List what webhooks told of a number, the newest first."""
    with _desk_of(context, account_id)() as desk:
        statement = select(WhatsAppItem).where(WhatsAppItem.account_id == account_id)
        if state is not None:
            statement = statement.where(WhatsAppItem.state == state)
        found = desk.session.execute(statement.order_by(WhatsAppItem.id.desc()).limit(limit))
        rows = [present_item(row) for row in found.scalars()]
    if as_json:
        click.echo(json.dumps(rows, default=str))
        return
    say_table(COLUMNS, [[row[name] for name in COLUMNS] for row in rows])


@whatsapp.command("replay")
@ACCOUNT
@click.argument("ids", nargs=-1, type=click.IntRange(min=1))
@click.option("--all", "everything", is_flag=True, help="Everything that failed.")
@click.pass_context
def replay_(
    context: click.Context, account_id: int, ids: tuple[int, ...], everything: bool
) -> None:
    """Work on what failed again, by its ids in the ledger."""
    if bool(ids) == everything:
        raise click.UsageError("Name ids, or say --all.")
    open_desk = _desk_of(context, account_id)
    if everything:
        with open_desk() as desk:
            failed = select(WhatsAppItem.id).where(
                WhatsAppItem.account_id == account_id, WhatsAppItem.state == "failed"
            )
            ids = tuple(desk.session.execute(failed.order_by(WhatsAppItem.id)).scalars())
    for item_id in ids:
        click.echo(f"{item_id}: {_replayed(open_desk, account_id, item_id)}")


def _replayed(open_desk: OpenDesk, account_id: int, item_id: int) -> str:
    try:
        with open_desk() as desk:
            item = find_item(desk, account_id, item_id, lock=True)
            if item.state != "failed":
                return f"{item.state} already"
            replay(desk, item)
            return f"{item.state}{f' ({item.reason})' if item.reason else ''}"
    except NotFound as error:
        return error.message


@whatsapp.command()
@ACCOUNT
@click.option("--from", "wa_id", default="31612345001", show_default=True, help="Their number.")
@click.option("--name", default="Noor de Vries", show_default=True)
@click.argument("texts", nargs=-1)
@click.pass_context
def simulate(
    context: click.Context, account_id: int, wa_id: str, name: str, texts: tuple[str, ...]
) -> None:
    """Play a customer who writes to a number, without Meta; for development.

    What you type arrives as WhatsApp messages; what agents answer is printed, and reported as
    delivered and read. For that support.whatsapp.graph_url must be an address on this machine,
    which this command then serves. With TEXTS it sends them and ends.
    """
    with _desk_of(context, account_id)() as desk:
        account = desk.session.get_one(WhatsAppAccount, account_id)
        number, workspace_id = account.phone_number_id, desk.workspace_id
        application = desk.application
    intake = Intake(application)
    customer = Customer(number, wa_id.lstrip("+"), name)

    def arrive(webhook: dict[str, Any]) -> None:
        intake.keep(workspace_id, account_id, json.dumps(webhook).encode())

    if texts:
        for text in texts:
            arrive(customer.says(text))
        click.echo(f"{len(texts)} sent.")
        return

    def heard(sent: Sent) -> None:
        click.echo(f"<< {_shown(sent.body)}")
        for status in ("sent", "delivered", "read"):
            arrive(customer.reports(sent, status))

    with GraphServer(_port(application.settings[GRAPH_URL]), heard=heard) as server:
        server.templates = [TEMPLATE]
        sync_now(_desk_of(context, account_id), account_id)
        click.echo(f"You are {name}, {wa_id}. Write, and end with Ctrl-D.")
        for line in sys.stdin:
            if line.strip():
                arrive(customer.says(line.strip()))


def _port(graph_url: str) -> int:
    """Return the port to serve; raises a usage error for an address elsewhere."""
    url = urlsplit(graph_url)
    if url.scheme != "http" or url.hostname not in {"127.0.0.1", "localhost"} or not url.port:
        raise click.UsageError(
            f"{GRAPH_URL} is {graph_url}; set it to an address on this machine, such as "
            "http://127.0.0.1:6544, and restart the desk."
        )
    return url.port


def _shown(body: dict[str, Any]) -> str:
    kind = str(body.get("type"))
    content = body.get(kind)
    return str(content.get("body") or content) if isinstance(content, dict) else kind


def _desk_of(context: click.Context, account_id: int) -> OpenDesk:
    """Return what opens desks of an account's workspace; raises a usage error for none."""
    with command_desk(context, None) as desk:
        workspace_id = desk.session.execute(
            select(WhatsAppAccount.workspace_id).where(WhatsAppAccount.id == account_id),
            execution_options={"unscoped": "the account's id tells the workspace"},
        ).scalar_one_or_none()
    if workspace_id is None:
        raise click.BadParameter(f"there is no account {account_id}", param_hint="--account")
    return partial(command_desk, context, workspace_id)
