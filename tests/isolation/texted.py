"""A WhatsApp number with one of everything behind it, and just enough of Meta to be tried out."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from support_whatsapp.models import (
    WhatsAppContact,
    WhatsAppItem,
    WhatsAppMedia,
    WhatsAppMessage,
    WhatsAppPart,
    WhatsAppPayload,
    WhatsAppReaction,
    WhatsAppTemplate,
)
from support_whatsapp.signatures import HEADER, signature
from support_whatsapp.simulator import Customer, GraphServer

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace

SECRET = "app-secret"
VERIFY = "verify-me"
NUMBER = "100200300"


@cache
def graph_url() -> str:
    """Return the address of a Graph API that lasts as long as the process."""
    server = GraphServer()
    server.templates = [{"name": "hello", "language": "en", "status": "APPROVED"}]
    server.__enter__()
    return server.url


def account_fields(mailbox: int, *, number: str = NUMBER) -> dict[str, Any]:
    """Return a valid body of a number."""
    return {
        "mailbox_id": mailbox,
        "phone_number_id": number,
        "waba_id": "1",
        "access_token": "token",
        "app_secret": SECRET,
        "verify_token": VERIFY,
    }


def add_account(workspace: TestWorkspace, mailbox: int, *, number: str = NUMBER) -> int:
    """Add a number and return its id."""
    answer = workspace.owner.post("/whatsapp/accounts", account_fields(mailbox, number=number))
    made: int = answer.json["data"]["id"]
    workspace.under_test.run_jobs()  # Meta is asked about it, and for its templates
    return made


def add_item(workspace: TestWorkspace, account: int, *, number: int = 0) -> int:
    """Put a message into the ledger that failed and is right by now; return its id."""
    with workspace.desk() as desk:
        item = WhatsAppItem(
            account_id=account,
            payload_id=None,
            kind="message",
            state="failed",
            reason="KeyError while it was filed.",
            data={
                "phone_number_id": NUMBER,
                "data": {
                    "from": "31612345678",
                    "id": f"wamid.held{number}",
                    "type": "text",
                    "text": {"body": "Is anybody there?"},
                },
            },
        )
        desk.session.add(item)
        desk.session.flush()
        return item.id


def add_texts(workspace: TestWorkspace, account: int, thread: int) -> None:
    """Leave what messages leave behind, all of it about a reply that failed."""
    with workspace.desk() as desk:
        delivery = desk.deliveries.of_thread(thread)
        assert delivery is not None
        conversation, now = delivery.conversation_id, desk.clock()
        customer = desk.conversations.get(conversation).customer_id
        about = {"account_id": account, "conversation_id": conversation}
        desk.session.add_all(
            [
                WhatsAppPayload(
                    account_id=account,
                    digest="0" * 64,
                    body=b"{}",
                    state="handled",
                    received_at=now,
                ),
                WhatsAppItem(**about, kind="message", state="handled"),
                WhatsAppMessage(**about, external_id="wamid.x", direction="in", created_at=now),
                WhatsAppReaction(
                    account_id=account, target_id="wamid.x", sender="3161", reacted_at=now
                ),
                WhatsAppContact(**about, key="3161", wa_id="3161", customer_id=customer),
                WhatsAppMedia(
                    **about, thread_id=thread, media_id="1", kind="image", state="failed"
                ),
                WhatsAppPart(
                    **about,
                    delivery_id=delivery.id,
                    number=0,
                    message_id=delivery.message_id,
                    thread_id=thread,
                ),
            ]
        )


def add_template(workspace: TestWorkspace, account: int, *, number: int) -> None:
    """Add one more template."""
    with workspace.desk() as desk:
        desk.session.add(
            WhatsAppTemplate(
                account_id=account,
                name=f"hello_{number}",
                language="en",
                status="APPROVED",
                components=[],
            )
        )


def webhook() -> dict[str, Any]:
    """Return a webhook that is always the same."""
    return Customer(NUMBER, "31612345678", "Noor").says("Hello", id="wamid.1", timestamp="1")


def signed(body: bytes) -> dict[str, str]:
    """Return the header that proves a webhook."""
    return {HEADER: signature(SECRET, body)}
