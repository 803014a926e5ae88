"""``/whatsapp/accounts``: numbers, their templates, and what came in for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support_core.plugin_api import (
    ID,
    MESSAGE_ONLY,
    Conflict,
    Permission,
    Service,
    enveloped,
    listed,
    obj,
    paged,
    path_id,
)

from . import accounts, handling
from .checking import WhatsAppConnectionFailed, try_account
from .ledger import find_item, list_items
from .presenting import (
    ACCOUNT,
    ITEM,
    ITEM_WITH_DATA,
    TEMPLATE,
    present_account,
    present_item,
    present_template,
)
from .schemas import AccountBody, AccountFilters, IngestFilters, TemplateFilters
from .templates import sync

if TYPE_CHECKING:
    from pyramid.request import Request


TAG = "WhatsApp"
MANAGE = Permission.MANAGE_MAILBOXES
FEATURE = "whatsapp"
BASE = "/whatsapp/accounts"
ONE = f"{BASE}/{ID}"
INGEST_ID = "{ingest_id:[0-9]+}"

all_accounts = Service("whatsapp-accounts", BASE, description="Numbers.", tag=TAG)
account = Service("whatsapp-account", ONE, description="One number.", tag=TAG)
trial = Service("whatsapp-test", f"{ONE}/test", description="A number tried out.", tag=TAG)
templates = Service(
    "whatsapp-templates", f"{ONE}/templates", description="Message templates.", tag=TAG
)
syncing = Service(
    "whatsapp-templates-sync", f"{ONE}/templates/sync", description="Reading them anew.", tag=TAG
)
ingests = Service("whatsapp-ingests", f"{ONE}/ingest", description="What came in.", tag=TAG)
ingest = Service(
    "whatsapp-ingest", f"{ONE}/ingest/{INGEST_ID}", description="One thing of it.", tag=TAG
)
replays = Service(
    "whatsapp-ingest-replay",
    f"{ONE}/ingest/{INGEST_ID}/replay",
    description="Working on it again.",
    tag=TAG,
)


@all_accounts.get(permission=MANAGE, feature=FEATURE, query=AccountFilters(), shape=paged(ACCOUNT))
def list_(request: Request) -> dict[str, Any]:
    """List WhatsApp numbers with their health."""
    page = accounts.list_accounts(request.desk, request.filters)
    shown = [present_account(request.desk, row[0], request) for row in page.rows]
    return listed(request, page, shown)


@all_accounts.post(
    permission=MANAGE,
    feature=FEATURE,
    limit="whatsapp_accounts",
    body=AccountBody(),
    status=201,
    shape=enveloped(ACCOUNT, message=True),
)
def create(request: Request) -> dict[str, Any]:
    """Add a WhatsApp number; Meta is asked about it, and for its templates, at once."""
    made = accounts.create(request.desk, request.validated)
    return {
        "data": present_account(request.desk, made, request),
        "message": "WhatsApp account created successfully",
    }


@account.get(permission=MANAGE, feature=FEATURE, shape=enveloped(ACCOUNT), etag=True)
def show(request: Request) -> dict[str, Any]:
    """Get a WhatsApp number with its health."""
    found = accounts.get(request.desk, path_id(request))
    return {"data": present_account(request.desk, found, request)}


GUARD = (show, accounts.locked)


@account.put(
    permission=MANAGE,
    feature=FEATURE,
    body=AccountBody(partial=True),
    shape=enveloped(ACCOUNT, message=True),
    precondition=GUARD,
)
def update(request: Request) -> dict[str, Any]:
    """Update a WhatsApp number; what is left out stays, secrets too."""
    changed = accounts.update(request.desk, path_id(request), request.validated)
    return {
        "data": present_account(request.desk, changed, request),
        "message": "WhatsApp account updated successfully",
    }


@account.delete(permission=MANAGE, feature=FEATURE, shape=MESSAGE_ONLY, precondition=GUARD)
def delete(request: Request) -> dict[str, Any]:
    """Delete a WhatsApp number with its ledger; its conversations stay."""
    accounts.delete(request.desk, path_id(request))
    return {"message": "WhatsApp account deleted successfully"}


@trial.post(
    permission=MANAGE,
    feature=FEATURE,
    rate="whatsapp-test",
    shape=obj(success={"type": "boolean", "const": True}, message={"type": "string"}),
    raises=(WhatsAppConnectionFailed,),
)
def try_out(request: Request) -> dict[str, Any]:
    """Test the token and the number by asking Meta; nothing is sent."""
    accounts.get(request.desk, path_id(request))
    return try_account(request.between_transactions(), path_id(request))


@templates.get(
    permission=Permission.REPLY_TO_CONVERSATIONS,
    feature=FEATURE,
    query=TemplateFilters(),
    shape=paged(TEMPLATE),
)
def list_templates(request: Request) -> dict[str, Any]:
    """List the message templates of a number, as Meta last described them."""
    found = accounts.get(request.desk, path_id(request))
    page = accounts.list_templates(request.desk, found.id, request.filters)
    return listed(request, page, [present_template(row[0]) for row in page.rows])


@syncing.post(permission=MANAGE, feature=FEATURE, status=202, shape=MESSAGE_ONLY)
def sync_templates(request: Request) -> dict[str, Any]:
    """Read the message templates from Meta anew, in the background."""
    found = accounts.get(request.desk, path_id(request))
    request.desk.enqueue(sync, found.id, key=str(found.id))
    return {"message": "Template sync queued"}


@ingests.get(permission=MANAGE, feature=FEATURE, query=IngestFilters(), shape=paged(ITEM))
def list_ingests(request: Request) -> dict[str, Any]:
    """List what webhooks told of a number, the newest first, and what became of it."""
    found = accounts.get(request.desk, path_id(request))
    page = list_items(request.desk, found.id, request.filters)
    return listed(request, page, [present_item(row[0]) for row in page.rows])


@ingest.get(permission=MANAGE, feature=FEATURE, shape=enveloped(ITEM_WITH_DATA))
def show_ingest(request: Request) -> dict[str, Any]:
    """Get something that a webhook told, in Meta's own words where they are still needed."""
    found = find_item(request.desk, path_id(request), path_id(request, "ingest_id"))
    return {"data": present_item(found, data=True)}


@replays.post(
    permission=MANAGE,
    feature=FEATURE,
    shape=enveloped(ITEM_WITH_DATA, message=True),
    raises=(Conflict,),
)
def replay_one(request: Request) -> dict[str, Any]:
    """Work on something again that failed; what has not failed stays as it is (409)."""
    desk, ingest_id = request.desk, path_id(request, "ingest_id")
    found = find_item(desk, path_id(request), ingest_id, lock=True)
    if found.state != "failed":
        raise Conflict("Only what has failed can be replayed.")
    handling.replay(desk, found)
    return {"data": present_item(found, data=True), "message": "Replayed successfully"}
