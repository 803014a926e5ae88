"""Nobody waits for ever for somebody else's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest


def test_statements_on_postgresql_end_sooner_or_later(desk: DeskUnderTest) -> None:
    database = desk.application.database
    if database.dialect != "postgresql":
        pytest.skip("SQLite's own patience is its busy_timeout, held by the concurrency tests")
    with database.engine.connect() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "15s"
        assert connection.scalar(text("SHOW statement_timeout")) == "1min"
