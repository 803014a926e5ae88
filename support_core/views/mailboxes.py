"""``/mailboxes``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import Conflict
from ..presenters.mailboxes import MAILBOX, present_mailboxes
from ..presenters.shapes import MESSAGE_ONLY, enveloped, paged
from ..rest import ID, Service, path_id
from ..rest.pages import enveloped as envelope
from ..schemas.mailboxes import MailboxFilters, create_mailbox, update_mailbox
from ..security import Permission
from ..services.mailbox_queries import list_mailboxes

if TYPE_CHECKING:
    from pyramid.request import Request

TAG = "Mailboxes"

mailboxes = Service("mailboxes", "/mailboxes", description="Mailboxes.", tag=TAG)
mailbox = Service("mailbox", f"/mailboxes/{ID}", description="One mailbox.", tag=TAG)


@mailboxes.get(
    permission=Permission.VIEW_CONVERSATIONS, query=MailboxFilters(), shape=paged(MAILBOX)
)
def list_(request: Request) -> dict[str, Any]:
    """List mailboxes."""
    page = list_mailboxes(request.desk, request.filters)
    shown = present_mailboxes(request.desk, [row[0] for row in page.rows])
    return envelope(request, page, shown)


@mailboxes.post(
    permission=Permission.MANAGE_MAILBOXES,
    limit="mailboxes",
    rate="mailbox-creation",
    body=create_mailbox,
    status=201,
    shape=enveloped(MAILBOX, message=True),
    secret=True,
)
def create(request: Request) -> dict[str, Any]:
    """Create a mailbox; secrets made with it are shown in this answer only."""
    made, shown_once = request.desk.mailboxes.create(request.validated)
    shown = present_mailboxes(request.desk, [made])[0]
    return {"data": {**shown, **shown_once}, "message": "Mailbox created successfully"}


@mailbox.get(permission=Permission.VIEW_CONVERSATIONS, shape=enveloped(MAILBOX), etag=True)
def show(request: Request) -> dict[str, Any]:
    """Get a mailbox."""
    found = request.desk.mailboxes.get(path_id(request))
    shown = present_mailboxes(request.desk, [found])[0]
    volatile = request.registry.support.plugins.volatile_mailbox_fields
    if volatile:
        request.lasting = {name: it for name, it in shown.items() if name not in volatile}
    return {"data": shown}


GUARD = (show, lambda desk, id_: desk.mailboxes.get(id_, lock=True))


@mailbox.put(
    permission=Permission.MANAGE_MAILBOXES,
    rate="mailbox-update",
    body=update_mailbox,
    shape=enveloped(MAILBOX, message=True),
    raises=(Conflict,),
    precondition=GUARD,
    secret=True,
)
def update(request: Request) -> dict[str, Any]:
    """Update a mailbox; what is left out stays, passwords too."""
    changed, shown_once = request.desk.mailboxes.update(path_id(request), request.validated)
    shown = present_mailboxes(request.desk, [changed])[0]
    return {"data": {**shown, **shown_once}, "message": "Mailbox updated successfully"}


@mailbox.delete(permission=Permission.MANAGE_MAILBOXES, shape=MESSAGE_ONLY, precondition=GUARD)
def delete(request: Request) -> dict[str, Any]:
    """Delete a mailbox; its conversations stay."""
    request.desk.mailboxes.delete(path_id(request))
    return {"message": "Mailbox deleted successfully"}
