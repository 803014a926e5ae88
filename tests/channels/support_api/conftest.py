"""An application with the API channel, a receiver, and time that tests can skip."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import bindparam, text

from support_core.plugin_api import UTCDateTime
from support_core.testing import DeskUnderTest, make_desk, probe
from tests.services.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support_core.testing import TestWorkspace
    from tests.services.databases import Databases


DELAYED = text("SELECT due_at FROM jobs WHERE state = 'delayed'").columns(due_at=UTCDateTime)
HURRY = text("UPDATE jobs SET due_at = :now WHERE state = 'delayed'").bindparams(
    bindparam("now", type_=UTCDateTime)
)


@pytest.fixture(scope="session")
def desk(
    databases: Databases, broker_setting: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeskUnderTest]:
    """An application of its own: these tests make every waiting job due."""
    under_test = make_desk(
        tmp_path_factory.mktemp("api-channel"),
        databases.create("api_channel"),
        extra={"probe": probe},
        support__outgoing__timeout="1",
        support__broker=broker_setting,
    )
    yield under_test
    under_test.application.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The host's end of the callback."""
    with Receiver() as listening:
        yield listening


class Callback:
    """A mailbox with a callback, and a conversation of the API channel in it."""

    def __init__(self, workspace: TestWorkspace, url: str) -> None:
        self.workspace = workspace
        self.owner = workspace.owner
        body = {"name": "API", "email": "api@example.test", "callback_url": url}
        made = self.owner.post("/mailboxes", body).json["data"]
        self.mailbox: int = made["id"]
        self.secret: str = made["callback_secret"]
        self.conversation = workspace.conversation(mailbox_id=self.mailbox, channel="api")
        self.path = f"/conversations/{self.conversation['id']}"

    def reply(self, **values: Any) -> int:
        """Reply and return the thread's id."""
        answer = self.owner.post(f"{self.path}/reply", {"body": "Here is how.", **values})
        assert answer.status_int == 201, answer.text
        thread: int = answer.json["data"]["id"]
        return thread

    def delivery(self, thread: int) -> dict[str, Any]:
        """Return a reply's delivery as the API shows it."""
        threads = self.owner.get(self.path).json["data"]["threads"]
        shown: dict[str, Any] = next(it for it in threads if it["id"] == thread)["delivery"]
        return shown


@pytest.fixture
def callback(workspace: TestWorkspace, receiver: Receiver) -> Callback:
    """A mailbox whose replies the receiver hears."""
    return Callback(workspace, receiver.url)


@pytest.fixture
def waiting(desk: DeskUnderTest) -> Callable[[], list[float]]:
    """Return in how many seconds the delayed jobs are due."""

    def look() -> list[float]:
        with desk.application.database.engine.connect() as connection:
            due = connection.scalars(DELAYED).all()
        now = datetime.now(UTC)
        return sorted((moment - now).total_seconds() for moment in due)

    return look


@pytest.fixture
def skip_time(desk: DeskUnderTest) -> Callable[[], None]:
    """Make every delayed job due now, and run what is due."""

    def skip() -> None:
        with desk.application.database.engine.begin() as connection:
            connection.execute(HURRY, {"now": datetime.now(UTC)})
        desk.run_jobs()

    return skip


@pytest.fixture(autouse=True)
def _nothing_waits(desk: DeskUnderTest) -> Iterator[None]:
    yield
    with desk.application.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM jobs"))
