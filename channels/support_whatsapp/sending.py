"""Carrying a reply to WhatsApp, part by part, at most once without somebody's say.

Before a message is handed over, that is noted and committed; so is the answer. What is found noted
without an answer may have gone out or not: for a minute WhatsApp's own reports may tell, which name
our reference; after that it fails with just these words, and leaves again when an agent says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from support_core.plugin_api import BlobMissing, Invalid, Permanent, Retry, Sent

from .codes import delay
from .contacts import NO_ACCOUNT, NO_PHONE, closed_since, route_of, window
from .graph import Graph, GraphAway, GraphError
from .models import WhatsAppAccount, WhatsAppMessage, WhatsAppPart
from .parts import Part, body_of, parts_of
from .recording import note_sent
from .settings import GIVE_UP_HOURS
from .statuses import RANK, catch_up
from .templates import prepare, sync_first

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.plugin_api import Desk, OpenDesk, OutboundAttachment, OutboundMessage

    from .templates import Ready

PIECE = 1 << 16
DOUBT = timedelta(seconds=60)

UNCERTAIN = (
    "Nobody knows whether this message was sent: the connection ended after WhatsApp had been "
    "given it and before it answered. Ask the customer, or send it again."
)
WAITING = "WhatsApp did not answer; its report is awaited."


@dataclass(frozen=True)
class Route:
    """What sending needs of the database."""

    graph: Graph
    account_id: int
    address: str
    parts: list[Part]
    ready: Ready | None
    quoted: str | None


def carry(message: OutboundMessage, open_desk: OpenDesk) -> Sent:
    """Send what is left of one reply; raises ``Retry`` and ``Permanent``."""
    if message.template is not None:
        with open_desk() as desk:
            account, _, _ = route_of(desk, message.conversation)
        if account is not None:
            sync_first(open_desk, account.id)
    with open_desk() as desk:
        hours: int = desk.settings[GIVE_UP_HOURS]
        route = _route(desk, message)
        _begin(desk, message, route)
    external_id = None
    for number, part in enumerate(route.parts):
        external_id = _carry_part(message, open_desk, route, number, part, hours) or external_id
    return Sent(external_id=external_id)


def _route(desk: Desk, message: OutboundMessage) -> Route:
    conversation = message.conversation
    account, _, address = route_of(desk, conversation)
    if account is None:
        raise Permanent(NO_ACCOUNT)
    if address is None:
        raise Permanent(NO_PHONE)
    ready = None
    if message.template is not None:
        try:
            ready = prepare(desk, account, message.template, files=len(message.attachments))
        except Invalid as invalid:
            raise Permanent(
                " ".join(it for each in invalid.errors.values() for it in each)
            ) from None
        parts = [Part("", next(iter(message.attachments), None))]
    else:
        open_ = window(desk, conversation)
        if not open_.allowed:
            raise Permanent(closed_since(open_.until) if open_.until else open_.reason or "")
        parts = parts_of(message.body_text, message.attachments)
    return Route(
        Graph.of(desk, account), account.id, address, parts, ready, _quoted(desk, account, message)
    )


def _quoted(desk: Desk, account: WhatsAppAccount, message: OutboundMessage) -> str | None:
    if message.in_reply_to is None:
        return None
    return desk.session.execute(
        select(WhatsAppMessage.external_id)
        .where(
            WhatsAppMessage.account_id == account.id,
            WhatsAppMessage.thread_id == message.in_reply_to,
        )
        .order_by(WhatsAppMessage.created_at)
        .limit(1)
    ).scalar_one_or_none()


def _begin(desk: Desk, message: OutboundMessage, route: Route) -> None:
    """Make the rows of all parts, so that none is taken for the last before it is."""
    known = set(
        desk.session.execute(
            select(WhatsAppPart.number).where(WhatsAppPart.delivery_id == message.delivery_id)
        ).scalars()
    )
    for number in range(len(route.parts)):
        if number not in known:
            desk.session.add(
                WhatsAppPart(
                    delivery_id=message.delivery_id,
                    number=number,
                    message_id=message.message_id,
                    account_id=route.account_id,
                    conversation_id=message.conversation.id,
                    thread_id=message.thread_id,
                    state="ready",
                    created_at=desk.clock(),
                    updated_at=desk.clock(),
                )
            )
    desk.session.flush()


def _carry_part(  # noqa: PLR0913, PLR0917 - one part and all it needs
    message: OutboundMessage,
    open_desk: OpenDesk,
    route: Route,
    number: int,
    part: Part,
    hours: int,
) -> str | None:
    with open_desk() as desk:
        row = _row(desk, message, number)
        if RANK[row.state] > 0 and row.state != "failed":
            return row.external_id
        media_id, doubtful = row.media_id, row.state == "sending"
        hopeless = doubtful and desk.clock() - row.updated_at >= DOUBT
        if hopeless:
            row.state = "ready"  # an agent may send it again
        if not doubtful:
            row.external_id = None
    if hopeless:
        raise Permanent(UNCERTAIN)
    if doubtful:
        raise Retry(DOUBT.total_seconds(), WAITING)
    handing_over = False
    try:
        if part.attachment is not None and media_id is None:
            media_id = _upload(route.graph, part.attachment)
        body = _body(message, route, number, part, media_id)
        _note(open_desk, message, number, "sending", media_id=media_id)
        handing_over = True
        external_id = route.graph.send(body)
    except GraphAway as error:
        if handing_over and error.sent:
            raise Retry(DOUBT.total_seconds(), WAITING) from None
        _note(open_desk, message, number, "ready")
        raise _later(message, error.message, 30.0, hours) from None
    except GraphError as error:
        _note(open_desk, message, number, "ready", refused=error)
        if error.pause is not None:
            raise _later(message, error.message, error.pause, hours) from None
        raise Permanent(error.message) from None
    except BlobMissing:
        raise Permanent("The attachment's content is missing.") from None
    with open_desk() as desk:
        note_sent(desk, _row(desk, message, number), external_id)
        catch_up(desk, route.account_id, external_id)
        _recover(desk, route.account_id)
    return external_id


def _body(
    message: OutboundMessage, route: Route, number: int, part: Part, media_id: str | None
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "recipient_type": "individual",
        "to": route.address,
        "biz_opaque_callback_data": f"{message.message_id}.{number}",
    }
    if number == 0 and route.quoted is not None:
        body["context"] = {"message_id": route.quoted}
    if route.ready is None or message.template is None:
        return {**body, **body_of(part, media_id)}
    components = list(route.ready.components)
    if media_id is not None and route.ready.header is not None:
        kind = route.ready.header.lower()
        header = {"type": kind, kind: {"id": media_id}}
        components.insert(0, {"type": "header", "parameters": [header]})
    template: dict[str, Any] = {
        "name": message.template["name"],
        "language": {"code": message.template["language"]},
    }
    if components:
        template["components"] = components
    return {**body, "type": "template", "template": template}


def _upload(graph: Graph, attachment: OutboundAttachment) -> str:
    def pieces() -> Iterator[bytes]:
        with attachment.open() as file:
            while piece := file.read(PIECE):
                yield piece

    return graph.upload(
        pieces(),
        size=attachment.size,
        name=attachment.name,
        content_type=attachment.content_type,
    )


def _row(desk: Desk, message: OutboundMessage, number: int) -> WhatsAppPart:
    key = (desk.workspace_id, message.delivery_id, number)
    return desk.session.get_one(WhatsAppPart, key, with_for_update=True)


def _note(  # noqa: PLR0913 - what changed, by keyword
    open_desk: OpenDesk,
    message: OutboundMessage,
    number: int,
    state: str,
    *,
    media_id: str | None = None,
    refused: GraphError | None = None,
) -> None:
    with open_desk() as desk:
        row = _row(desk, message, number)
        row.state, row.updated_at = state, desk.clock()
        row.media_id = media_id or row.media_id
        if refused is None:
            return
        if refused.pause is None:
            row.media_id = None  # it may have been the file
        account = desk.session.get(WhatsAppAccount, row.account_id)
        if account is not None and refused.about_account:
            account.last_error, account.last_error_at = refused.message, desk.clock()
            account.token_valid = False if refused.about_token else account.token_valid


def _recover(desk: Desk, account_id: int) -> None:
    account = desk.session.get(WhatsAppAccount, account_id)
    if account is not None and account.token_valid is False:
        account.token_valid = True
        account.last_error = account.last_error_at = None


def _later(message: OutboundMessage, reason: str, pause: float, hours: int) -> Retry | Permanent:
    """Return another attempt, or the end where the hours are used up."""
    past = sum(delay(pause, it) for it in range(1, message.attempt))
    if past > hours * 3600:
        return Permanent(f"Given up after {hours} hours: {reason}")
    return Retry(delay(pause, message.attempt), reason)
