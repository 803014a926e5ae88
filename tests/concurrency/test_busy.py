"""A database that is busy makes a client wait or try again; it is never a defect of ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, text

from support_core.testing import DeskUnderTest, assert_error, make_desk, probe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.services.databases import Databases

NUMBERS = iter(range(100))


@pytest.fixture
def impatient(databases: Databases, tmp_path: Path) -> Iterator[DeskUnderTest]:
    """An application whose database connections wait a tenth of a second for a lock."""
    under_test = make_desk(
        tmp_path, databases.create(f"impatient_{next(NUMBERS)}"), extra={"probe": probe}
    )
    engine = under_test.application.database.engine
    engine.dispose()

    @event.listens_for(engine, "connect")
    def be_impatient(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        if engine.dialect.name == "sqlite":
            cursor.execute("PRAGMA busy_timeout = 100")
        else:
            cursor.execute("SET lock_timeout = 100")
            connection.commit()  # type: ignore[attr-defined]
        cursor.close()

    yield under_test
    under_test.application.close()


@contextmanager
def _locked(desk: DeskUnderTest) -> Iterator[None]:
    """Hold the locks that every writer needs."""
    database = desk.application.database
    with database.engine.execution_options(support_write=True).connect() as connection:
        connection.execute(text("UPDATE counters SET value = value"))
        yield
        connection.rollback()


def test_a_write_that_cannot_get_its_lock_is_unavailable(impatient: DeskUnderTest) -> None:
    workspace = impatient.workspace()
    body = {
        "mailbox_id": workspace.a_mailbox,
        "customer_email": "busy@example.test",
        "subject": "Busy",
        "body": "Hello",
        "channel": "probe",
    }
    workspace.owner.get("/auth/me")
    with _locked(impatient):
        answer = workspace.owner.post("/conversations", body)
    assert_error(answer, 503, "unavailable")
    assert answer.headers["Retry-After"] == "2"
    assert answer.headers["X-Request-Id"] == answer.json["request_id"]

    assert workspace.owner.post("/conversations", body).json["data"]["number"] == 1


def test_a_write_whose_events_cannot_be_logged_is_unavailable(impatient: DeskUnderTest) -> None:
    # On PostgreSQL this one meets the lock at the commit, outside of any view.
    workspace = impatient.workspace()
    workspace.owner.get("/auth/me")
    with _locked(impatient):
        answer = workspace.owner.post("/customers", {"email": "busy@example.test"})
    assert_error(answer, 503, "unavailable")
    assert workspace.owner.get("/customers").json["data"] == []


def test_reading_goes_on_while_somebody_writes(impatient: DeskUnderTest) -> None:
    # The token is a new one, so that its first use would be noted by a write.
    workspace = impatient.workspace()
    conversation = workspace.conversation()["id"]
    newcomer = workspace.client()
    with _locked(impatient):
        assert newcomer.get("/conversations").status_int == 200
        assert newcomer.get(f"/conversations/{conversation}").status_int == 200
