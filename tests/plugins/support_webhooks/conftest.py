"""An application with webhooks, a receiver, and a clock that tests can move."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from support_core.testing import DeskUnderTest, TestWorkspace, make_desk, probe
from tests.services.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.testing import Client
    from tests.services.databases import Databases


class Clock:
    """The time as the application sees it, ahead of the machine's by what was skipped."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def skip(self, **amount: float) -> None:
        """Let time pass."""
        self.ahead += timedelta(**amount)


@pytest.fixture(scope="session")
def clock() -> Clock:
    """The one clock of the application, which never goes back."""
    return Clock()


@pytest.fixture(scope="session")
def desk(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory, clock: Clock
) -> Iterator[DeskUnderTest]:
    """An application of its own, on that clock."""
    under_test = make_desk(
        tmp_path_factory.mktemp("webhooks"),
        databases.create("webhooks"),
        extra={"probe": probe},
        clock=clock,
        support__outgoing__timeout="15",
    )
    yield under_test
    under_test.application.close()


@pytest.fixture(autouse=True)
def _nothing_waits(desk: DeskUnderTest) -> Iterator[None]:
    yield
    with desk.application.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM jobs"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The host's end."""
    with Receiver() as listening:
        yield listening


@dataclass
class Hook:
    """A webhook of a workspace, and what tests do with it."""

    workspace: TestWorkspace
    id: int
    secret: str
    clock: Clock

    @property
    def owner(self) -> Client:
        """Who manages it."""
        return self.workspace.owner

    @property
    def path(self) -> str:
        """Its path."""
        return f"/webhooks/{self.id}"

    @property
    def shown(self) -> Any:
        """The webhook as the API shows it."""
        return self.owner.get(self.path).json["data"]

    def log(self, query: str = "?sort=id&per_page=100") -> list[Any]:
        """Return its deliveries, the oldest first."""
        answer = self.owner.get(f"{self.path}/deliveries{query}")
        assert answer.status_int == 200, answer.text
        return list(answer.json["data"])

    def delivery(self, id_: int) -> Any:
        """Return a delivery with its attempts."""
        return self.owner.get(f"{self.path}/deliveries/{id_}").json["data"]

    def publish(self, *conversations: int | None, type_: str = "test.happened") -> None:
        """Log an event for each conversation, each in a transaction of its own."""
        for conversation_id in conversations:
            with self.workspace.desk() as desk:
                desk.events.publish(type_, conversation_id=conversation_id)

    def run(self) -> None:
        """Run what is due."""
        self.workspace.under_test.run_jobs()

    def skip(self, **amount: float) -> None:
        """Let time pass, and run what has become due."""
        self.clock.skip(**amount)
        self.run()


@pytest.fixture
def make_hook(workspace: TestWorkspace, receiver: Receiver, clock: Clock) -> Any:
    """Return a function that makes a webhook, which by default is heard by the receiver."""

    def make(**values: Any) -> Hook:
        answer = workspace.owner.post("/webhooks", {"url": receiver.url, **values})
        assert answer.status_int == 201, answer.text
        made = answer.json["data"]
        hook = Hook(workspace, made["id"], made["secret"], clock)
        hook.run()
        return hook

    return make


@pytest.fixture
def hook(make_hook: Any) -> Hook:
    """A webhook that the receiver hears everything of."""
    made: Hook = make_hook()
    return made
