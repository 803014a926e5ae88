"""A workspace with one of everything, and a picture of a whole database to compare."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from typing import TYPE_CHECKING

from sqlalchemy import select, text, update

from support_core.channels import Permanent
from support_core.models import Base, Job
from support_core.security.secrets import csrf_token, hash_password
from support_core.services.logins import start_session
from support_core.services.maintenance import delete_blobs
from support_core.testing import Client, make_desk, probe

from .chatted import Chat, add_chat
from .hooked import add_delivery, add_replay, add_webhook
from .mailed import add_ingest, add_traces, server_fields
from .texted import add_account, add_item, add_texts, graph_url
from .timed import add_service_levels

if TYPE_CHECKING:
    from pathlib import Path

    from support_core.db import Database
    from support_core.testing import DeskUnderTest, TestWorkspace

PASSWORD = "correct horse battery"


@cache
def _hashed(password: str) -> str:
    return hash_password(password)  # slow on purpose, so once


@dataclass
class World:
    """A workspace and the ids of what is in it."""

    workspace: TestWorkspace
    email: str
    member: int
    role: int
    token: int
    mailbox: int
    customer: int
    conversation: int
    api_conversation: int
    email_conversation: int
    deleted_conversation: int
    failed_thread: int
    held_thread: int
    attachment: int
    ingest: int
    job: int
    webhook: int
    webhook_delivery: int
    webhook_replay: int
    chat: Chat
    business_hours: int
    sla_policy: int
    sla_recomputation: int
    other_customer: int
    whatsapp_account: int
    whatsapp_item: int
    password: str = PASSWORD

    @property
    def widget(self) -> int:
        """The widget."""
        return self.chat.widget

    @property
    def chat_file(self) -> int:
        """The visitor's file."""
        return self.chat.file

    @property
    def owner(self) -> Client:
        """The owner by token."""
        return self.workspace.owner


def make_full_desk(folder: Path, url: str) -> DeskUnderTest:
    """Make an application with every shipped plugin, and the probe channel."""
    shipped = [
        point.name
        for point in distribution("support-core").entry_points
        # nchan needs an nginx, and adds no operation.
        if point.group == "support_core.plugins" and point.name != "nchan"
    ]
    return make_desk(
        folder,
        url,
        plugins=shipped,
        extra={"probe": probe},
        support__chat__demo="true",
        support__whatsapp__graph_url=graph_url(),
    )


def make_world(desk: DeskUnderTest) -> World:
    """Make a workspace and fill it; nothing in it is due to change by itself."""
    workspace = desk.workspace()
    owner = workspace.owner
    member = workspace.member("agent", email=f"member{workspace.id}@example.test")
    with workspace.desk() as opened:
        opened.members.get(member).password_hash = _hashed(PASSWORD)
    mailbox = workspace.mailbox(callback_url="https://example.com/replies", **server_fields())
    conversation = workspace.conversation(mailbox_id=mailbox, tags=["vip"])
    probe.failures[conversation["id"]] = [Permanent("refused")]
    failed = _reply(owner, conversation["id"])
    desk.run_jobs()
    deleted = workspace.conversation(mailbox_id=mailbox)["id"]
    owner.delete(f"/conversations/{deleted}")
    owner.put(f"/conversations/{conversation['id']}/presence", {"state": "viewing"})
    attachment = owner.upload("note.txt", b"text", content_type="text/plain").json["data"]["id"]
    role = {"name": "own-role", "permissions": ["view_conversations"]}
    account = add_account(workspace, mailbox)
    other = owner.post("/customers", {"email": "other@example.test"}).json["data"]["id"]
    world = World(
        workspace,
        email=f"member{workspace.id}@example.test",
        member=member,
        role=owner.post("/roles", role).json["data"]["id"],
        token=owner.post("/tokens", {"name": "spare"}).json["data"]["id"],
        mailbox=mailbox,
        customer=conversation["customer"]["id"],
        conversation=conversation["id"],
        api_conversation=workspace.conversation(mailbox_id=mailbox, channel="api")["id"],
        email_conversation=workspace.conversation(mailbox_id=mailbox, channel="email")["id"],
        deleted_conversation=deleted,
        failed_thread=failed,
        held_thread=_reply(owner, conversation["id"], undo_seconds=60),
        attachment=attachment,
        ingest=add_ingest(workspace, mailbox),
        job=dead_job(workspace),
        other_customer=other,
        whatsapp_account=account,
        whatsapp_item=add_item(workspace, account),
        **_webhook(workspace, conversation["id"]),
        chat=add_chat(workspace, mailbox),
        **add_service_levels(workspace),
    )
    add_traces(workspace, mailbox, world.conversation, failed)
    add_texts(workspace, account, failed)
    desk.run_jobs()
    return world


def dead_job(workspace: TestWorkspace) -> int:
    """Make a job of the workspace that failed for good; it does no harm when it is retried."""
    with workspace.desk() as desk:
        message_id = desk.enqueue(delete_blobs, f"{workspace.id}/00/{'0' * 64}")
        its = Job.message_id == message_id
        desk.session.execute(
            update(Job).where(its).values(state="dead", last_error="GiveUp: it broke")
        )
        found: int = desk.session.execute(select(Job.id).where(its)).scalar_one()
    return found


def _webhook(workspace: TestWorkspace, conversation: int) -> dict[str, int]:
    webhook = add_webhook(workspace)
    with workspace.desk() as desk:
        delivery = add_delivery(desk, webhook, conversation)
        replay = add_replay(desk, webhook)
    return {"webhook": webhook, "webhook_delivery": delivery, "webhook_replay": replay}


def _reply(client: Client, conversation: int, **more: int) -> int:
    answer = client.post(f"/conversations/{conversation}/reply", {"body": "Hi", **more})
    thread: int = answer.json["data"]["id"]
    return thread


def logged_in(world: World, *, user_id: int | None = None) -> tuple[Client, str]:
    """Return a client with a login cookie and its CSRF token, without sending that."""
    application = world.workspace.under_test.application
    with application.database.transaction() as session:
        secret = start_session(
            session,
            [user_id or world.workspace.owner_id],
            now=application.clock(),
            seconds=3600,
        )
    client = Client(world.workspace.under_test.wsgi, {"Cookie": f"support_session={secret}"})
    return client, csrf_token(secret)


#: That a token was used is noted every five minutes, however little it reached.
NOTED = ("api_tokens", "last_used_at")


def picture(database: Database, *, workspace_id: int | None = None) -> dict[str, str]:
    """Return a hash of every table's rows, jobs, events and search documents included.

    With ``workspace_id``, of that workspace's rows in the tables that have any.
    """
    hashes = {}
    tables = {name: "workspace_id" in table.c for name, table in Base.metadata.tables.items()}
    tables |= {"conversation_search": True, "customer_search": True}
    with database.engine.connect() as connection:
        for name, scoped in sorted(tables.items()):
            if workspace_id is not None and not scoped:
                continue
            where = f" WHERE workspace_id = {workspace_id}" if workspace_id is not None else ""
            rows = connection.execute(text(f"SELECT * FROM {name}{where}"))  # noqa: S608
            lines = sorted(
                repr([value for column, value in row.items() if (name, column) != NOTED])
                for row in rows.mappings()
            )
            hashes[name] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return hashes
