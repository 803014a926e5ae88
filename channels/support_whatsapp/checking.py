"""Trying a number out: whether its token works, and what Meta says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from support_core.plugin_api import JobContext, NotFound, SupportError, job

from .graph import Graph, GraphAway, GraphError
from .models import WhatsAppAccount
from .reading import mapping, text
from .templates import sync

if TYPE_CHECKING:
    from support_core.plugin_api import OpenDesk


class WhatsAppConnectionFailed(SupportError):
    """Meta refused the account's token or number, or is out of reach; the message says which."""

    status = 422
    code = "whatsapp_connection_failed"
    message = "The connection to WhatsApp failed."


def try_account(open_desk: OpenDesk, account_id: int) -> dict[str, Any]:
    """Ask Meta about the number, and note the answer; raises ``WhatsAppConnectionFailed``."""
    with open_desk() as desk:
        account = desk.session.get(WhatsAppAccount, account_id)
        if account is None:
            raise NotFound
        graph = Graph.of(desk, account)
    try:
        told = graph.describe()
    except GraphAway as error:
        _note(open_desk, account_id, problem=error.message, token_valid=None)
        raise WhatsAppConnectionFailed(error.message) from None
    except GraphError as error:
        valid = None if error.pause is not None else not error.about_token
        _note(open_desk, account_id, problem=error.message, token_valid=valid)
        raise WhatsAppConnectionFailed(error.message) from None
    _note(open_desk, account_id, problem=None, token_valid=True, told=told)
    name = text(told, "verified_name") or text(told, "display_phone_number") or "the number"
    return {"success": True, "message": f"The token is valid for {name}."}


def _note(
    open_desk: OpenDesk,
    account_id: int,
    *,
    problem: str | None,
    token_valid: bool | None,
    told: dict[str, Any] | None = None,
) -> None:
    with open_desk() as desk:
        account = desk.session.get(WhatsAppAccount, account_id, with_for_update=True)
        if account is None:
            return
        account.checked_at = desk.clock()
        if token_valid is not None:
            account.token_valid = token_valid
        if problem is not None:
            account.last_error, account.last_error_at = problem, desk.clock()
            return
        account.last_error = account.last_error_at = None
        found = told or {}
        account.display_phone_number = _short(text(found, "display_phone_number"), 63)
        account.verified_name = _short(text(found, "verified_name"), 255)
        account.quality_rating = _short(text(found, "quality_rating"), 31)
        account.throughput = _short(text(mapping(found, "throughput"), "level"), 31)


def _short(value: str | None, most: int) -> str | None:
    return value[:most] if value is not None else None


@job(queue="whatsapp", max_retries=0)
def check(context: JobContext, account_id: int) -> None:
    """Try an account out by itself; what is wrong is noted with it."""
    try:
        try_account(context.desk, account_id)
    except (WhatsAppConnectionFailed, NotFound):
        return


@job(queue="maintenance")
def check_all(context: JobContext) -> None:
    """Try every account out, and take over its templates."""
    with context.application.desk(None) as desk:
        rows = desk.session.execute(
            select(WhatsAppAccount.id, WhatsAppAccount.workspace_id),
            execution_options={"unscoped": "the numbers of every workspace"},
        ).all()
    for row in rows:
        with context.desk(workspace_id=row.workspace_id) as desk:
            desk.enqueue(check, row.id, key=str(row.id))
            desk.enqueue(sync, row.id, key=str(row.id))
