"""Bodies and queries of conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ..models import PRIORITIES, STATUSES
from ..services.conversation_queries import DEFAULT_SORT, SORTS
from .fields import (
    Body,
    Choice,
    CommaSeparated,
    DateTime,
    Email,
    Id,
    Integer,
    ListOf,
    PageQuery,
    Query,
    Refused,
    Sort,
    String,
    drop,
    required,
)

if TYPE_CHECKING:
    from ..application import Application

MAX_BODY = 50_000
MAX_RECIPIENTS = 50
MAX_ATTACHMENTS = 50

TAG = String(min=1, max=63, single_line=True)


def attachment_ids() -> Any:
    """Return the field that names uploads."""
    return ListOf(
        Id(), max=MAX_ATTACHMENTS, missing=(), description="Uploads to attach, in this order."
    )


class CreateConversation(Body):
    mailbox_id = Id(description="The mailbox the conversation belongs to.")
    customer_email = Email(description="Found within the workspace, or created.")
    subject = String(min=3, max=500, single_line=True)
    body = String(min=1, max=MAX_BODY, strip=False)
    body_format = Choice(("text", "html"), missing="text")
    customer_name = String(max=255, single_line=True, missing=None, nullable=True)
    type = Choice(
        ("customer", "message"),
        missing="customer",
        description="Whether the customer wrote it, or an agent, who starts the conversation.",
    )
    priority = Choice(PRIORITIES, missing="normal")
    assigned_to = Id(missing=None, nullable=True)
    tags = ListOf(TAG, max=50, missing=())
    attachment_ids = attachment_ids()


def create_conversation(application: Application) -> Body:
    """Return the body of a new conversation, whose channel is one of the enabled ones."""
    channels = application.plugins.channels
    default = next((name for name, it in channels.items() if it.rest_default), required)
    channel = Choice(
        sorted(channels),
        name="channel",
        missing=default,
        description="One of the enabled channels.",
    )
    return CreateConversation().extended_with([channel])


class TemplateBody(Body):
    """A template of the channel's provider, and what fills its variables, in their order."""

    name = String(min=1, max=512, single_line=True)
    language = String(min=2, max=15, single_line=True, description="Such as en_US.")
    parameters = ListOf(String(min=1, max=1024, single_line=True), max=100, missing=())


class ReplyBody(Body):
    body = String(
        min=1,
        max=MAX_BODY,
        strip=False,
        missing="",
        description="Reply content; required without template.",
    )
    type = Choice(("reply", "note"), missing="reply")
    body_format = Choice(("text", "html"), missing="text")
    attachment_ids = attachment_ids()
    cc = ListOf(Email(), max=MAX_RECIPIENTS, missing=())
    bcc = ListOf(Email(), max=MAX_RECIPIENTS, missing=())
    status = Choice(STATUSES, missing=None, nullable=True, description="Set with the reply.")
    send_at = DateTime(missing=None, nullable=True, description="When it leaves, if later.")
    undo_seconds = Integer(
        min=0, max=60, missing=0, description="Seconds for which it can be cancelled."
    )
    template = TemplateBody(
        missing=None,
        nullable=True,
        description="Sent instead of a body, where the channel has templates.",
    )
    in_reply_to = Id(missing=None, nullable=True, description="The thread that the reply quotes.")

    def read(self, value: Any) -> dict[str, Any]:
        """Read the body; without a template an empty text is none, and one is required."""
        if type(value) is dict and value.get("template") is None:
            text = value.get("body")
            if text is None or (isinstance(text, str) and not text.strip()):
                value = {name: it for name, it in value.items() if name != "body"}
        values: dict[str, Any] = super().read(value)
        return values

    def validator(self, node: Any, value: dict[str, Any]) -> None:
        """A note goes to nobody, so that it has no recipients and no time to leave."""
        problem = Refused(node)
        if value["type"] == "note":
            for name in ("cc", "bcc", "send_at", "undo_seconds", "template", "in_reply_to"):
                if value[name]:
                    problem[name] = "The :attribute field is prohibited when type is note."
        if value["template"] is None and not value["body"]:
            problem["body"] = "The :attribute field is required."
        elif value["template"] is not None and value["body"]:
            problem["body"] = "The :attribute field is prohibited when template is present."
        if problem.children:
            raise problem


class StatusBody(Body):
    status = Choice(STATUSES)


class AssignBody(Body):
    user_id = Id(nullable=True, description="A member of the workspace; null unassigns.")


class UpdateConversation(Body):
    subject = String(min=3, max=500, single_line=True, missing=drop)
    priority = Choice(PRIORITIES, missing=drop)
    tags = ListOf(TAG, max=50, missing=drop)
    mailbox_id = Id(missing=drop)


class ListFilters(PageQuery):
    """What every list of conversations takes."""

    mailbox_id = CommaSeparated(Id(), missing=drop, description="Filter by mailbox.")
    status = CommaSeparated(Choice(STATUSES), missing=drop, description="Filter by status.")
    assigned_to = CommaSeparated(
        Id(words=("unassigned", "me")),
        missing=drop,
        description="Filter by assignee id, me, or unassigned.",
    )
    priority = CommaSeparated(Choice(PRIORITIES), missing=drop)
    tag = String(max=63, missing=drop)
    created_after = DateTime(dates=True, missing=drop)
    created_before = DateTime(dates=True, missing=drop)
    updated_after = DateTime(dates=True, missing=drop)
    search = String(
        max=255, missing=drop, description="Substring of subject or customer e-mail, or a number."
    )


class ConversationFilters(ListFilters):
    customer_id = Id(missing=drop)


def conversation_filters(application: Application) -> Query:
    """Return the list's query, whose channel is among the enabled ones."""
    return _completed(ConversationFilters(), application)


def customer_conversation_filters(application: Application) -> Query:
    """Return the query of one customer's list, which names no customer a second time."""
    return _completed(ListFilters(), application)


def _completed(filters: ListFilters, application: Application) -> Query:
    """Return the filters with what only the enabled plugins can say: channels, fields, sorts."""
    channel = CommaSeparated(
        Choice(sorted(application.plugins.channels)),
        name="channel",
        missing=drop,
        description="Filter by channel.",
    )
    declared = application.plugins.conversation_fields
    added = [
        CommaSeparated(choice, name=name, missing=drop, description=choice.description)
        for fields in declared
        for name, (choice, _) in fields.filters.items()
    ]
    sorts = (*SORTS, *(name for fields in declared for name in fields.sorts))
    sort = Sort(sorts, name="sort", missing=DEFAULT_SORT)
    return cast("Query", filters.extended_with([channel, *added, sort]))


class ThreadFilters(PageQuery):
    sort = Sort(("id",), missing="id")
