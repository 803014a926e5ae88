"""The channel's share of the demo workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .inbound import file_text
from .textline import Received

if TYPE_CHECKING:
    from support_core.plugin_api import Desk


def add_demo(desk: Desk) -> None:
    """Add a mailbox with a number, and a text to it."""
    mailbox, _secret = desk.mailboxes.create(
        {
            "name": "Texts",
            "email": "texts@example.test",
            "sms_number": "+31200000000",
            "sms_api_key": "demo",
        }
    )
    file_text(
        desk,
        mailbox.id,
        Received(id="demo-1", phone="+31600000001", text="Is my order on its way?"),
    )
