"""What the channel reports on itself, for each number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from support_core.plugin_api import Check

from .models import WhatsAppAccount, WhatsAppItem

if TYPE_CHECKING:
    from support_core.plugin_api import Desk


def check(desk: Desk) -> list[Check]:
    """Check each number of the desk's workspace: its token, its quality, what failed.

    Nothing of one workspace concerns the whole installation.
    """
    if desk.session.workspace_id is None:
        return []
    rows = desk.session.execute(select(WhatsAppAccount).order_by(WhatsAppAccount.id)).scalars()
    accounts = rows.all()
    if not accounts:
        return []
    failed = dict(
        desk.session.execute(
            select(WhatsAppItem.account_id, func.count())
            .where(WhatsAppItem.state == "failed")
            .group_by(WhatsAppItem.account_id)
        ).all()
    )
    return [
        Check(f"WhatsApp {_name(account)}", ok=not wrong, message=" ".join(wrong))
        for account in accounts
        for wrong in [_wrong(account, failed.get(account.id, 0))]
    ]


def _name(account: WhatsAppAccount) -> str:
    return account.display_phone_number or account.name or account.phone_number_id


def _wrong(account: WhatsAppAccount, failed: int) -> list[str]:
    wrong = []
    if account.token_valid is False:
        wrong.append(f"The access token is refused: {account.last_error or 'unknown reason'}")
    elif account.last_error is not None:
        wrong.append(account.last_error)
    if (account.quality_rating or "").upper() == "RED":
        wrong.append("Meta rates the number's quality as low (RED).")
    if failed:
        wrong.append(f"Failed: {failed}; see GET /whatsapp/accounts/{account.id}/ingest.")
    return wrong
