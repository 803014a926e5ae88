"""The schemas of answers: what presenters registered, completed by the plugins."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from ..presenters.conversations import CONVERSATION, CONVERSATION_ITEM
from ..presenters.mailboxes import MAILBOX
from ..presenters.shapes import COMPONENTS
from .answers import ERROR, VALIDATION_ERROR

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..application import Application
    from ..rest import Operation

PREFIX = "#/components/schemas/"
NEW_MAILBOX = "MailboxWithSecrets"


def components(application: Application) -> dict[str, Any]:
    """Return every registered schema, a mailbox with the fields that plugins add."""
    schemas = deepcopy(COMPONENTS)
    mailbox = schemas[MAILBOX["$ref"].removeprefix(PREFIX)]
    once: dict[str, Any] = {}
    for extension in application.plugins.mailbox_fields:
        mailbox["properties"].update(deepcopy(dict(extension.shown)))
        mailbox["required"] += [name for name in extension.shown if name in extension.defaults]
        once.update(deepcopy(dict(extension.shown_once)))
    for added in application.plugins.conversation_fields:
        for name in (CONVERSATION, CONVERSATION_ITEM):
            shown = schemas[name["$ref"].removeprefix(PREFIX)]
            shown["properties"].update(deepcopy(dict(added.shapes)))
            shown["required"] = list(dict.fromkeys([*shown["required"], *added.shapes]))
    schemas[NEW_MAILBOX] = {
        "allOf": [dict(MAILBOX), {"type": "object", "properties": once}],
        "description": "A mailbox with the secrets made by this call, which are shown only here.",
    }
    schemas["Error"] = deepcopy(ERROR)
    schemas["ValidationError"] = deepcopy(VALIDATION_ERROR)
    return schemas


def success_shape(operation: Operation, application: Application) -> dict[str, Any] | None:
    """Return the schema of the success answer; a changed mailbox may show secrets once."""
    if operation.shape is None:
        return None
    shape = deepcopy(dict(operation.shape))
    shows_secrets = any(it.shown_once for it in application.plugins.mailbox_fields)
    if operation.secret and shows_secrets and shape.get("properties", {}).get("data") == MAILBOX:
        shape["properties"]["data"] = {"$ref": PREFIX + NEW_MAILBOX}
    return shape


def reachable(schemas: Mapping[str, Any], *roots: Any) -> dict[str, Any]:
    """Return the schemas that ``roots`` refer to, directly or not, by name."""
    wanted: set[str] = set()
    waiting = [name for root in roots for name in references(root)]
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting.extend(references(schemas[name]))
    return {name: schemas[name] for name in sorted(wanted)}


def references(value: Any) -> Iterator[str]:
    """Yield the names of the schemas that ``value`` refers to."""
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str) and reference.startswith(PREFIX):
            yield reference.removeprefix(PREFIX)
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)
