"""Recording what a request does to the database, so that the bare handler can do the same.

Recorded are the statements as they reach the driver, with their parameters. Parameters that a
second run cannot repeat become tags: the time of day, ids that an earlier statement gave, and
values that must be unique.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from support_core.db import Database

#: What a statement's result is, by how its text begins or reads from.
ROLES = (
    (r"FROM conversations JOIN customers", "heads"),
    (r"SELECT count\(\*\)|SELECT coalesce\(sum", "total"),
    (r"\nFROM threads", "threads"),
    (r"\nFROM attachments", "attachments"),
    (r"\nFROM deliveries", "deliveries"),
    (r"SELECT users.id, users.name \nFROM users", "users"),
    (r"^INSERT INTO conversations ", "conversation"),
    (r"^INSERT INTO threads ", "thread"),
)
_UNIQUE = re.compile(r"msg_[0-9a-f]{32}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}")


@contextmanager
def recorded(database: Database) -> Iterator[list[dict[str, Any]]]:
    """Yield the list that grows by every statement and transaction end inside of the block."""
    steps: list[dict[str, Any]] = []

    def side(connection: Any) -> str:
        options = connection.get_execution_options()
        if database.dialect == "sqlite":
            return "writer" if options.get("support_write") else "reader"
        return "reader" if options.get("postgresql_readonly") else "writer"

    def statement(connection: Any, _cursor: Any, sql: str, parameters: Any, *rest: Any) -> None:
        role = next((role for pattern, role in ROLES if re.search(pattern, sql)), None)
        if "UPDATE counters" in sql:
            # Only the log's counter is held to the workspace twice.
            values = parameters.values() if isinstance(parameters, dict) else parameters
            role = "event" if "events" in values else "number"
        steps.append(
            {
                "on": side(connection),
                "sql": sql,
                "parameters": parameters,
                "many": rest[-1],
                "role": role,
            }
        )

    def begin(connection: Any) -> None:
        if database.dialect == "sqlite" and side(connection) == "reader":  # the driver begins it
            steps.append({"on": "reader", "sql": "BEGIN", "parameters": [], "role": None})

    def commit(connection: Any) -> None:
        steps.append({"on": side(connection), "sql": "COMMIT", "role": "end"})

    def rollback(connection: Any) -> None:
        steps.append({"on": side(connection), "sql": "ROLLBACK", "role": "end"})

    listeners = (
        ("begin", begin),
        ("before_cursor_execute", statement),
        ("commit", commit),
        ("rollback", rollback),
    )
    for name, listener in listeners:
        event.listen(database.engine, name, listener)
    try:
        yield steps
    finally:
        for name, listener in listeners:
            event.remove(database.engine, name, listener)


def tagged(value: Any, given: Mapping[str, int]) -> Any:
    """Return a parameter as JSON, with tags for what a second run has to make anew.

    ``given`` are the ids that this run's statements made, by the role of the statement; an event's
    id may lie a few below the last one.
    """
    if isinstance(value, dict):
        return {name: tagged(item, given) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [tagged(item, given) for item in value]
    if type(value).__name__ == "Jsonb":
        return {"$": "jsonb", "value": tagged(value.obj, given)}
    if isinstance(value, datetime):
        return _moment(value, {"$": "at", "value": value.isoformat()})
    if isinstance(value, int):
        for role, last in given.items():
            if 0 <= last - value < (10 if role == "event" else 1):
                return {"$": "given", "role": role, "plus": value - last}
    if isinstance(value, str):
        return _text(value, given)
    return value


def _text(value: str, given: Mapping[str, int]) -> Any:
    if _UNIQUE.fullmatch(value):
        return {"$": "unique"}
    if _MOMENT.fullmatch(value):
        return _moment(datetime.fromisoformat(value).replace(tzinfo=UTC), value)
    if value.startswith("{"):
        parsed = orjson.loads(value)
        replaced = tagged(parsed, given)
        if replaced != parsed:
            return {"$": "json", "value": replaced}
    return value


def _moment(value: datetime, kept: Any) -> Any:
    return {"$": "now"} if abs(datetime.now(UTC) - value) < timedelta(minutes=1) else kept
