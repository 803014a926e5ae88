"""A workspace's numbers: making, changing and removing them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from support_core.plugin_api import Invalid, NotFound, keysets, run_list

from .checking import check
from .models import WhatsAppAccount, WhatsAppTemplate
from .templates import sync

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support_core.plugin_api import Desk, ListPage

PLAIN = ("name", "phone_number_id", "waba_id")
SECRET = ("access_token", "app_secret", "verify_token")

#: What another value of says nothing about the old one's health.
CREDENTIALS = frozenset({"phone_number_id", "access_token", "waba_id"})
TAKEN = "The phone number id has already been taken."

KEYSETS = keysets(
    {"id": WhatsAppAccount.id, "created_at": WhatsAppAccount.created_at}, id=WhatsAppAccount.id
)
TEMPLATE_KEYSETS = keysets({"id": WhatsAppTemplate.id}, id=WhatsAppTemplate.id)


def count(desk: Desk) -> int:
    """Return how many numbers the workspace has."""
    return desk.session.execute(select(func.count(WhatsAppAccount.id))).scalar_one()


def get(desk: Desk, account_id: int, *, lock: bool = False) -> WhatsAppAccount:
    """Return an account; raises ``NotFound``. ``lock`` holds its row to the commit."""
    account = desk.session.get(WhatsAppAccount, account_id, with_for_update=lock or None)
    if account is None:
        raise NotFound
    return account


def locked(desk: Desk, account_id: int) -> WhatsAppAccount:
    """Return an account whose row is held to the commit; raises ``NotFound``."""
    return get(desk, account_id, lock=True)


def list_accounts(desk: Desk, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of the workspace's numbers."""
    statement = select(WhatsAppAccount)
    return run_list(desk.session, statement, keyset=KEYSETS[filters["sort"]], filters=filters)


def list_templates(desk: Desk, account_id: int, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of an account's templates."""
    statement = select(WhatsAppTemplate).where(WhatsAppTemplate.account_id == account_id)
    if "status" in filters:
        statement = statement.where(WhatsAppTemplate.status.in_(filters["status"]))
    return run_list(
        desk.session, statement, keyset=TEMPLATE_KEYSETS[filters["sort"]], filters=filters
    )


def create(desk: Desk, values: Mapping[str, Any], *, look_up: bool = True) -> WhatsAppAccount:
    """Create an account; raises ``Invalid`` for a number or mailbox that cannot be.

    With ``look_up`` Meta is asked about it.
    """
    mailbox = desk.mailboxes.require(values["mailbox_id"])
    account = WhatsAppAccount(
        mailbox_id=mailbox.id, created_at=desk.clock(), updated_at=desk.clock()
    )
    given = {**values, "verify_token": values.get("verify_token") or secrets.token_urlsafe(24)}
    _write(desk, account, given)
    desk.session.add(account)
    _flush(desk)
    _note(desk, account, "created")
    if look_up:
        _look_up(desk, account)
    return account


def update(desk: Desk, account_id: int, values: Mapping[str, Any]) -> WhatsAppAccount:
    """Change the given fields; a secret that is left out stays."""
    account = locked(desk, account_id)
    if "mailbox_id" in values:
        account.mailbox_id = desk.mailboxes.require(values["mailbox_id"]).id
    changed = CREDENTIALS & values.keys()
    _write(desk, account, values)
    if changed:
        account.token_valid = account.checked_at = None
        account.last_error = account.last_error_at = None
    account.updated_at = desk.clock()
    _flush(desk)
    _note(desk, account, "updated")
    if changed:
        _look_up(desk, account)
    return account


def delete(desk: Desk, account_id: int) -> None:
    """Remove an account with its ledger; the conversations stay."""
    account = locked(desk, account_id)
    desk.session.delete(account)
    desk.session.flush()
    _note(desk, account, "deleted")


def _write(desk: Desk, account: WhatsAppAccount, values: Mapping[str, Any]) -> None:
    for name in PLAIN:
        if name in values:
            setattr(account, name, values[name])
    for name in SECRET:
        if values.get(name) is not None:
            setattr(account, name, desk.keyring.encrypt(values[name]))


def _flush(desk: Desk) -> None:
    try:
        desk.session.flush()
    except IntegrityError as error:
        if "number" in str(error.orig):  # the index's name, or the column's
            raise Invalid({"phone_number_id": [TAKEN]}) from None
        raise


def _look_up(desk: Desk, account: WhatsAppAccount) -> None:
    """Ask Meta about the number, and for its templates."""
    desk.enqueue(check, account.id, key=str(account.id))
    desk.enqueue(sync, account.id, key=str(account.id))


def _note(desk: Desk, account: WhatsAppAccount, what: str) -> None:
    desk.audit.record(f"whatsapp_account.{what}", "whatsapp_account", account.id)
    desk.events.publish(f"whatsapp_account.{what}", whatsapp_account_id=account.id)
