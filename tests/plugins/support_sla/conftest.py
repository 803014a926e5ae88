"""An application with service levels, and a clock that tests can move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from support_core.testing import DeskUnderTest, TestWorkspace, make_desk, probe
from support_sla import jobs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.services.databases import Databases


class Clock:
    """The time as the application sees it: it stands still unless it is moved."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew: on a Wednesday, at 09:00 in Berlin."""
        self.now = datetime(2026, 1, 7, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def skip(self, **amount: float) -> None:
        """Let time pass."""
        self.now += timedelta(**amount)


@pytest.fixture(scope="module")
def clock() -> Clock:
    """The one clock of the application; every test begins at the same time."""
    return Clock()


@pytest.fixture(scope="module")
def desk(
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
    clock: Clock,
    request: pytest.FixtureRequest,
) -> Iterator[DeskUnderTest]:
    """An application of its own, on that clock."""
    name = request.module.__name__.rpartition(".")[2]
    under_test = make_desk(
        tmp_path_factory.mktemp("sla"),
        databases.create(f"sla_{name}"),
        plugins=("api", "plans", "webhooks", "sla"),
        extra={"probe": probe},
        clock=clock,
        support__sla__batch="3",
    )
    yield under_test
    under_test.application.close()


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let batches follow each other at once: time stands still here."""
    monkeypatch.setattr(jobs, "SQLITE_REST", 0.0)


@pytest.fixture(autouse=True)
def _nothing_waits(desk: DeskUnderTest, clock: Clock) -> Iterator[None]:
    clock.reset()
    yield
    with desk.application.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM jobs"))


OFFICE = {
    "name": "Office",
    "timezone": "Europe/Berlin",
    "blocks": [
        {"weekday": day, "start": "09:00", "end": "17:00"}
        for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
    ],
}


def minutes(first: int | None, following: int | None = None, resolution: int | None = None) -> Any:
    """Return the targets of one priority."""
    return {"first_response": first, "next_response": following, "resolution": resolution}


def promise(workspace: TestWorkspace, targets: Mapping[str, Any], **values: Any) -> int:
    """Create a policy, by default for everything, and have it applied; returns its id."""
    body = {"name": "Everybody", "is_default": True, "targets": targets, **values}
    answer = workspace.owner.post("/sla-policies", body)
    assert answer.status_int == 201, answer.text
    workspace.under_test.run_jobs()
    made: int = answer.json["data"]["id"]
    return made


def shown(workspace: TestWorkspace, conversation_id: int) -> dict[str, Any]:
    """Return what a conversation shows of its service level, without ``sla_`` before it."""
    found = workspace.owner.get(f"/conversations/{conversation_id}").json["data"]
    return {name.removeprefix("sla_"): found[name] for name in found if name.startswith("sla_")}


def told(workspace: TestWorkspace, conversation_id: int) -> list[tuple[str, str]]:
    """Return the events of turning points of a conversation: state and target."""
    with workspace.desk(write=False) as desk:
        return [
            (it.type.removeprefix("sla."), it.payload["target"])
            for it in desk.events.read(after=0, limit=100_000)
            if it.type.startswith("sla.") and it.conversation_id == conversation_id
        ]
