"""What the plugin adds to conversations: fields, a filter, and orders."""

from __future__ import annotations

from support_core.plugin_api import ConversationFields, fields

from .models import Clock
from .presenting import CONVERSATION_SHAPES
from .reckoning import STATES, TARGETS

_c = Clock.__table__.c

_DUE = {f"sla_{name}_due_at": _c[f"{name}_due_at"] for name in TARGETS}

FIELDS = ConversationFields(
    table=Clock.__table__,
    shown={"sla_status": _c.sla_status, **_DUE},
    shapes=CONVERSATION_SHAPES,
    filters={
        "sla_status": (
            fields.Choice(STATES, description="Filter by how the service level stands."),
            _c.sla_status,
        )
    },
    sorts={"sla_due_at": _c.due_at, **_DUE},
    live_only=True,
)
