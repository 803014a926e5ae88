"""The webhook that Meta calls: proved, kept, and answered at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pyramid.response import Response
from sqlalchemy import bindparam, select

from support_core.plugin_api import (
    ID,
    Forbidden,
    PayloadTooLarge,
    Permission,
    Prepared,
    Service,
    Unauthenticated,
    obj,
    path_id,
)

from .models import WhatsAppAccount
from .signatures import HEADER, is_genuine, same_token

if TYPE_CHECKING:
    from pyramid.request import Request

    from .intake import Intake

#: Meta sends 3 MB at most (Meta, "Webhooks").
MOST_BYTES = 4 << 20

_accounts = WhatsAppAccount.__table__.c
ACCOUNT = Prepared(
    select(_accounts.workspace_id, _accounts.app_secret, _accounts.verify_token).where(
        _accounts.id == bindparam("id")
    ),
    unscoped="the account in the address tells the workspace",
)

webhook = Service(
    "whatsapp-webhook",
    f"/whatsapp/webhook/{ID}",
    description="What Meta tells.",
    tag="WhatsApp",
)


class Known(NamedTuple):
    """What proves a webhook, encrypted."""

    workspace_id: int
    app_secret: str
    verify_token: str


@webhook.get(
    permission=Permission.PUBLIC,
    media="text/plain",
    shape={"type": "string"},
    raises=(Forbidden,),
)
def verify(request: Request) -> Response:
    """Answer Meta's challenge, where it knows the account's ``verify_token``."""
    known, asked = _known(request), request.GET
    given = asked.get("hub.verify_token") or ""
    challenge = asked.get("hub.challenge") or ""
    if known is None or asked.get("hub.mode") != "subscribe" or not challenge:
        raise Forbidden
    if not same_token(_decrypted(request, known.verify_token), given):
        raise Forbidden
    response = Response(challenge, content_type="text/plain", charset="utf-8")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@webhook.post(
    permission=Permission.PUBLIC,
    shape=obj(success={"type": "boolean"}),
    raises=(Unauthenticated, PayloadTooLarge),
)
def receive(request: Request) -> dict[str, Any]:
    """Take what Meta tells; answered once it is kept, and worked on afterwards.

    Signed with the app's secret (``X-Hub-Signature-256``) over the bytes as they are, else 401.
    """
    body = request.body_up_to(MOST_BYTES)
    known = _known(request)
    given = request.headers.get(HEADER, "")
    if known is None or not is_genuine(_decrypted(request, known.app_secret), body, given):
        raise Unauthenticated
    request.give_way()
    _intake(request).keep(known.workspace_id, path_id(request), body)
    return {"success": True}


def _known(request: Request) -> Known | None:
    with request.reading_session() as session:
        rows = session.fetch(ACCOUNT, {"id": path_id(request)})
    return Known(*rows[0]) if rows else None


def _decrypted(request: Request, secret: str) -> str:
    return _intake(request).decrypted(secret)


def _intake(request: Request) -> Intake:
    intake: Intake = request.registry.support.extensions["whatsapp"]
    return intake
