"""The mailbox fields ``callback_url`` and ``callback_secret``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from support_core.plugin_api import Invalid, MailboxFields, NotFound, fields, generate_secret

from .models import ApiCallback

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from support_core.plugin_api import Desk


def has_callback(desk: Desk, mailbox_id: int) -> bool:
    """Tell whether replies of this mailbox are posted anywhere."""
    return (
        desk.session.execute(
            select(ApiCallback.mailbox_id).where(ApiCallback.mailbox_id == mailbox_id)
        ).first()
        is not None
    )


def read(desk: Desk, mailbox_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the callback URLs of these mailboxes."""
    rows = desk.session.execute(
        select(ApiCallback.mailbox_id, ApiCallback.url).where(
            ApiCallback.mailbox_id.in_(mailbox_ids)
        )
    )
    return {row.mailbox_id: {"callback_url": row.url} for row in rows}


def write(desk: Desk, mailbox_id: int, values: Mapping[str, Any]) -> dict[str, Any]:
    """Store, change or remove the callback; a new one's secret is returned this once.

    Raises ``Invalid`` for an address that outgoing calls may not reach.
    """
    if "callback_url" not in values:
        return {}
    url = values["callback_url"]
    callback = desk.session.get(ApiCallback, (desk.workspace_id, mailbox_id))
    if url is None:
        if callback is not None:
            desk.session.delete(callback)
        return {}
    check_reachable(desk, url)
    if callback is not None:
        callback.url = url
        return {}
    return {"callback_secret": _new_callback(desk, mailbox_id, url)}


def rotate_secret(desk: Desk, mailbox_id: int) -> str:
    """Replace the secret and return the new one, which is shown this once.

    Raises ``NotFound`` for a mailbox without a callback.
    """
    callback = desk.session.get(ApiCallback, (desk.workspace_id, mailbox_id))
    if callback is None:
        raise NotFound("The mailbox has no callback URL.")
    secret = generate_secret()
    callback.secret = desk.keyring.encrypt(secret)
    desk.session.flush()
    desk.audit.record("mailbox.callback_secret_rotated", "mailbox", mailbox_id)
    return secret


def check_reachable(desk: Desk, url: str) -> None:
    """Raise ``Invalid`` where the address is one that the configuration does not allow."""
    try:
        desk.application.outgoing.policy.check_url(url)
    except ValueError as error:
        raise Invalid({"callback_url": [str(error)]}) from None


def _new_callback(desk: Desk, mailbox_id: int, url: str) -> str:
    secret = generate_secret()
    desk.session.add(
        ApiCallback(mailbox_id=mailbox_id, url=url, secret=desk.keyring.encrypt(secret))
    )
    desk.session.flush()
    return secret


CALLBACK_FIELDS = MailboxFields(
    nodes=(
        fields.Url(
            name="callback_url",
            missing=fields.drop,
            nullable=True,
            description="Where replies to API conversations are posted, signed.",
        ),
    ),
    read=read,
    write=write,
    defaults={"callback_url": None},
    shown={"callback_url": {"type": ["string", "null"]}},
    shown_once={"callback_secret": {"type": "string"}},
)
