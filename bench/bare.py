"""The bare handler: WSGI, the driver and orjson, and nothing else.

It runs the statements that were recorded of the product, on one connection for reading and one
for writing, and builds the same answers from the rows by hand.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC | orjson.OPT_OMIT_MICROSECONDS


class Bare:
    """The WSGI application over one plan: the database, the statements, the requests."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._sqlite = plan["dialect"] == "sqlite"
        connect = _connect_sqlite if self._sqlite else _connect_postgresql
        self._connections = {
            "reader": connect(plan["database"], reading=True),
            "writer": connect(plan["database"], reading=False),
        }
        self._answers = {
            request["key"]: (request, [self._step(step) for step in request["steps"]])
            for request in plan["requests"]
        }
        self._positions: dict[str, dict[str, int]] = {}

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        method, path, query = (
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            environ.get("QUERY_STRING"),
        )
        if path == "/":
            return self._reply(start_response, "200 OK", b"{}")
        key = f"{method} {path}?{query}" if query else f"{method} {path}"
        sent: Any = None
        if method == "POST":
            raw = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            sent = orjson.loads(raw)
            key += f" {raw.decode()}"
        request, steps = self._answers[key]
        known = self._run(steps)
        answer = getattr(self, f"_{request['shape']}")(request, known, sent)
        return self._reply(start_response, request["status"], orjson.dumps(answer, option=OPTIONS))

    @staticmethod
    def _reply(start_response: Callable[..., Any], status: str, body: bytes) -> Iterable[bytes]:
        start_response(
            status,
            [("Content-Type", "application/json"), ("Content-Length", str(len(body)))],
        )
        return [body]

    def _step(self, step: dict[str, Any]) -> tuple[Any, ...]:
        parameters = step.get("parameters")
        make = None if parameters is None else _maker(parameters, sqlite=self._sqlite)
        return (
            self._connections[step["on"]],
            step["sql"],
            make or parameters,
            make is not None,
            step.get("many"),
            step["role"],
        )

    def _run(self, steps: list[tuple[Any, ...]]) -> dict[str, Any]:
        known: dict[str, Any] = {"now": datetime.now(UTC)}
        for connection, sql, parameters, dynamic, many, role in steps:
            if role == "end":
                connection.commit() if sql == "COMMIT" else connection.rollback()
                continue
            values = parameters(known) if dynamic else parameters
            cursor = connection.cursor()
            if many:
                cursor.executemany(sql, values)
            else:
                cursor.execute(sql, values)
            if cursor.description is not None:
                rows = cursor.fetchall()
                if role in {"number", "event", "conversation", "thread"}:
                    known[role] = rows[0][0]
                elif role is not None:
                    known[role] = rows
                    if role not in self._positions:
                        self._positions[role] = {
                            column[0]: i for i, column in enumerate(cursor.description)
                        }
            elif role is not None:
                known[role] = cursor.lastrowid
            cursor.close()
        return known

    def _moment(self, value: Any) -> Any:
        return f"{value[:10]}T{value[11:19]}Z" if self._sqlite and value is not None else value

    def _parsed(self, value: Any) -> Any:
        return orjson.loads(value) if self._sqlite and value is not None else value

    def _list(self, request: dict[str, Any], known: dict[str, Any], _sent: Any) -> Any:
        moment, parsed = self._moment, self._parsed
        presented = [
            {
                "id": row[0],
                "number": row[1],
                "subject": row[2],
                "status": row[3],
                "channel": row[4],
                "priority": row[5],
                "tags": parsed(row[6]),
                "customer": {"id": row[10], "email": row[11], "display_name": row[12]},
                "mailbox": {"id": row[13], "name": row[14]},
                "assignedUser": None if row[15] is None else {"id": row[15], "name": row[16]},
                "last_reply_at": moment(row[7]),
                "created_at": moment(row[8]),
                "updated_at": moment(row[9]),
            }
            for row in known["heads"]
        ]
        shown = len(presented)
        if "total" in known:
            total = int(known["total"][0][0])
        else:
            total = int(known["heads"][0][17]) if shown else 0
        prefix, per_page = request["prefix"], request["per_page"]
        last = max(1, -(-total // per_page))
        numbers = range(1, last + 1) if last < 14 else (*range(1, 11), None, last - 1, last)
        following = f"{prefix}2" if last > 1 else None
        links = [{"url": None, "label": "&laquo; Previous", "active": False}]
        links += [
            {"url": f"{prefix}{number}", "label": str(number), "active": number == 1}
            if number
            else {"url": None, "label": "...", "active": False}
            for number in numbers
        ]
        links.append({"url": following, "label": "Next &raquo;", "active": False})
        return {
            "data": presented,
            "links": {
                "first": f"{prefix}1",
                "last": f"{prefix}{last}",
                "prev": None,
                "next": following,
            },
            "meta": {
                "current_page": 1,
                "from": 1 if shown else None,
                "last_page": last,
                "links": links,
                "path": request["path"],
                "per_page": per_page,
                "to": shown or None,
                "total": total,
            },
        }

    def _conversation(self, request: dict[str, Any], known: dict[str, Any], _sent: Any) -> Any:
        row, moment = known["heads"][0], self._moment
        at = self._positions["threads"]
        names = dict(known.get("users", ()))
        deliveries = self._deliveries(known)
        files = self._files(known)
        threads = []
        for thread in known["threads"]:
            id_, kind, user = thread[at["id"]], thread[at["type"]], thread[at["user_id"]]
            shown = {
                "id": id_,
                "type": kind,
                "body": thread[at["body"]],
                "body_format": thread[at["body_format"]],
                "body_text": thread[at["body_text"]],
                "created_at": moment(thread[at["created_at"]]),
                "user": None if user is None else {"id": user, "name": names.get(user, "")},
                "attachments": files.get(id_, []),
            }
            if kind == "message":
                shown["cc"] = self._parsed(thread[at["cc"]]) or []
                shown["bcc"] = self._parsed(thread[at["bcc"]]) or []
                shown["delivery"] = deliveries.get(id_)
            threads.append(shown)
        answer = {
            "data": {
                "id": row[0],
                "number": row[1],
                "subject": row[2],
                "status": row[3],
                "channel": row[4],
                "priority": row[5],
                "tags": self._parsed(row[6]),
                **request["fixed"],
                "customer": {"id": row[10], "email": row[11], "display_name": row[12]},
                "mailbox": {"id": row[13], "name": row[14]},
                "assignedUser": None if row[15] is None else {"id": row[15], "name": row[16]},
                "last_reply_at": moment(row[7]),
                "created_at": moment(row[8]),
                "updated_at": moment(row[9]),
                "threads": threads,
            }
        }
        if request["message"]:
            answer["message"] = request["message"]
        return answer

    def _thread(self, request: dict[str, Any], known: dict[str, Any], sent: Any) -> Any:
        user = known["users"][0]
        return {
            "data": {
                "id": known["thread"],
                "type": "message",
                "body": sent["body"],
                "body_format": "text",
                "body_text": sent["body"],
                "created_at": known["now"],
                "user": {"id": user[0], "name": user[1]},
                "attachments": self._files(known).get(known["thread"], []),
                "cc": [],
                "bcc": [],
                "delivery": self._deliveries(known)[known["thread"]],
            },
            "message": request["message"],
        }

    def _deliveries(self, known: dict[str, Any]) -> dict[int, Any]:
        rows = known.get("deliveries", ())
        if not rows:
            return {}
        at = self._positions["deliveries"]
        return {
            row[at["thread_id"]]: {
                "state": row[at["state"]],
                "error": row[at["error"]],
                "attempts": row[at["attempts"]],
                "due_at": self._moment(row[at["due_at"]]),
                "updated_at": self._moment(row[at["updated_at"]]),
                "recipients": self._parsed(row[at["recipients"]]) or [],
            }
            for row in rows
        }

    @staticmethod
    def _files(known: dict[str, Any]) -> dict[int, list[Any]]:
        if known.get("attachments"):
            raise ValueError("the seeded threads have no attachments")
        return {}


def _maker(value: Any, *, sqlite: bool) -> Callable[[dict[str, Any]], Any] | None:
    """Return a function that makes the parameters of ``value``; None where they never change."""
    if isinstance(value, dict) and "$" in value:
        return _tag(value, sqlite=sqlite)
    if isinstance(value, list):
        parts = [_maker(item, sqlite=sqlite) for item in value]
        if not any(parts):
            return None
        pairs = list(zip(value, parts, strict=True))
        return lambda known: [make(known) if make else item for item, make in pairs]
    if isinstance(value, dict):
        makers = {name: _maker(item, sqlite=sqlite) for name, item in value.items()}
        changing = {name: make for name, make in makers.items() if make}
        if not changing:
            return None
        return lambda known: {**value, **{name: make(known) for name, make in changing.items()}}
    return None


def _tag(tag: dict[str, Any], *, sqlite: bool) -> Callable[[dict[str, Any]], Any]:
    kind = tag["$"]
    if kind == "now":
        if sqlite:
            return lambda known: known["now"].strftime("%Y-%m-%d %H:%M:%S.%f")
        return lambda known: known["now"]
    if kind == "given":
        role, plus = tag["role"], tag["plus"]
        return lambda known: known[role] + plus
    if kind == "unique":
        return lambda _known: f"msg_{uuid4().hex}"
    if kind == "at":
        moment = datetime.fromisoformat(tag["value"])
        return lambda _known: moment
    inner = _maker(tag["value"], sqlite=sqlite) or (lambda _known: tag["value"])
    if kind == "json":
        return lambda known: orjson.dumps(inner(known)).decode()
    from psycopg.types.json import Jsonb  # noqa: PLC0415 - SQLite needs no psycopg

    return lambda known: Jsonb(inner(known))


def _connect_sqlite(path: str, *, reading: bool) -> Any:  # noqa: ARG001 - as on PostgreSQL
    connection = sqlite3.connect(path, check_same_thread=False, timeout=15, isolation_level=None)
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-32768",
        "temp_store=MEMORY",
        "mmap_size=268435456",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _connect_postgresql(url: str, *, reading: bool) -> Any:
    import psycopg  # noqa: PLC0415 - SQLite needs no psycopg
    from psycopg.types.json import set_json_dumps, set_json_loads  # noqa: PLC0415

    set_json_loads(orjson.loads)
    set_json_dumps(orjson.dumps)
    connection = psycopg.connect(url)
    connection.read_only = reading
    return connection
