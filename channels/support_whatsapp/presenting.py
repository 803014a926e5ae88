"""Numbers, templates and the ledger as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support_core.plugin_api import component, many, maybe, obj

from .schemas import STATES

if TYPE_CHECKING:
    from pyramid.request import Request

    from support_core.plugin_api import Desk

    from .models import WhatsAppAccount, WhatsAppItem, WhatsAppTemplate

Shape = dict[str, Any]

_ID: Shape = {"type": "integer", "minimum": 1}
_COUNT: Shape = {"type": "integer", "minimum": 0}
_TEXT: Shape = {"type": "string"}
_MOMENT: Shape = {"type": "string", "format": "date-time"}
_OBJECT: Shape = {"type": "object"}

ACCOUNT = component(
    "WhatsAppAccount",
    obj(
        id=_ID,
        mailbox_id=_ID,
        name=maybe(_TEXT),
        phone_number_id=_TEXT,
        waba_id=maybe(_TEXT),
        verify_token=_TEXT,
        display_phone_number=maybe(_TEXT),
        verified_name=maybe(_TEXT),
        webhook_url=_TEXT,
        templates_synced_at=maybe(_MOMENT),
        health=obj(
            token_valid={"type": ["boolean", "null"]},
            checked_at=maybe(_MOMENT),
            quality_rating=maybe(_TEXT),
            throughput=maybe(_TEXT),
            last_inbound_at=maybe(_MOMENT),
            last_error=maybe(_TEXT),
            last_error_at=maybe(_MOMENT),
        ),
        created_at=_MOMENT,
        updated_at=_MOMENT,
    ),
)

TEMPLATE = component(
    "WhatsAppTemplate",
    obj(
        id=_ID,
        name=_TEXT,
        language=_TEXT,
        status=_TEXT,
        category=maybe(_TEXT),
        parameter_format=maybe(_TEXT),
        components=many(_OBJECT),
        updated_at=_MOMENT,
    ),
)

_ITEM: Shape = {
    "id": _ID,
    "account_id": _ID,
    "state": {"type": "string", "enum": list(STATES)},
    "reason": maybe(_TEXT),
    "kind": _TEXT,
    "type": maybe(_TEXT),
    "external_id": maybe(_TEXT),
    "sender": maybe(_TEXT),
    "attempts": _COUNT,
    "conversation_id": maybe(_ID),
    "thread_id": maybe(_ID),
    "created_at": _MOMENT,
    "updated_at": _MOMENT,
}
ITEM = component("WhatsAppIngest", obj(**_ITEM))
ITEM_WITH_DATA = component(
    "WhatsAppIngestWithData", obj(**_ITEM, data={"type": ["object", "null"]})
)


def present_account(desk: Desk, account: WhatsAppAccount, request: Request) -> dict[str, Any]:
    """Return an account; its token and secret stay here."""
    public: str = desk.settings["support.public_url"]
    base = (public or request.host_url).rstrip("/")
    return {
        "id": account.id,
        "mailbox_id": account.mailbox_id,
        "name": account.name,
        "phone_number_id": account.phone_number_id,
        "waba_id": account.waba_id,
        "verify_token": desk.keyring.decrypt(account.verify_token),
        "display_phone_number": account.display_phone_number,
        "verified_name": account.verified_name,
        "webhook_url": f"{base}/api/support/whatsapp/webhook/{account.id}",
        "templates_synced_at": account.templates_synced_at,
        "health": {
            "token_valid": account.token_valid,
            "checked_at": account.checked_at,
            "quality_rating": account.quality_rating,
            "throughput": account.throughput,
            "last_inbound_at": account.last_inbound_at,
            "last_error": account.last_error,
            "last_error_at": account.last_error_at,
        },
        "created_at": account.created_at,
        "updated_at": account.updated_at,
    }


def present_template(row: WhatsAppTemplate) -> dict[str, Any]:
    """Return a template."""
    return {name: getattr(row, name) for name in TEMPLATE_FIELDS}


TEMPLATE_FIELDS = (
    "id",
    "name",
    "language",
    "status",
    "category",
    "parameter_format",
    "components",
    "updated_at",
)


def present_item(row: WhatsAppItem, *, data: bool = False) -> dict[str, Any]:
    """Return something that a webhook told; with ``data``, in Meta's own words."""
    return {name: getattr(row, name) for name in (*_ITEM, *(("data",) if data else ()))}
