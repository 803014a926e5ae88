"""The mailbox fields ``sms_number``, ``sms_api_key`` and ``sms_webhook_secret``."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from support_core.plugin_api import Invalid, MailboxFields, fields

from .models import SmsLine
from .textline import PHONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from support_core.plugin_api import Desk


def read(desk: Desk, mailbox_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the numbers of these mailboxes."""
    rows = desk.session.execute(
        select(SmsLine.mailbox_id, SmsLine.number).where(SmsLine.mailbox_id.in_(mailbox_ids))
    )
    return {row.mailbox_id: {"sms_number": row.number} for row in rows}


def write(desk: Desk, mailbox_id: int, values: Mapping[str, Any]) -> dict[str, Any]:
    """Store what is given; what is left out stays. A new number's secret is returned this once.

    Raises ``Invalid`` for a number without a key.
    """
    line = desk.session.get(SmsLine, (desk.workspace_id, mailbox_id))
    if "sms_number" in values and values["sms_number"] is None:
        if line is not None:
            desk.session.delete(line)
        return {}
    if line is not None:
        line.number = values.get("sms_number", line.number)
        if "sms_api_key" in values:
            line.api_key = desk.keyring.encrypt(values["sms_api_key"])
            line.problem = None
        return {}
    if not values:
        return {}
    return {"sms_webhook_secret": _new_line(desk, mailbox_id, values)}


def _new_line(desk: Desk, mailbox_id: int, values: Mapping[str, Any]) -> str:
    missing = {"sms_number", "sms_api_key"} - values.keys()
    if missing:
        raise Invalid(
            {name: [f"The {name.replace('_', ' ')} field is required."] for name in missing}
        )
    secret = secrets.token_urlsafe(32)
    desk.session.add(
        SmsLine(
            mailbox_id=mailbox_id,
            number=values["sms_number"],
            api_key=desk.keyring.encrypt(values["sms_api_key"]),
            webhook_secret=desk.keyring.encrypt(secret),
        )
    )
    desk.session.flush()
    return secret


LINE_FIELDS = MailboxFields(
    nodes=(
        fields.String(
            name="sms_number",
            pattern=PHONE,
            nullable=True,
            missing=fields.drop,
            description="The number that sends and receives, in E.164.",
        ),
        fields.String(
            name="sms_api_key",
            min=1,
            max=255,
            missing=fields.drop,
            write_only=True,
            description="Textline's API key; stored encrypted and never shown.",
        ),
    ),
    read=read,
    write=write,
    defaults={"sms_number": None},
    shown={"sms_number": {"type": ["string", "null"]}},
    shown_once={"sms_webhook_secret": {"type": "string"}},
)
