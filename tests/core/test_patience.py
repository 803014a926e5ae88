"""Nobody waits for ever for somebody else's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest

PATIENCE = {
    "sqlite": {"PRAGMA busy_timeout": 15_000},
    "postgresql": {"SHOW lock_timeout": "15s", "SHOW statement_timeout": "1min"},
}


def test_waiting_for_a_lock_ends_on_either_database(desk: DeskUnderTest) -> None:
    database = desk.application.database
    with database.engine.connect() as connection:
        for question, answer in PATIENCE[database.dialect].items():  # type: ignore[attr-defined]
            assert connection.scalar(text(question)) == answer
