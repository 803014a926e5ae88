"""Every operation of an application, and how to call each of them validly.

The operations come from the registered routes. What a call needs besides its ids stands in
:data:`BODIES` and :data:`PATHS`; a route that cannot be called with what is here fails
``test_matrix`` until it is added.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from support_core.rest import PREFIX
from support_core.testing import carried, data_of

from .texted import VERIFY, account_fields, signed, webhook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from webtest.response import TestResponse

    from support_core.rest import Operation
    from support_core.testing import Client, DeskUnderTest

    from .world import World

_PARAMETER = re.compile(r"\{(\w+):[^}]*\}")

#: Whose id stands after a noun of a path.
NOUNS = {
    "accounts": "whatsapp_account",
    "attachments": "attachment",
    "business-hours": "business_hours",
    "conversations": "conversation",
    "customers": "customer",
    "deliveries": "webhook_delivery",
    "ingest": "ingest",
    "jobs": "job",
    "mailboxes": "mailbox",
    "replays": "webhook_replay",
    "roles": "role",
    "sla-policies": "sla_policy",
    "sla-recomputations": "sla_recomputation",
    "tokens": "token",
    "users": "member",
    "webhook": "whatsapp_account",
    "webhooks": "webhook",
    "widgets": "widget",
}

#: Paths that need a particular row of their kind.
PATHS: dict[str, dict[str, str]] = {
    "/chat/attachments/{id}": {"id": "chat_file"},
    "/conversations/{id}/messages": {"id": "api_conversation"},
    "/conversations/{id}/reply-address": {"id": "email_conversation"},
    "/conversations/{id}/restore": {"id": "deleted_conversation"},
    "/conversations/{id}/threads/{thread_id}": {"thread_id": "held_thread"},
    "/conversations/{id}/threads/{thread_id}/retry": {"thread_id": "failed_thread"},
    "/whatsapp/accounts/{id}/ingest/{ingest_id}": {"ingest_id": "whatsapp_item"},
    "/whatsapp/accounts/{id}/ingest/{ingest_id}/replay": {"ingest_id": "whatsapp_item"},
}

#: What a field of a body, or a filter, refers to.
REFERENCES = {
    "assigned_to": "member",
    "attachment_ids": "attachment",
    "business_hours_id": "business_hours",
    "conversation_id": "conversation",
    "customer_id": "customer",
    "ids": "job",
    "in_reply_to": "failed_thread",
    "mailbox_id": "mailbox",
    "policy_id": "sla_policy",
    "user_id": "member",
    "widget_id": "widget",
}

#: Valid bodies by method and path.
BODIES: dict[str, Callable[[World], dict[str, Any]]] = {
    "POST /auth/login": lambda world: {"email": world.email, "password": world.password},
    "POST /chat/init": lambda world: {"token": world.chat.token},
    "POST /chat/start": lambda world: {**world.chat.visitor, "message": "Hello"},
    "POST /chat/message": lambda world: {**world.chat.talk, "message": "And one more thing"},
    "POST /chat/typing": lambda world: {**world.chat.talk, "is_typing": True},
    "POST /chat/read": lambda world: {**world.chat.talk, "last_read_id": 1},
    "POST /chat/visit": lambda world: dict(world.chat.visitor),
    "POST /business-hours": lambda _: {"name": "Always", "always_open": True},
    "PUT /business-hours/{id}": lambda _: {"name": "Renamed"},
    "POST /conversations": lambda world: {
        "mailbox_id": world.mailbox,
        "customer_email": "new@example.test",
        "subject": "A new one",
        "body": "Hello",
        "channel": "probe",
    },
    "PATCH /conversations/{id}": lambda _: {"subject": "Another subject"},
    "PATCH /conversations/{id}/assign": lambda world: {"user_id": world.member},
    "POST /conversations/{id}/messages": lambda _: {"body": "And one more thing"},
    "POST /conversations/{id}/reply": lambda _: {"body": "An answer"},
    "PUT /conversations/{id}/presence": lambda _: {"state": "viewing"},
    "PATCH /conversations/{id}/status": lambda _: {"status": "closed"},
    "POST /customers": lambda _: {"email": "customer-new@example.test"},
    "POST /customers/{id}/merge": lambda world: {"customer_id": world.other_customer},
    "PUT /customers/{id}": lambda _: {"company": "Example"},
    "POST /jobs/purge": lambda world: {"ids": [world.job]},
    "POST /jobs/retry": lambda world: {"ids": [world.job]},
    "POST /mailboxes": lambda _: {"name": "Sales", "email": "sales-new@example.test"},
    "PUT /mailboxes/{id}": lambda _: {"name": "Renamed"},
    "POST /roles": lambda _: {"name": "new-role", "permissions": ["view_conversations"]},
    "PUT /roles/{id}": lambda _: {"name": "renamed-role"},
    "POST /sla-policies": lambda world: {
        "name": "Another",
        "targets": {"normal": {"first_response": 60}},
        "business_hours_id": world.business_hours,
    },
    "PUT /sla-policies/{id}": lambda _: {"name": "Renamed"},
    "POST /tokens": lambda _: {"name": "another"},
    "POST /users": lambda _: {"email": "user-new@example.test", "name": "New User"},
    "PUT /users/{id}": lambda _: {"name": "Renamed User"},
    "POST /webhooks": lambda _: {"url": "https://example.com/hook"},
    "POST /widgets": lambda world: {"name": "Another", "mailbox_id": world.mailbox},
    "PUT /widgets/{id}": lambda _: {"name": "Renamed"},
    "PUT /webhooks/{id}": lambda _: {"description": "Renamed"},
    "POST /webhooks/{id}/replay": lambda _: {"after": "2026-01-01T00:00:00Z"},
    "POST /whatsapp/accounts": lambda world: account_fields(world.mailbox, number="another"),
    "PUT /whatsapp/accounts/{id}": lambda _: {"name": "Renamed"},
    "POST /whatsapp/webhook/{id}": lambda _: webhook(),
}

#: What proves a body, where that is what a call needs.
PROOFS: dict[str, Callable[[bytes], dict[str, str]]] = {"POST /whatsapp/webhook/{id}": signed}


#: Queries that a call needs, by method and path.
QUERIES: dict[str, Callable[[World], Mapping[str, Any]]] = {
    "GET /chat/attachments/{id}": lambda world: world.chat.visitor,
    "GET /chat/history": lambda world: world.chat.talk,
    "GET /chat/stream": lambda world: world.chat.visitor,
    "POST /chat/attachments": lambda world: world.chat.visitor,
    "GET /whatsapp/webhook/{id}": lambda _: {
        "hub.mode": "subscribe",
        "hub.challenge": "1",
        "hub.verify_token": VERIFY,
    },
}


class NoRecipe(Exception):
    """A route needs something that this module does not know."""


@dataclass(frozen=True)
class Call:
    """One request of one operation; ``parameters`` are the ids in its path."""

    method: str
    pattern: str
    parameters: Mapping[str, int]
    body: dict[str, Any] | None = None
    upload: bool = False
    query: str = ""
    proof: Callable[[bytes], dict[str, str]] | None = None

    def by(self, client: Client, **headers: str) -> TestResponse:
        """Send it."""
        path = self.pattern.format(**self.parameters) + self.query
        if self.upload:
            fresh = type(client)(client._app.app, {**client.headers, **headers})
            return fresh.upload("note.txt", b"text", content_type="text/plain", path=path)
        if self.proof is not None:
            raw = json.dumps(self.body).encode()
            return client.call(self.method, path, raw=raw, headers={**headers, **self.proof(raw)})
        return client.call(self.method, path, self.body, headers=headers)

    def with_parameter(self, name: str, value: int) -> Call:
        """Return the call with another id in its path."""
        return replace(self, parameters={**self.parameters, name: value})

    def with_field(self, name: str, value: Any) -> Call:
        """Return the call with another value in its body."""
        return replace(self, body={**(self.body or {}), name: value})


def pattern_of(operation: Operation) -> str:
    """Return the operation's path below the prefix, its parameters by name."""
    return _PARAMETER.sub(r"{\1}", operation.path.removeprefix(PREFIX))


def name_of(operation: Operation) -> str:
    """Return how tests and recipes call the operation."""
    return f"{operation.method} {pattern_of(operation)}"


def operations(desk: DeskUnderTest) -> dict[str, Operation]:
    """Return every registered operation by name; HEAD is GET without a body."""
    found = {}
    for service in desk.registry.cornice_services.values():
        for _, _, options in service.definitions:
            operation = options.get("operation")
            if operation is None:
                raise NoRecipe(f"{service.path} was registered without an operation")
            if operation.method != "HEAD":
                found[name_of(operation)] = operation
    return dict(sorted(found.items()))


def owner_of(pattern: str, parameter: str) -> str:
    """Return what of a world an id in a path belongs to."""
    special = PATHS.get(pattern, {})
    if parameter in special:
        return special[parameter]
    segments = pattern.split("/")
    noun = segments[segments.index(f"{{{parameter}}}") - 1]
    if noun not in NOUNS:
        raise NoRecipe(f"whose id is {parameter} of {pattern}? Add it to NOUNS or PATHS")
    return NOUNS[noun]


def valid_call(operation: Operation, world: World) -> Call:
    """Return a request that succeeds in ``world``; raises ``NoRecipe``."""
    pattern, name = pattern_of(operation), name_of(operation)
    parameters = {
        parameter: getattr(world, owner_of(pattern, parameter))
        for parameter in _PARAMETER.findall(operation.path)
    }
    upload = operation.request_media == "multipart/form-data"
    if operation.body is not None and name not in BODIES:
        raise NoRecipe(f"{name} takes a body; add a valid one to BODIES")
    body = BODIES[name](world) if name in BODIES else None
    query = f"?{urlencode(QUERIES[name](world))}" if name in QUERIES else ""
    return Call(operation.method, pattern, parameters, body, upload, query, PROOFS.get(name))


def shown_by(world: World, path: str) -> Any:
    """Return what the owner sees as ``data``: of a stream the events it carries, of a 422 none."""
    answer = world.owner.get(path)
    if answer.content_type == "text/event-stream":
        world.owner.get(f"{path}{'&' if '?' in path else '?'}last_event_id=0")
        subscription = world.owner.subscription
        assert subscription is not None
        return data_of(carried(world.workspace.under_test.application, subscription))
    assert answer.status_int in {200, 422}, answer.text
    if answer.content_type == "text/csv":
        return answer.text.splitlines()[1:-1]  # without names and totals
    shown = answer.json.get("data", [])
    return shown["rows"] if "totals" in shown else shown
