"""Bodies and queries."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from support_core.plugin_api import fields

from .catalogue import choices
from .models import STATES

if TYPE_CHECKING:
    from support_core.plugin_api import Application

SHOWN = (
    "id",
    "disabled_at",
    "disabled_reason",
    "old_secret_until",
    "health",
    "created_at",
    "updated_at",
)


class EndpointBody(fields.Body):
    read_only = SHOWN

    url = fields.Url(description="Where events are posted; https, but for tests.")
    description = fields.String(max=500, missing=None, nullable=True)
    is_active = fields.Boolean(missing=True, description="Nothing is recorded or sent while false.")


class ReplayBody(fields.Body):
    after = fields.DateTime(description="What was logged at this moment or later.")
    before = fields.DateTime(
        missing=None, nullable=True, description="And before this one; now by default."
    )
    only_failed = fields.Boolean(
        missing=False, description="Only what was given up, by when it was recorded."
    )


def _event_types(application: Application) -> fields.ListOf:
    return fields.ListOf(
        fields.Choice(partial(choices, application)),
        max=100,
        distinct=True,
        missing=[],
        name="event_types",
        description="Names, or conversation.* for all of a noun; empty for everything.",
    )


def create_endpoint(application: Application) -> fields.Body:
    """Return the body of a new endpoint."""
    return EndpointBody().extended_with([_event_types(application)])


def update_endpoint(application: Application) -> fields.Body:
    """Return the body of an update; what is left out stays."""
    return EndpointBody(partial=True).extended_with([_event_types(application)])


def begin_replay(application: Application) -> fields.Body:
    """Return the body of a replay."""
    return ReplayBody().extended_with([_event_types(application)])


class EndpointFilters(fields.PageQuery):
    is_active = fields.Boolean(missing=fields.drop)
    sort = fields.Sort(("id", "created_at"), missing="id")


class DeliveryFilters(fields.PageQuery):
    state: Any = fields.CommaSeparated(fields.Choice(STATES), missing=fields.drop)
    event_type = fields.CommaSeparated(fields.String(max=63), missing=fields.drop)
    conversation_id = fields.Id(missing=fields.drop)
    after = fields.DateTime(dates=True, missing=fields.drop, description="Recorded then or later.")
    before = fields.DateTime(dates=True, missing=fields.drop, description="Recorded before then.")
    sort = fields.Sort(("id",), missing="-id")


class ReplayFilters(fields.PageQuery):
    sort = fields.Sort(("id",), missing="-id")
