"""What the channel reports on itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from support_core.plugin_api import Check

from .models import SmsLine
from .settings import API_URL

if TYPE_CHECKING:
    from support_core.plugin_api import Desk


def check(desk: Desk) -> list[Check]:
    """Check the configuration and, in a workspace, its numbers."""
    configured = bool(desk.settings[API_URL])
    checks = [Check("sms", ok=configured, message="" if configured else f"{API_URL} is not set.")]
    if desk.session.workspace_id is not None:
        lines = desk.session.execute(select(SmsLine).order_by(SmsLine.mailbox_id)).scalars()
        checks += [
            Check(f"sms {line.number}", ok=line.problem is None, message=line.problem or "")
            for line in lines
        ]
    return checks
