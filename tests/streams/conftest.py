"""One desk for the streams that do not end it, and what tests do on it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from tests.serving.processes import bootstrap, running, write_ini

from .reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from tests.services.databases import Databases
    from tests.serving.processes import Desk

_numbers = count(1)

QUIET = {
    "support.ratelimit.enabled": "false",
    "support.streams.heartbeat": "1",
    "support.streams.poll": "1",
    "support.workers": "0",
    "support.plugins": "api plans",
}


@dataclass
class Office:
    """A served workspace and its owner."""

    desk: Desk
    token: str

    def client(self, token: str | None = None) -> httpx.Client:
        return self.desk.client(token or self.token)

    def read(self, query: str = "", *, token: str | None = None, **options: Any) -> Reader:
        """Open a stream, and wait until it has begun."""
        return Reader(self.desk.url, token or self.token, query=query, **options).open()

    def post(self, path: str, body: Any = None, *, token: str | None = None) -> Any:
        return self.call("POST", path, body, token=token)

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Any:
        with self.client(token) as caller:
            answer = caller.request(method, path, json=body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json().get("data", answer.json())

    def customer(self) -> int:
        """Make one event, ``customer.created``; returns the customer's id."""
        email = f"customer{next(_numbers)}@customers.example"
        made: int = self.post("/customers", {"email": email})["id"]
        return made

    def mailbox(self) -> int:
        number = next(_numbers)
        body = {"name": "Support", "email": f"mailbox{number}@acme.example"}
        made: int = self.post("/mailboxes", body)["id"]
        return made

    def conversation(self, mailbox: int) -> int:
        body = {
            "mailbox_id": mailbox,
            "customer_email": "c@customers.example",
            "subject": "Help me",
            "body": "Please.",
        }
        made: int = self.post("/conversations", body)["id"]
        return made

    def head(self) -> int:
        """Return the id of the newest event."""
        after = 0
        with self.client() as caller:
            while True:
                meta = caller.get("/events", params={"after": after}).json()["meta"]
                after = meta["next_after"]
                if not meta["has_more"]:
                    return int(after)

    def streams(self) -> int:
        """Return how many streams the process says it holds."""
        with self.client() as caller:
            text = caller.get("/metrics").text
        line = next(it for it in text.splitlines() if it.startswith("support_streams_open "))
        return int(float(line.split()[1]))

    def member_token(self, permissions: list[str]) -> tuple[int, int, str]:
        """Make a member with a role of their own; returns member, role and their token."""
        number = next(_numbers)
        role = self.post("/roles", {"name": f"role-{number}", "permissions": permissions})
        member = self.post(
            "/users",
            {
                "email": f"member{number}@acme.example",
                "name": f"Member {number}",
                "role": f"role-{number}",
                "password": "correct horse battery",
            },
        )
        token = self.post("/tokens", {"name": "theirs", "user_id": member["id"]})
        return member["id"], role["id"], token["token"]


@pytest.fixture(scope="package")
def office(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("streams")
    ini = write_ini(folder, databases.create(f"streams_{next(_numbers)}"), QUIET)
    token = bootstrap(ini)["token"]
    with running(ini) as desk:
        yield Office(desk, token)
        assert desk.end() == 0
        assert "Traceback" not in desk.output, desk.output


@pytest.fixture
def own_ini(databases: Databases, tmp_path: Path) -> Path:
    """The ini of a desk that one test has for itself."""
    return write_ini(tmp_path, databases.create(f"streams_{next(_numbers)}"), QUIET)
