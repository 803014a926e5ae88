"""The bare handler's plan: what each request runs, recorded of the product in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from webtest import TestApp

from .capture import recorded, tagged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_core.application import Application

    from .workloads import Call, Workload

REASONS = {200: "200 OK", 201: "201 Created"}
#: What a whole conversation shows that is no column; the same for all that were seeded.
FIXED = ("sla_status", "sla_first_response_due_at", "can_reply")


class Recorder:
    """Runs requests on the product in this process and records their SQL."""

    def __init__(self, application: Application, wsgi: Any, token: str) -> None:
        self._application = application
        self._client = TestApp(wsgi, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
        self._client.authorization = ("Bearer", token)

    def plan(self, workloads: Sequence[Workload]) -> dict[str, Any]:
        """Return the plan of the workloads that have a bare side."""
        database = self._application.database
        warm_up = workloads[0].calls[0]
        self._send(warm_up)  # notes that the token was used, once in a while
        sqlite = database.dialect == "sqlite"
        return {
            "dialect": database.dialect,
            "database": (
                database.url.database
                if sqlite
                else database.url.set(drivername="postgresql").render_as_string(hide_password=False)
            ),
            "requests": [
                self._record(call, workload.shape)
                for workload in workloads
                if workload.shape is not None
                for call in workload.calls
            ],
        }

    def _send(self, call: Call) -> Any:
        headers = {"Content-Type": "application/json"} if call.body else {}
        answer = self._client.request(
            call.path, method=call.method, body=call.body, headers=headers, status="*"
        )
        if answer.status_int not in REASONS:
            raise SystemExit(f"{call.method} {call.path} answered {answer.status}: {answer.text}")
        return answer

    def _record(self, call: Call, shape: str) -> dict[str, Any]:
        with recorded(self._application.database) as steps:
            answer = self._send(call)
        body = answer.json
        given = self._given(call, body)
        request: dict[str, Any] = {
            "key": " ".join(filter(None, (call.method, call.path, call.body.decode()))),
            "shape": shape,
            "status": REASONS[answer.status_int],
            "message": body.get("message"),
            "steps": [
                {**step, "parameters": tagged(step.get("parameters"), given)} for step in steps
            ],
        }
        if shape == "list":
            request["prefix"] = body["links"]["first"].removesuffix("1")
            request["path"] = body["meta"]["path"]
            request["per_page"] = body["meta"]["per_page"]
        if shape == "conversation":
            request["fixed"] = {name: body["data"][name] for name in FIXED if name in body["data"]}
        return request

    def _given(self, call: Call, body: dict[str, Any]) -> dict[str, int]:
        """Return the ids that the request's statements made, by the statements' roles."""
        if call.method == "GET":
            return {}
        with self._application.database.engine.connect() as connection:
            event = connection.exec_driver_sql("SELECT max(id) FROM events").scalar_one()
        data = body["data"]
        if "threads" not in data:
            return {"event": event, "thread": data["id"]}
        return {
            "event": event,
            "conversation": data["id"],
            "number": data["number"],
            "thread": data["threads"][-1]["id"],
        }


def same(left: bytes, right: bytes, *, exactly: bool) -> bool:
    """Tell whether two answers are the same, ids and times aside unless ``exactly``."""
    one, other = orjson.loads(left), orjson.loads(right)
    return one == other if exactly else _masked(one) == _masked(other)


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: "moment" if name.endswith("_at") and item else _masked(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return 0 if isinstance(value, int) and not isinstance(value, bool) else value
