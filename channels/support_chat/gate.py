"""What stands before every public call: token, origin, contact, rate limits, plan.

In this order, and before the body is looked at any closer. The token's widget is read without a
workspace, for it is what tells which one is meant.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from support_core.plugin_api import Mailbox, TooManyRequests, json_object

from .chat_schemas import LARGEST_CONTACT, VISITOR_ID
from .models import ChatContact, ChatWidget
from .origins import allows
from .problems import ContactNotFound, OriginNotAllowed, WidgetNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyramid.request import Request
    from pyramid.response import Response
    from sqlalchemy.orm import Session

    from support_core.plugin_api import Desk, RateStanding

    View = Callable[[Any, Request], Response]

FEATURE = "chat_widget"

#: The longest token that is looked for.
LONGEST = 64

WHY = "a widget's token tells whose workspace a public call is for"


@dataclass(frozen=True)
class Visit:
    """Whose call it is: a widget, and the contact that the call names, None for ``init``."""

    workspace_id: int
    widget_id: int
    contact_id: int | None
    address: str

    def desk(self, request: Request) -> Desk:
        """Return the desk of the widget's workspace, in the request's transaction."""
        desk: Desk = request.workspace_desk(self.workspace_id)
        return desk

    def widget(self, desk: Desk) -> ChatWidget:
        """Return the widget, for the request's transaction."""
        return desk.session.get_one(ChatWidget, self.widget_id)

    def contact(self, desk: Desk, *, lock: bool = False) -> ChatContact:
        """Return the contact; raises ``ContactNotFound`` for one that has gone meanwhile."""
        found = desk.session.get(ChatContact, self.contact_id, with_for_update=lock or None)
        if found is None:
            raise ContactNotFound
        return found


def party(request: Request, *, lock: bool = False) -> tuple[Desk, ChatWidget, ChatContact]:
    """Return the desk, the widget and the contact of a call that was let in."""
    visit: Visit = request.chat_visit
    desk = visit.desk(request)
    return desk, visit.widget(desk), visit.contact(desk, lock=lock)


def admitted(view: View, info: Any) -> View:
    """View deriver: let a call in that a widget of this origin may make, and count it."""
    limit: str | None = info.options.get("chat")
    if limit is None:
        return view

    def wrapped(context: Any, request: Request) -> Response:
        given = _given(request)
        token = given.get("token")
        if not isinstance(token, str) or not token.strip():
            return view(context, request)  # whose schema says what is missing
        visit = _admit(request, token.strip(), given, limit)
        denial = visit.desk(request).entitlements.denial(FEATURE)
        if denial is not None:
            raise WidgetNotFound
        request.chat_visit = visit
        return view(context, request)

    return wrapped


admitted.options = ("chat",)  # type: ignore[attr-defined]


def _given(request: Request) -> Mapping[str, Any]:
    """Return what names the caller: the query of a GET or an upload, else the body."""
    if request.method in {"GET", "HEAD"} or request.content_type == "multipart/form-data":
        found: Mapping[str, Any] = request.GET
        return found
    return json_object(request)


def _admit(request: Request, token: str, given: Mapping[str, Any], limit: str) -> Visit:
    throttle = Throttle(request)
    with request.reading_session() as session:
        row = _widget(session, token)
        if row is None:
            throttle.guessed("token")
            raise WidgetNotFound
        if not allows(row.allowed_domains, request.headers.get("Origin")):
            request.environ[REFUSED] = True
            raise OriginNotAllowed
        contact_id = _contact(session, row, given, by_visitor=limit == "chat-init")
    names_contact = limit != "chat-init" and isinstance(_number(given.get("contact_id")), int)
    if names_contact and contact_id is None:
        throttle.guessed(f"contact:{row.id}")
        raise ContactNotFound
    throttle.count(row.id, contact_id, limit)
    return Visit(row.workspace_id, row.id, contact_id, throttle.address)


#: The environ's key that says that the page's origin may not use the widget.
REFUSED = "support_chat.refused"


def _widget(session: Session, token: str) -> Any:
    if len(token) > LONGEST or not (token.isascii() and token.isprintable()):
        return None
    live = (
        select(
            ChatWidget.id,
            ChatWidget.workspace_id,
            ChatWidget.allowed_domains,
            ChatWidget.hmac_required,
        )
        .join(
            Mailbox,
            (Mailbox.id == ChatWidget.mailbox_id)
            & (Mailbox.workspace_id == ChatWidget.workspace_id),
        )
        .where(
            ChatWidget.token == token,
            ChatWidget.is_active,
            ChatWidget.deleted_at.is_(None),
            Mailbox.deleted_at.is_(None),
        )
        .execution_options(unscoped=WHY)
    )
    return session.execute(live).one_or_none()


def _contact(
    session: Session, widget: Any, given: Mapping[str, Any], *, by_visitor: bool
) -> int | None:
    """Return the id of the row of the contact that the call names; None where there is none."""
    if by_visitor:
        named = given.get("visitor_id")
        criterion: Any = ChatContact.visitor_id == named
        # What its schema will refuse is not looked for: a database may not even take it.
        known = isinstance(named, str) and re.fullmatch(VISITOR_ID, named) is not None
    else:
        number = _number(given.get("contact_id"))
        criterion = ChatContact.secret_id == number
        known = number is not None and 0 < number <= LARGEST_CONTACT
    if not known:
        return None
    found = (
        select(ChatContact.id)
        .where(
            ChatContact.workspace_id == widget.workspace_id,
            ChatContact.widget_id == widget.id,
            criterion,
        )
        .limit(1)
        .execution_options(unscoped=WHY)
    )
    if widget.hmac_required:
        found = found.where(ChatContact.verified)
    contact_id: int | None = session.execute(found).scalar_one_or_none()
    return contact_id


def _number(value: Any) -> int | None:
    """Return a contact's id as the schemas would read it."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if type(value) is int else None


class Throttle:
    """The rate limits of one public call.

    Each visitor has limits of their own, so that colleagues behind one address do not share
    theirs; the address has a wide one. Whoever guesses is slowed down by address, and nobody who
    knows a token or a contact notices.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._limits = request.registry.support.ratelimits
        self.address = network_of(request.remote_addr or "")

    def count(self, widget_id: int, contact_id: int | None, limit: str) -> None:
        """Count a call; raises ``TooManyRequests``, and adds the headers otherwise."""
        who = f"contact:{contact_id}" if contact_id is not None else self.address
        standings = [
            self._limits.count((limit,), f"chat:{widget_id}:{who}"),
            self._limits.count(("chat-address",), f"chat:{widget_id}:{self.address}"),
        ]
        self._decide([it for it in standings if it is not None])

    def guessed(self, what: str) -> None:
        """Count a wrong token, contact or signature; raises ``TooManyRequests``."""
        standing = self._limits.count(("chat-guess",), f"chat-guess:{what}:{self.address}")
        self._decide([standing] if standing is not None else [])

    def _decide(self, standings: list[RateStanding]) -> None:
        if not standings:
            return
        shown = min(standings, key=lambda it: (it.allowed, it.remaining))
        headers = shown.headers()
        if not shown.allowed:
            raise TooManyRequests(headers=headers)
        added = list(headers.items())
        self._request.add_response_callback(
            lambda _request, response: response.headerlist.extend(added)
        )


def network_of(address: str) -> str:
    """Return what one customer of a provider has: an IPv4 address, or 64 bits of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        if mapped is not None:
            return str(mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
