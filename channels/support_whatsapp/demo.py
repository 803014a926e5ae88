"""The channel's share of the demo workspace: a number that the simulator plays customers of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from . import accounts
from .filing import Filing
from .reading import read
from .simulator import Customer

if TYPE_CHECKING:
    from support_core.plugin_api import Desk

NUMBER_ID = "100000000000001"
WROTE = (
    ("31612345001", "Noor de Vries", "Hi! Is my order on its way?"),
    ("5541988880002", "Bruno Lima", "Oi, vocês entregam em Curitiba?"),
)


def add_demo(desk: Desk) -> None:
    """Add a mailbox with a number, and people who wrote to it."""
    mailbox, _ = desk.mailboxes.create({"name": "WhatsApp", "email": "whatsapp@demo.example"})
    account = accounts.create(
        desk,
        {
            "mailbox_id": mailbox.id,
            "name": "Demo number",
            "phone_number_id": NUMBER_ID,
            "waba_id": "100000000000002",
            "access_token": "demo-token",
            "app_secret": "demo-app-secret",
            "verify_token": "demo-verify-token",
        },
        look_up=False,
    )
    filing = Filing(desk, account)
    for wa_id, name, text in WROTE:
        webhook = Customer(NUMBER_ID, wa_id, name).says(text)
        for told in read(json.dumps(webhook).encode()):
            filing.file(told)
    filing.finish()
