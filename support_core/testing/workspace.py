"""A workspace in a test: its people, their clients, and what they need at hand."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any

from webtest import TestApp

from ..streams.slot import ENVIRON, StreamSlot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from webtest.response import TestResponse

    from ..desk import Desk
    from ..streams import Subscription
    from .application import DeskUnderTest

BASE = "/api/support"
_NUMBERS = count(1)


class Client:
    """A caller of the REST API; any status is returned, none is raised.

    ``subscription`` is the stream that the last request opened, which a server would go on with.
    """

    def __init__(self, wsgi: Any, headers: Mapping[str, str] | None = None) -> None:
        self._app = TestApp(wsgi, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
        self.headers = dict(headers or {})
        self.subscription: Subscription | None = None

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> TestResponse:
        """Send ``body`` as JSON, or ``raw`` as it is."""
        sent = {**self.headers, **(headers or {})}
        options: dict[str, Any] = {"headers": sent, "expect_errors": True, "method": method}
        if raw is not None:
            options["body"] = raw
            sent.setdefault("Content-Type", "application/json")
        elif body is not None:
            options["json"] = body
        request = self._app.RequestClass.blank(
            BASE + path, environ=dict(self._app.extra_environ), **_blank(options)
        )
        # As the server would: a view that opens a stream is answered, and the stream ends there.
        slot = request.environ[ENVIRON] = StreamSlot()
        answer = self._app.do_request(request, status="*", expect_errors=True)
        self.subscription = slot.subscription
        return answer

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.call("POST", path, body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.call("PUT", path, body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.call("PATCH", path, body, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.call("DELETE", path, **options)

    def upload(
        self,
        name: str,
        content: bytes,
        *,
        content_type: str = "application/octet-stream",
        path: str = "/attachments",
    ) -> TestResponse:
        """Upload a file, by default as an agent's attachment."""
        return self._app.post(
            f"{BASE}{path}",
            upload_files=[("file", name, content, content_type)],
            headers=self.headers,
            status="*",
        )


def _blank(options: dict[str, Any]) -> dict[str, Any]:
    options.pop("expect_errors")
    if "json" in options:
        options["body"] = json.dumps(options.pop("json")).encode("utf-8", "surrogatepass")
        options["headers"].setdefault("Content-Type", "application/json")
    return options


@dataclass
class TestWorkspace:
    """One workspace of a :class:`DeskUnderTest`."""

    __test__ = False  # not a test class, whatever its name says

    under_test: DeskUnderTest
    id: int
    slug: str
    owner_id: int
    owner_email: str
    _mailboxes: list[int] = field(default_factory=list)

    def desk(self, *, write: bool = True) -> AbstractContextManager[Desk]:
        """Open a desk in a transaction of its own."""
        return self.under_test.application.desk(self.id, write=write)

    def token(self, *, user_id: int | None = None, abilities: Sequence[str] | None = None) -> str:
        """Make an API token of a member, by default the owner."""
        with self.desk() as desk:
            user = desk.members.get(user_id or self.owner_id)
            return desk.tokens.create(user, name="test", abilities=abilities)[1]

    def client(
        self, *, user_id: int | None = None, abilities: Sequence[str] | None = None
    ) -> Client:
        """Return a client with a new token."""
        token = self.token(user_id=user_id, abilities=abilities)
        return Client(self.under_test.wsgi, {"Authorization": f"Bearer {token}"})

    @cached_property
    def owner(self) -> Client:
        """The owner's client."""
        return self.client()

    def member(self, role: str = "agent", **values: Any) -> int:
        """Add a member and return the id."""
        number = next(_NUMBERS)
        with self.desk() as desk:
            return desk.members.create(
                {
                    "email": f"{role}.{number}@example.test",
                    "name": f"{role.title()} {number}",
                    "role": role,
                    **values,
                },
                by=None,
            ).id

    def mailbox(self, **values: Any) -> int:
        """Create a mailbox and return its id."""
        number = next(_NUMBERS)
        body = {"name": "Support", "email": f"support{number}@example.test", **values}
        with self.desk() as desk:
            return desk.mailboxes.create(body)[0].id

    @property
    def a_mailbox(self) -> int:
        """The workspace's first mailbox, created when first asked for."""
        if not self._mailboxes:
            self._mailboxes.append(self.mailbox())
        return self._mailboxes[0]

    def conversation(self, **values: Any) -> dict[str, Any]:
        """Create a conversation by the API, on the probe channel; returns its representation."""
        body = {
            "mailbox_id": self.a_mailbox,
            "customer_email": "customer@example.test",
            "subject": "Help with my account",
            "body": "I need help.",
            "channel": "probe",
            **values,
        }
        answer = self.owner.post("/conversations", body)
        assert answer.status_int == 201, answer.text
        shown: dict[str, Any] = answer.json["data"]
        return shown
